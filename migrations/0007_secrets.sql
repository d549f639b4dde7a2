-- What is told to runs and probes alone.
CREATE TABLE secret (
  name text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL DEFAULT 1,    -- raised whenever the value changes
  sealed bytea NOT NULL,                -- AES-256-GCM: nonce, tag, text
  set_by text NOT NULL,
  set_at timestamptz
);

-- By which others tell the daemons of this database from those of another.
CREATE TABLE service (
  id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO service DEFAULT VALUES;
