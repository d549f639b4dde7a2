#include "client/sql/materialise.h"

#include <algorithm>
#include <cctype>
#include <fstream>

#include <nlohmann/json.hpp>

#include "client/sql/hooks.h"
#include "client/sql/watchdog.h"
#include "server/base/digest.h"

namespace fft::sql {

namespace {

namespace v1 = build::v1;
using Clock = Watchdog::Clock;

constexpr std::size_t kCopyBytes = 1 << 16;
constexpr char kExplain[] = "EXPLAIN (FORMAT JSON) ";
constexpr double kBytesMost = 9e18;

/// A query without the semicolon that some end with.
std::string Trimmed(std::string text) {
  while (!text.empty() &&
         (std::isspace(static_cast<unsigned char>(text.back())) != 0 || text.back() == ';'))
    text.pop_back();
  return text;
}

/// `before` and then the user's own text.
Statement Own(const std::string& before, const std::string& text, const std::string& name) {
  return {.text = before + text, .own_at = before.size(), .own_name = name};
}

/// What the planner of PostgreSQL expects a query to yield, in bytes.
std::int64_t EstimateOf(const Answer& explained) {
  const auto plan = nlohmann::json::parse(explained.at(0, 0), nullptr, false);
  if (!plan.is_array() || plan.empty() || !plan[0].contains("Plan")) return -1;
  const auto& root = plan[0]["Plan"];
  const double bytes = root.value("Plan Rows", 0.0) * root.value("Plan Width", 0.0);
  return static_cast<std::int64_t>(std::min(bytes, kBytesMost));
}

/// How what bears the name is dropped; empty: nothing does.
std::string DropOf(std::string_view kind, const std::string& relation) {
  const char* what = kind == "v" ? "VIEW" : kind == "m" ? "MATERIALIZED VIEW" : "TABLE";
  if (kind == "f") what = "FOREIGN TABLE";
  return kind.empty() ? "" : fmt::format("DROP {} {} CASCADE", what, relation);
}

bool HasHooks(const v1::SqlTask& task) {
  return task.pre_hooks_size() > 0 || task.post_hooks_size() > 0;
}

class Maker {
 public:
  Maker(Session& session, const Making& making)
      : session_(session),
        making_(making),
        ledger_(making.schema, making.relation),
        name_(Quoted(making.schema, making.relation)),
        // Services of their own may number a run alike.
        stage_(fmt::format("_fft_{}_{}", making.writer.run,
                           ToShortHex(Sha256(making.writer.service + "/" + making.relation)))),
        watchdog_(session,
                  making.wall_max.count() == 0 ? Clock::time_point::max()
                                               : Clock::now() + making.wall_max,
                  making.stop) {}

  StatusOr<Made> Make() {
    if (Status s = CheckHooks(making_.task); !s.ok()) return s;
    auto made = InTransaction();
    if (!made.ok()) session_.Rollback();
    const auto reason = watchdog_.reason();
    if (made.ok() || made.status().code() != Code::kCancelled || reason == Watchdog::Reason::kNone)
      return made;
    if (reason == Watchdog::Reason::kStopped) return Error(Code::kCancelled, "stopped");
    return Error(Code::kDeadlineExceeded, "ran longer than its limit of {} ms",
                 making_.wall_max.count());
  }

 private:
  StatusOr<Made> InTransaction() {
    auto begun = Begin();
    // The schema, or what we keep in it, is not there yet.
    const std::string state = SqlStateOf(begun.status());
    const bool is_missing = state == "3F000" || state == "42P01";
    if (is_missing || (begun.ok() && begun->back().at(0, 1) == "f")) {
      session_.Rollback();
      if (Status ready = ledger_.Prepare(session_); !ready.ok()) return ready;
      begun = Begin();
    }
    if (!begun.ok()) return begun.status();
    switch (Ledger::Judge((*begun)[1], making_.writer)) {
      case Ledger::Standing::kMayWrite: break;
      case Ledger::Standing::kHasWritten:
        session_.Rollback();
        made_.was_made = true;
        return made_;
      case Ledger::Standing::kIsLate:
        return Error(Code::kAborted, "a later run has written {}", name_);
    }
    kind_ = begun->back().at(0, 0);
    if (Status s = Guard(); !s.ok()) return s;
    if (IsLoad()) return Load();
    if (IsDelta()) return Add();
    return Replace();
  }

  /// Takes the row; what bears the name; and whether all that we keep is there.
  StatusOr<std::vector<Answer>> Begin() {
    return Run({{.text = "BEGIN"},
                ledger_.Take(),
                {.text = "SELECT coalesce((SELECT c.relkind::text FROM pg_catalog.pg_class c "
                         "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                         "WHERE n.nspname = $1 AND c.relname = $2), ''), "
                         "to_regclass($3) IS NOT NULL",
                 .parameters = {making_.schema, making_.relation, ledger_.meta()},
                 .is_kept = true}});
  }

  StatusOr<std::vector<Answer>> Run(std::vector<Statement> statements) {
    // A hook may take away what the session keeps.
    if (HasHooks(making_.task))
      for (Statement& statement : statements) statement.is_kept = false;
    if (watchdog_.reason() != Watchdog::Reason::kNone)
      return Error(Code::kCancelled, "nothing more is begun");
    const auto from = Clock::now();
    auto answers = session_.Run(statements);
    made_.query_ms += MillisSince(from);
    return answers;
  }

  static std::int64_t MillisSince(Clock::time_point from) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - from).count();
  }

  bool IsLoad() const { return !making_.csv.empty(); }
  bool IsTable() const { return kind_ == "r" || kind_ == "p"; }
  bool IsDelta() const {
    return making_.task.materialization() == v1::MATERIALIZATION_INCREMENTAL && IsTable();
  }
  bool IsView() const { return making_.task.materialization() == v1::MATERIALIZATION_VIEW; }

  /// The query that is run, and what it is called in errors.
  const std::string& query() const {
    return IsDelta() && !making_.task.delta_query().empty() ? making_.delta_query : making_.query;
  }
  const std::string& query_name() const {
    return IsDelta() && !making_.task.delta_query().empty() ? making_.task.delta_query()
                                                            : making_.task.query();
  }
  Statement Query(const std::string& before) const {
    return Own(before, Trimmed(query()), query_name());
  }

  template <class Hooks>
  static void AddHooks(const Hooks& hooks, const char* what, std::vector<Statement>* statements) {
    for (int i = 0; i < hooks.size(); ++i)
      statements->push_back(Own("", Trimmed(hooks[i]), fmt::format("{} {}", what, i + 1)));
  }

  /// Hooks of before; and nothing runs that would yield too much.
  Status Guard() {
    std::vector<Statement> statements;
    AddHooks(making_.task.pre_hooks(), "pre_hook", &statements);
    const bool is_asked = making_.scan_max > 0 && !IsLoad();
    if (is_asked) statements.push_back(Query(kExplain));
    if (statements.empty()) return Ok();
    const auto answers = Run(std::move(statements));
    if (!answers.ok() || !is_asked) return answers.status();
    made_.scanned = EstimateOf(answers->back());
    if (made_.scanned <= making_.scan_max) return Ok();
    return Error(Code::kInvalidArgument,
                 "Aborting Postgres query: estimated scanned bytes {} exceed the limit of {} bytes",
                 made_.scanned, making_.scan_max);
  }

  /// What follows when the data is there, up to the commit.
  void AddEnd(std::vector<Statement>* statements) const {
    AddHooks(making_.task.post_hooks(), "post_hook", statements);
    for (Statement& statement :
         ledger_.Record(making_.writer, making_.node_name, making_.fingerprint))
      statements->push_back(std::move(statement));
    if (!IsView())
      statements->push_back({.text = "SELECT pg_total_relation_size($1::regclass)",
                             .parameters = {name_},
                             .is_kept = true});
    statements->push_back({.text = "COMMIT"});
  }
  void NoteSize(const std::vector<Answer>& answers) {
    if (!IsView()) made_.bytes = answers[answers.size() - 2].number(0, 0);
  }

  /// The stage becomes the relation.  Who reads waits from here on to the commit.
  void AddSwap(std::vector<Statement>* statements) const {
    statements->push_back({.text = "ANALYZE " + Quoted(making_.schema, stage_)});
    if (!kind_.empty()) statements->push_back({.text = DropOf(kind_, name_)});
    statements->push_back(
        {.text = fmt::format("ALTER TABLE {} RENAME TO {}", Quoted(making_.schema, stage_),
                             Quoted(making_.relation))});
  }

  StatusOr<Made> Replace() {
    std::vector<Statement> statements;
    std::size_t making_at = 0;
    const bool is_explained = made_.scanned < 0 && !IsView();
    if (is_explained) statements.push_back(Query(kExplain));
    if (IsView()) {
      // It must not read what it replaces.
      if (!kind_.empty()) statements.push_back({.text = DropOf(kind_, name_)});
      statements.push_back(Query(fmt::format("CREATE VIEW {} AS ", name_)));
    } else {
      making_at = statements.size();
      statements.push_back(
          Query(fmt::format("CREATE TABLE {} AS ", Quoted(making_.schema, stage_))));
      AddSwap(&statements);
    }
    AddEnd(&statements);
    const auto answers = Run(std::move(statements));
    if (!answers.ok()) return answers.status();
    if (is_explained) made_.scanned = EstimateOf(answers->front());
    if (!IsView()) made_.rows = (*answers)[making_at].touched();
    NoteSize(*answers);
    return made_;
  }

  StatusOr<Made> Load() {
    std::string columns, names;
    for (const v1::SqlColumn& column : making_.task.columns()) {
      columns += (columns.empty() ? "" : ", ") + Quoted(column.name()) + " " + column.type();
      names += (names.empty() ? "" : ", ") + Quoted(column.name());
    }
    const bool is_delta = IsDelta();
    const std::string stage = is_delta ? "pg_temp." + stage_ : Quoted(making_.schema, stage_);
    const auto made = Run({{.text = fmt::format("CREATE TABLE {} ({}){}", stage, columns,
                                                is_delta ? " ON COMMIT DROP" : "")}});
    if (!made.ok()) return made.status();
    const auto rows = CopyFile(stage, names);
    if (!rows.ok()) return rows.status();
    if (is_delta) {
      const auto both = Run({Columns()});
      return both.ok() ? Merge(both->front()) : StatusOr<Made>(both.status());
    }
    made_.rows = *rows;
    std::vector<Statement> statements;
    AddSwap(&statements);
    AddEnd(&statements);
    const auto answers = Run(std::move(statements));
    if (!answers.ok()) return answers.status();
    NoteSize(*answers);
    return made_;
  }

  StatusOr<std::int64_t> CopyFile(const std::string& stage, const std::string& names) {
    std::ifstream file(making_.csv, std::ios::binary);
    if (!file) return Error(Code::kUnavailable, "{} cannot be read", making_.csv);
    std::string form = "FORMAT csv, HEADER true";
    if (!making_.csv_null.empty())
      form += fmt::format(", NULL '{}', FORCE_NULL ({})", making_.csv_null, names);
    const auto from = Clock::now();
    auto rows =
        session_.CopyIn(fmt::format("COPY {} ({}) FROM STDIN ({})", stage, names, form),
                        making_.task.csv().empty() ? "the rows" : making_.task.csv(),
                        [&]() -> StatusOr<std::string> {
                          if (watchdog_.reason() != Watchdog::Reason::kNone)
                            return Error(Code::kCancelled, "nothing more is begun");
                          std::string bytes(kCopyBytes, '\0');
                          file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
                          bytes.resize(static_cast<std::size_t>(file.gcount()));
                          if (file.bad())
                            return Error(Code::kUnavailable, "{} cannot be read", making_.csv);
                          return bytes;
                        });
    made_.query_ms += MillisSince(from);
    return rows;
  }

  /// Of what was selected and of what is there, each in its order.
  Statement Columns() const {
    return {.text =
                "SELECT a.attrelid = $1::regclass, a.attname, "
                "format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a "
                "WHERE a.attrelid IN ($1::regclass, $2::regclass) AND a.attnum > 0 "
                "AND NOT a.attisdropped ORDER BY a.attnum",
            .parameters = {"pg_temp." + stage_, name_}};
  }

  StatusOr<Made> Add() {
    std::vector<Statement> statements;
    const bool is_explained = made_.scanned < 0;
    if (is_explained) statements.push_back(Query(kExplain));
    statements.push_back(Query(fmt::format("CREATE TEMP TABLE {} ON COMMIT DROP AS ", stage_)));
    statements.push_back(Columns());
    const auto answers = Run(std::move(statements));
    if (!answers.ok()) return answers.status();
    if (is_explained) made_.scanned = EstimateOf(answers->front());
    return Merge(answers->back());
  }

  StatusOr<Made> Merge(const Answer& columns) {
    std::vector<std::pair<std::string, std::string>> selected, there;
    for (int row = 0; row < columns.rows(); ++row)
      (columns.at(row, 0) == "t" ? selected : there)
          .emplace_back(columns.at(row, 1), columns.at(row, 2));
    const auto has = [](const auto& list, const std::string& name) {
      return std::any_of(list.begin(), list.end(),
                         [&](const auto& column) { return column.first == name; });
    };
    const auto change = making_.task.on_schema_change();
    std::vector<Statement> statements;
    std::string names;
    for (const auto& [name, type] : selected) {
      if (!has(there, name)) {
        if (change == v1::ON_SCHEMA_CHANGE_IGNORE) continue;
        statements.push_back(
            {.text = fmt::format("ALTER TABLE {} ADD COLUMN {} {}", name_, Quoted(name), type)});
      }
      names += (names.empty() ? "" : ", ") + Quoted(name);
    }
    if (names.empty())
      return Error(Code::kInvalidArgument, "{}none of its columns is in {}",
                   IsLoad() ? "" : query_name() + ": ", name_);
    if (change == v1::ON_SCHEMA_CHANGE_SYNC_ALL_COLUMNS)
      for (const auto& [name, type] : there)
        if (!has(selected, name))
          statements.push_back(
              {.text = fmt::format("ALTER TABLE {} DROP COLUMN {} CASCADE", name_, Quoted(name))});
    if (Status s = AddDelete(selected, &statements); !s.ok()) return s;
    const std::size_t insert_at = statements.size();
    statements.push_back({.text = fmt::format("INSERT INTO {} ({}) SELECT {} FROM pg_temp.{}",
                                              name_, names, names, stage_)});
    statements.push_back({.text = "ANALYZE " + name_});
    AddEnd(&statements);
    const auto answers = Run(std::move(statements));
    if (!answers.ok()) return answers.status();
    made_.rows = (*answers)[insert_at].touched();
    NoteSize(*answers);
    return made_;
  }

  /// Rows that are there with the same key give way.
  Status AddDelete(const std::vector<std::pair<std::string, std::string>>& selected,
                   std::vector<Statement>* statements) const {
    if (making_.task.unique_key().empty()) return Ok();
    std::string match, keys;
    for (const std::string& key : making_.task.unique_key()) {
      if (std::none_of(selected.begin(), selected.end(),
                       [&](const auto& column) { return column.first == key; }))
        return Error(Code::kInvalidArgument, "{}unique_key {} is no column of what is added",
                     IsLoad() ? "" : query_name() + ": ", key);
      match += fmt::format("{}t.{} = s.{}", match.empty() ? "" : " AND ", Quoted(key), Quoted(key));
      keys += (keys.empty() ? "" : ", ") + Quoted(key);
    }
    statements->push_back(
        {.text =
             fmt::format("DELETE FROM {} t USING (SELECT DISTINCT {} FROM pg_temp.{}) s WHERE {}",
                         name_, keys, stage_, match)});
    return Ok();
  }

  Session& session_;
  const Making& making_;
  const Ledger ledger_;
  const std::string name_;   // quoted, with its schema
  const std::string stage_;  // what it is called until it is whole
  Watchdog watchdog_;
  std::string kind_;  // pg_class.relkind of what bears its name; empty: nothing
  Made made_;
};

}  // namespace

StatusOr<Made> Materialise(Session& session, const Making& making) {
  auto made = Maker(session, making).Make();
  // Settings, locks and temporary tables that a hook left are not for the next run.
  if (session.IsAlive() && HasHooks(making.task)) session.Discard();
  return made;
}

}  // namespace fft::sql
