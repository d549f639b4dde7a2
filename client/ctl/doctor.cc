#include "client/ctl/doctor.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/ctl/format.h"
#include "server/base/error_details.h"

namespace fft {

namespace {

constexpr Duration kSkewMax{2'000};

std::string_view NameOf(Health health) {
  switch (health) {
    case Health::kServing: return "SERVING";
    case Health::kNotServing: return "NOT_SERVING";
    case Health::kNotImplemented: return "NOT_IMPLEMENTED";
    case Health::kUnknown: break;
  }
  return "UNKNOWN";
}

Diagnosis OfStore(const build::v1::ServiceStatus& service) {
  if (service.standby())
    return {"lead: it stands by and answers reads; the daemon at " + service.leader() + " leads",
            ""};
  if (service.store() == "serving") return {"database: serving", ""};
  return {"database: " + (service.store().empty() ? std::string("not told") : service.store()),
          "nothing is granted or accepted until PostgreSQL is back; see that it runs and has room; "
          "fftd finds it by itself"};
}

Diagnosis OfWorkers(const std::vector<build::v1::Worker>& workers) {
  std::int64_t connected = 0, draining = 0, slots = 0, runs = 0;
  for (const auto& worker : workers) {
    if (!worker.connected()) continue;
    ++connected;
    draining += worker.draining() ? 1 : 0;
    slots += worker.draining() ? 0 : worker.slots();
    runs += worker.runs_size();
  }
  const std::string fact = fmt::format("workers: {} connected, {}, {}", connected,
                                       Count(slots, "slot"), Count(runs, "run"));
  if (connected == 0)
    return {fact, "nothing can run: start fft-worker, or fftd dev, which has one"};
  if (connected == draining) return {fact, "every worker is draining: nothing new will start"};
  return {fact, ""};
}

Diagnosis OfSkew(const std::optional<Duration>& skew) {
  if (!skew) return {"clock: not told", ""};
  const Duration size(std::abs(skew->count()));
  if (size <= kSkewMax) return {"clock: agrees", ""};
  return {fmt::format("clock: fftd's is {} {}", FormatDuration(size),
                      skew->count() > 0 ? "ahead" : "behind"),
          "set both clocks by NTP: deadlines and times are fftd's"};
}

}  // namespace

std::vector<Diagnosis> Diagnose(const Findings& findings) {
  if (!findings.reached.ok())
    return {{"address: " + findings.address, ""},
            {Message(findings.reached),
             DetailsOf(findings.reached).reason == "UNREACHABLE"
                 ? "start it with 'fftd dev', or say with --address or FFT_ADDRESS where it is"
                 : "fftd answers, but not as it should: is it of another version?"}};
  const auto& service = findings.service;
  std::vector<Diagnosis> all = {
      {"address: " + findings.address, ""},
      {"reachable: answers within " + FormatDuration(std::max(findings.round_trip, Duration(1))),
       ""},
      {fmt::format("health: {}", NameOf(findings.health)),
       findings.health == Health::kNotServing && !service.standby()
           ? "fftd refuses requests just now; the lines below say why"
           : ""},
      {fmt::format("version {}, epoch {}, since {}", service.version(), service.epoch(),
                   FormatTime(service.start_time())),
       ""},
      {service.leading() ? "leads" : "does not lead",
       service.leading() || service.standby()
           ? ""
           : "only the leader takes requests: ask that one, or wait for takeover"},
      OfStore(service),
      OfWorkers(findings.workers),
      OfSkew(findings.skew),
      {service.leading()
           ? fmt::format("{} open, {} waiting, {} ready, {} running, {}, event {}",
                         Count(service.builds_open(), "build"), service.waiting(), service.ready(),
                         service.running(), Count(service.partitions(), "partition"),
                         service.last_event())
           : std::string("what is open and pending is for the leader to say"),
       ""}};
  return all;
}

std::string DoctorText(const std::vector<Diagnosis>& diagnoses) {
  std::string text;
  for (const Diagnosis& one : diagnoses) {
    text += fmt::format("{} {}\n", one.advice.empty() ? "ok " : "BAD", one.fact);
    if (!one.advice.empty()) text += fmt::format("    {}\n", one.advice);
  }
  return text;
}

std::string DoctorJson(const Findings& findings, const std::vector<Diagnosis>& diagnoses) {
  using nlohmann::json;
  json advice = json::array();
  for (const Diagnosis& one : diagnoses)
    if (!one.advice.empty()) advice.push_back({{"fact", one.fact}, {"advice", one.advice}});
  json document = {{"address", findings.address},
                   {"reachable", findings.reached.ok()},
                   {"health", NameOf(findings.health)},
                   {"roundTripMs", findings.round_trip.count()},
                   {"clockSkewMs", findings.skew ? json(findings.skew->count()) : json()},
                   {"advice", advice}};
  if (findings.reached.ok()) document["status"] = json::parse(ToJson(findings.service));
  document["workers"] = json::array();
  for (const auto& worker : findings.workers)
    document["workers"].push_back(json::parse(ToJson(worker)));
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace fft
