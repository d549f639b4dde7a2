#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "server/rpc/watch.h"

namespace fft {

/// Builds.WatchBuild: without a token the build as it is, in events that all bear the number as of
/// which they hold, then the tail; only the last message of that picture has a resume token.  With
/// a token the tail alone.
class WatchBuild final : public Watch {
 public:
  WatchBuild(Gate& gate, BuildId build, std::string resume_token);

 private:
  void Prepare() override;
  void Open(Library& library);
  void Paint();
  void AddPicture(Event event);

  const BuildId build_;
  const std::string resume_token_;
  std::unique_ptr<BuildSnapshot> picture_;  // as long as it is being sent
  std::size_t painted_ = 0;                 // nodes of it
  bool is_head_sent_ = false;
};

}  // namespace fft
