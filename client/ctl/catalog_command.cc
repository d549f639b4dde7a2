#include <algorithm>

#include "client/ctl/format.h"
#include "client/ctl/session.h"
#include "client/ctl/texts.h"
#include "client/lib/calls.h"

namespace fft {

namespace v1 = build::v1;

namespace {
constexpr int kPageSize = 1'000;
constexpr int kMaterialisationsMax = 20;  // shown of one partition
}  // namespace

int Run(const Session& session, const PartitionsArguments& arguments) {
  const auto ns = FindNamespace(session, arguments.choice);
  if (!ns.ok()) return Report(session, ns.status());
  v1::ListPartitionsRequest request;
  request.set_namespace_(*ns);
  request.set_glob(arguments.choice.ref);
  request.set_page_size(std::min(arguments.count_max, kPageSize));
  std::vector<v1::Partition> partitions;
  bool has_more = false;
  const auto most = static_cast<std::size_t>(arguments.count_max);
  const Status status = EachPage(session.client, &v1::Catalog::Stub::ListPartitions, request,
                                 [&](const v1::ListPartitionsResponse& page) {
                                   for (const v1::Partition& partition : page.partitions()) {
                                     has_more = partitions.size() == most;
                                     if (!has_more) partitions.push_back(partition);
                                   }
                                   has_more |=
                                       partitions.size() == most && !page.next_page_token().empty();
                                   return partitions.size() < most;
                                 });
  if (!status.ok()) return Report(session, status);
  if (session.is_json()) {
    for (const v1::Partition& partition : partitions) session.PrintJson(partition);
    return kDone;
  }
  session.out << PartitionsText(partitions);
  if (has_more) session.out << "there are more; --limit N shows them\n";
  return kDone;
}

int Run(const Session& session, const ShowArguments& arguments) {
  const auto ns = FindNamespace(session, arguments.choice);
  if (!ns.ok()) return Report(session, ns.status());
  v1::GetPartitionRequest get;
  get.set_namespace_(*ns);
  get.set_ref(arguments.choice.ref);
  const auto partition = session.client.Call(&v1::Catalog::Stub::GetPartition, get);
  if (!partition.ok()) return Report(session, partition.status());
  v1::ListMaterialisationsRequest list;
  list.set_namespace_(*ns);
  list.set_ref(arguments.choice.ref);
  list.set_page_size(kMaterialisationsMax);
  const auto past = session.client.Call(&v1::Catalog::Stub::ListMaterialisations, list);
  if (!past.ok()) return Report(session, past.status());
  if (session.is_json()) {
    session.out << "{\"partition\":" << ToJson(*partition) << ",\"history\":" << ToJson(*past)
                << "}\n";
  } else {
    session.out << PartitionText(
        *partition, {past->materialisations().begin(), past->materialisations().end()});
  }
  return kDone;
}

int Run(const Session& session, const LineageArguments& arguments) {
  const auto ns = FindNamespace(session, arguments.choice);
  if (!ns.ok()) return Report(session, ns.status());
  v1::GetLineageRequest request;
  request.set_namespace_(*ns);
  request.set_ref(arguments.choice.ref);
  request.set_depth_max(arguments.depth_max);
  std::vector<v1::LineageStep> steps;
  const Status status = session.client.Attempt([&](grpc::ClientContext& context) {
    steps.clear();
    v1::Catalog::Stub stub(session.client.channel());
    const auto stream = stub.GetLineage(&context, request);
    v1::GetLineageResponse message;
    while (stream->Read(&message))
      steps.insert(steps.end(), message.steps().begin(), message.steps().end());
    return stream->Finish();
  });
  if (!status.ok()) return Report(session, status);
  if (session.is_json()) {
    for (const v1::LineageStep& step : steps) session.PrintJson(step);
  } else {
    session.out << LineageText(steps);
  }
  return kDone;
}

int Run(const Session& session, const TaintArguments& arguments) {
  const auto ns = FindNamespace(session, arguments.choice);
  if (!ns.ok()) return Report(session, ns.status());
  v1::TaintPartitionsRequest request;
  request.set_namespace_(*ns);
  request.mutable_refs()->Add(arguments.refs.begin(), arguments.refs.end());
  request.set_text(arguments.text);
  const auto tainted = session.client.Call(&v1::Catalog::Stub::TaintPartitions, request);
  if (!tainted.ok()) return Report(session, tainted.status());
  if (session.is_json()) {
    session.PrintJson(*tainted);
    return kDone;
  }
  for (const v1::Partition& partition : tainted->partitions())
    session.out << "tainted " << partition.ref() << "\n";
  session.out << (tainted->suspects() == 0
                      ? "nothing else was made from it\n"
                      : Count(tainted->suspects(), "partition") +
                            " made from it: built anew unless their inputs come out the same\n");
  return kDone;
}

}  // namespace fft
