#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "server/schedule/pending.h"

namespace fft {

/// What a node asks of whoever runs it: nodes that ask the same wait in one line.
struct Needs {
  NodeKind kind = NodeKind::kJob;
  int slots = 1;
  std::vector<std::string> worker_labels;
  std::vector<std::string> pools;
  std::string graph;
  auto operator<=>(const Needs&) const = default;
};

/// The nodes that may start, in the order in which they should: by priority; then in turn among the
/// principals, by the work that was granted to them; then builds under way before new ones, older
/// before younger; then the longest way to the end of everything that waits for the node.
///
/// A node stands here once for each build that releases it.  A choice costs what may be chosen
/// first, not what waits.  A plain container, part of the schedule.
class ReadyQueue {
 public:
  struct Choice {
    PendingBuild* build = nullptr;
    PendingNode* node = nullptr;
  };

  /// The line of nodes with these needs.
  int LineOf(const Needs& needs);
  int lines() const { return static_cast<int>(lines_.size()); }

  void Add(PendingBuild& build, PendingNode& node);
  /// False: it did not stand here for this build.
  bool Remove(PendingBuild& build, PendingNode& node);
  /// For every build.
  void RemoveAll(PendingNode& node);
  /// All of its nodes.
  void Drop(PendingBuild& build);
  /// Its priority, whether it is under way, or whether it may run more has changed.
  void File(PendingBuild& build);

  /// Who should start first among the lines that are not `closed`, which is parallel to the lines.
  std::optional<Choice> First(const std::vector<char>& closed) const;
  /// `node` starts: its cost is shared by the principals that wait for it.
  void Charge(const PendingNode& node, double cost);

 private:
  struct Filed {
    bool is_new = false;
    BuildId id;
    PendingBuild* build = nullptr;
    bool operator<(const Filed& other) const {
      return std::tie(is_new, id) < std::tie(other.is_new, other.id);
    }
  };
  /// By (-priority, principal): the highest priority first.
  using Line = std::map<std::pair<int, std::string>, std::set<Filed>>;

  void Unfile(PendingBuild& build);
  void Enter(PendingBuild& build, int line);
  void Leave(PendingBuild& build, int line);
  double UsedBy(const std::string& principal) const;
  bool IsBefore(const Choice& a, const Choice& b) const;

  std::map<Needs, int> by_needs_;
  std::vector<Line> lines_;
  struct Share {
    double used = 0;
    int entries = 0;  // of its builds in lines
  };
  std::map<std::string, Share> shares_;
  double floor_ = 0;  // what the last who was chosen had used: who comes anew starts there
};

}  // namespace fft
