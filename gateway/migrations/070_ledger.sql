-- What was recorded before records were chained. Nobody can prove anything with it; it is kept to be read.
ALTER TABLE records RENAME TO records_unchained;

-- One for each start of a gateway, and another whenever it cannot be known whether the last group was written.
CREATE TABLE ledger_chains (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  writer text NOT NULL,
  epoch integer NOT NULL,
  opened_at timestamptz NOT NULL,
  -- What the sequencer has taken into the tree: the last sequence, and the chain's hash there.
  merged bigint NOT NULL DEFAULT 0,
  merged_hash bytea NOT NULL,
  -- Nobody writes it any more, so that the sequencer need not look.
  closed_at timestamptz,
  UNIQUE (writer, epoch)
);
CREATE INDEX ledger_chains_open ON ledger_chains (id) WHERE closed_at IS NULL;

-- One row for each event (gateway/ledger/events.ts), in partitions of a month that gateway/ledger/partitions.ts makes ahead. `head` and
-- `persons` are JSON as text: its very bytes are hashed. They hold names of fields and keyed pseudonyms, never a value or an ID number.
CREATE TABLE ledger_records (
  -- By the clock of the gateway that wrote it, in milliseconds; stands in the id (UUID version 7) too.
  at timestamptz NOT NULL,
  id uuid NOT NULL,
  chain integer NOT NULL,
  -- From 1, without gaps within a chain.
  sequence bigint NOT NULL,
  kind text NOT NULL,
  application text,
  -- RFC 6962 leaf hash of the record.
  leaf bytea NOT NULL,
  -- The chain's hash after this record.
  chain_hash bytea NOT NULL,
  salt bytea NOT NULL,
  head text NOT NULL,
  persons text NOT NULL,
  PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX ledger_records_by_chain ON ledger_records (chain, sequence);
CREATE INDEX ledger_records_by_application ON ledger_records (application, at);
-- Everything that is no request: little of it, and looked for by kind.
CREATE INDEX ledger_records_events ON ledger_records (kind, at) WHERE kind <> 'disclosure' AND kind <> 'refusal';

-- Whom a record is about: a person's records, the newest first, are one scan of this key in the partitions of a pseudonym key's period.
CREATE TABLE ledger_persons (
  -- 16 bytes.
  pseudonym bytea NOT NULL,
  at timestamptz NOT NULL,
  id uuid NOT NULL,
  PRIMARY KEY (pseudonym, at, id)
) PARTITION BY RANGE (at);

-- Keys of pseudonyms, one a month, wrapped under the gateway's own. Without its key nobody is found in the records of that month.
CREATE TABLE ledger_pseudonym_keys (
  -- Like 2026-11.
  period text PRIMARY KEY,
  wrapped bytea,
  created_at timestamptz NOT NULL,
  destroyed_at timestamptz
);

-- The tree's leaves in order, by runs of one chain. They stay when the bodies of records are gone.
CREATE TABLE ledger_runs (
  -- Index in the tree of the first leaf.
  first bigint PRIMARY KEY,
  chain integer NOT NULL,
  -- Sequence of the first leaf in its chain.
  sequence bigint NOT NULL,
  count integer NOT NULL,
  -- 32 bytes each.
  leaves bytea NOT NULL,
  UNIQUE (chain, sequence)
);
ALTER TABLE ledger_runs ALTER COLUMN leaves SET STORAGE EXTERNAL;

-- Hashes of whole subtrees of 256, 256², … leaves, so that a proof reads a few hundred hashes and not the tree.
CREATE TABLE ledger_subtrees (
  level smallint NOT NULL,
  index bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (level, index)
);

-- Signed states of the tree (C2SP tlog-checkpoint). `heads` says where each chain that grew since the last stood; the note carries its hash.
CREATE TABLE ledger_checkpoints (
  size bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  root bytea NOT NULL,
  -- The tree's right edge: hashes of the complete subtrees that the root is made of, the largest first.
  edge bytea NOT NULL,
  heads text NOT NULL,
  note text NOT NULL
);
