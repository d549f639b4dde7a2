#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "server/base/few.h"
#include "server/domain/ids.h"
#include "server/schedule/readers.h"

namespace fft {

/// Who may touch a partition, and when: generations and claims.
///
/// Pending writers of one ref queue in the order of acceptance.  Each may start only when it is the
/// first and when everybody who reads what was there before has ended.  A node waits only for nodes
/// accepted before it, or for running ones, so there is no deadlock.  QUERY readers hold no place
/// in the queue: they exclude writers only while they run.
///
/// A plain container, part of the schedule.
class Traffic {
 public:
  /// The last pending writer of `partition`; none when there is none.
  NodeId LastWriter(PartitionId partition) const;

  void AddWriter(PartitionId partition, NodeId writer);
  /// `writer`: whose result will be read, or none for what is live.
  void AddReader(PartitionId partition, NodeId writer, NodeId reader);

  /// Takes a writer out, wherever it stands; who was to read its result reads what is live once
  /// the writers ahead of it have ended.
  void RemoveWriter(PartitionId partition, NodeId writer);
  void RemoveReader(PartitionId partition, NodeId writer, NodeId reader);

  /// Whether `writer` may write now.
  bool MayWrite(PartitionId partition, NodeId writer) const;
  /// Whether a QUERY may read now: nobody writes.
  bool MayQuery(PartitionId partition) const;

  void BeginWrite(PartitionId partition);
  void EndWrite(PartitionId partition);
  void BeginQuery(PartitionId partition);
  void EndQuery(PartitionId partition);

  /// `node` is to be looked at again when anything changes at `partition`.
  void Park(PartitionId partition, NodeId node);
  /// Those who were parked at partitions that changed since the last call, in order of parking.
  std::vector<NodeId> TakeWoken();

  /// Why `writer` may not write: the node ahead of it, or none when readers or queries are.
  NodeId Blocker(PartitionId partition, NodeId writer) const;
  /// Who is to end before anybody may write: they read what is live.
  std::vector<NodeId> LiveReaders(PartitionId partition) const;

 private:
  struct Generation {
    /// Negative: it has ended before its turn, and stays while its readers do.  None, of the first
    /// in a lane: nobody waits to write.
    NodeId writer;
    Readers readers;
  };
  struct Lane {
    Readers live_readers;
    Generation first;                                // next to write, and has not ended
    std::unique_ptr<std::vector<Generation>> later;  // null where there are none, as mostly
    bool is_written = false;
    int queries = 0;
    Few<NodeId> parked;

    const Generation* Find(NodeId writer) const;
    Generation* Find(NodeId writer);
    bool is_idle() const {
      return live_readers.empty() && !first.writer && !is_written && queries == 0 && parked.empty();
    }
  };

  static bool HasEnded(const Generation& generation) { return generation.writer.value < 0; }
  /// Takes it out of its lane's line.
  static void Remove(Lane& lane, Generation* generation);

  /// Moves who is parked there to the woken, and forgets the lane when nobody is left.
  void Changed(PartitionId partition);

  std::unordered_map<PartitionId, Lane> lanes_;
  std::vector<NodeId> woken_;
};

}  // namespace fft
