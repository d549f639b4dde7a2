#include "client/frontends/fastflowtransform/dag_site.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "client/frontends/yaml/text_file.h"
#include "server/base/percent.h"

namespace fft {

namespace {

namespace fs = std::filesystem;

constexpr int kColumn = 260, kRow = 54, kBoxWidth = 200, kBoxHeight = 34, kMargin = 20;

constexpr char kStyle[] = R"(<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1d2530; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
a { color: #1757a6; } code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { background: #f4f6f8; border-radius: 6px; padding: 1rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #dde3e9; }
.picture { overflow-x: auto; border: 1px solid #dde3e9; border-radius: 6px; }
.sql rect { fill: #e6f0fb; stroke: #1757a6; } .python rect { fill: #eaf6ea; stroke: #2c7a2c; }
.view rect { stroke-dasharray: 5 3; } .ephemeral rect { fill: #f6f6f6; stroke: #8a949e; }
svg text { font: 13px system-ui, sans-serif; fill: #1d2530; } svg path { fill: none; stroke: #9aa7b4; }
</style>)";

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string PageOf(const std::string& model) {
  return fmt::format("model/{}.html", PercentEncoded(model));
}

/// The URL of a model's page: a percent sign of the file's name is one itself.
std::string UrlOf(const std::string& model) {
  return fmt::format("model/{}.html", PercentEncoded(PercentEncoded(model)));
}

std::string LinkTo(const std::string& model, const std::string& from) {
  return fmt::format("<a href=\"{}{}\">{}</a>", from, UrlOf(model), Escaped(model));
}

std::string Page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>{}</title>\n{}\n"
      "</head><body>\n{}</body></html>\n",
      Escaped(title), kStyle, body);
}

class DagSite {
 public:
  explicit DagSite(const FftProject& project) : project_(project) {
    std::map<int, int> rows;  // of a level
    for (const FftModel& model : project.models) {
      const int row = rows[model.level]++;
      places_[model.name] = {kMargin + model.level * kColumn, kMargin + row * kRow};
      width_ = std::max(width_, kMargin * 2 + model.level * kColumn + kBoxWidth);
      height_ = std::max(height_, kMargin * 2 + row * kRow + kBoxHeight);
      for (const std::string& dep : model.deps) readers_[dep].push_back(model.name);
    }
  }

  std::string Index() const {
    const std::string& name = project_.settings.name;
    return Page(name + ": DAG",
                fmt::format("<h1>{}</h1>\n<div class=\"picture\">{}</div>\n<h2>Models</h2>\n{}"
                            "<h2>Sources</h2>\n{}<h2>Macros</h2>\n{}",
                            Escaped(name), Picture(), Models(), Sources(), Macros()));
  }

  std::string ModelPage(const FftModel& model) const {
    const auto readers = readers_.find(model.name);
    std::string body = fmt::format(
        "<p><a href=\"../index.html\">{}</a></p>\n<h1>{}</h1>\n<table>\n"
        "<tr><th>File</th><td><code>{}</code></td></tr>\n<tr><th>Relation</th><td>{}.{}</td></tr>\n"
        "<tr><th>Materialized</th><td>{}</td></tr>\n<tr><th>Level</th><td>{}</td></tr>\n"
        "<tr><th>Reads</th><td>{}</td></tr>\n<tr><th>Seeds</th><td>{}</td></tr>\n"
        "<tr><th>Read by</th><td>{}</td></tr>\n"
        "<tr><th>Fingerprint</th><td><code>{}</code></td></tr>\n</table>\n",
        Escaped(project_.settings.name), Escaped(model.name), Escaped(model.path),
        Escaped(project_.profile.schema), Escaped(model.relation), Escaped(model.materialized),
        model.level + 1, Links(model.deps),
        Escaped(fmt::format("{}", fmt::join(model.seeds, ", "))),
        readers == readers_.end() ? "" : Links(readers->second), model.fingerprint);
    body += fmt::format("<h2>{}</h2>\n<pre>{}</pre>\n", model.is_python ? "Source" : "Rendered SQL",
                        Escaped(model.text));
    if (!model.incremental_text.empty())
      body += fmt::format("<h2>Rendered SQL, once the table is there</h2>\n<pre>{}</pre>\n",
                          Escaped(model.incremental_text));
    return Page(model.name, body);
  }

 private:
  struct Place {
    int x = 0, y = 0;
  };

  static std::string Links(const std::vector<std::string>& names) {
    std::string links;
    for (const std::string& name : names)
      links += (links.empty() ? "" : ", ") + LinkTo(name, "../");
    return links;
  }

  std::string Picture() const {
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"models and what they read\">\n",
        width_, height_);
    for (const FftModel& model : project_.models)
      for (const std::string& dep : model.deps)
        svg += Arrow(places_.at(dep), places_.at(model.name));
    for (const FftModel& model : project_.models) svg += Box(model);
    return svg + "</svg>";
  }

  static std::string Arrow(const Place& from, const Place& to) {
    const int x = from.x + kBoxWidth, y = from.y + kBoxHeight / 2, end = to.y + kBoxHeight / 2;
    const int bend = (to.x - x) / 2;
    return fmt::format("<path d=\"M{} {}C{} {} {} {} {} {}\"/>\n", x, y, x + bend, y, to.x - bend,
                       end, to.x, end);
  }

  std::string Box(const FftModel& model) const {
    const Place& place = places_.at(model.name);
    constexpr std::size_t kShown = 26;
    const std::string shown =
        model.name.size() > kShown ? model.name.substr(0, kShown - 3) + "..." : model.name;
    return fmt::format(
        "<a href=\"{}\"><g class=\"{} {}\"><title>{}</title><rect x=\"{}\" y=\"{}\" width=\"{}\" "
        "height=\"{}\" rx=\"6\"/><text x=\"{}\" y=\"{}\">{}</text></g></a>\n",
        UrlOf(model.name), model.is_python ? "python" : "sql", Escaped(model.materialized),
        Escaped(model.name), place.x, place.y, kBoxWidth, kBoxHeight, place.x + 10, place.y + 22,
        Escaped(shown));
  }

  std::string Models() const {
    std::string rows =
        "<table><tr><th>Model</th><th>Kind</th><th>Materialized</th><th>Level</th>"
        "<th>File</th></tr>\n";
    for (const FftModel& model : project_.models)
      rows += fmt::format(
          "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>\n",
          LinkTo(model.name, ""), model.is_python ? "python" : "sql", Escaped(model.materialized),
          model.level + 1, Escaped(model.path));
    return rows + "</table>\n";
  }

  std::string Sources() const {
    std::string rows = "<table><tr><th>Source</th><th>Table</th><th>Relation</th></tr>\n";
    for (const auto& [source, tables] : project_.sources)
      for (const auto& [table, relation] : tables)
        rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}.{}</td></tr>\n", Escaped(source),
                            Escaped(table), Escaped(relation.schema), Escaped(relation.table));
    return rows + "</table>\n";
  }

  std::string Macros() const {
    std::string items = "<ul>\n";
    for (const std::string& path : project_.macros)
      items += fmt::format("<li><code>{}</code></li>\n", Escaped(path));
    return items + "</ul>\n";
  }

  const FftProject& project_;
  std::map<std::string, Place> places_;
  std::map<std::string, std::vector<std::string>> readers_;
  int width_ = 0, height_ = 0;
};

}  // namespace

fs::path DagFolderOf(const FftProject& project) {
  if (!project.settings.dag_folder.empty()) return project.folder / project.settings.dag_folder;
  return project.folder / ".fastflowtransform" / "target" / "site" / "dag";
}

Status WriteDagSite(const FftProject& project, const fs::path& folder) {
  const DagSite site(project);
  for (const FftModel& model : project.models)
    if (Status s = WriteTextFile(folder / PageOf(model.name), site.ModelPage(model)); !s.ok())
      return s;
  return WriteTextFile(folder / "index.html", site.Index());
}

}  // namespace fft
