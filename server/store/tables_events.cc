#include <algorithm>

#include "server/store/binary.h"
#include "server/store/json.h"
#include "server/store/json_writer.h"
#include "server/store/tables.h"

namespace fft::pg {

namespace {

using Changes = std::vector<NodeChange>;

/// One value of each change; NULL when all are zero.
template <class ValueOf, class Add>
void AddSparse(Records& rows, Type type, const Changes& changes, ValueOf value_of, Add add) {
  const bool has_any = std::any_of(changes.begin(), changes.end(),
                                   [&](const NodeChange& change) { return value_of(change) != 0; });
  if (!has_any) {
    rows.Null(ArrayOf(type));
    return;
  }
  Array array(type);
  for (const NodeChange& change : changes) add(array, value_of(change));
  rows.List(array);
}

/// The state that all changes have; -1: they differ.
int CommonState(const Changes& changes) {
  if (changes.empty()) return 0;
  const NodeState first = changes.front().state;
  const bool is_common = std::all_of(changes.begin(), changes.end(),
                                     [&](const NodeChange& c) { return c.state == first; });
  return is_common ? static_cast<int>(first) : -1;
}

/// {place: message} of the changes that have one; empty when none has.
std::string Messages(const Changes& changes) {
  JsonWriter json;
  json.Begin();
  bool has_any = false;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (changes[i].message.empty()) continue;
    has_any = true;
    json.Field(std::to_string(i), changes[i].message);
  }
  return has_any ? json.End().Take() : std::string();
}

void AddChanges(Records& rows, const Changes& changes) {
  const auto small = [](Array& array, int value) { array.Int16(static_cast<std::int16_t>(value)); };
  const auto state = [](const NodeChange& c) { return static_cast<int>(c.state); };
  const int common = CommonState(changes);
  rows.Int16(static_cast<std::int16_t>(common));
  AddSparse(
      rows, kInt8, changes, [](const NodeChange& c) { return c.label ? c.label->id.value : 0; },
      [](Array& array, std::int64_t id) { array.Int64(id); });
  if (common >= 0)
    rows.Null(ArrayOf(kInt2));
  else
    AddSparse(rows, kInt2, changes, state, small);
  AddSparse(
      rows, kInt2, changes, [](const NodeChange& c) { return static_cast<int>(c.reason); }, small);
  AddSparse(
      rows, kInt8, changes, [](const NodeChange& c) { return c.run.value; },
      [](Array& array, std::int64_t id) { array.Int64(id); });
  AddSparse(
      rows, kInt4, changes, [](const NodeChange& c) { return c.level; },
      [](Array& array, int level) { array.Int32(level); });
  AddSparse(
      rows, kInt2, changes, [](const NodeChange& c) { return c.is_joined ? 1 : 0; }, small);
  rows.JsonbOrNull(Messages(changes));
}

}  // namespace

Records EventRows(const std::vector<EventPtr>& events) {
  Records rows;
  for (const EventPtr& event : events) {
    rows.Next();
    rows.Int64(event->seq.value).Time(event->at).Enum(event->kind).Int64(event->build.value);
    rows.Int64(event->count);
    AddChanges(rows, event->changes);
    if (event->partitions.empty())
      rows.Null(ArrayOf(kInt8));
    else
      rows.Ids(event->partitions);
    rows.JsonbOrNull(event->snapshot ? ToJson(*event->snapshot) : std::string());
    rows.Text(event->text);
    if (event->also.empty())
      rows.Null(ArrayOf(kInt8));
    else
      rows.Ids(event->also);
  }
  return rows;
}

}  // namespace fft::pg
