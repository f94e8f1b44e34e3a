-- One row for each answer or refusal to an authenticated application, committed before the answer leaves. `body` holds names of fields
-- and keyed pseudonyms of people, never a value and never an ID number (gateway/ledger/record.ts gives its form).
CREATE TABLE records (
  id uuid PRIMARY KEY,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  application text NOT NULL,
  body jsonb NOT NULL
);
CREATE INDEX records_by_application ON records (application, recorded_at);
