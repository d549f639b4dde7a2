-- The event that told a build of a node it withdrew from; 0: nobody was told.
ALTER TABLE withdrawal ADD COLUMN closed_by bigint NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION event_kind(n smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY['BUILD_CHANGED', 'NODES_ATTACHED', 'NODES_SKIPPED', 'NODES_CHANGED',
                'PARTITIONS_TAINTED', 'GRAPH_DEPLOYED', 'WORKER_CHANGED', 'NODES_WITHDRAWN'])[n]
$$;
