-- Cards and visits by person. Every primary key leads with id_number: hot statements filter on it, and it is the distribution column when
-- the register is spread over machines.
CREATE TABLE coverage (
  id_number text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  valid_to date,
  card_number text,
  object_code text NOT NULL,
  benefit_digit smallint NOT NULL CHECK (benefit_digit BETWEEN 1 AND 5),
  issuing_province text NOT NULL,
  primary_facility text,
  five_years_continuous_since date,
  copayment_exempt_from date,
  PRIMARY KEY (id_number, valid_from),
  CHECK (valid_to IS NULL OR valid_to >= valid_from)
);

-- Amounts in whole đồng.
CREATE TABLE visit (
  id_number text COLLATE "C" NOT NULL,
  visited_on date NOT NULL,
  visit_no integer NOT NULL,
  facility text NOT NULL,
  diagnosis_code text,
  total_amount bigint NOT NULL CHECK (total_amount >= 0),
  fund_amount bigint NOT NULL CHECK (fund_amount BETWEEN 0 AND total_amount),
  PRIMARY KEY (id_number, visited_on, visit_no)
);
