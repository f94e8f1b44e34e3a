-- Questions about populations that were asked and not given back, each once: their budget, and what was released to them. Nothing in it is about a
-- person: a release is what may leave.
CREATE TABLE analysis_questions (
  -- Canonical key of the question.
  key text PRIMARY KEY,
  -- The run that answers it.
  run text NOT NULL UNIQUE,
  population text NOT NULL,
  -- A month, YYYY-MM.
  period text NOT NULL,
  analyst text NOT NULL,
  team text NOT NULL,
  -- Millionths of a unit of budget.
  micro_units bigint NOT NULL,
  -- By an analyst, under differential privacy.
  is_filtered boolean NOT NULL,
  asked_at timestamptz NOT NULL,
  -- { table, kept }, once it is released.
  release jsonb
);
CREATE INDEX analysis_questions_period ON analysis_questions (period);
