#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/base/status.h"
#include "server/graph/cone.h"
#include "server/graph/config_memo.h"

namespace fft {

/// One walk from some targets upstream over a memo that grows on the way.  Depth first with its own
/// stack, so that a deep graph cannot overflow the thread's.
class ConeWalk {
 public:
  ConeWalk(std::shared_ptr<const CompiledGraph> graph, ConfigMemo& memo);

  /// Errors as of Analyser::Analyse().
  StatusOr<ConePtr> From(const std::vector<std::string>& sorted_targets);

  static constexpr std::size_t kConfigsMax = 1'000'000;

 private:
  using RefId = ConfigMemo::RefId;
  using ConfigId = ConfigMemo::ConfigId;
  enum class Mark : std::uint8_t { kUnseen, kOpen, kClosed };
  struct Step {
    ConfigId config = 0;
    std::uint32_t next = 0;  // which of its inputs comes next
  };

  /// `reader` is kNoIndex for a target.
  Status Visit(RefId ref, ConfigId reader);
  Status Descend();
  void Open(ConfigId config);
  Status Unresolved(const Status& why, ConfigId reader) const;
  Status Cycle(ConfigId closing) const;
  Mark& mark(ConfigId config);

  ConePtr Emit(const std::vector<RefId>& targets);
  void EmitConfig(ConfigId config, Cone& cone);
  RefIndex EmitRef(RefId ref, std::string_view name, Cone& cone);
  ConePtr EmitBatches() const;

  std::shared_ptr<const CompiledGraph> graph_;
  ConfigMemo& memo_;
  std::vector<Mark> marks_;       // by ConfigId
  std::vector<Step> path_;        // the open configs, each an input's maker of the one before
  std::vector<ConfigId> closed_;  // inputs' makers first
  std::map<std::uint32_t, std::set<RefId>> unasked_;  // by job
  std::vector<RefIndex> places_;                      // by RefId: where in the cone
};

}  // namespace fft
