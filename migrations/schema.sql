-- What the numbered migrations add up to: to read, and for a test that compares.  Programs apply the
-- migrations themselves.

-- Which migrations were applied.
CREATE TABLE schema_migration (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL,
  digest text NOT NULL DEFAULT ''       -- SHA-256 of the file: one that was applied never changes
);

-- Times are those of the daemon's clock, NULL where there is none.  Ids are chosen by the leader and
-- never used twice.  Digests are SHA-256, 32 bytes, NULL where there is none.  Small numbers
-- (state, reason, kind, outcome) have a function that says their name: node_state(state) and so on.

-- Who may write.  One row; each commit changes it first, under its epoch, so that nobody whose epoch
-- is over can write anything.  The numbers are the highest that were ever given out.
CREATE TABLE leader (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  epoch bigint NOT NULL,
  holder text NOT NULL,
  since timestamptz,
  last_build bigint NOT NULL DEFAULT 0,
  last_node bigint NOT NULL DEFAULT 0,
  last_run bigint NOT NULL DEFAULT 0,
  last_event bigint NOT NULL DEFAULT 0,
  address text NOT NULL DEFAULT ''      -- where others reach the leader
) WITH (fillfactor = 10);
INSERT INTO leader (epoch, holder) VALUES (0, '');

-- Fails unless `held` is the epoch (FF001) and the events follow the last one without a gap (FF002).
CREATE FUNCTION hold_lead(held bigint, build bigint, node bigint, run bigint,
                          first_event bigint, newest_event bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE leader
     SET last_build = greatest(last_build, build), last_node = greatest(last_node, node),
         last_run = greatest(last_run, run), last_event = greatest(last_event, newest_event)
   WHERE epoch = held AND (first_event = 0 OR last_event = first_event - 1);
  IF FOUND THEN RETURN; END IF;
  IF EXISTS (SELECT FROM leader WHERE epoch = held) THEN
    RAISE EXCEPTION 'event % does not follow event %', first_event, (SELECT last_event FROM leader)
      USING ERRCODE = 'FF002';
  END IF;
  RAISE EXCEPTION 'epoch % is over: % leads under epoch %', held,
    (SELECT holder FROM leader), (SELECT epoch FROM leader) USING ERRCODE = 'FF001';
END $$;

-- The catalog

CREATE TABLE namespace (
  id bigint PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE
);

-- A ref with what everybody reads there now.  Nothing but id and ref is indexed: changes are HOT.
CREATE TABLE partition (
  id bigint PRIMARY KEY,
  namespace_id bigint NOT NULL,
  ref text COLLATE "C" NOT NULL,
  live_run bigint NOT NULL,             -- 0: nothing was ever left here, or a source
  live_key bytea,
  live_content bytea,
  live_rows bigint NOT NULL,            -- -1: not told
  live_bytes bigint NOT NULL,
  live_major_version integer NOT NULL,
  live_is_reusable boolean NOT NULL,
  live_uri text NOT NULL,               -- '': the default place
  live_at timestamptz,
  uncertain_run bigint NOT NULL,        -- 0: certain
  taint bigint NOT NULL,
  tainted_before bigint NOT NULL,       -- live_run below it: tainted
  is_suspect boolean NOT NULL DEFAULT false, -- tainted only for what it was made from
  UNIQUE (namespace_id, ref)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- All that was ever left at a ref: append-only.
CREATE TABLE materialisation (
  partition_id bigint NOT NULL,
  run_id bigint NOT NULL,
  key bytea,
  content bytea,
  rows bigint NOT NULL,
  bytes bigint NOT NULL,
  major_version integer NOT NULL,
  is_reusable boolean NOT NULL,
  uri text NOT NULL,
  at timestamptz,
  PRIMARY KEY (partition_id, run_id)
);

-- Builds

CREATE TABLE build (
  id bigint PRIMARY KEY,
  request_id text NOT NULL,
  request_digest bytea,
  principal text NOT NULL,
  namespace text NOT NULL,
  graph text NOT NULL,
  revision bytea,
  targets text[] NOT NULL,
  cache_mode smallint NOT NULL,
  rebuild text[] NOT NULL,
  discipline smallint NOT NULL,
  jobs_max integer NOT NULL,
  keeps_going boolean NOT NULL,
  priority integer NOT NULL,
  deadline timestamptz,
  labels jsonb NOT NULL,
  plan_etag bytea,                      -- of the plan that was asked for; null: any
  state smallint NOT NULL,
  reason smallint NOT NULL,
  message text NOT NULL,
  nodes_total bigint NOT NULL,
  nodes_cached bigint NOT NULL,
  nodes_cut_off bigint NOT NULL,
  nodes_joined bigint NOT NULL,
  nodes_running bigint NOT NULL,
  nodes_succeeded bigint NOT NULL,
  nodes_failed bigint NOT NULL,
  nodes_cancelled bigint NOT NULL,
  received_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  received_event bigint NOT NULL,
  ended_event bigint NOT NULL,
  spent_ms bigint NOT NULL DEFAULT 0,   -- slot time of its runs
  saved_by_cache_ms bigint NOT NULL DEFAULT 0,
  saved_by_joining_ms bigint NOT NULL DEFAULT 0,
  saved_by_cut_off_ms bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 60);
CREATE INDEX build_pending ON build (id) WHERE state < 3;
CREATE INDEX build_request ON build (principal, request_id, id) WHERE request_id <> '';
CREATE INDEX build_graph ON build (graph, id);
CREATE INDEX build_principal ON build (principal, id);
CREATE INDEX build_ended ON build (ended_at) WHERE state >= 3;

-- What ties a build to nodes, as parallel arrays.
CREATE TABLE attachment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  build_id bigint NOT NULL,
  opened_by bigint NOT NULL,            -- the event that announced them
  nodes bigint[] NOT NULL,
  levels integer[] NOT NULL,
  joined smallint[] NOT NULL,           -- 1: another build's node
  reasons smallint[] NOT NULL           -- why this build wanted it
);
ALTER TABLE attachment ALTER nodes SET STORAGE EXTERNAL;
CREATE INDEX attachment_build ON attachment (build_id, id);

-- Nodes that a build awaits no more and that go on for others: as it sees them, cancelled.
CREATE TABLE withdrawal (
  build_id bigint NOT NULL,
  node_id bigint NOT NULL,
  reason smallint NOT NULL,
  closed_by bigint NOT NULL DEFAULT 0,  -- the event that told the build; 0: nobody was told
  PRIMARY KEY (build_id, node_id)
);

-- What a build found done, as parallel arrays.
CREATE TABLE build_hits (
  build_id bigint PRIMARY KEY,
  partitions bigint[] NOT NULL,
  runs bigint[] NOT NULL                -- that prove it; 0: a source
);
ALTER TABLE build_hits ALTER partitions SET STORAGE EXTERNAL, ALTER runs SET STORAGE EXTERNAL;

-- Nodes and runs

-- Job configs by digest.
CREATE TABLE config (
  digest bytea PRIMARY KEY,
  body json NOT NULL
);

-- Instances of job configs.  Nothing that changes is indexed and pages keep room: changes are HOT.
CREATE TABLE node (
  id bigint PRIMARY KEY,
  kind smallint NOT NULL,               -- 0: job, 1: asks a configure executable
  namespace_id bigint NOT NULL,
  graph text NOT NULL,
  revision bytea,
  job text NOT NULL,
  config_digest bytea,
  plan_key bytea,
  result_key bytea,
  outputs bigint[] NOT NULL,            -- partitions, in the order of the config's outputs
  inputs bigint[] NOT NULL,             -- partitions, in the order of the config's inputs
  upstreams bigint[] NOT NULL,          -- nodes that must end first
  state smallint NOT NULL,
  must_run boolean NOT NULL,
  is_reusable boolean NOT NULL,
  reason smallint NOT NULL,
  evidence text NOT NULL,               -- one JSON object or ''
  message text NOT NULL,
  attempts integer NOT NULL,
  faults integer NOT NULL,
  not_before timestamptz,
  planned_at timestamptz,
  ended_at timestamptz,
  last_run bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
-- The nodes of a ref: by their first output, and by the others where there are some.
CREATE INDEX node_first_output ON node ((outputs[1]), id);
CREATE TABLE node_further_output (
  partition_id bigint NOT NULL,
  node_id bigint NOT NULL,
  PRIMARY KEY (partition_id, node_id)
);

-- The part of a node that changes: rows of a statement, not of a table.
CREATE TYPE node_update AS (
  id bigint, state smallint, reason smallint, must_run boolean, is_reusable boolean,
  result_key bytea, message text, evidence text, attempts integer, faults integer,
  not_before timestamptz, ended_at timestamptz, last_run bigint
);

-- Grants that are not resolved.
CREATE TABLE lease (
  run_id bigint PRIMARY KEY,
  node_id bigint NOT NULL,
  worker_id bigint NOT NULL,
  epoch bigint NOT NULL,
  result_key bytea,
  input_runs bigint[] NOT NULL,         -- parallel to the node's inputs
  input_identities bytea NOT NULL,      -- 32 bytes an input: what entered the key
  granted_at timestamptz,
  is_kill_requested boolean NOT NULL,
  started_at timestamptz                -- NULL: it has not begun, as far as is known
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
        autovacuum_vacuum_cost_delay = 0);

CREATE TYPE ended_lease AS (run_id bigint);
CREATE TYPE lease_start AS (run_id bigint, started_at timestamptz);

-- Finished attempts with what they read: append-only.  What they left is in materialisation.
CREATE TABLE run (
  id bigint PRIMARY KEY,
  node_id bigint NOT NULL,
  worker_id bigint NOT NULL,
  epoch bigint NOT NULL,
  result_key bytea,
  input_runs bigint[] NOT NULL,
  input_identities bytea NOT NULL,
  granted_at timestamptz,
  is_kill_requested boolean NOT NULL,
  reported_epoch bigint NOT NULL,
  outcome smallint NOT NULL,
  exit_code integer NOT NULL,
  signal integer NOT NULL,
  message text NOT NULL,
  left_outputs_alone boolean NOT NULL,
  started_at timestamptz,
  ended_at timestamptz,
  cpu_ms bigint NOT NULL,               -- -1: not told
  rss_max bigint NOT NULL,
  log_bytes bigint NOT NULL,
  metadata text NOT NULL,               -- one JSON object or ''
  stdout_text text,                     -- of a configure run
  reason smallint NOT NULL
);
CREATE INDEX run_node ON run (node_id, id);

-- What configure executables answered.
CREATE TABLE configure_answer (
  job_digest bytea NOT NULL,
  ref text COLLATE "C" NOT NULL,
  config_digest bytea NOT NULL,
  PRIMARY KEY (job_digest, ref)
);

CREATE TABLE worker (
  id bigint PRIMARY KEY,
  name text NOT NULL UNIQUE,
  host text NOT NULL,
  slots integer NOT NULL,
  labels text[] NOT NULL,
  protocol integer NOT NULL,
  is_draining boolean NOT NULL,
  connected_at timestamptz
);

-- How long the runs of a job take, a moving average; `job?configure`: of its configure executable.
CREATE TABLE job_duration (
  graph text COLLATE "C" NOT NULL,
  job text COLLATE "C" NOT NULL,
  us bigint NOT NULL,                   -- microseconds
  PRIMARY KEY (graph, job)
);

-- How many runs may have a place in a pool at once; one that is not here holds one.
CREATE TABLE pool (
  name text COLLATE "C" PRIMARY KEY,
  size integer NOT NULL
);

-- The graphs that were ever paused.
CREATE TABLE graph_pause (
  graph text COLLATE "C" PRIMARY KEY,
  is_paused boolean NOT NULL
);

-- The log of a run as its worker sent it: gapless pieces.
CREATE TABLE log_chunk (
  run_id bigint NOT NULL,
  "offset" bigint NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (run_id, "offset")
);

-- Appends what is not there yet and returns where the log now ends.  FF003: bytes are missing between;
-- FF004: there is no such run.
CREATE FUNCTION append_log(run bigint, at_offset bigint, added bytea) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  log_end bigint;
  known bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1179014228, hashint8(run));
  SELECT c."offset" + length(c.data) INTO log_end FROM log_chunk c
   WHERE c.run_id = run ORDER BY c."offset" DESC LIMIT 1;
  IF log_end IS NULL AND NOT EXISTS (SELECT FROM lease WHERE run_id = run)
     AND NOT EXISTS (SELECT FROM run r WHERE r.id = append_log.run) THEN
    RAISE EXCEPTION 'run % does not exist', run USING ERRCODE = 'FF004';
  END IF;
  log_end := coalesce(log_end, 0);
  IF at_offset > log_end THEN
    RAISE EXCEPTION 'log of run % ends at %: bytes at % do not follow', run, log_end, at_offset
      USING ERRCODE = 'FF003';
  END IF;
  known := log_end - at_offset;
  IF known >= length(added) THEN RETURN log_end; END IF;
  INSERT INTO log_chunk (run_id, "offset", data)
  VALUES (run, log_end, substring(added FROM known::integer + 1));
  RETURN at_offset + length(added);
END $$;

-- The log of events

-- Gapless, in the order of commits.  Changes are parallel arrays; one that holds nothing but
-- zeros is NULL.  Names are looked up when it is read.
CREATE TABLE event (
  seq bigint PRIMARY KEY,
  at timestamptz,
  kind smallint NOT NULL,
  build_id bigint NOT NULL,
  count bigint NOT NULL,
  state smallint NOT NULL,              -- of all nodes; -1: see states
  nodes bigint[],
  states smallint[],
  reasons smallint[],
  runs bigint[],
  levels integer[],
  joined smallint[],
  messages jsonb,                       -- {place: text} of those that have one
  partitions bigint[],
  snapshot jsonb,                       -- the build as it was
  text text NOT NULL,
  also bigint[]                         -- other builds that are tied to the same nodes
);

-- Graphs, blobs, audit

CREATE SEQUENCE deploy_seq;
CREATE TABLE graph_revision (
  graph text COLLATE "C" NOT NULL,
  revision bytea NOT NULL,
  spec jsonb NOT NULL,
  deployed_by text NOT NULL,
  deployed_at timestamptz,
  deploy bigint NOT NULL DEFAULT nextval('deploy_seq'),  -- the highest is the latest
  PRIMARY KEY (graph, revision)
);
CREATE UNIQUE INDEX graph_revision_latest ON graph_revision (graph, deploy);

CREATE TABLE blob (
  digest bytea PRIMARY KEY,
  size bigint NOT NULL,
  data bytea NOT NULL
);
ALTER TABLE blob ALTER data SET STORAGE EXTERNAL;

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

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz,
  principal text NOT NULL,
  method text NOT NULL,
  outcome text NOT NULL
);
CREATE INDEX audit_at ON audit (at);

-- Names of numbers, for people

CREATE FUNCTION build_state(n smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY['RECEIVED', 'PLANNING', 'EXECUTING', 'SUCCEEDED', 'FAILED', 'CANCELLED'])[n + 1]
$$;
CREATE FUNCTION node_state(n smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY['WAITING', 'READY', 'RUNNING', 'SUCCEEDED', 'SKIPPED', 'FAILED', 'CANCELLED'])[n + 1]
$$;
CREATE FUNCTION run_outcome(n smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY['NONE', 'SUCCEEDED', 'FAILED', 'RETRIABLE', 'TIME_LIMIT', 'MEMORY_LIMIT',
                'INFRASTRUCTURE', 'CANCELLED', 'BAD_OUTPUT', 'RETURNED'])[n + 1]
$$;
CREATE FUNCTION event_kind(n smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY['BUILD_CHANGED', 'NODES_ATTACHED', 'NODES_SKIPPED', 'NODES_CHANGED',
                'PARTITIONS_TAINTED', 'GRAPH_DEPLOYED', 'WORKER_CHANGED', 'NODES_WITHDRAWN'])[n]
$$;
CREATE FUNCTION reason_name(n smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE n
    WHEN 0 THEN 'NONE' WHEN 1 THEN 'NEVER_BUILT' WHEN 2 THEN 'FACTS_CHANGED'
    WHEN 3 THEN 'DATA_MISSING' WHEN 4 THEN 'UNCERTAIN' WHEN 5 THEN 'TAINTED'
    WHEN 6 THEN 'REBUILD_REQUESTED' WHEN 7 THEN 'CACHE_OFF' WHEN 8 THEN 'OSCILLATING'
    WHEN 9 THEN 'INPUT_UNDECIDED' WHEN 10 THEN 'CONFIGURE' WHEN 11 THEN 'SUSPECT'
    WHEN 20 THEN 'CACHED' WHEN 21 THEN 'CUT_OFF' WHEN 22 THEN 'JOINED' WHEN 23 THEN 'SOURCE'
    WHEN 40 THEN 'UPSTREAM_FAILED' WHEN 41 THEN 'JOB_FAILED' WHEN 42 THEN 'TIME_LIMIT'
    WHEN 43 THEN 'MEMORY_LIMIT' WHEN 44 THEN 'QUARANTINED' WHEN 45 THEN 'CANCEL_REQUESTED'
    WHEN 46 THEN 'FAIL_FAST' WHEN 47 THEN 'DEADLINE_EXCEEDED' WHEN 48 THEN 'BAD_OUTPUT'
    WHEN 49 THEN 'ATTEMPTS_EXHAUSTED' WHEN 50 THEN 'NO_WORKER' WHEN 51 THEN 'SOURCE_EDITED'
    WHEN 60 THEN 'PLAN_FAILED' WHEN 61 THEN 'PLAN_CHANGED' WHEN 62 THEN 'UNKNOWN_REF'
    WHEN 63 THEN 'AMBIGUOUS_REF' WHEN 64 THEN 'BAD_REF' WHEN 65 THEN 'BAD_RANGE'
    WHEN 66 THEN 'NO_MATCH' WHEN 67 THEN 'TOO_MANY_TARGETS' WHEN 68 THEN 'TOO_MANY_REFS'
    WHEN 69 THEN 'BAD_TEMPLATE' WHEN 70 THEN 'CYCLE' WHEN 71 THEN 'CONE_TOO_LARGE'
    WHEN 72 THEN 'TWO_CONFIGS' WHEN 73 THEN 'QUERY_MISSING' WHEN 74 THEN 'SOURCE_UNREADABLE'
    WHEN 75 THEN 'WAREHOUSE_UNREACHABLE' WHEN 76 THEN 'CONFIGURE_BAD_OUTPUT'
    WHEN 77 THEN 'CONFIGURE_UNSTABLE' WHEN 78 THEN 'INVALID_GRAPH'
    ELSE 'UNKNOWN' END
$$;
