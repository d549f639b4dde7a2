#include <iostream>
#include <memory>

#include "client/ctl/interrupts.h"
#include "client/ctl/session.h"
#include "client/lib/address.h"

namespace {

/// Whether the command follows something, so that Ctrl-C means to leave.
bool Follows(const fft::Command& command) {
  if (const auto* build = std::get_if<fft::BuildArguments>(&command))
    return !build->is_detached && !build->is_plan;
  if (const auto* project = std::get_if<fft::ProjectArguments>(&command))
    return !project->build.is_detached && !project->build.is_plan;
  if (const auto* retry = std::get_if<fft::RetryArguments>(&command)) return !retry->is_detached;
  return std::holds_alternative<fft::UnitTestArguments>(command) ||
         std::holds_alternative<fft::WatchArguments>(command) ||
         std::holds_alternative<fft::EventsArguments>(command) ||
         std::holds_alternative<fft::LogsArguments>(command);
}

/// Who leaves before the daemon has answered does not know whether it has begun.
std::string SaidWhenCutShort(const fft::Command& command) {
  const bool asks = std::holds_alternative<fft::BuildArguments>(command) ||
                    std::holds_alternative<fft::ProjectArguments>(command) ||
                    std::holds_alternative<fft::RetryArguments>(command);
  return asks ? "fftctl: left before the daemon answered; 'fftctl list' shows whether it builds\n"
              : "";
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const fft::Parsed parsed = fft::ParseArguments(argc, argv);
  if (!parsed.arguments) {
    (parsed.exit_code == 0 ? std::cout : std::cerr) << parsed.text;
    return parsed.exit_code;
  }
  // Before the channel: its threads must not be the ones that Ctrl-C finds.
  std::unique_ptr<fft::Interrupts> interrupts;
  if (Follows(parsed.arguments->command))
    interrupts = std::make_unique<fft::Interrupts>(SaidWhenCutShort(parsed.arguments->command));
  fft::ClientOptions options;
  options.address = fft::AddressOf(parsed.arguments->address);
  options.principal = fft::LocalUser();
  fft::Client client(std::move(options));
  fft::Session session{*parsed.arguments, client, std::cout, std::cerr, {}, {}, {}};
  if (interrupts) {
    session.stop = interrupts->token();
    session.listen = [&] { interrupts->Listen(); };
    session.is_stopped_again = [&](fft::Duration limit) {
      return interrupts->WaitForAnother(limit);
    };
  }
  const int code = fft::RunCommand(session);
  std::cout.flush();
  return code;
}
