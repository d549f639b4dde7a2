#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "server/store/json.h"
#include "server/store/page_token.h"
#include "server/store/pg_library.h"
#include "server/store/rows.h"

namespace fft {

namespace {

constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();
/// Nodes that are looked at in one query when most of them may not be wanted.
constexpr std::int64_t kStride = 5000;

/// The columns of ReadNodeInBuild(); `from` brings node n into scope.
std::string SelectNodes(const std::string& extra, const std::string& from) {
  return std::string("SELECT ") + pg::kNodeList + ", c.body::text, " + pg::kLabelList + ", " +
         pg::kLiveState + ", coalesce(g.run_id, n.last_run)" + extra + " FROM " + from +
         " LEFT JOIN lease g ON g.node_id = n.id "
         "LEFT JOIN config c ON c.digest = n.config_digest "
         "JOIN namespace s ON s.id = n.namespace_id ";
}

/// Whether `state` is what $4 asks for; see NodeFilter.
std::string IsAsked(const char* state) {
  return fmt::format("{0} = $4 OR ($4 = 1 AND {0} = 0)", state);
}

StatusOr<NodeInBuild> ReadNodeInBuild(pg::Row& row) {
  NodeInBuild found;
  found.node = pg::ReadNode(row);
  if (row.IsNull()) {
    row.Skip();
  } else {
    auto config = JobConfigFromJson(row.View());
    if (!config.ok()) return config.status();
    found.node.config = std::make_shared<const JobConfig>(*std::move(config));
  }
  found.label = pg::ReadLabel(row);
  found.node.state = row.Enum<NodeState>();
  found.run = row.As<RunId>();
  return found;
}

/// What a build's list is made of: where each attachment begins in it, and the hits behind them.
struct Places {
  struct Piece {
    std::int64_t attachment = 0;
    std::int64_t first = 0;  // in the list, from 0
    std::int64_t count = 0;
  };
  std::vector<Piece> pieces;
  std::int64_t attached = 0;
  std::int64_t total = 0;
};

StatusOr<Places> PlacesOf(pg::Connection& connection, BuildId build) {
  const auto found = connection.Query(
      "SELECT a.id, cardinality(a.nodes)::bigint FROM attachment a WHERE a.build_id = $1 "
      "ORDER BY a.id",
      pg::Params().Int64(build.value), "count a build's nodes");
  if (!found.ok()) return found.status();
  Places places;
  found->ForEach([&](pg::Row& row) {
    const std::int64_t id = row.Int64(), count = row.Int64();
    places.pieces.push_back({.attachment = id, .first = places.attached, .count = count});
    places.attached += count;
  });
  const auto hits = connection.Query(
      "SELECT cardinality(h.partitions)::bigint, EXISTS (SELECT FROM build WHERE id = $1) "
      "FROM (SELECT) always LEFT JOIN build_hits h ON h.build_id = $1",
      pg::Params().Int64(build.value), "count a build's hits");
  if (!hits.ok()) return hits.status();
  pg::Row row = hits->First();
  places.total = places.attached + row.Int64();
  if (!row.Bool()) return Missing("build", std::to_string(build.value));
  return places;
}

/// One walk over the list of a build's nodes, to the end of a page.
class BuildWalk {
 public:
  BuildWalk(pg::Connection& connection, const NodeFilter& filter, std::size_t size)
      : connection_(connection), filter_(filter), size_(size) {}

  /// Collects from place `at` on; `at` becomes where the next page begins.
  Status Collect(const Places& places, std::int64_t& at) {
    for (const Places::Piece& piece : places.pieces) {
      while (at < piece.first + piece.count && !is_full()) {
        const Status status = AddAttached(piece, at);
        if (!status.ok()) return status;
      }
    }
    const bool wants_hits = !filter_.state || *filter_.state == NodeState::kSkipped;
    if (!wants_hits) at = at >= places.attached ? places.total : at;
    if (at < places.attached || at >= places.total || is_full()) return Ok();
    return AddHits(places, at);
  }

  std::vector<NodeInBuild> Take() { return std::move(found_); }

 private:
  bool is_full() const { return found_.size() >= size_; }
  std::int64_t left() const { return static_cast<std::int64_t>(size_ - found_.size()); }

  Status AddAttached(const Places::Piece& piece, std::int64_t& at) {
    const std::int64_t first = at - piece.first + 1;  // subscripts begin with 1
    const std::int64_t last = std::min(piece.count, first + (filter_.state ? kStride : left()) - 1);
    pg::Params params;
    params.Int64(piece.attachment).Int32(static_cast<std::int32_t>(first));
    params.Int32(static_cast<std::int32_t>(last));
    params.Int16(filter_.state ? static_cast<std::int16_t>(*filter_.state) : std::int16_t{-1});
    params.Int64(left());
    const auto rows = connection_.Query(
        SelectNodes(
            ", t.level, t.joined, t.reason, t.place, w.reason",
            "attachment a CROSS JOIN unnest(a.nodes[$2:$3], a.levels[$2:$3], a.joined[$2:$3], "
            "a.reasons[$2:$3]) WITH ORDINALITY t(node, level, joined, reason, place) "
            "JOIN node n ON n.id = t.node") +
            "LEFT JOIN withdrawal w ON w.build_id = a.build_id AND w.node_id = n.id "
            "WHERE a.id = $1 AND ($4 < 0 OR " +
            IsAsked(pg::kStateInBuild) + ") ORDER BY t.place LIMIT $5",
        params, "list a build's nodes");
    if (!rows.ok()) return rows.status();
    Status status = Ok();
    std::int64_t seen = last - first + 1;
    const bool is_cut = rows->size() == left();
    rows->ForEach([&](pg::Row& row) {
      auto node = ReadNodeInBuild(row);
      if (!node.ok()) return void(status = node.status());
      node->level = row.Int32();
      node->is_joined = row.Int16() != 0;
      node->attach_reason = row.Enum<Reason>();
      if (const std::int64_t place = row.Int64(); is_cut) seen = place;
      if (!row.IsNull()) LeaveToOthers(*node, row.Enum<Reason>());
      found_.push_back(*std::move(node));
    });
    at += seen;
    return status;
  }

  static void LeaveToOthers(NodeInBuild& node, Reason reason) {
    node.node.state = NodeState::kCancelled;
    node.node.reason = reason;
    node.run = {};  // runs and times are of those who went on
    node.node.past.Make() = {};
    node.node.past.Make().message = kGoesOnForOthers;
  }

  /// Hits are stored by partition; those of one run that stand together are one entry.
  Status AddHits(const Places& places, std::int64_t& at) {
    bool is_done = false;
    // One more than is wanted ends the last entry, unless that is long.
    for (std::int64_t count = left() + 1; !is_done && at < places.total;
         count = std::min(2 * count, kStride)) {
      const Status status = AddHitsOf(places, count, at, is_done);
      if (!status.ok()) return status;
    }
    return Ok();
  }

  Status AddHitsOf(const Places& places, std::int64_t count, std::int64_t& at, bool& is_done) {
    const std::int64_t first = at - places.attached + 1;
    pg::Params params;
    params.Int64(filter_.build.value).Int32(static_cast<std::int32_t>(first));
    params.Int32(static_cast<std::int32_t>(first + count - 1));
    const auto rows = connection_.Query(
        "SELECT t.run, s.name, n.job, p.ref FROM build_hits h, "
        "unnest(h.partitions[$2:$3], h.runs[$2:$3]) WITH ORDINALITY t(partition, run, place) "
        "JOIN partition p ON p.id = t.partition JOIN namespace s ON s.id = p.namespace_id "
        "LEFT JOIN run r ON r.id = t.run LEFT JOIN node n ON n.id = r.node_id "
        "WHERE h.build_id = $1 ORDER BY t.place",
        params, "list a build's hits");
    if (!rows.ok()) return rows.status();
    if (rows->size() == 0) at = places.total;  // dropped, or planned again, since they were counted
    rows->ForEach([&](pg::Row& row) {
      if (is_done) return;
      auto label = std::make_shared<NodeLabel>();
      NodeInBuild hit = ReadHit(row, *label);
      if (hit_ != nullptr && hit.run && hit.run == found_.back().run)
        hit_->outputs.push_back(std::move(label->outputs.front()));
      else if (is_full())
        return void(is_done = true);
      else {
        hit.label = hit_ = std::move(label);
        found_.push_back(std::move(hit));
      }
      ++at;
    });
    return Ok();
  }

  static NodeInBuild ReadHit(pg::Row& row, NodeLabel& label) {
    NodeInBuild hit;
    hit.is_hit = true;
    hit.run = row.As<RunId>();
    hit.node.state = NodeState::kSkipped;
    hit.node.reason = hit.attach_reason = hit.run ? Reason::kCached : Reason::kSource;
    label.ns = row.Text();
    label.job = row.Text();
    label.outputs = {row.Text()};
    return hit;
  }

  pg::Connection& connection_;
  const NodeFilter& filter_;
  const std::size_t size_;
  std::vector<NodeInBuild> found_;
  std::shared_ptr<NodeLabel> hit_;  // of the last that was found, if that is a hit
};

StatusOr<Page<NodeInBuild>> ListOfBuild(pg::Connection& connection, const NodeFilter& filter,
                                        const PageRequest& page, const std::string& list) {
  auto at = NumberCursorOf(list, page, 0);
  if (!at.ok()) return at.status();
  const auto places = PlacesOf(connection, filter.build);
  if (!places.ok()) return places.status();
  BuildWalk walk(connection, filter, SizeOf(page));
  const Status status = walk.Collect(*places, *at);
  if (!status.ok()) return status;
  Page<NodeInBuild> nodes{.items = walk.Take(), .next = {}};
  if (*at < places->total) nodes.next = MakePageToken(list, *at);
  return nodes;
}

StatusOr<Page<NodeInBuild>> ListOfRef(pg::Connection& connection, const NodeFilter& filter,
                                      const PageRequest& page, const std::string& list) {
  const auto before = NumberCursorOf(list, page, kNewest);
  if (!before.ok()) return before.status();
  const std::size_t size = SizeOf(page);
  pg::Params params;
  params.Text(filter.ns).Text(filter.ref).Int64(*before);
  params.Int16(filter.state ? static_cast<std::int16_t>(*filter.state) : std::int16_t{-1});
  params.Int64(static_cast<std::int64_t>(size + 1));
  const auto rows = connection.Query(
      "WITH wanted AS MATERIALIZED (SELECT p.id FROM partition p "
      "JOIN namespace w ON w.id = p.namespace_id WHERE w.name = $1 AND p.ref = $2), "
      "found AS MATERIALIZED (SELECT f.id FROM node f WHERE f.outputs[1] = (SELECT id FROM wanted) "
      "UNION SELECT o.node_id FROM node_further_output o "
      "WHERE o.partition_id = (SELECT id FROM wanted)) " +
          SelectNodes("", "found JOIN node n ON n.id = found.id") +
          "WHERE n.id < $3 AND ($4 < 0 OR " + IsAsked(pg::kLiveState) +
          ") ORDER BY n.id DESC LIMIT $5",
      params, "list the nodes of a ref");
  if (!rows.ok()) return rows.status();
  Page<NodeInBuild> nodes;
  Status status = Ok();
  rows->ForEach([&](pg::Row& row) {
    auto node = ReadNodeInBuild(row);
    if (node.ok())
      nodes.items.push_back(*std::move(node));
    else
      status = node.status();
  });
  if (!status.ok()) return status;
  if (nodes.items.size() > size) {
    nodes.items.resize(size);
    nodes.next = MakePageToken(list, nodes.items.back().node.id.value);
  }
  return nodes;
}

}  // namespace

StatusOr<NodeInBuild> PgLibrary::GetNode(NodeId id) {
  const auto found = Query(SelectNodes("", "node n") + "WHERE n.id = $1",
                           pg::Params().Int64(id.value), "read a node");
  if (!found.ok()) return found.status();
  if (found->empty()) return Missing("node", std::to_string(id.value));
  pg::Row row = found->First();
  return ReadNodeInBuild(row);
}

StatusOr<Page<NodeInBuild>> PgLibrary::ListNodes(const NodeFilter& filter,
                                                 const PageRequest& page) {
  auto connection = pool_.Take();
  if (!connection.ok()) return connection.status();
  const std::string list =
      fmt::format("nodes\n{}\n{}\n{}\n{}", filter.build.value, filter.ns, filter.ref,
                  filter.state ? static_cast<int>(*filter.state) : -1);
  if (filter.build) return ListOfBuild(**connection, filter, page, list);
  return ListOfRef(**connection, filter, page, list);
}

StatusOr<JobConfig> PgLibrary::GetConfig(const Digest& config_digest) {
  const auto found = Query("SELECT body::text FROM config WHERE digest = $1",
                           pg::Params().Bytes(config_digest.view()), "read a job config");
  if (!found.ok()) return found.status();
  if (found->empty()) return Missing("config", ToHex(config_digest));
  return JobConfigFromJson(found->First().View());
}

}  // namespace fft
