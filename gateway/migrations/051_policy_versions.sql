-- Rules as they were drafted, by content address: the names and texts of their files. Never changed or deleted.
CREATE TABLE policy_contents (
  version text PRIMARY KEY,
  files jsonb NOT NULL,
  created_at timestamptz NOT NULL
);

-- What became of them, in order: each step is a statement that its actor signed (gateway/rules/statement.ts). States follow from the steps;
-- the version of the last activation is the active one. A gateway believes no row of this table whose signatures do not verify.
CREATE TABLE policy_steps (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('import', 'draft', 'submit', 'approve', 'reject', 'activate', 'narrow', 'rollback', 'review')),
  version text NOT NULL REFERENCES policy_contents (version),
  at timestamptz NOT NULL,
  statement text NOT NULL,
  key_id text,
  signature text
);
CREATE INDEX policy_steps_by_version ON policy_steps (version, number);
CREATE INDEX policy_activations ON policy_steps (number) WHERE kind IN ('import', 'activate', 'narrow', 'rollback');

CREATE FUNCTION policy_rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'policy versions and their steps are not changed'; END $$;

CREATE TRIGGER policy_contents_stay BEFORE UPDATE OR DELETE ON policy_contents FOR EACH ROW EXECUTE FUNCTION policy_rows_stay();

CREATE TRIGGER policy_steps_stay BEFORE UPDATE OR DELETE ON policy_steps FOR EACH ROW EXECUTE FUNCTION policy_rows_stay();
