-- The ledger's record of each event; empty until the gateway has fed it, in the transaction that writes the record.
ALTER TABLE admin_events ADD COLUMN ledger_record uuid;
CREATE INDEX admin_events_unfed ON admin_events (number) WHERE ledger_record IS NULL;
