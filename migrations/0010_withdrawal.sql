-- Nodes that a build awaits no more and that go on for others: as it sees them, cancelled.
CREATE TABLE withdrawal (
  build_id bigint NOT NULL,
  node_id bigint NOT NULL,
  reason smallint NOT NULL,
  PRIMARY KEY (build_id, node_id)
);

-- Why no plan could be made is the reason of a build that failed so.
CREATE OR REPLACE FUNCTION reason_name(n smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
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

-- Appends what is not there yet and returns where the log now ends.  FF003: bytes are missing between;
-- FF004: there is no such run.
CREATE OR REPLACE FUNCTION append_log(run bigint, at_offset bigint, added bytea) RETURNS bigint
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
