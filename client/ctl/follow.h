#pragma once

#include <cstdint>
#include <optional>

#include "client/ctl/session.h"
#include "client/lib/calls.h"
#include "fft/build/v1/builds.pb.h"
#include "server/base/time.h"

namespace fft {

/// Tells people of a build as its events come.  Used by the thread that watches.
class Progress {
 public:
  virtual ~Progress() = default;
  /// Events may come in any portions; each comes once.
  virtual void Take(const build::v1::WatchResponse& message, TimePoint now) = 0;
  /// The build as it ended; none until it has.
  virtual const std::optional<build::v1::Build>& ended() const = 0;
};

/// The events of a build to its end or to `stop`, over broken connections, of which people are
/// told.
Status FollowEvents(const Session& session, std::int64_t id, const TakeWatched& take);

/// Follows a build to its end, over broken connections; after Ctrl-C leaves it, or cancels it.
/// With -o json prints its events, and `progress` is told all the same.  The exit code.
int Follow(const Session& session, std::int64_t build, Progress& progress);

/// Cancels a build and says what goes on for others.  The exit code.
int CancelBuild(const Session& session, std::int64_t build);

}  // namespace fft
