#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/base/digest.h"
#include "server/base/rare.h"
#include "server/base/text.h"
#include "server/base/time.h"
#include "server/domain/ids.h"

namespace fft {

/// What a run left at a ref, and what everybody reads there now.
struct Materialisation {
  RunId run;       // none: nothing was ever left here
  Digest key;      // the result key of that run
  Digest content;  // SHA-256 of the bytes (of a folder: of its sorted listing); zeros: not known
  std::int64_t rows = -1;  // -1: not told
  std::int64_t bytes = -1;
  int major_version = 0;
  bool is_reusable = true;  // false: recorded under cache mode `off` or `ro`
  Text uri;                 // empty: root_uri of the namespace's graph + "/" + ref
  TimePoint at{};
  bool operator==(const Materialisation&) const = default;
};

/// Why what is live at a ref may not be what it should be.  Few refs have any.
struct Doubt {
  /// The run whose end is not known, or that ended having perhaps written: never a hit until a
  /// success or the proof that nothing changed.  None: certain.
  RunId uncertain_run;
  /// How often this ref was tainted: a fact of its readers.
  std::int32_t taint = 0;
  /// Tainted only for what it was made from: cleared when, with certain inputs, its key is the
  /// same.
  bool is_suspect = false;
  /// The runs granted before this one are tainted.  None: untainted.
  RunId tainted_before;
  bool operator==(const Doubt&) const = default;
};

/// A ref in its namespace with its live materialisation.
struct Partition {
  PartitionId id;
  NamespaceId ns;
  Text ref;
  Materialisation live;
  Rare<Doubt> doubt;
  bool operator==(const Partition&) const = default;

  bool is_tainted() const { return live.run && live.run < doubt->tainted_before; }
};

enum class PartitionState : std::uint8_t {
  kUnknown = 0,
  kRequested,
  kScheduled,
  kBuilding,
  kAvailable,
  kFailed,
  kDelegated,
  kTainted,
};
std::string_view ToString(PartitionState state);

/// A named space of refs: part of every key, claim and primary key.
struct Namespace {
  NamespaceId id;
  std::string name;
  bool operator==(const Namespace&) const = default;
};

}  // namespace fft
