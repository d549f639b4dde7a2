"""Eight clients that want overlapping things and change their minds, and a follower of the event log."""

import collections
import threading
import time

from google.protobuf import timestamp_pb2

import api
import chaos_graph

grpc = api.grpc
types = api.types

# A request of a client, and the id of the build that the reply told.  stop: whether the build may or must end
# CANCELLED: "", "may" or "must".
Asked = collections.namedtuple("Asked", "request_id graph targets options build stop is_retry")

AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED)


class Roamer:
    """Asks whichever daemon leads, however often that changes or nobody does."""

    def __init__(self, addresses, patience_s):
        self.patience_s = patience_s
        self._clients = [api.Client(address) for address in addresses]
        self._pause = threading.Event()  # never set

    def ask(self, call):
        """call(client)'s answer."""
        deadline = time.monotonic() + self.patience_s
        while True:
            try:
                return call(self._clients[0])
            except grpc.RpcError as error:
                if error.code() not in AWAY or time.monotonic() > deadline:
                    raise
            self._clients.append(self._clients.pop(0))
            self._pause.wait(0.05)

    def close(self):
        for client in self._clients:
            client.close()


class RoamingWatcher(api.BuildWatcher):
    """Connects to any of the daemons: those that stand by tell the same."""

    def __init__(self, addresses, build, patience_s, chance):
        super().__init__("", build, patience_s)
        self.addresses = addresses
        self.chance = chance

    def _open(self):
        self.address = self.chance.choice(self.addresses)
        super()._open()


class Client(threading.Thread):
    """Submits builds until told to stop, then waits for the last.  What must not happen is in `complaints`."""

    def __init__(self, number, addresses, worlds_graphs, deploy, chance, patience_s):
        super().__init__(name=f"client-{number}", daemon=True)
        self.number = number
        self.addresses = addresses
        self.graphs = worlds_graphs
        self.deploy = deploy  # fftctl's exit code for a folder
        self.chance = chance
        self.patience_s = patience_s
        self.enough = threading.Event()
        self.asked = []
        self.complaints = []
        self._pause = threading.Event()  # never set
        self._service = None

    def run(self):
        self._service = Roamer(self.addresses, self.patience_s)
        try:
            while not self.enough.is_set():
                self._turn()
                self.enough.wait(self.chance.uniform(0, 0.4))
        except Exception as error:  # whatever it is, the test must hear of it
            self.complaints.append(f"{self.name}: {type(error).__name__}: {error}")
        finally:
            self._service.close()

    def _turn(self):
        chance = self.chance
        graph = chance.choice(self.graphs)
        if chance.random() < 0.3:
            graph.edit(f"source/{chance.choice(chaos_graph.NUMBERS)}", chance)
        if chance.random() < 0.08:
            graph.deploy_another(self._deploy)
        targets, options = self._wish()
        request_id = f"{self.number}-{len(self.asked)}"
        build = self._create(request_id, graph.name, targets, options)
        stop = "may" if "deadline" in options else ""
        will_cancel = chance.random() < 0.2
        if will_cancel:
            self._pause.wait(chance.uniform(0, 1))
            stop = self._cancel(build)
        self.asked.append(Asked(request_id, graph.name, targets, options, build, stop, False))
        if will_cancel or chance.random() < 0.8:
            self._watch(self.asked[-1])

    def _deploy(self, folder):
        deadline = time.monotonic() + self.patience_s
        while self.deploy(folder) != 0:
            if time.monotonic() > deadline:
                raise AssertionError(f"fftctl deploy {folder} never succeeded")
            self._pause.wait(0.1)

    def _cancel(self, build):
        """A cancel that was acknowledged holds, unless the build had ended."""
        state = self._service.ask(lambda client: client.cancel(build)).build.state
        return "may" if state in (types.BUILD_SUCCEEDED, types.BUILD_FAILED) else "must"

    def _wish(self):
        """Targets and options of one request."""
        chance = self.chance
        pools = [[f"d/{x}/{y}" for x in chaos_graph.NUMBERS for y in chaos_graph.NUMBERS],
                 ["top"], *([f"{job}/{x}" for x in chaos_graph.NUMBERS] for job in ("c", "flaky", "f", "p", "r"))]
        targets = []
        for pool in chance.sample(pools, chance.randint(1, 3)):
            targets += chance.sample(pool, min(len(pool), chance.randint(1, 3)))
        if chance.random() < 0.15:
            targets.append(chance.choice(chaos_graph.BAD))
        options = {"discipline": chance.choice([types.LEVELS, types.EAGER]),
                   "keep_going": chance.random() < 0.5,
                   "priority": chance.choice([0, 0, 0, 5, -5]),
                   "jobs_max": chance.choice([0, 0, 3])}
        if chance.random() < 0.15:
            options["rebuild"] = [chance.choice(["c", "b/1/*", "d/2/3", "e/*", "top", "p", "f/1"])]
        if chance.random() < 0.05:
            options["deadline"] = timestamp_pb2.Timestamp(seconds=int(time.time()) + chance.randint(1, 4))
        return sorted(targets), options

    def _create(self, request_id, graph, targets, options):
        """A build's id.  Who asks twice, at once or later, must be told of the same build."""
        labels = {"client": self.name}

        def create(client, count=1):
            calls = [client.create_soon(graph, targets, request_id, labels, **options) for _ in range(count)]
            return [call.result().id for call in calls]
        count = 2 if self.chance.random() < 0.2 else 1
        builds = self._service.ask(lambda client: create(client, count))
        if self.chance.random() < 0.2:
            builds += self._service.ask(create)
        if len(set(builds)) != 1:
            self.complaints.append(f"{self.name}: request {request_id} is builds {builds}")
        return builds[0]

    def _watch(self, asked):
        """To the end, over some connections; now and then what was stopped or unlucky is asked for again."""
        watcher = RoamingWatcher(self.addresses, asked.build, self.patience_s, self.chance)
        while watcher.next() is not None:
            if self.chance.random() < 0.02:
                watcher.close()
        watcher.close()
        state = watcher.build.state
        is_quarantined = any(change.reason == "QUARANTINED" for change in watcher.nodes.values())
        if not (is_quarantined or (state == types.BUILD_CANCELLED and self.chance.random() < 0.3)):
            return
        request_id = f"{asked.request_id}-again"
        again = self._service.ask(lambda client: client.retry(asked.build, request_id)).id
        kept = {name: value for name, value in asked.options.items() if name not in ("rebuild", "deadline")}
        self.asked.append(asked._replace(request_id=request_id, build=again, stop="", is_retry=True, options=kept))


class Follower(threading.Thread):
    """Reads all events from the first, with new connections to any of the daemons and its last token."""

    def __init__(self, addresses, chance, patience_s):
        super().__init__(name="follower", daemon=True)
        self.addresses = addresses
        self.chance = chance
        self.patience_s = patience_s
        self.events = []
        self.connections = 0
        self.complaints = []
        self._until = None
        self._lock = threading.Lock()
        self._pause = threading.Event()  # never set
        self._token = b""

    def finish(self, last):
        """Ends it when it has seen this event."""
        with self._lock:
            self._until = last

    def _is_done(self):
        with self._lock:
            return self._until is not None and self.events and self.events[-1].seq >= self._until

    def run(self):
        heard_at = time.monotonic()
        while not self._is_done():
            before = len(self.events)
            try:
                self._read_some()
            except grpc.RpcError as error:
                if error.code() not in AWAY + (grpc.StatusCode.UNKNOWN,):
                    self.complaints.append(f"follower: {error}")
                    return
                self._pause.wait(0.1)
            if len(self.events) > before:
                heard_at = time.monotonic()
            if time.monotonic() - heard_at > self.patience_s:
                self.complaints.append(f"follower: nothing after event {before} for {self.patience_s:.0f} s")
                return

    def _read_some(self):
        """Some messages through one connection.  The time limit lets it look whether it is done."""
        client = api.Client(self.chance.choice(self.addresses))
        self.connections += 1
        messages = self.chance.randint(1, 60)
        request = api.catalog_pb2.WatchEventsRequest()
        if self._token:
            request.resume_token = self._token
        else:
            request.start = True
        try:
            stream = client.catalog.WatchEvents(request, wait_for_ready=True, timeout=self.chance.uniform(1, 8))
            for message in stream:
                self.events += message.events
                self._token = message.resume_token or self._token
                messages -= 1
                if messages == 0 or self._is_done():
                    stream.cancel()
                    return
        finally:
            client.close()
