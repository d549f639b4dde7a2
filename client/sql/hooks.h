#pragma once

#include "fft/build/v1/types.pb.h"
#include "server/base/status.h"

namespace fft::sql {

/// Hooks are a part of their run's transaction.  INVALID_ARGUMENT names one that would end it.
Status CheckHooks(const build::v1::SqlTask& task);

}  // namespace fft::sql
