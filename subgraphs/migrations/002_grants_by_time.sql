-- The gateway asks which grants were served, in the order of time; old ones are let go of.
CREATE INDEX grants_seen_by_time ON grants_seen (first_seen, grant_id);
