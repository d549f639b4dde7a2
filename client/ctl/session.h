#pragma once

#include <functional>
#include <ostream>
#include <stop_token>
#include <string>

#include <google/protobuf/message.h>

#include "client/ctl/arguments.h"
#include "client/lib/client.h"
#include "server/base/status.h"

namespace fft {

/// What fftctl tells the shell.
enum ExitCode : int { kDone = 0, kFailed = 1, kMisused = 2, kUnreachable = 3, kDetached = 130 };

/// One command in the doing: what was asked, whom to ask, where to write.
struct Session {
  const Arguments& arguments;
  Client& client;
  std::ostream& out;
  std::ostream& err;
  std::stop_token stop;                            // Ctrl-C, once it is listened to
  std::function<void()> listen;                    // until then Ctrl-C just ends the process
  std::function<bool(Duration)> is_stopped_again;  // waits for a second one

  bool is_json() const { return arguments.is_json; }
  /// From now on Ctrl-C asks `stop`.
  void Listen() const {
    if (listen) listen();
  }
  /// The message as one line of JSON.
  void PrintJson(const google::protobuf::Message& message) const;
};

/// Tells what went wrong, on `err`; the exit code that goes with it.
int Report(const Session& session, const Status& status);

/// The namespace that is meant: as given, that of the graph, $FFT_NAMESPACE, or that of the only
/// graph there is.
StatusOr<std::string> FindNamespace(const Session& session, const RefChoice& choice);

struct Deployed {
  std::string graph, revision;
};
/// The graph that is meant; a folder is deployed first.
StatusOr<Deployed> FindGraph(const Session& session, const GraphChoice& choice);

int Run(const Session& session, const BuildArguments& arguments);
int Run(const Session& session, const ProjectArguments& arguments);
int Run(const Session& session, const UnitTestArguments& arguments);
int Run(const Session& session, const DagArguments& arguments);
int Run(const Session& session, const WatchArguments& arguments);
int Run(const Session& session, const RetryArguments& arguments);
int Run(const Session& session, const CancelArguments& arguments);
int Run(const Session& session, const GetArguments& arguments);
int Run(const Session& session, const ListArguments& arguments);
int Run(const Session& session, const ExplainArguments& arguments);
int Run(const Session& session, const LookupArguments& arguments);
int Run(const Session& session, const StaleArguments& arguments);
int Run(const Session& session, const DeployArguments& arguments);
int Run(const Session& session, const PartitionsArguments& arguments);
int Run(const Session& session, const ShowArguments& arguments);
int Run(const Session& session, const LineageArguments& arguments);
int Run(const Session& session, const EventsArguments& arguments);
int Run(const Session& session, const LogsArguments& arguments);
int Run(const Session& session, const WorkersArguments& arguments);
int Run(const Session& session, const DrainArguments& arguments);
int Run(const Session& session, const DeadArguments& arguments);
int Run(const Session& session, const PoolsArguments& arguments);
int Run(const Session& session, const PauseArguments& arguments);
int Run(const Session& session, const TaintArguments& arguments);
int Run(const Session& session, const DoctorArguments& arguments);

/// Whatever was asked.
int RunCommand(const Session& session);

}  // namespace fft
