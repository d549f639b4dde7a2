-- Which finished builds are old.
CREATE INDEX build_ended ON build (ended_at) WHERE state >= 3;
