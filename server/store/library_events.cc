#include <unordered_map>

#include "server/base/error_details.h"
#include "server/store/json.h"
#include "server/store/pg_library.h"
#include "server/store/rows.h"

namespace fft {

namespace {

constexpr char kEventList[] =
    "e.seq, e.at, e.kind, e.build_id, e.count, e.state, e.nodes, e.states, e.reasons, e.runs, "
    "e.levels, e.joined, e.messages::text, e.partitions, e.snapshot::text, e.text, e.also";

using Labels = std::unordered_map<std::int64_t, NodeLabelPtr>;

/// An event with the ids of its nodes, whose names are not known yet.
struct Draft {
  std::shared_ptr<Event> event;
  std::vector<std::int64_t> nodes;
};

/// Messages travel as {place: text}.
Status AddMessages(std::string_view text, std::vector<NodeChange>& changes) {
  if (text.empty()) return Ok();
  const auto messages = TextsFromJson(text);
  if (!messages.ok()) return messages.status();
  for (const auto& [place, message] : *messages) changes.at(std::stoul(place)).message = message;
  return Ok();
}

StatusOr<Draft> ReadDraft(pg::Row& row) {
  Draft draft{.event = std::make_shared<Event>(), .nodes = {}};
  Event& event = *draft.event;
  event.seq = row.As<EventSeq>();
  event.at = row.Time();
  event.kind = row.Enum<EventKind>();
  event.build = row.As<BuildId>();
  event.count = row.Int64();
  const std::int16_t state = row.Int16();
  draft.nodes = row.Int64s();
  event.changes.resize(draft.nodes.size());
  const auto states = row.Ints<int>(), reasons = row.Ints<int>();
  const auto runs = row.Int64s();
  const auto levels = row.Ints<int>(), joined = row.Ints<int>();
  for (std::size_t i = 0; i < event.changes.size(); ++i) {
    NodeChange& change = event.changes[i];
    change.state = static_cast<NodeState>(states.empty() ? state : states[i]);
    if (!reasons.empty()) change.reason = static_cast<Reason>(reasons[i]);
    if (!runs.empty()) change.run = {runs[i]};
    if (!levels.empty()) change.level = levels[i];
    if (!joined.empty()) change.is_joined = joined[i] != 0;
  }
  if (const Status status = AddMessages(row.View(), event.changes); !status.ok()) return status;
  event.partitions = row.Ids<PartitionId>();
  if (row.IsNull()) {
    row.Skip();
  } else {
    auto build = BuildFromJson(row.View());
    if (!build.ok()) return build.status();
    event.snapshot = std::make_shared<const Build>(*std::move(build));
  }
  event.text = row.Text();
  event.also = row.Ids<BuildId>();
  return draft;
}

/// The names of all nodes of `drafts`, in one query.
StatusOr<Labels> ReadLabels(pg::Connection& connection, const std::vector<Draft>& drafts) {
  Labels labels;
  std::vector<std::int64_t> ids;
  for (const Draft& draft : drafts)
    for (const std::int64_t id : draft.nodes)
      if (labels.try_emplace(id).second) ids.push_back(id);
  if (ids.empty()) return labels;
  const auto found =
      connection.Query(std::string("SELECT ") + pg::kLabelList +
                           " FROM unnest($1) t(id) "
                           "JOIN node n ON n.id = t.id JOIN namespace s ON s.id = n.namespace_id",
                       pg::Params().Int64s(ids), "read the names of nodes");
  if (!found.ok()) return found.status();
  found->ForEach([&](pg::Row& row) {
    NodeLabelPtr label = pg::ReadLabel(row);
    labels[label->id.value] = std::move(label);
  });
  return labels;
}

/// OUT_OF_RANGE when there are events after `after`, but the next one was dropped.
Status CheckKept(pg::Connection& connection, EventSeq after) {
  const auto found = connection.Query(
      "SELECT last_event, coalesce((SELECT min(seq) FROM event), last_event + 1) FROM leader", {},
      "read the oldest event");
  if (!found.ok()) return found.status();
  pg::Row row = found->First();
  const std::int64_t last = row.Int64(), oldest = row.Int64();
  if (after.value >= last || after.value + 1 >= oldest) return Ok();
  return WithDetails(
      Error(Code::kOutOfRange, "event {} was dropped: the oldest kept is {}", after.value + 1,
            oldest),
      {.reason = "EVENTS_DROPPED", .metadata = {{"oldest", std::to_string(oldest)}}, .fields = {}});
}

}  // namespace

StatusOr<std::vector<EventPtr>> PgLibrary::ReadEvents(EventSeq after, int events_max) {
  auto connection = pool_.Take();
  if (!connection.ok()) return connection.status();
  const auto found = (*connection)
                         ->Query(std::string("SELECT ") + kEventList +
                                     " FROM event e WHERE e.seq > $1 ORDER BY e.seq LIMIT $2",
                                 pg::Params().Int64(after.value).Int32(events_max), "read events");
  if (!found.ok()) return found.status();
  std::vector<Draft> drafts;
  Status status = Ok();
  found->ForEach([&](pg::Row& row) {
    auto draft = ReadDraft(row);
    if (draft.ok())
      drafts.push_back(*std::move(draft));
    else
      status = draft.status();
  });
  if (!status.ok()) return status;
  if (drafts.empty() || drafts.front().event->seq.value != after.value + 1) {
    status = CheckKept(**connection, after);
    if (!status.ok()) return status;
  }
  const auto labels = ReadLabels(**connection, drafts);
  if (!labels.ok()) return labels.status();
  std::vector<EventPtr> events;
  events.reserve(drafts.size());
  for (Draft& draft : drafts) {
    for (std::size_t i = 0; i < draft.nodes.size(); ++i) {
      NodeLabelPtr label = labels->at(draft.nodes[i]);
      // Retention may have dropped the node: its number is all that is left of it.
      if (!label) label = std::make_shared<NodeLabel>(NodeLabel{.id = {draft.nodes[i]}});
      draft.event->changes[i].label = std::move(label);
    }
    events.push_back(std::move(draft.event));
  }
  return events;
}

StatusOr<EventSeq> PgLibrary::LastEvent() {
  const auto found = Query("SELECT last_event FROM leader", {}, "read the last event");
  if (!found.ok()) return found.status();
  return found->First().As<EventSeq>();
}

}  // namespace fft
