-- Slot time in milliseconds: what the build's runs took, and what it was spared.
ALTER TABLE build
  ADD COLUMN spent_ms bigint NOT NULL DEFAULT 0,
  ADD COLUMN saved_by_cache_ms bigint NOT NULL DEFAULT 0,
  ADD COLUMN saved_by_joining_ms bigint NOT NULL DEFAULT 0,
  ADD COLUMN saved_by_cut_off_ms bigint NOT NULL DEFAULT 0;
