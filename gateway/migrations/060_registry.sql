-- Who is connected: the registry as it is in force, one row for each agency, officer, purpose, application and register
-- (gateway/policy/registry-load.ts gives the form of body). The first start imports registry.yaml; afterwards this is the source.
CREATE TABLE registry_entries (
  kind text NOT NULL CHECK (kind IN ('agency', 'officer', 'purpose', 'application', 'register')),
  id text NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (kind, id)
);

-- Counts changes, so that a gateway sees by one number whether it has the latest.
CREATE TABLE registry_state (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  revision bigint NOT NULL
);

-- What needs two people: proposed by one, confirmed by another. Nothing here is deleted.
CREATE TABLE registry_proposals (
  id uuid PRIMARY KEY,
  subject text NOT NULL,
  -- As it was signed, JSON, with the signatures of both people (gateway/registry/grants.ts).
  statement text NOT NULL,
  signatures jsonb NOT NULL,
  proposed_at timestamptz NOT NULL,
  proposed_by text NOT NULL,
  -- The natural person behind the account.
  proposed_by_person text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'confirmed', 'withdrawn')),
  decided_at timestamptz,
  decided_by text
);
