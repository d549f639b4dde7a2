#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/fingerprint/fingerprint.h"
#include "server/schedule/schedule.h"

// What is read from outside the graph has no writer who could wait: it may be edited at any time.
// Two things must not come of that.  A key that names what a run did not read: so each source is
// looked at again when the run has ended, and must not have changed since it was granted.  And a
// build whose results are of several versions: when a node was not granted on what its plan had
// seen, the build is planned once more in the end.

namespace fft {

namespace {

// More often than this it is not planned again for sources that never rest.
constexpr int kPlansAgainMax = 3;

bool IsSource(const Partition& partition) {
  return !partition.live.run && partition.live.content && !partition.live.uri.empty();
}

// Where a version is the identity, any content of it is as good.
bool IsReadFromSource(const Catalog& catalog, const PendingNode& node, std::size_t i) {
  const Input& input = node.row.config->inputs[i];
  return input.kind == InputKind::kMaterialize && input.identity != Identity::kVersion &&
         IsSource(catalog.at(node.row.inputs[i]));
}

// Never again the key of anything else: what reads this must not pass for made of what it names.
Digest UnverifiedKey(const Lease& lease) {
  return Sha256(fmt::format("unverified {} {}", ToHex(lease.result_key), lease.run.value));
}

}  // namespace

void Schedule::NoteSources(const Plan& plan, NamespaceId ns, TimePoint now) {
  for (const PlannedSource& source : plan.sources)
    NoteSource(catalog_.at(Intern(ns, source.ref)), source, now);
}

void Schedule::NoteSource(Partition& partition, const PlannedSource& source, TimePoint now) {
  if (partition.live.content == source.content && partition.live.uri == source.uri) return;
  partition.live = {.run = {},
                    .key = source.content,
                    .content = source.content,
                    .rows = -1,
                    .bytes = source.bytes,
                    .major_version = 0,
                    .is_reusable = true,
                    .uri = source.uri,
                    .at = now};
  SavePartition(partition.id);
  // They were planned for what was there before, and one that runs may have to run again.
  for (const NodeId id : traffic_.LiveReaders(partition.id))
    if (const auto at = nodes_.find(id); at != nodes_.end()) WantPlansAgain(*at->second);
}

void Schedule::WantPlansAgain(const PendingNode& node) {
  for (const Waiter& waiter : node.waiters)
    for (PendingBuild* build : waiter.cohort->members) {
      if (build->row.reason != Reason::kNone) continue;
      build->row.reason = Reason::kSourceEdited;  // so that it is known across a restart
      SaveBuild(*build);
    }
}

bool Schedule::MustVerify(PendingNode& node, const RunReport& report) {
  if (node.dispatch->unverified != nullptr) return true;  // said again
  if (report.outcome != Outcome::kSucceeded || node.row.config->frame->runner == Runner::kNoop)
    return false;
  SourcesWanted wanted{report.run, {}};
  std::vector<std::size_t> inputs;
  for (std::size_t i = 0; i < node.row.inputs.size(); ++i) {
    if (!IsReadFromSource(catalog_, node, i)) continue;
    inputs.push_back(i);
    wanted.sources.push_back({.ref = node.row.config->inputs[i].ref,
                              .uri = catalog_.at(node.row.inputs[i]).live.uri.str()});
  }
  if (inputs.empty()) return false;
  node.dispatch.Make().unverified =
      std::make_unique<Unverified>(Unverified{report, std::move(inputs)});
  effects_.sources.push_back(std::move(wanted));
  return true;
}

void Schedule::On(const SourcesRead& c, TimePoint now) {
  const auto lease = leases_.find(c.run);
  if (lease == leases_.end() || node(lease->second).dispatch->unverified == nullptr) return;
  PendingNode& reader = node(lease->second);
  Unverified unverified = std::move(*std::exchange(reader.dispatch.Make().unverified, nullptr));
  std::string edited;
  for (std::size_t i = 0; i < unverified.inputs.size(); ++i) {
    const std::size_t place = unverified.inputs[i];
    const auto& [found, changed_at] = c.sources[i];
    Partition& source = catalog_.at(reader.row.inputs[place]);
    const Identity identity = reader.row.config->inputs[place].identity;
    // Declared wrong since the grant, it has another number now: that is InheritTaint()'s.
    const bool is_tainted_since = reader.lease->run < source.doubt->tainted_before;
    const bool is_in_key =
        found.content &&
        (is_tainted_since ? found.content == source.live.content
                          : SourceIdentity(identity, found.content, source.doubt->taint) ==
                                reader.lease->input_identities[place]);
    if (is_in_key && changed_at <= reader.lease->granted_at) continue;
    if (edited.empty()) edited = found.ref;
    if (found.content) NoteSource(source, found, now);
  }
  if (!edited.empty()) {
    reader.lease.get()->result_key = reader.row.past.Make().result_key =
        UnverifiedKey(*reader.lease);
    reader.row.is_reusable = false;
    unverified.report.message =
        fmt::format("source {} was edited while this ran: what it left is not reused", edited);
    WantPlansAgain(reader);
  }
  OrdersFor(reader.lease->worker).acknowledged.push_back(c.run);
  Reported(reader, unverified.report, now);
  DrainFailing(now);
}

// All that was built of the newer version is a hit by now, so this runs only what is of the older.
// False: who asked for everything to run has had that, and who pinned a plan wants no other.
bool Schedule::PlanAgain(PendingBuild& build, TimePoint now) {
  const BuildOptions& options = build.row.options;
  if (options.cache != CacheMode::kReadWrite || !options.rebuild.empty() || build.row.plan_etag ||
      build.plans_again >= kPlansAgainMax)
    return false;
  ready_.Drop(*build.cohort);
  agenda_.left.push_back(build.cohort);
  ready_.StandAlone(build);
  build.cohort->is_under_way = true;
  ++build.plans_again;
  build.awaits_since = now;
  build.row.state = BuildState::kPlanning;
  build.row.message = "a source was edited meanwhile: planned again";
  build.is_awaiting = true;  // until there is that plan
  TellBuild(build, now);
  effects_.plans.push_back({build.row.id, {}});
  return true;
}

}  // namespace fft
