#include "server/config/settings.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <numeric>

#include "server/config/values.h"

namespace fft {

namespace {

using Values = std::vector<std::string>;

template <class T>
Status Assign(StatusOr<T> value, T* to) {
  if (!value.ok()) return value.status();
  *to = *std::move(value);
  return Ok();
}

Setting Text(std::string name, std::string Config::*member, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .is_list = false,
          .set =
              [member](Config& config, const Values& values) {
                config.*member = values.front();
                return Ok();
              },
          .show = [member](const Config& config) { return config.*member; }};
}

Setting Bool(std::string name, bool Config::*member, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .is_list = false,
          .set =
              [member](Config& config, const Values& values) {
                return Assign(ParseBool(values.front()), &(config.*member));
              },
          .show = [member](const Config& config) { return config.*member ? "true" : "false"; }};
}

Setting Time(std::string name, Duration Config::*member, Duration lowest, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .is_list = false,
          .set =
              [=](Config& config, const Values& values) {
                constexpr Duration kHighest{24 * 3'600'000};
                return Assign(ParseDuration(values.front(), lowest, kHighest), &(config.*member));
              },
          .show = [member](const Config& config) { return ShowDuration(config.*member); }};
}

/// How long something is kept: zero, or at least `lowest`.
Setting Age(std::string name, Duration Config::*member, Duration lowest, std::string help) {
  constexpr Duration kHighest{std::chrono::hours(24 * 36'500)};
  Setting setting = Time(std::move(name), member, lowest, std::move(help));
  setting.set = [=](Config& config, const Values& values) {
    const auto forever = ParseDuration(values.front(), Duration(0), Duration(0));
    if (forever.ok()) return Assign(forever, &(config.*member));
    return Assign(ParseDuration(values.front(), lowest, kHighest), &(config.*member));
  };
  return setting;
}

template <class Int>
Setting Number(std::string name, Int Config::*member, std::int64_t lowest, std::int64_t highest,
               std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .is_list = false,
          .set = [=](Config& config, const Values& values) -> Status {
            const StatusOr<std::int64_t> value = ParseInt(values.front(), lowest, highest);
            if (value.ok()) config.*member = static_cast<Int>(*value);
            return value.status();
          },
          .show = [member](const Config& config) { return std::to_string(config.*member); }};
}

Setting Database() {
  Setting setting = Text("database", &Config::database, "libpq connection string");
  setting.show = [](const Config& config) { return WithoutPassword(config.database); };
  return setting;
}

Setting Listen() {
  return {.name = "listen",
          .help = "addresses to serve at: unix:/path or host:port",
          .is_list = true,
          .set =
              [](Config& config, const Values& values) {
                for (const std::string& address : values)
                  if (Status checked = CheckListenAddress(address); !checked.ok()) return checked;
                config.listen = values;
                return Ok();
              },
          .show =
              [](const Config& config) {
                std::string shown;
                for (const std::string& address : config.listen)
                  shown += (shown.empty() ? "" : ",") + address;
                return shown;
              }};
}

Setting MetricsListen() {
  Setting setting = Text("metrics_listen", &Config::metrics_listen,
                         "host:port of Prometheus's /metrics; empty: none");
  setting.set = [](Config& config, const Values& values) -> Status {
    const std::string& address = values.front();
    if (address.starts_with("unix:"))
      return Error(Code::kInvalidArgument, "metrics are served over TCP alone, not at {}", address);
    if (Status checked = CheckListenAddress(address); !address.empty() && !checked.ok())
      return checked;
    config.metrics_listen = address;
    return Ok();
  };
  return setting;
}

Setting Level() {
  return {.name = "log_level",
          .help = "debug, info, warning or error",
          .is_list = false,
          .set =
              [](Config& config, const Values& values) {
                return Assign(ParseLogLevel(values.front()), &config.log_level);
              },
          .show = [](const Config& config) { return ShowLogLevel(config.log_level); }};
}

Setting Format() {
  return {.name = "log_format",
          .help = "text or json: one object a line",
          .is_list = false,
          .set = [](Config& config, const Values& values) -> Status {
            const std::string& value = values.front();
            if (value != "text" && value != "json")
              return Error(Code::kInvalidArgument, "\"{}\" is neither text nor json", value);
            config.logs_json = value == "json";
            return Ok();
          },
          .show = [](const Config& config) { return config.logs_json ? "json" : "text"; }};
}

Setting DataDir() {
  Setting setting = Text("data_dir", &Config::data_dir, "folder of fftd dev");
  setting.set = [](Config& config, const Values& values) -> Status {
    if (!values.front().empty() && !values.front().starts_with('/'))
      return Error(Code::kInvalidArgument, "\"{}\" is not an absolute path", values.front());
    config.data_dir = values.front();
    return Ok();
  };
  return setting;
}

std::vector<Setting> MakeSettings() {
  constexpr Duration kTick{10};
  constexpr std::int64_t kMillion = 1'000'000;
  return {
      Database(),
      Text("database_password_file", &Config::database_password_file,
           "file whose first line is the database's password"),
      Listen(),
      Text("advertise", &Config::advertise,
           "where others reach this daemon when it leads; empty: the first of listen"),
      Bool("allow_remote", &Config::allows_remote,
           "serve other machines too: nobody is authenticated there"),
      MetricsListen(),
      Level(),
      Format(),
      DataDir(),
      Text("secrets_key_file", &Config::secrets_key_file,
           "file of 32 random bytes that secrets are encrypted with; empty: none are kept"),
      Time("lease_length", &Config::lease_length, kTick,
           "a lease that is not renewed for so long is lost"),
      Time("heartbeat_every", &Config::heartbeat_every, kTick, "workers report at least so often"),
      Time("orphan_after", &Config::orphan_after, kTick,
           "a worker that hears nothing for so long kills its runs"),
      Time("kill_after", &Config::kill_after, Duration(0),
           "a worker that lost its daemon has ended its runs so long after orphan_after"),
      Time("leader_patience", &Config::leader_patience, Duration(5'000),
           "a leader that commits nothing for so long loses its lead to one that stands by"),
      Time("drain_max", &Config::drain_max, Duration(0),
           "how long a stopping daemon waits for open calls"),
      Age("keep_events", &Config::keep_events, std::chrono::hours(1),
          "events older than this are dropped; 0: never"),
      Age("keep_logs", &Config::keep_logs, std::chrono::hours(1),
          "logs of runs that ended so long ago are dropped; 0: never"),
      Age("keep_builds", &Config::keep_builds, std::chrono::hours(24),
          "finished builds older than this are dropped, with what ran for them alone; 0: never"),
      Number("read_threads", &Config::read_threads, 1, 256,
             "threads for what blocks: reads, deploys"),
      Number("inbox_size", &Config::inbox_size, 10, kMillion,
             "commands that may wait for the loop; more are refused"),
      Number("read_queue_size", &Config::read_queue_size, 10, kMillion,
             "reads that may wait for a thread; more are refused"),
      Number("event_ring_size", &Config::event_ring_size, 100, 100 * kMillion,
             "newest events held in memory for watchers"),
  };
}

/// Levenshtein's distance.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string Setting::Variable() const {
  std::string variable = "FFTD_";
  for (const char c : name)
    variable += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

std::string Setting::Flag() const {
  std::string flag = "--" + name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

const std::vector<Setting>& Settings() {
  static const std::vector<Setting> all = MakeSettings();
  return all;
}

const Setting* FindSetting(std::string_view name) {
  for (const Setting& setting : Settings())
    if (setting.name == name) return &setting;
  return nullptr;
}

std::string NearestSetting(std::string_view name) {
  constexpr std::size_t kNear = 3;
  constexpr std::size_t kNameMax = 100;
  std::string nearest;
  if (name.size() > kNameMax) return nearest;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const Setting& setting : Settings()) {
    const std::size_t distance = Distance(name, setting.name);
    if (distance <= kNear && distance < least) {
      least = distance;
      nearest = setting.name;
    }
  }
  return nearest;
}

}  // namespace fft
