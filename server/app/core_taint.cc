#include <string>
#include <utility>

#include "server/app/core_send.h"
#include "server/app/read_lineage.h"

// Data that is declared wrong: first it is found out what was made from it.

namespace fft {

void Core::TaintPartitions(const std::string& ns, std::vector<std::string> refs,
                           const std::string& text, Reply<TaintResult> reply) {
  Send(
      [reply = std::move(reply)](const Answer& answer) {
        if (!answer.status.ok()) return reply(answer.status);
        reply(TaintResult{.partitions = answer.partitions, .suspects = answer.suspects});
      },
      [&](ReplyId id) {
        return TaintRequested{id, ns, std::move(refs), text};
      });
}

void Core::FindLineage(const LineageWanted& wanted) {
  const Status asked = Read([this, wanted](Library& library) {
    auto lineage = ReadLineage(library, wanted.partitions);
    (void)inbox_.PushUrgent(
        LineageRead{wanted.reply, lineage.status(), lineage.ok() ? *std::move(lineage) : nullptr});
  });
  if (!asked.ok()) (void)inbox_.PushUrgent(LineageRead{wanted.reply, asked, nullptr});
}

}  // namespace fft
