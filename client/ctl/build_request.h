#pragma once

#include "client/ctl/session.h"
#include "fft/build/v1/builds.pb.h"

namespace fft {

/// What the options of `build` ask for; graph and targets are the caller's.
build::v1::CreateBuildRequest RequestOf(const BuildArguments& arguments);

/// Says what a build would do now, and why; the exit code.
int TellPlan(const Session& session, const build::v1::CreateBuildRequest& request);

/// Says that a build was accepted and how to follow it: for `--detach`.
void TellAccepted(const Session& session, const build::v1::Build& build);

}  // namespace fft
