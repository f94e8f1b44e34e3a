-- Schooling by person. Every primary key leads with id_number: hot statements filter on it, and it is the distribution column when the
-- register is spread over machines.
CREATE TABLE enrolment (
  id_number text COLLATE "C" NOT NULL,
  from_date date NOT NULL,
  enrolment_no integer NOT NULL,
  to_date date,
  school text NOT NULL,
  level text NOT NULL CHECK (level IN ('PRESCHOOL', 'PRIMARY', 'LOWER_SECONDARY', 'UPPER_SECONDARY', 'VOCATIONAL', 'COLLEGE', 'UNIVERSITY', 'POSTGRADUATE')),
  grade smallint CHECK (grade BETWEEN 1 AND 12),
  PRIMARY KEY (id_number, from_date, enrolment_no)
);

-- Candidate numbers are text: their leading zeros count.
CREATE TABLE exam_registration (
  id_number text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  candidate_number text NOT NULL CHECK (candidate_number ~ '^[0-9]{8}$'),
  council text NOT NULL,
  subjects text[] NOT NULL,
  PRIMARY KEY (id_number, year)
);

-- A null score is an absence, which is not a zero.
CREATE TABLE exam_result (
  id_number text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  subject text COLLATE "C" NOT NULL,
  score numeric(4, 2) CHECK (score BETWEEN 0 AND 10),
  PRIMARY KEY (id_number, year, subject)
);

CREATE TABLE diploma (
  id_number text COLLATE "C" NOT NULL,
  issued_on date NOT NULL,
  number text COLLATE "C" NOT NULL,
  level text NOT NULL,
  field text,
  issued_by text NOT NULL,
  PRIMARY KEY (id_number, issued_on, number)
);

CREATE TABLE admission_wish (
  id_number text COLLATE "C" NOT NULL,
  year smallint NOT NULL,
  wish_order smallint NOT NULL CHECK (wish_order >= 1),
  school text NOT NULL,
  programme text NOT NULL,
  subject_combination text NOT NULL,
  region text NOT NULL CHECK (region IN ('KV1', 'KV2_NT', 'KV2', 'KV3')),
  priority_group text CHECK (priority_group IN ('UT1', 'UT2')),
  outcome text NOT NULL CHECK (outcome IN ('PENDING', 'ADMITTED', 'NOT_ADMITTED')),
  PRIMARY KEY (id_number, year, wish_order)
);
