#pragma once

#include <map>
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
/// A node stands here once for each cohort that releases it, and a cohort for each principal in it.
/// A choice costs what may be chosen first, not what waits.  A plain container, part of the
/// schedule.
class ReadyQueue {
 public:
  /// The line of nodes with these needs.
  int LineOf(const Needs& needs);
  int lines() const { return static_cast<int>(lines_.size()); }

  /// Who its builds are from now on.
  void SetMembers(Cohort& cohort, std::vector<PendingBuild*> members);
  /// Gives it a cohort of its own, which waits for nothing.
  void StandAlone(PendingBuild& build);
  void Add(Cohort& cohort, PendingNode& node);
  /// When who waits for it releases it, and nobody runs it.
  void AddFor(const Waiter& waiter, PendingNode& node);
  /// False: it did not stand here for this cohort.
  bool Remove(Cohort& cohort, PendingNode& node);
  /// For every cohort.
  void RemoveAll(PendingNode& node);
  /// All of its nodes.
  void Drop(Cohort& cohort);
  /// Its priority, whether it is under way, or whether it may run more has changed.
  void File(Cohort& cohort);

  /// Who should start first among the lines that are not `closed`, which is parallel to the lines;
  /// null: nobody may.
  PendingNode* First(const std::vector<char>& closed) const;
  /// `node` starts: its cost is shared by the principals that wait for it.
  void Charge(const PendingNode& node, double cost);

 private:
  struct Filed {
    bool is_new = false;
    BuildId id;  // of the cohort's first member, as long as it is filed
    Cohort* cohort = nullptr;
    bool operator<(const Filed& other) const {
      return std::tie(is_new, id) < std::tie(other.is_new, other.id);
    }
  };
  struct Turn {
    const Share* share = nullptr;
    std::set<Filed> cohorts;
  };
  /// By (-priority, principal): the highest priority first.
  using Line = std::map<std::pair<int, std::string>, Turn>;
  struct Choice {
    const Line::value_type* turn = nullptr;
    PendingNode* node = nullptr;
  };

  void Unfile(Cohort& cohort);
  void Enter(Cohort& cohort, int line);
  void Leave(Cohort& cohort, int line);
  static bool IsBefore(const Choice& a, const Choice& b);

  std::map<Needs, int> by_needs_;
  std::vector<Line> lines_;
  std::map<std::string, Share> shares_;
  double floor_ = 0;  // what the last who was chosen had used: who comes anew starts there
};

}  // namespace fft
