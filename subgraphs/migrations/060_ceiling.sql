-- Ceilings that the owner's people signed and this register took. The one with the highest version is in force.
CREATE TABLE register_ceilings (
  version integer PRIMARY KEY,
  statement text NOT NULL,
  signatures jsonb NOT NULL,
  taken_at timestamptz NOT NULL DEFAULT now()
);
