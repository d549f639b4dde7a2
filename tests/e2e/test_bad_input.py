"""Whatever is wrong is named, within limits, and nothing is half-recorded."""

import os
import subprocess
import unittest

import api
import graphs
import world
from api import grpc, types

WRITE = '#!/bin/sh\nmkdir -p "$(dirname "$FFT_OUT/$1")"; echo done > "$FFT_OUT/$1"\n'


class BadInput(world.WorldTest):
    def graph(self, name, yaml, programs=None):
        folder = graphs.write_graph(self.world.folder / name, yaml, {"run": WRITE, **(programs or {})})
        return folder

    def deployed(self, name, jobs, programs=None):
        text = f"graph: {name}\nroot: data\njobs:\n{jobs}"
        self.world.deploy(self.graph(name, text, programs))

    def assert_failed(self, graph, targets, *words):
        watcher = self.world.build(graph, targets)
        build = watcher.build
        told = build.message + "".join(c.message for c in watcher.in_state(types.NODE_FAILED))
        self.assertEqual(build.state, types.BUILD_FAILED, build)
        for word in words:
            self.assertIn(word, told)
        self.assertLess(len(build.message), 4096)
        return watcher

    def assert_deploy_fails(self, folder, *words):
        code, out, err = self.world.ctl("deploy", folder)
        self.assertNotEqual(code, 0, out)
        for word in words:
            self.assertIn(word, err + out)

    def refused(self, call, *args, **kwargs):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*args, **kwargs)
        return caught.exception

    def test_unknown_ref(self):
        self.deployed("unknown", '  - {label: a, outputs: ["a/{x}"], run: bin/run, args: ["a/{x}"]}\n')
        self.assert_failed("unknown", ["a/1", "b/1"], "b/1")
        with self.assertRaises(grpc.RpcError):
            self.world.client.partition("unknown", "b/1")

    def test_unknown_input_names_its_reader(self):
        self.deployed("dangling", '  - {label: a, outputs: ["a/{x}"], inputs: ["gone/{x}"], run: bin/run, args: ["a/{x}"]}\n')
        self.assert_failed("dangling", ["a/1"], "gone/1", "a/1")

    def test_two_jobs_for_a_ref(self):
        self.deployed("ambiguous", '  - {label: left, outputs: ["{x}/b"], run: bin/run, args: ["{x}/b"]}\n'
                                   '  - {label: right, outputs: ["a/{y}"], run: bin/run, args: ["a/{y}"]}\n')
        self.assert_failed("ambiguous", ["a/b"], "a/b", "left", "right")

    def test_cycle(self):
        self.deployed("cycle", '  - {label: a, outputs: ["a/{x}"], inputs: ["b/{x}"], run: bin/run, args: ["a/{x}"]}\n'
                               '  - {label: b, outputs: ["b/{x}"], inputs: ["a/{x}"], run: bin/run, args: ["b/{x}"]}\n')
        self.assert_failed("cycle", ["a/1"], "a/1", "b/1")

    def test_malformed_yaml(self):
        self.assert_deploy_fails(self.graph("malformed", "graph: x\njobs: [\n"), "graph.yaml")
        self.assert_deploy_fails(self.graph("misspelt", "graph: x\njobs:\n  - {label: a, outputz: [a], run: bin/run}\n"),
                                 "graph.yaml:3", "outputz")
        self.assert_deploy_fails(self.graph("no_program", 'graph: x\njobs:\n  - {label: a, outputs: [a], run: bin/none}\n'),
                                 "bin/none")
        self.assert_deploy_fails(self.graph("brace", 'graph: x\njobs:\n  - {label: a, outputs: ["a/{x"], run: bin/run}\n'),
                                 "a/{x")

    def test_configure_output_is_rubbish(self):
        self.deployed("rubbish", '  - {label: odd, outputs: ["odd/{x}"], configure: bin/configure, run: bin/run}\n',
                      {"configure": "#!/bin/sh\necho this is no JSON\n"})
        self.assert_failed("rubbish", ["odd/1"], "odd")

    def test_configure_fails(self):
        self.deployed("refusing", '  - {label: odd, outputs: ["odd/{x}"], configure: bin/configure, run: bin/run}\n',
                      {"configure": "#!/bin/sh\necho cannot >&2\nexit 3\n"})
        self.assert_failed("refusing", ["odd/1"], "odd")

    def test_configure_output_is_endless(self):
        self.deployed("endless", '  - {label: odd, outputs: ["odd/{x}"], configure: bin/configure, run: bin/run}\n',
                      {"configure": "#!/bin/sh\nexec yes '{'\n"})
        self.assert_failed("endless", ["odd/1"], "odd")

    def test_configure_output_differs_each_time(self):
        configure = ('#!/bin/sh\nread -r u < /proc/sys/kernel/random/uuid\n'
                     'printf \'{"configs":[{"outputs":[{"str":"odd/1"}],"inputs":[],"args":["%s"],"env":{}}]}\' "$u"\n')
        self.deployed("unstable", '  - {label: odd, outputs: ["odd/{x}"], configure: bin/configure, run: bin/run}\n',
                      {"configure": configure})
        watcher = self.assert_failed("unstable", ["odd/1"], "odd")
        self.assertIn("CONFIGURE_UNSTABLE", watcher.build.message + watcher.build.reason)

    def test_configure_answers_for_another_job(self):
        configure = ('#!/bin/sh\nprintf \'{"configs":[{"outputs":[{"str":"theirs/1"}],"inputs":[],'
                     '"args":[],"env":{}}]}\'\n')
        self.deployed("thief", '  - {label: odd, outputs: ["odd/{x}"], configure: bin/configure, run: bin/run}\n',
                      {"configure": configure})
        self.assert_failed("thief", ["odd/1"], "odd")

    def test_refs_of_ten_megabytes(self):
        self.deployed("large", '  - {label: a, outputs: ["a/{x}"], run: bin/run, args: ["a/{x}"]}\n')
        error = self.refused(self.world.client.create, "large", ["a/" + "x" * 10_000_000])
        self.assertIn(error.code(), (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT))
        error = self.refused(self.world.client.create, "large", ["a/" + "x" * 2_000])
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertLess(len(error.details()), 2_000)
        error = self.refused(self.world.client.create, "large", ["a/\x01"])
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_a_million_targets(self):
        self.deployed("many", '  - {label: a, outputs: ["a/{x}"], run: bin/run, args: ["a/{x}"]}\n')
        error = self.refused(self.world.client.create, "many", [f"a/{i}" for i in range(1_000_000)])
        self.assertIn(error.code(), (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT))
        error = self.refused(self.world.client.create, "many", [f"a/{i}" for i in range(100_001)])
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertIn("100,000", error.details().replace("100000", "100,000"))

    def test_output_that_is_not_there(self):
        self.deployed("forgetful", '  - {label: a, outputs: ["a/{x}"], run: bin/nothing}\n',
                      {"nothing": "#!/bin/sh\nexit 0\n"})
        watcher = self.assert_failed("forgetful", ["a/1"], "a/1")
        self.assertEqual(watcher.in_state(types.NODE_FAILED)[0].reason, "BAD_OUTPUT")

    def test_lying_manifest(self):
        lies = ('#!/bin/sh\necho hello > "$FFT_OUT/a/1"\n'
                'printf \'{"outputs":[{"ref":"a/1"},{"ref":"somebody/elses"}]}\' > "$FFT_MANIFEST"\n')
        self.deployed("liar", '  - {label: a, outputs: ["a/{x}"], run: bin/lies}\n', {"lies": lies})
        watcher = self.assert_failed("liar", ["a/1"], "somebody/elses")
        self.assertEqual(watcher.in_state(types.NODE_FAILED)[0].reason, "BAD_OUTPUT")
        self.assertFalse((self.world.folder / "liar/data/a/1").exists())

    def test_what_was_deployed_runs_even_when_its_file_is_gone(self):
        self.deployed("gone", '  - {label: a, outputs: ["a/{x}"], run: bin/run, args: ["a/{x}"]}\n')
        os.unlink(self.world.folder / "gone/bin/run")
        self.assert_succeeded(self.world.build("gone", ["a/1"]))

    def test_interpreter_that_vanished(self):
        self.deployed("no_interpreter", '  - {label: a, outputs: ["a/{x}"], run: bin/odd}\n',
                      {"odd": "#!/nowhere/interpreter\n"})
        self.assert_failed("no_interpreter", ["a/1"], "bin/odd")

    def test_a_failing_job_is_named_with_its_exit(self):
        self.deployed("failing", '  - {label: a, outputs: ["a/{x}"], run: bin/fail}\n',
                      {"fail": "#!/bin/sh\necho what went wrong >&2\nexit 7\n"})
        watcher = self.assert_failed("failing", ["a/1"], "7")
        run = watcher.in_state(types.NODE_FAILED)[0].run
        code, out, _ = self.world.ctl("logs", run)
        self.assertEqual((code, out), (0, "what went wrong\n"))

    def test_nothing_is_published_by_a_failure(self):
        self.deployed("half", '  - {label: a, outputs: ["a/{x}"], run: bin/half}\n',
                      {"half": '#!/bin/sh\necho half > "$FFT_OUT/a/1"\nexit 1\n'})
        self.assert_failed("half", ["a/1"])
        self.assertFalse((self.world.folder / "half/data/a/1").exists())


class FullDisk(world.WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.disk = cls.world.folder / "disk"
        cls.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", cls.disk], check=False,
                                 stderr=subprocess.PIPE)
        if mounted.returncode != 0:
            raise unittest.SkipTest(f"cannot mount: {mounted.stderr.decode().strip()}")
        cls.addClassCleanup(lambda: subprocess.run(["umount", "-l", cls.disk], check=True))

    def test_full_disk(self):
        fill = '#!/bin/sh\nset -e\nhead -c 1000000 /dev/zero > "$FFT_OUT/a/1"\n'
        graphs.write_graph(self.world.folder / "full", f"""
graph: full
root: {self.disk}
jobs:
  - {{label: a, outputs: ["a/{{x}}"], run: bin/fill}}
""", {"fill": fill})
        self.world.deploy(self.world.folder / "full")
        watcher = self.world.build("full", ["a/1"])
        self.assertEqual(watcher.build.state, types.BUILD_FAILED)
        told = watcher.build.message + "".join(c.message for c in watcher.in_state(types.NODE_FAILED))
        run = watcher.in_state(types.NODE_FAILED)[0].run
        told += self.world.ctl("logs", run)[1]
        self.assertIn("No space left on device", told)
        self.assertFalse((self.disk / "a/1").exists())
        subprocess.run(["mount", "-o", "remount,size=8m", self.disk], check=True)
        retried = self.world.client.retry(watcher.build.id)
        again = api.BuildWatcher(self.world.address, retried.id)
        self.assertEqual(again.run_to_end().state, types.BUILD_SUCCEEDED, again.build.message)
        self.assertEqual((self.disk / "a/1").stat().st_size, 1_000_000)

    def test_an_output_never_buries_another(self):
        text = """
graph: nested
root: data
jobs:
  - {label: any, outputs: ["m/{x=.+}"], run: bin/run, args: ["m/{x}"]}
  - {label: whole, outputs: ["n/abc"], run: bin/run, args: ["n/abc"]}
  - {label: part, outputs: ["n/{y}/sub"], run: bin/run, args: ["n/{y}/sub"]}
"""
        write = '#!/bin/sh\necho done > "$FFT_OUT/$1"\n'
        self.world.deploy(graphs.write_graph(self.world.folder / "nested", text, {"run": write}))
        data = self.world.folder / "nested" / "data"
        for before, targets, inner, outer in (
            ([], ["m/a", "m/a/b"], "m/a/b", "m/a"),
            (["m/c/d"], ["m/c"], "m/c/d", "m/c"),
            (["n/abc/sub"], ["n/abc"], "n/abc/sub", "n/abc"),
            (["m/e"], ["m/e/f"], "m/e/f", "m/e"),
        ):
            if before:
                self.assert_succeeded(self.world.build("nested", before))
            build = self.world.build("nested", targets).build
            self.assertEqual((build.state, build.reason), (types.BUILD_FAILED, "INVALID_GRAPH"), build.message)
            self.assertIn(f"output {inner} of job", build.message)
            self.assertIn(f"lies in output {outer}:", build.message)
            for ref in before:
                self.assertEqual((data / ref).read_text(), "done\n")
        # What another revision made there is nobody's any more.
        text = text.replace('"m/{x=.+}"', '"m/{x}"')
        self.world.deploy(graphs.write_graph(self.world.folder / "nested", text, {"run": write}))
        self.assert_succeeded(self.world.build("nested", ["m/c"]))


if __name__ == "__main__":
    unittest.main()
