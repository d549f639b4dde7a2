#include "server/base/log.h"

#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace fft {

namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

bool& WritesJson() {
  static bool json = false;
  return json;
}

}  // namespace

void LogLine(LogLevel level, const std::string& text) {
  if (!spdlog::should_log(ToSpdlog(level))) return;
  using nlohmann::json;
  if (WritesJson())
    spdlog::log(ToSpdlog(level), "{}",
                json(text).dump(-1, ' ', false, json::error_handler_t::replace));
  else
    spdlog::log(ToSpdlog(level), "{}", text);
}

void SetUpLog(LogLevel lowest, bool json, const std::string& program) {
  WritesJson() = json;
  auto logger = std::make_shared<spdlog::logger>(
      program, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","program":"%n",)"
                             R"("thread":%t,"text":%v})"
                           : "%Y-%m-%d %H:%M:%S.%e %L %n: %v");
  logger->set_level(ToSpdlog(lowest));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace fft
