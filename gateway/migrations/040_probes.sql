-- Distinct questions that an application has asked of a person on a day, where a permit bounds them (@probes). Hashes, never the values
-- asked with: whoever reads the table learns how often, not what.
CREATE TABLE probes (
  day date NOT NULL,
  application text NOT NULL,
  id_number text NOT NULL,
  coordinate text NOT NULL,
  asked text[] NOT NULL,
  PRIMARY KEY (id_number, application, coordinate, day)
);
