#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/domain/job.h"
#include "server/domain/partition.h"

namespace fft {

// What decides a result, as a digest and as words, both from one list of facts.
//
// A key has two levels: the config's digest, computed once a config, and one identity an input.
// Every canonical form is length-prefixed or of fixed width, so that no two lists share their
// bytes.

/// Digest of everything in a config that decides its result: job label, the major number of its
/// version, runner, executable, files (path, digest, executable bit), outputs, inputs (ref, kind,
/// kind of identity), args, env, in_place, all of the SQL task.  Passwords in URLs count as `***`.
Digest ConfigDigest(const JobConfig& config);

/// One input's identity as its reader's key sees it, from what is live there.
///   kKey      live.key, combined with the taint number when that is positive
///   kContent  live.content without taint, since equal bytes clear a suspicion; where the content
///   is
///             not known, as kKey
///   kVersion  the major version, combined with the taint number when that is positive
///   kNone     zeros
Digest IdentityOf(Identity kind, const Materialisation& live, std::int64_t taint);

/// The same for an input whose producer has not finished.
///   kKey      what IdentityOf() gives once the producer has ended with this key as its result key
///   kContent  a placeholder that no real content has, of the producer's plan key
///   kVersion  what IdentityOf() will give: the producer's major version is known before it runs
///   kNone     zeros
Digest PendingIdentity(Identity kind, const Digest& producer_plan_key, int producer_major,
                       std::int64_t taint);

/// A source as its readers' keys see it: what IdentityOf() gives for a materialisation whose key
/// and content are both the source's content.
Digest SourceIdentity(Identity kind, const Digest& content, std::int64_t taint);

/// The key of a config with these identities, parallel to its inputs.  Zeros are not facts.
Digest KeyOf(const Digest& config_digest, std::span<const Digest> identities);

/// One fact that is not what it was.
struct FactChange {
  std::string fact;    // `env CITY`, `file bin/daily.py`, `input weather/raw`
  std::string before;  // in words, at most 256 bytes; kAbsentFact when there was no such fact
  std::string now;
  bool operator==(const FactChange&) const = default;
};
inline constexpr std::string_view kAbsentFact = "(absent)";

/// What ConfigDigest() sees differently in two configs, in the order of the list of facts.
/// Empty exactly when the digests are equal.
std::vector<FactChange> DiffConfigs(const JobConfig& before, const JobConfig& now);

/// The inputs that both configs have and whose identities differ.  Identities are parallel to each
/// config's inputs; a shorter list says nothing about the rest.
std::vector<FactChange> DiffIdentities(const JobConfig& before,
                                       std::span<const Digest> identities_before,
                                       const JobConfig& now,
                                       std::span<const Digest> identities_now);

/// `scheme://user:password@host` anywhere in `text` becomes `scheme://user:***@host`.
std::string MaskPasswords(std::string_view text);

}  // namespace fft
