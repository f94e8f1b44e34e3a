-- What is computed from the ledger as it grows (gateway/oversight/follow/): how far each chain was read.
CREATE TABLE oversight_followed (
  chain integer PRIMARY KEY,
  sequence bigint NOT NULL,
  at timestamptz NOT NULL
);

-- Requests by hour. `outcome` is answered, refused, or withheld: then `code` says why, and `requests` counts those with such a field.
CREATE TABLE oversight_hours (
  hour timestamptz NOT NULL,
  application text NOT NULL,
  agency text NOT NULL,
  purpose text NOT NULL,
  outcome text NOT NULL,
  code text NOT NULL,
  requests bigint NOT NULL,
  emergencies bigint NOT NULL,
  PRIMARY KEY (hour, application, agency, purpose, outcome, code)
);

-- Days of the gateway's time zone: of each application, and of each officer and purpose in it (empty: all of the application).
CREATE TABLE oversight_days (
  day date NOT NULL,
  application text NOT NULL,
  officer text NOT NULL,
  purpose text NOT NULL,
  requests bigint NOT NULL,
  -- Distinct.
  people bigint NOT NULL,
  -- Numbers asked for that nobody has.
  misses bigint NOT NULL,
  emergencies bigint NOT NULL,
  unusual_hours bigint NOT NULL,
  -- Numbers asked for beside one asked for shortly before; counted as requests come, since no number is kept.
  sequential bigint NOT NULL,
  PRIMARY KEY (application, officer, purpose, day)
);
CREATE INDEX oversight_days_by_day ON oversight_days (day);

-- Who was counted already, by pseudonym; kept for some days only.
CREATE TABLE oversight_people (
  day date NOT NULL,
  application text NOT NULL,
  officer text NOT NULL,
  purpose text NOT NULL,
  pseudonym bytea NOT NULL,
  PRIMARY KEY (day, application, officer, purpose, pseudonym)
);

-- What a gateway sees of its own work, added up by all: times of answers, calls of registers, requests of nobody known.
CREATE TABLE oversight_pulse (
  hour timestamptz NOT NULL,
  -- latency: `name` is the upper bound in milliseconds; register: `name` is answered or unavailable of `subject`; refused: `name` is a code.
  kind text NOT NULL,
  subject text NOT NULL,
  name text NOT NULL,
  count bigint NOT NULL,
  milliseconds double precision NOT NULL,
  PRIMARY KEY (hour, kind, subject, name)
);

CREATE TABLE oversight_anomalies (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  day date NOT NULL,
  kind text NOT NULL,
  application text NOT NULL,
  officer text NOT NULL,
  purpose text NOT NULL,
  raised_at timestamptz NOT NULL,
  -- Seen on the day so far, what is usual for it, and the bound that was passed.
  seen bigint NOT NULL,
  usual double precision NOT NULL,
  bound double precision NOT NULL,
  UNIQUE (day, kind, application, officer, purpose)
);

-- Every emergency, until somebody of the operator's has looked at it.
CREATE TABLE oversight_reviews (
  record uuid PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  application text NOT NULL,
  agency text NOT NULL,
  officer text NOT NULL,
  case_reference text NOT NULL,
  people integer NOT NULL,
  due_at timestamptz NOT NULL,
  reviewed_at timestamptz,
  reviewer text,
  verdict text CHECK (verdict IN ('justified', 'unjustified')),
  note text
);
CREATE UNIQUE INDEX oversight_reviews_by_number ON oversight_reviews (number);

-- Grants that a record names, for the reconciliation with what registers served.
CREATE TABLE oversight_grants (
  grant_id text PRIMARY KEY,
  at timestamptz NOT NULL
);
CREATE INDEX oversight_grants_by_time ON oversight_grants (at);

-- Grants that a register served and no record names.
CREATE TABLE oversight_incidents (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  register text NOT NULL,
  grant_id text NOT NULL,
  application text NOT NULL,
  served_at timestamptz NOT NULL,
  found_at timestamptz NOT NULL,
  -- A record came later after all.
  cleared_at timestamptz,
  UNIQUE (register, grant_id)
);
CREATE TABLE oversight_reconciled (
  register text PRIMARY KEY,
  -- Everything that it served before is compared.
  until timestamptz NOT NULL
);

-- Messages owed to people, sent by the configured webhook. The ID number goes once it is sent.
CREATE TABLE notices (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  id_number text,
  created_at timestamptz NOT NULL,
  body jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL,
  sent_at timestamptz
);
CREATE INDEX notices_waiting ON notices (next_at) WHERE sent_at IS NULL;

ALTER TABLE consent_notices ADD COLUMN notice uuid;
CREATE INDEX consent_notices_to_take ON consent_notices (created_at) WHERE notice IS NULL AND sent_at IS NULL;
CREATE INDEX consent_notices_by_notice ON consent_notices (notice);
