-- Consents as they were given (gateway/consent/record.ts gives the form of body, after ISO/IEC TS 27560:2023). Nothing here is deleted:
-- the controller bears the proof (Law 91/2025/QH15 art. 9).
CREATE TABLE consents (
  id uuid PRIMARY KEY,
  id_number text NOT NULL,
  agency text NOT NULL,
  purpose text NOT NULL,
  given_at timestamptz NOT NULL,
  body jsonb NOT NULL
);
CREATE INDEX consents_by_person ON consents (id_number, given_at);

-- What is looked up for each request: one row for each group of a consent.
CREATE TABLE consent_groups (
  consent_id uuid NOT NULL REFERENCES consents (id),
  id_number text NOT NULL,
  agency text NOT NULL,
  purpose text NOT NULL,
  purpose_version integer NOT NULL,
  group_name text NOT NULL,
  group_version integer NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_until timestamptz NOT NULL,
  -- Withdrawn, or replaced by a later consent to the same.
  ended_at timestamptz,
  PRIMARY KEY (consent_id, group_name)
);
CREATE INDEX consent_groups_in_force ON consent_groups (id_number, agency, purpose) WHERE ended_at IS NULL;

-- What became of a consent, in order.
CREATE TABLE consent_events (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consent_id uuid NOT NULL REFERENCES consents (id),
  at timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('given', 'extended', 'withdrawn', 'replaced')),
  channel text NOT NULL,
  groups text[] NOT NULL,
  evidence text
);
CREATE INDEX consent_events_by_consent ON consent_events (consent_id, number);

-- The fields of each group over time. A consent pins the version that it was given to.
CREATE TABLE consent_group_versions (
  group_name text NOT NULL,
  version integer NOT NULL,
  coordinates text[] NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (group_name, version)
);

-- Messages owed to people: consent was given for them at a counter.
CREATE TABLE consent_notices (
  consent_id uuid NOT NULL REFERENCES consents (id),
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  PRIMARY KEY (consent_id, created_at)
);
