"""A worker that runs nothing: it speaks Workers.Connect and calls every grant a success."""

import queue
import socket
import time

import table

api = table.api

# Told of every run.  So much is never granted beyond a worker's slots, so that a slot is one run.
RUN_S = 10


def only(w):
    """Sees to it that the world's own worker gets nothing and a scripted one all."""
    for worker in w.client.workers():
        w.client.admin.DrainWorker(api.admin_pb2.DrainWorkerRequest(name=worker.name, draining=True), timeout=30)


class ScriptedWorker:
    """One stream over a connection of its own.  One thread reads grants(), any reports."""

    def __init__(self, address, slots):
        self._channel = api.grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self._out = queue.SimpleQueue()
        self._out.put(api.workers_pb2.WorkerMessage(hello=api.workers_pb2.WorkerHello(
            name="scripted", host=socket.gethostname(), slots=slots, protocol=1)))
        self._stream = api.workers_pb2_grpc.WorkersStub(self._channel).Connect(iter(self._out.get, None))
        self._epoch = 0

    def close(self):
        self._out.put(None)
        self._stream.cancel()
        self._channel.close()

    def grants(self):
        """Each message's grants, with time.perf_counter() of its receipt; ends with close()."""
        try:
            for message in self._stream:
                now = time.perf_counter()
                self._epoch = message.epoch
                if message.grants:
                    yield now, message.grants
        except api.grpc.RpcError as error:
            if error.code() != api.grpc.StatusCode.CANCELLED:
                raise

    def report(self, *grants):
        """One message with the success of each."""
        message = api.workers_pb2.WorkerMessage(epoch=self._epoch)
        now = time.time_ns()
        for grant in grants:
            report = message.reports.add(run=grant.run, epoch=grant.epoch, outcome=api.types.OUTCOME_SUCCEEDED)
            report.start_time.FromNanoseconds(now - RUN_S * 10**9)
            report.end_time.FromNanoseconds(now)
            if grant.config.runner == api.types.RUNNER_EXEC:
                for ref in grant.config.outputs:
                    report.outputs.add(ref=ref, uri=f"{grant.root_uri}/{ref}", rows=-1)
        self._out.put(message)
