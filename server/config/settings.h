#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/status.h"
#include "server/config/config.h"

namespace fft {

/// One key of Config: how it is called, read and shown.  `lease_length` in a file is
/// FFTD_LEASE_LENGTH in the environment and `--lease-length` among the flags.
struct Setting {
  std::string name;
  std::string help;  // one line, with the unit or form
  bool is_list = false;
  /// Of a list: all its items.  Else exactly one.  The error says what is wrong with the value.
  std::function<Status(Config&, const std::vector<std::string>& values)> set;
  /// Without any secret.  Items of a list are parted by commas.
  std::function<std::string(const Config&)> show;

  std::string Variable() const;  // FFTD_LEASE_LENGTH
  std::string Flag() const;      // --lease-length
};

/// All keys, in the order in which they are shown.
const std::vector<Setting>& Settings();

/// Null when there is no such key.
const Setting* FindSetting(std::string_view name);
/// The key that `name` was most likely meant to be; empty: none is near.
std::string NearestSetting(std::string_view name);

}  // namespace fft
