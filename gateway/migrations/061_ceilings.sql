-- What owners of registers signed as the most that may be given of them, in order. `signatures` grows to two where a ceiling widens; from then
-- on it is in force and gateways bring it to the register, which verifies it by keys of its own.
CREATE TABLE register_ceilings (
  register text NOT NULL,
  version integer NOT NULL,
  statement text NOT NULL,
  signatures jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'in force')),
  signed_by jsonb NOT NULL,
  PRIMARY KEY (register, version)
);
