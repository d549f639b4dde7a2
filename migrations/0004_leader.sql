-- Where others reach the leader.
ALTER TABLE leader ADD COLUMN address text NOT NULL DEFAULT '';
