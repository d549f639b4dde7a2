#include "server/telemetry/process_metrics.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <prometheus/metric_family.h>

namespace fft {

namespace {

using prometheus::MetricFamily;

/// The fields of proc(5)'s stat that follow the program's name: [0] is field 3.
std::vector<double> StatFields() {
  std::ifstream file("/proc/self/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::size_t after_name = text.rfind(')');
  if (after_name == std::string::npos || after_name + 4 > text.size()) return {};
  std::istringstream rest(text.substr(after_name + 4));  // past the state, which is a letter
  return {std::istream_iterator<double>(rest), {}};
}

double BootSeconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  double value = 0;
  while (file >> word)
    if (word == "btime" && file >> value) return value;
  return 0;
}

class ProcessMetrics final : public prometheus::Collectable {
 public:
  std::vector<MetricFamily> Collect() const override {
    std::vector<MetricFamily> all;
    const auto add = [&all](const char* name, const char* help, prometheus::MetricType type,
                            double value) {
      prometheus::ClientMetric metric;
      if (type == prometheus::MetricType::Counter)
        metric.counter.value = value;
      else
        metric.gauge.value = value;
      all.push_back({name, help, type, {std::move(metric)}});
    };
    using enum prometheus::MetricType;
    const std::vector<double> stat = StatFields();
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    if (constexpr std::size_t kLastUsed = 20; stat.size() > kLastUsed) {
      add("process_cpu_seconds_total", "User and system CPU time spent.", Counter,
          (stat[10] + stat[11]) / ticks);
      add("process_threads", "Threads of the process.", Gauge, stat[16]);
      add("process_start_time_seconds", "Start since the Unix epoch.", Gauge,
          boot_seconds_ + stat[18] / ticks);
      add("process_virtual_memory_bytes", "Virtual memory.", Gauge, stat[19]);
      add("process_resident_memory_bytes", "Resident memory.", Gauge,
          stat[20] * static_cast<double>(sysconf(_SC_PAGESIZE)));
    }
    std::error_code error;
    const auto files = std::filesystem::directory_iterator("/proc/self/fd", error);
    if (!error)
      add("process_open_fds", "Open file descriptors, this reading's own included.", Gauge,
          static_cast<double>(std::distance(files, {})));
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
      add("process_max_fds", "Limit of open file descriptors.", Gauge,
          static_cast<double>(limit.rlim_cur));
    return all;
  }

 private:
  const double boot_seconds_ = BootSeconds();
};

}  // namespace

std::shared_ptr<prometheus::Collectable> MakeProcessMetrics() {
  return std::make_shared<ProcessMetrics>();
}

}  // namespace fft
