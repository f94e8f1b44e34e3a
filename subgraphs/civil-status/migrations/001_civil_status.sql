-- Civil status books by person. A record that concerns several people has a row under the ID number of each, so that every hot statement
-- filters on id_number, the distribution column when the register is spread over machines, and nobody's records are found through another's.
-- Those rows share their record_id. Other people are ID numbers without foreign keys: they may stand on another machine, or nowhere.
CREATE TABLE birth_record (
  id_number text COLLATE "C" PRIMARY KEY,
  record_id integer NOT NULL,
  registered_on date NOT NULL,
  number text NOT NULL,
  book text NOT NULL,
  office text NOT NULL,
  place_of_birth text,
  id_number_issued_on date,
  mother_id_number text,
  father_id_number text,
  declarant_id_number text,
  declarant_relation text
);

CREATE TABLE death_record (
  id_number text COLLATE "C" PRIMARY KEY,
  record_id integer NOT NULL,
  registered_on date NOT NULL,
  number text NOT NULL,
  book text NOT NULL,
  office text NOT NULL,
  died_on date NOT NULL,
  died_at text CHECK (died_at ~ '^[0-2][0-9]:[0-5][0-9]$'),
  place text,
  notice text,
  declarant_id_number text,
  declarant_relation text
);

-- Sensitive data stands apart, so that a statement for the record never reads it (Decree 356/2025/NĐ-CP art. 4.1).
CREATE TABLE death_cause (
  id_number text COLLATE "C" PRIMARY KEY,
  cause text NOT NULL
);

CREATE TABLE marriage (
  id_number text COLLATE "C" NOT NULL,
  record_id integer NOT NULL,
  registered_on date NOT NULL,
  number text NOT NULL,
  book text NOT NULL,
  office text NOT NULL,
  spouse_a_id_number text NOT NULL,
  spouse_b_id_number text NOT NULL,
  married_on date NOT NULL,
  ended_on date,
  ended_by text CHECK (ended_by IN ('DIVORCE', 'DEATH', 'ANNULMENT')),
  PRIMARY KEY (id_number, registered_on, record_id)
);

CREATE TABLE divorce (
  id_number text COLLATE "C" NOT NULL,
  record_id integer NOT NULL,
  registered_on date NOT NULL,
  number text NOT NULL,
  book text NOT NULL,
  office text NOT NULL,
  spouse_a_id_number text NOT NULL,
  spouse_b_id_number text NOT NULL,
  divorced_on date NOT NULL,
  court text,
  judgment text,
  PRIMARY KEY (id_number, registered_on, record_id)
);

CREATE TABLE adoption (
  id_number text COLLATE "C" NOT NULL,
  record_id integer NOT NULL,
  registered_on date NOT NULL,
  number text NOT NULL,
  book text NOT NULL,
  office text NOT NULL,
  child_id_number text NOT NULL,
  adoptive_mother_id_number text,
  adoptive_father_id_number text,
  adopted_on date NOT NULL,
  PRIMARY KEY (id_number, registered_on, record_id)
);

CREATE TABLE guardianship (
  id_number text COLLATE "C" NOT NULL,
  record_id integer NOT NULL,
  registered_on date NOT NULL,
  number text NOT NULL,
  book text NOT NULL,
  office text NOT NULL,
  ward_id_number text NOT NULL,
  guardian_id_number text NOT NULL,
  began_on date NOT NULL,
  ended_on date,
  PRIMARY KEY (id_number, registered_on, record_id)
);

CREATE TABLE parentage_recognition (
  id_number text COLLATE "C" NOT NULL,
  record_id integer NOT NULL,
  registered_on date NOT NULL,
  number text NOT NULL,
  book text NOT NULL,
  office text NOT NULL,
  child_id_number text NOT NULL,
  parent_id_number text NOT NULL,
  recognised_on date NOT NULL,
  PRIMARY KEY (id_number, registered_on, record_id)
);

CREATE TABLE correction (
  id_number text COLLATE "C" NOT NULL,
  record_id integer NOT NULL,
  registered_on date NOT NULL,
  number text NOT NULL,
  book text NOT NULL,
  office text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('CHANGE', 'CORRECTION', 'REDETERMINATION')),
  entry text NOT NULL,
  previous_value text,
  corrected_value text,
  PRIMARY KEY (id_number, registered_on, record_id)
);
