-- Builds that attached as one with `build_id`: one event tells all.
ALTER TABLE event ADD COLUMN also bigint[];
