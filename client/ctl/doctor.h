#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fft/build/v1/admin.pb.h"
#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

enum class Health { kUnknown = 0, kServing = 1, kNotServing = 2, kNotImplemented = 3 };

/// What was found out about a daemon.
struct Findings {
  std::string address;
  Status reached;  // of the first call that had to be answered
  Health health = Health::kUnknown;
  build::v1::ServiceStatus service;
  std::vector<build::v1::Worker> workers;
  Duration round_trip{};
  std::optional<Duration> skew;  // its clock less ours; none: it did not tell
};

/// A fact in words; when it is bad, with what to do.
struct Diagnosis {
  std::string fact;
  std::string advice;  // empty: all is well
};
std::vector<Diagnosis> Diagnose(const Findings& findings);

std::string DoctorText(const std::vector<Diagnosis>& diagnoses);
std::string DoctorJson(const Findings& findings, const std::vector<Diagnosis>& diagnoses);

}  // namespace fft
