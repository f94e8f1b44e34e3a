-- Dated copies of the register that statistics are counted from, one for each month, each in a schema of its own (subgraphs/snapshots/).
-- `day` is the day in Vietnam to which "current" and ages are relative.
CREATE TABLE register_snapshots (
  name text PRIMARY KEY,
  taken_at timestamptz NOT NULL,
  day date NOT NULL,
  people integer NOT NULL
);
