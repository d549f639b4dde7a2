#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "server/domain/build.h"
#include "server/domain/ids.h"

namespace fft {

struct PendingBuild;
struct PendingNode;

/// What a principal has used of the workers, and how often its builds stand in lines.
struct Share {
  double used = 0;
  int entries = 0;
};

/// What a cohort waits for and how far it has come.
struct Progress {
  std::map<int, std::vector<NodeId>> by_level;  // all that were ever attached
  std::map<int, int> left_by_level;             // attached nodes that have not ended
  std::int64_t left = 0;
  std::int64_t running = 0;
  // Beyond `--jobs`, for the worker that has all that runs of this: it starts them in turn.
  WorkerId worker;            // none: several
  double run_ms = 0;          // what its runs took, lately; 0: none has ended
  int ahead_max = 0;          // how many may be granted ahead just now
  std::vector<NodeId> ahead;  // some may have ended
  int open_level = 0;         // levels up to this one are released
  bool is_stopping = false;   // starts nothing more: failed fast or cancelled
  bool has_failed = false;    // a node that it needed failed
  bool is_under_way = false;  // something was granted for it
};

/// Builds that one plan was made for: they attached as one, wait for the same nodes in the same
/// way, and cost as much as one.  Most builds are alone in theirs.  Who is to go on in another way
/// than the others, or not at all, leaves.
struct Cohort : Progress {
  /// In order of acceptance; the first brought what no other cohort had brought.  All have the same
  /// options but for the deadline.
  std::vector<PendingBuild*> members;

  /// Where a released node that may start stands among those of its cohort: the longest way first.
  struct Place {
    double minus_path_ms = 0;
    NodeId id;
    PendingNode* node = nullptr;
    bool operator<(const Place& other) const {
      return std::tie(minus_path_ms, id) < std::tie(other.minus_path_ms, other.id);
    }
  };
  /// How the cohort stands in lines.
  struct Filing {
    int priority = 0;  // negated
    bool is_new = false;
    bool operator==(const Filing&) const = default;
  };
  // The ready queue's, like what it is about:
  std::map<int, std::set<Place>> ready;  // by line, none empty
  std::optional<Filing> filed;           // none: it may not run more
  std::map<std::string, Share*> shares;  // of its members' principals

  const BuildOptions& options() const;
  BuildId id() const;  // of its first member
};

/// Whether one plan and one way of going through it are what both ask for.  When each is to be over
/// may differ.
bool GoesAlike(const Build& a, const Build& b);

/// A cohort's tie to a node: its builds wait for it, and release it when its level opens.
struct Waiter {
  Cohort* cohort = nullptr;
  int level = 0;
  bool is_joined = false;  // by all, or else by all but the first member

  bool is_releasing() const { return !cohort->is_stopping && level <= cohort->open_level; }
};

}  // namespace fft
