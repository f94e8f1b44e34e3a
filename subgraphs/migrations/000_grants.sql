-- Which grants this register has served, so that the gateway's ledger can be reconciled with it. Names no person and no data.
CREATE TABLE grants_seen (
  grant_id text PRIMARY KEY,
  application text NOT NULL,
  first_seen timestamptz NOT NULL
);

-- What stands in the register: one row of kind 'synthetic' once a synthetic population has been loaded completely. A row without
-- loaded_at is a load that began; register data beside no row at all is real.
CREATE TABLE register_stamp (
  kind text PRIMARY KEY,
  seed text NOT NULL,
  size integer NOT NULL,
  loaded_at timestamptz
);
