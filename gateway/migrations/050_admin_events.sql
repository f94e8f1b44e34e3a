-- What was done by way of the admin API, and what was tried and refused. Nothing here is changed or deleted. `body` holds names of the
-- registry and of rules, never an ID number; `hash` is SHA-256 of the event in canonical form (gateway/admin/events.ts).
CREATE TABLE admin_events (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  actor text NOT NULL,
  person text NOT NULL,
  login text NOT NULL,
  subject text NOT NULL,
  body jsonb NOT NULL,
  hash text NOT NULL
);
