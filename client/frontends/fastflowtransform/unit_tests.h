#pragma once

#include <string>
#include <vector>

#include "client/frontends/fastflowtransform/project.h"
#include "server/base/status.h"

namespace fft {

/// One case of a model's unit test: what it reads is given, what it must leave is told.
struct UnitCase {
  std::string file;  // below the project
  std::string model;
  std::string engine;  // that it is for; empty: any
  std::string name;
  // As JSON:
  std::string inputs;  // relation -> {rows: [{column: value}]} or {csv: PATH}, and {columns: {}}
  std::string expect;  // {rows, any_order, order_by, ignore_columns, subset, approx, relation}

  std::string title() const { return model + "." + name; }
};

/// All cases of tests/unit/**/*.yml, by file, in their order; what a file's `defaults` say is in
/// each of its cases.  INVALID_ARGUMENT names the file and the key or the value that is wrong.
StatusOr<std::vector<UnitCase>> ReadUnitTests(const std::filesystem::path& project);

/// For ProjectRequest::schema: in the place of the schema that a case gets for itself.
inline constexpr char kUnitTestSchema[] = "__fft_utest__";

/// `project`, which was loaded with kUnitTestSchema, as far as `test` needs it: the model, made in
/// `schema`, and a table for each input.  INVALID_ARGUMENT: the model does not exist, it reads
/// what is not given, or an input can't be a table.
StatusOr<FftProject> ProjectOfCase(const FftProject& project, const UnitCase& test,
                                   const std::string& schema);

/// What is wrong with `rows`, each a JSON object, against a case's `expect`; a line each, empty
/// when they are as expected.
std::vector<std::string> CompareRows(const std::string& expect,
                                     const std::vector<std::string>& rows);

}  // namespace fft
