-- Runs of analyses (gateway/analysis/run/). No row is about a person: people are counted, and stand in no table by number or pseudonym.
CREATE TABLE analysis_runs (
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id uuid PRIMARY KEY,
  -- What is run: name and content address of the approved analysis, and what was asked of it.
  analysis text NOT NULL,
  address text NOT NULL,
  question jsonb NOT NULL,
  -- Under which it is one answer: a run that meets other rules fails.
  policy_version text NOT NULL,
  schema_version text NOT NULL,
  -- Over whom: a frozen snapshot of a register's population, walked by ordinal in ranges.
  register text NOT NULL,
  snapshot text NOT NULL,
  taken_at timestamptz NOT NULL,
  -- In Vietnam; ages are as of it.
  day text NOT NULL,
  people bigint NOT NULL,
  people_per_range integer NOT NULL,
  people_done bigint NOT NULL DEFAULT 0,
  -- Who asked: account and the natural person behind it.
  analyst text NOT NULL,
  person text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'paused', 'held', 'released', 'withheld', 'failed', 'cancelled')),
  -- Why it is paused, failed or withheld: a sentence.
  reason text,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  ended_at timestamptz,
  -- Who decided on the release where another person has to.
  checker text,
  checked_at timestamptz
);
CREATE INDEX analysis_runs_under_way ON analysis_runs (number) WHERE state IN ('running', 'paused');

-- What was counted of one range of people, sealed: of so few it is nearly rows about persons. Gone when the run ends.
CREATE TABLE analysis_partials (
  run uuid NOT NULL REFERENCES analysis_runs (id) ON DELETE CASCADE,
  first_ordinal bigint NOT NULL,
  people integer NOT NULL,
  sealed bytea NOT NULL,
  counted_at timestamptz NOT NULL,
  PRIMARY KEY (run, first_ordinal)
);

-- What left, after disclosure control.
CREATE TABLE analysis_results (
  run uuid PRIMARY KEY REFERENCES analysis_runs (id) ON DELETE CASCADE,
  -- The text that its checksum is of (SHA-256, hex).
  body text NOT NULL,
  checksum text NOT NULL,
  -- HMAC-SHA256 of what was counted, under a key of the gateway's: two runs can be compared by their operator, and counts cannot be guessed from it.
  counted_mac text NOT NULL
);
