#include <CLI/CLI.hpp>

#include "client/ctl/typed.h"

// What operators type.

namespace fft {

void AddOperatorCommands(CLI::App& app, Typed& typed) {
  app.add_subcommand("workers", "who does the work")->final_callback([&typed] {
    typed.arguments.command = WorkersArguments{};
  });
  for (const bool is_draining : {true, false}) {
    CLI::App* drain = app.add_subcommand(
        is_draining ? "drain" : "undrain",
        is_draining ? "grant a worker nothing more; what runs there ends" : "grant it work again");
    drain->add_option("WORKER", typed.ref, "its name")->required();
    drain->final_callback([&typed, is_draining] {
      typed.arguments.command = DrainArguments{typed.ref, is_draining};
    });
  }
  CLI::App* dead = app.add_subcommand(
      "mark-dead", "a worker's machine is gone: others get what it held, without waiting for it");
  dead->add_option("WORKER", typed.ref, "its name")->required();
  dead->final_callback([&typed] { typed.arguments.command = DeadArguments{typed.ref}; });
  CLI::App* pools = app.add_subcommand("pools", "what only so many runs may use at once");
  auto* name = pools->add_option("POOL", typed.pools.name, "give this one a size");
  auto* size = pools->add_option("SIZE", typed.pools.size, "how many runs may have a place in it");
  size->check(CLI::Range(1, 1'000'000));
  name->needs(size);
  pools->final_callback([&typed] { typed.arguments.command = typed.pools; });
  for (const bool is_paused : {true, false}) {
    CLI::App* pause = app.add_subcommand(
        is_paused ? "pause" : "resume",
        is_paused ? "grant nothing more of a graph; what runs ends" : "grant its nodes again");
    pause->add_option("GRAPH", typed.ref, "its name")->required();
    pause->final_callback([&typed, is_paused] {
      typed.arguments.command = PauseArguments{typed.ref, is_paused};
    });
  }
  app.add_subcommand("doctor", "is all well, and what to do when not")->final_callback([&typed] {
    typed.arguments.command = DoctorArguments{};
  });
}

}  // namespace fft
