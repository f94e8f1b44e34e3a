-- Operations and analyses as they were proposed, by content address: the canonical text of what they are. Never changed or deleted.
CREATE TABLE operation_contents (
  address text PRIMARY KEY,
  content text NOT NULL,
  created_at timestamptz NOT NULL
);

-- What the check said that an operation would disclose, by the hash that its author and approvers signed.
CREATE TABLE operation_reports (
  hash text PRIMARY KEY,
  report text NOT NULL
);

-- What became of them, in order: each step is a statement that its actor signed (gateway/operations/statement.ts). States follow from the steps.
-- A gateway believes no row of these tables whose signatures or hashes do not verify.
CREATE TABLE operation_steps (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('propose', 'approve', 'reject', 'suspend')),
  operation text NOT NULL REFERENCES operation_contents (address),
  at timestamptz NOT NULL,
  statement text NOT NULL,
  key_id text NOT NULL,
  signature text NOT NULL
);

-- When gateways found that approved operations no longer give what was approved, or do so again. For people and the ledger: whether one runs is
-- judged by each gateway itself, and no row here lets one run.
CREATE TABLE operation_lapses (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  proposal text NOT NULL,
  at timestamptz NOT NULL,
  policy_version text NOT NULL,
  -- Null when it gives what was approved again.
  reason text
);
CREATE INDEX operation_lapses_by_proposal ON operation_lapses (proposal, number);

CREATE FUNCTION operation_rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'operations and their steps are not changed'; END $$;

CREATE TRIGGER operation_contents_stay BEFORE UPDATE OR DELETE ON operation_contents FOR EACH ROW EXECUTE FUNCTION operation_rows_stay();

CREATE TRIGGER operation_reports_stay BEFORE UPDATE OR DELETE ON operation_reports FOR EACH ROW EXECUTE FUNCTION operation_rows_stay();

CREATE TRIGGER operation_steps_stay BEFORE UPDATE OR DELETE ON operation_steps FOR EACH ROW EXECUTE FUNCTION operation_rows_stay();
