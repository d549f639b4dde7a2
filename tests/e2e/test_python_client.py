"""A client in another language, from the .proto files alone: submits, watches, drops, resumes."""

import unittest

import graphs
import world
from api import BuildWatcher, Client, grpc, types


def error_info(error):
    """The google.rpc.Status of a failed call as bytes; its texts stand in it as they are."""
    return dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")


class PythonClient(world.WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder, cls.counters, cls.gate = graphs.write_gated_graph(cls.world.folder / "gated", 20)
        cls.addClassCleanup(cls.gate.open)
        cls.world.deploy(cls.folder)

    def refused(self, call, *args, **kwargs):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*args, **kwargs)
        return caught.exception

    def test_1_submit_watch_drop_and_resume(self):
        client = Client(self.world.address)
        self.addCleanup(client.close)
        build = client.create("gated", ["all"], request_id="python-1", labels={"team": "e2e"},
                              discipline=types.EAGER)
        self.assertGreater(build.id, 0)
        dropped = BuildWatcher(self.world.address, build.id)
        steady = BuildWatcher(self.world.address, build.id)
        self.addCleanup(dropped.close)
        self.addCleanup(steady.close)
        dropped.until(lambda: "held" in {c.job for c in dropped.in_state(types.NODE_RUNNING)})
        dropped.close()
        self.gate.open()
        steady.run_to_end()
        while dropped.next() is not None:
            dropped.close()  # after every event: whatever is pending is kept, the rest resumes
        self.assertGreater(dropped.connections, 2)
        self.assertEqual(steady.build.state, types.BUILD_SUCCEEDED, steady.build.message)
        self.assertEqual(steady.build.labels["team"], "e2e")
        self.assertEqual({id: c.state for id, c in dropped.nodes.items()},
                         {id: c.state for id, c in steady.nodes.items()})
        self.assertEqual(len(steady.in_state(types.NODE_SUCCEEDED)), 42)

    def test_2_a_watch_of_an_ended_build_tells_its_end(self):
        build = self.world.build("gated", ["before/1"]).build
        late = BuildWatcher(self.world.address, build.id)
        self.assertEqual(late.run_to_end().state, types.BUILD_SUCCEEDED)

    def test_3_request_ids_make_calls_idempotent(self):
        client = self.world.client
        first = client.create("gated", ["before/1"], request_id="twice")
        self.assertEqual(client.create("gated", ["before/1"], request_id="twice").id, first.id)
        error = self.refused(client.create, "gated", ["before/2"], request_id="twice")
        self.assertEqual(error.code(), grpc.StatusCode.ALREADY_EXISTS)
        self.assertIn(b"REQUEST_ID_CLASH", error_info(error))
        self.assertIn(b"fft.build", error_info(error))

    def test_4_errors_say_what_and_where(self):
        client = self.world.client
        error = self.refused(client.create, "nowhere", ["x"])
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
        self.assertIn("nowhere", error.details())
        self.assertIn(b"GRAPH_NOT_FOUND", error_info(error))
        error = self.refused(client.create, "gated", [])
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertIn(b"targets", error_info(error))
        error = self.refused(client.build, 10**9)
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)

    def test_5_health_answers_without_our_stubs(self):
        check = self.world.client.channel.unary_unary(
            "/grpc.health.v1.Health/Check", request_serializer=bytes, response_deserializer=bytes)
        self.assertEqual(check(b"", timeout=10), b"\x08\x01")  # status: SERVING

    def test_6_an_expired_call_cancels_no_build(self):
        watcher = self.world.submit("gated", ["before/3"])
        watcher.patience = 0.001
        try:
            watcher.run_to_end()
        except grpc.RpcError as error:
            self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        late = BuildWatcher(self.world.address, watcher.build_id)
        self.assertEqual(late.run_to_end().state, types.BUILD_SUCCEEDED)


if __name__ == "__main__":
    unittest.main()
