-- When the worker said that a granted run began: who reads sees what runs, and a leader that takes over
-- does not tell it again.
ALTER TABLE lease ADD COLUMN started_at timestamptz; -- NULL: it has not begun, as far as is known
CREATE TYPE lease_start AS (run_id bigint, started_at timestamptz);
