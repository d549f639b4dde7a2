"""The service as a Python client sees it: stubs made from proto/ at run time, and a watcher that resumes."""

import atexit
import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

# A channel that nobody waits at is looked after only so often, 5 s by default: a restart would seem that long.
os.environ.setdefault("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "100")

import grpc  # noqa: E402 (reads the environment)

ROOT = pathlib.Path(__file__).resolve().parents[2]
TERMINAL_BUILDS = (4, 5, 6)
TERMINAL_NODES = (4, 5, 6, 7)
SERVICES = ("admin", "blobs", "builds", "catalog", "graphs", "nodes", "types", "workers")


def _generate():
    folder = tempfile.mkdtemp(prefix="fft-stubs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    protos = sorted(str(p) for p in (ROOT / "proto/fft/build/v1").glob("*.proto"))
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={folder}", f"--grpc_python_out={folder}",
                    f"--plugin=protoc-gen-grpc_python={shutil.which('grpc_python_plugin')}", *protos],
                   check=True)
    sys.path.insert(0, folder)
    for name in SERVICES:
        for suffix in ("_pb2", "_pb2_grpc"):
            globals()[name + suffix] = importlib.import_module(f"fft.build.v1.{name}{suffix}")


_generate()
types = globals()["types_pb2"]


class Gap(AssertionError):
    """A stream of events lost or repeated something."""


class Client:
    """One channel and a stub for each service."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address, options=[
            ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500)])
        self.builds = globals()["builds_pb2_grpc"].BuildsStub(self.channel)
        self.catalog = globals()["catalog_pb2_grpc"].CatalogStub(self.channel)
        self.graphs = globals()["graphs_pb2_grpc"].GraphsStub(self.channel)
        self.nodes = globals()["nodes_pb2_grpc"].NodesStub(self.channel)
        self.runs = globals()["nodes_pb2_grpc"].RunsStub(self.channel)
        self.admin = globals()["admin_pb2_grpc"].AdminStub(self.channel)
        self.blobs = globals()["blobs_pb2_grpc"].BlobsStub(self.channel)

    def close(self):
        self.channel.close()

    def create(self, graph, targets, request_id="", labels=None, **options):
        return self.create_soon(graph, targets, request_id, labels, **options).result()

    def create_soon(self, graph, targets, request_id="", labels=None, **options):
        """A call that is under way."""
        request = globals()["builds_pb2"].CreateBuildRequest(
            graph=graph, targets=targets, request_id=request_id, labels=labels or {},
            options=types.BuildOptions(**options))
        return self.builds.CreateBuild.future(request, timeout=60)

    def build(self, build_id):
        return self.builds.GetBuild(globals()["builds_pb2"].GetBuildRequest(id=build_id), timeout=30)

    def cancel(self, build_id):
        return self.builds.CancelBuild(globals()["builds_pb2"].CancelBuildRequest(id=build_id), timeout=30)

    def retry(self, build_id, request_id=""):
        return self.builds.RetryBuild(
            globals()["builds_pb2"].RetryBuildRequest(id=build_id, request_id=request_id), timeout=30)

    def partition(self, namespace, ref):
        return self.catalog.GetPartition(
            globals()["catalog_pb2"].GetPartitionRequest(namespace=namespace, ref=ref), timeout=30)

    def explain(self, namespace, ref, build=0):
        return self.nodes.ExplainNode(
            globals()["nodes_pb2"].ExplainNodeRequest(namespace=namespace, ref=ref, build=build), timeout=30)

    def build_nodes(self, build_id):
        """All nodes of a build, hits included."""
        request = globals()["nodes_pb2"].ListNodesRequest(build=build_id, page_size=1000)
        nodes = []
        while True:
            page = self.nodes.ListNodes(request, timeout=60)
            nodes += page.nodes
            if not page.next_page_token:
                return nodes
            request.page_token = page.next_page_token

    def runs_of(self, namespace, ref):
        request = globals()["nodes_pb2"].ListRunsRequest(namespace=namespace, ref=ref, page_size=100)
        return list(self.runs.ListRuns(request, timeout=30).runs)

    def status(self):
        return self.admin.GetStatus(globals()["admin_pb2"].GetStatusRequest(), timeout=10)

    def workers(self):
        return list(self.admin.ListWorkers(globals()["admin_pb2"].ListWorkersRequest(), timeout=10).workers)


def event_numbers(client, up_to):
    """The numbers of all events that are kept, as a watcher from the start gets them, up to one."""
    stream = client.catalog.WatchEvents(globals()["catalog_pb2"].WatchEventsRequest(start=True), timeout=60)
    numbers = []
    for message in stream:
        numbers += [event.seq for event in message.events]
        if numbers and numbers[-1] >= up_to:
            break
    stream.cancel()
    return numbers


class BuildWatcher:
    """All that one build is told of, over restarts of the daemon, each thing exactly once and in order.

    A watch begins with a picture: events that all carry one number, without a token until the last of
    them has come.  next() returns the next event; None when the build has ended.  What must never happen
    raises Gap.
    """

    RETRIED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN)

    def __init__(self, address, build_id, patience=120):
        self.address = address
        self.build_id = build_id
        self.patience = patience
        self.connections = 0
        self._stream = None
        self._client = None
        self._forget()

    def _forget(self):
        self.token = b""
        self.last_seq = 0
        self.events = []
        self.build = None
        self.nodes = {}  # id -> its last NodeChange
        self.skipped = 0
        self._pending = []  # (event, whether it is of the picture)

    def close(self):
        """Drops the connection; next() resumes."""
        if self._stream is not None:
            self._stream.cancel()
            self._client.close()
        self._stream = None

    def _open(self):
        if not self.token:
            self._forget()  # half a picture is none
        self._client = Client(self.address)
        request = globals()["builds_pb2"].WatchBuildRequest(id=self.build_id, resume_token=self.token)
        self._stream = self._client.builds.WatchBuild(request, wait_for_ready=True, timeout=self.patience)
        self.connections += 1

    def _read(self):
        """One message's events into _pending; False at the end of the stream."""
        deadline = time.monotonic() + self.patience
        while True:
            if self._stream is None:
                self._open()
            try:
                message = next(self._stream)
            except StopIteration:
                self.close()
                return False
            except grpc.RpcError as error:
                self.close()
                if error.code() not in self.RETRIED or time.monotonic() > deadline:
                    raise
                continue
            self._pending += [(event, not self.token) for event in message.events]
            self.token = message.resume_token or self.token
            return True

    def next(self):
        while not self._pending:
            if not self._read():
                if self.build is None or self.build.state not in TERMINAL_BUILDS:
                    raise Gap(f"the watch of build {self.build_id} ended before the build did")
                return None
        event, is_picture = self._pending.pop(0)
        self._check_order(event, is_picture)
        self._take(event)
        self.events.append(event)
        return event

    def _check_order(self, event, is_picture):
        if event.seq < self.last_seq or (event.seq == self.last_seq and not is_picture):
            raise Gap(f"event {event.seq} came after {self.last_seq}")
        self.last_seq = event.seq

    def _take(self, event):
        what = event.WhichOneof("what")
        if what == "build_changed":
            if self.build is not None and self.build.state in TERMINAL_BUILDS:
                raise Gap(f"build {self.build_id} changed after its end")
            self.build = event.build_changed.build
        elif what == "nodes_skipped":
            self.skipped += event.nodes_skipped.count
        elif what in ("nodes_attached", "nodes_changed", "nodes_withdrawn"):
            for change in getattr(event, what).changes:
                before = self.nodes.get(change.node)
                if before is not None and before.state in TERMINAL_NODES:
                    raise Gap(f"node {change.node} changed after its end: {before}{change}")
                self.nodes[change.node] = change

    def run_to_end(self):
        while self.next() is not None:
            pass
        return self.build

    def until(self, condition):
        """Reads until condition() is true; fails when the build ends first."""
        while not condition():
            if self.next() is None:
                raise AssertionError(f"build {self.build_id} ended before what was waited for: {self.build}")

    def in_state(self, *states):
        """The nodes that are in one of these states as far as events tell; configuring apart."""
        return [change for change in self.nodes.values() if change.state in states and change.outputs]
