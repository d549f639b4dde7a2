"""The acceptance table of the FastFlowTransform compat page: examples/cache_demo on a real PostgreSQL, scenario by scenario."""

import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import unittest

import world

DEMO = world.ROOT / "examples/cache_demo"
ALL = {"stg_users.ff", "stg_orders.ff", "mart_user_orders.ff", "py_constants", "http_users"}
READERS = {"stg_users.ff", "mart_user_orders.ff", "http_users"}
PASSWORD = "geheim-4711"


class Project:
    """A copy of the demo, with a schema and a stub server of its own."""

    def __init__(self, a_world, name):
        self.world = a_world
        self.folder = a_world.folder / name
        shutil.copytree(DEMO, self.folder, ignore=shutil.ignore_patterns(".fastflowtransform", ".local"))
        self.schema = f"demo_{name}"
        sources = self.folder / "sources.yml"
        sources.write_text(sources.read_text().replace("cache_demo", self.schema))
        host = a_world.data / "postgres"
        self.conninfo = f"host={host} user=fft dbname=warehouse"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # The server trusts its socket: a password is told all the same, and must be found nowhere.
        self.variables = {"FF_PG_DSN": f"postgresql+psycopg://fft:{PASSWORD}@/warehouse?host={host}",
                          "FF_PG_SCHEMA": self.schema, "FF_DEMO_URL": f"http://127.0.0.1:{self.port}"}
        self.stub = None

    def serve(self):
        self.stub = subprocess.Popen([sys.executable, str(DEMO / "stub/server.py"), str(self.port)],
                                     stdout=subprocess.PIPE, cwd=self.world.folder)
        self.stub.stdout.readline()

    def end_serving(self):
        if self.stub is not None:
            self.stub.kill()
            self.stub.wait()
            self.stub.stdout.close()
        self.stub = None

    def ctl(self, command, *arguments, **variables):
        environment = {**self.world.environment(), **self.variables, **variables}
        done = subprocess.run([str(world.BIN / "fftctl"), command, str(self.folder), "--env", "dev_postgres",
                               *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment, cwd=self.world.folder,
                              timeout=world.PATIENCE_S, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def sql(self, statement):
        done = subprocess.run(["psql", self.conninfo, "-XtA", "-c", statement], stdout=subprocess.PIPE, check=True,
                              timeout=60)
        return done.stdout.decode().split()

    def write(self, path, text):
        (self.folder / path).write_text(text)

    def edit(self, path, before, after):
        text = (self.folder / path).read_text()
        assert before in text, (path, before)
        self.write(path, text.replace(before, after))

    def results(self):
        text = (self.folder / ".fastflowtransform/target/run_results.json").read_text()
        return {result["name"]: result for result in json.loads(text)["results"]}


def built(out):
    return set(re.findall(r"^✓ L\d\d \[PG\] (\S+)", out, re.M))


def skipped(out):
    return set(re.findall(r"^↻ L\d\d \[PG\] (\S+) skipped", out, re.M))


class CacheDemo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = world.World(slots=4)
        cls.addClassCleanup(cls.world.close)
        cls.world.start()

    def project(self, name):
        """Seeded and built once."""
        project = Project(self.world, name)
        project.serve()
        self.addCleanup(project.end_serving)
        code, out, err = project.ctl("seed")
        self.assertEqual(code, 0, out + err)
        code, out, err = project.ctl("build")
        self.assertEqual(code, 0, out + err)
        self.assertEqual(built(out), ALL, out)
        return project

    def builds(self, project, nodes, *arguments, **variables):
        code, out, err = project.ctl("build", *arguments, **variables)
        self.assertEqual(code, 0, out + err)
        self.assertEqual(built(out), set(nodes), out)
        self.assertEqual(skipped(out), ALL - set(nodes), out)
        return out

    def test_first_run_in_two_levels_then_nothing(self):
        project = self.project("first")
        out = self.builds(project, set())
        self.assertIn("— L01 summary: ok=0 failed=0 skipped=3", out)
        self.assertIn("— L02 summary: ok=0 failed=0 skipped=2", out)
        self.assertEqual(project.sql(f"select username from {project.schema}.http_users order by 1"), ["ann", "ben", "cas"])
        self.assertEqual(project.sql(f"select node_name from {project.schema}._ff_meta order by 1"), sorted(ALL))

    def test_an_edited_model_and_what_reads_it(self):
        project = self.project("edited")
        project.edit("models/staging/stg_users.ff.sql", "lower(email)", "upper(email)")
        self.builds(project, READERS)
        self.assertEqual(project.sql(f"select email from {project.schema}.http_users where user_id = 1"), ["ANN@EXAMPLE.ORG"])
        self.builds(project, set())

    def test_a_seed_row_and_seed_again(self):
        project = self.project("seeded")
        with open(project.folder / "seeds/seed_users.csv", "a", encoding="utf-8") as seed:
            seed.write("4,dan@example.org\n")
        code, out, err = project.ctl("seed")
        self.assertEqual((code, built(out)), (0, {"seed_users"}), out + err)
        self.builds(project, READERS)
        self.assertEqual(project.sql(f"select count(*) from {project.schema}.mart_user_orders"), ["4"])

    def test_a_reload_that_drops_the_view_over_the_seed(self):
        project = self.project("reloaded")
        with open(project.folder / "seeds/seed_orders.csv", "a", encoding="utf-8") as seed:
            seed.write("104,2,1.00\n")
        self.assertEqual(project.ctl("seed")[0], 0)
        self.builds(project, {"stg_orders.ff", "mart_user_orders.ff"})

    def test_any_variable_of_ours_and_back(self):
        project = self.project("variables")
        self.builds(project, ALL, FF_ANYTHING="1")
        self.builds(project, set(), FF_ANYTHING="1")
        self.builds(project, ALL)

    def test_the_python_constant_alone(self):
        project = self.project("constant")
        project.edit("models/python/py_constants.ff.py", "42", "43")
        self.builds(project, {"py_constants"})
        self.assertEqual(project.sql(f"select value from {project.schema}.py_constants where name = 'answer'"), ["43"])

    def test_a_relation_that_was_dropped_by_hand(self):
        for node, kind in (("mart_user_orders", "table"), ("py_constants", "table"), ("stg_orders", "view")):
            with self.subTest(node):
                project = self.project("dropped_" + node)
                project.sql(f"drop {kind} {project.schema}.{node}")
                self.builds(project, {node if node.startswith("py") else node + ".ff"})

    def test_http_offline_from_the_cache(self):
        project = self.project("offline")
        first = project.results()["http_users"]["http"]
        self.assertEqual((first["requests"], first["cache_hits"], first["used_offline"]), (1, 0, False))
        project.end_serving()
        self.builds(project, ALL, FF_HTTP_OFFLINE="1")
        http = project.results()["http_users"]["http"]
        self.assertEqual((http["requests"], http["cache_hits"], http["used_offline"]), (1, 1, True))
        self.assertEqual(http["content_hashes"], first["content_hashes"])
        self.assertIsNone(project.results()["stg_users.ff"]["http"])
        shutil.rmtree(project.folder / ".local")
        code, out, _ = project.ctl("build", "--rebuild", "http_users", "--offline")
        self.assertEqual(code, 1, out)
        self.assertIn(f"GET http://127.0.0.1:{project.port}/users: offline", out)

    def test_a_guarded_query_does_not_run(self):
        project = self.project("guarded")
        code, out, _ = project.ctl("build", FF_PG_MAX_BYTES="1")
        self.assertEqual(code, 1, out)
        self.assertIn("Aborting Postgres query: estimated scanned bytes", out)
        self.assertNotIn("▶ L02", out)
        self.assertEqual(project.results()["stg_users.ff"]["status"], "error")

    def test_four_at_once(self):
        project = self.project("parallel")
        project.write("models/staging/stg_users.ff.sql", "select id as user_id, email from {{ source('crm', 'users') }}, pg_sleep(1)")
        project.edit("models/staging/stg_orders.ff.sql", "'view'", "'table'")
        project.edit("models/staging/stg_orders.ff.sql", "from", "from pg_sleep(1),")
        project.edit("models/python/py_constants.ff.py", "    return", "    __import__('signal').sigtimedwait([], 1)\n    return")
        code, out, err = project.ctl("build", "--jobs", 4)
        self.assertEqual(code, 0, out + err)
        results = project.results()
        level = [results[name] for name in ("stg_users.ff", "stg_orders.ff", "py_constants")]
        self.assertLess(max(result["started_at"] for result in level), min(result["finished_at"] for result in level), level)

    def test_two_people_at_once_run_shared_models_once(self):
        project = self.project("shared")
        project.edit("models/staging/stg_users.ff.sql", "lower(email)", "initcap(email)")
        environment = {**self.world.environment(), **project.variables}
        both = [subprocess.Popen([str(world.BIN / "fftctl"), "build", str(project.folder), "--env", "dev_postgres",
                                  "--select", select], stdout=subprocess.PIPE, env=environment)
                for select in ("mart_user_orders", "http_users")]
        for process in both:
            self.assertEqual(process.wait(timeout=world.PATIENCE_S), 0)
            process.stdout.close()
        runs = self.world.client.runs.ListRuns(world.api.nodes_pb2.ListRunsRequest(
            namespace=f"{str(self.world.data / 'postgres').replace('/', '%2F')}:5432:warehouse:{project.schema}",
            ref="stg_users")).runs
        self.assertEqual(len(runs), 2, "of the first build, and one for both")
        self.assertEqual(project.sql(f"select email from {project.schema}.http_users where user_id = 1"), ["Ann@Example.Org"])
        self.assertEqual(project.sql(f"select email from {project.schema}.mart_user_orders where user_id = 1"),
                         ["Ann@Example.Org"])

    def test_the_password_is_found_nowhere(self):
        project = self.project("secret")
        project.edit("models/staging/stg_orders.ff.sql", "order_id,", "no_such_column,")
        code, out, err = project.ctl("build", "-v")
        self.assertEqual(code, 1)
        code, plan, _ = project.ctl("plan", "-v")
        told = [out, err, plan]
        for conninfo in (project.conninfo, project.conninfo.replace("dbname=warehouse", "dbname=fft")):
            told.append(subprocess.run(["pg_dump", "--inserts", conninfo], stdout=subprocess.PIPE, check=True,
                                       timeout=60).stdout.decode())
        for folder in (project.folder, self.world.data / "worker", self.world.folder):
            for path in pathlib.Path(folder).rglob("*"):
                if path.is_file() and "postgres/data" not in str(path):
                    told.append(path.read_bytes().decode(errors="replace"))
        for text in told:
            self.assertNotIn(PASSWORD, text)
            self.assertNotIn(PASSWORD.encode().hex(), text)

    def test_artifacts_and_budgets(self):
        project = self.project("artifacts")
        manifest = json.loads((project.folder / ".fastflowtransform/target/manifest.json").read_text())
        node = manifest["nodes"]["mart_user_orders.ff"]
        self.assertEqual(node["deps"], ["stg_orders.ff", "stg_users.ff"])
        self.assertEqual((node["kind"], node["materialized"], node["relation"]), ("sql", "table", "mart_user_orders"))
        self.assertEqual([node["fingerprint"]],
                         project.sql(f"select fingerprint from {project.schema}._ff_meta where node_name = 'mart_user_orders.ff'"))
        results = project.results()
        self.assertEqual(list(results), sorted(ALL))
        self.assertEqual(results["mart_user_orders.ff"]["rows"], 3)
        self.assertEqual(results["mart_user_orders.ff"]["status"], "success")
        project.write("budgets.yml", "models: {mart_user_orders.ff: {rows: {warn: 1, error: 2}}}\n")
        code, _, err = project.ctl("build", "--rebuild", "mart_user_orders*")
        self.assertEqual((code, err), (1, "[BUDGET] error: models mart_user_orders.ff rows: 3 > 2\n"))
        project.write("budgets.yml", "total: {rows: {warn: 2}}\n")
        code, _, err = project.ctl("build", "--rebuild", "mart_user_orders*")
        self.assertEqual((code, err), (0, "[BUDGET] warning: total rows: 3 > 2\n"))

    def test_what_fails_says_where(self):
        project = self.project("wrong")
        where = "models/python/py_constants.ff.py"
        good = (project.folder / where).read_text()
        for before, after, says in (
                ("    return pd", "    raise ValueError('no luck')\n    return pd",
                 f"{where}:8: ValueError: no luck"),
                ("    return pd.DataFrame(", "    return list(", "py_constants returned list, not a DataFrame"),
                ("    return pd", "    print('on the way')\n    raise ValueError('still none')\n    return pd",
                 f"{where}:9: ValueError: still none\n"),
                ('"value": 42', '"value": set()', None)):
            project.write(where, good.replace(before, after))
            code, out, err = project.ctl("build")
            if says is None:  # whatever has a text is a text
                self.assertEqual(code, 0, out + err)
            else:
                self.assertEqual(code, 1)
                self.assertIn(says, out)
        project.write(where, good)
        project.edit("models/python/http_users.ff.py", 'require=["user_id"]', 'require=["user_id", "phone"]')
        code, out, _ = project.ctl("build")
        self.assertEqual(code, 1)
        self.assertIn("http_users requires of stg_users the columns phone, which are not there; there are: user_id, email", out)

    def test_sql_that_reads_python(self):
        project = self.project("mixed")
        project.write("models/after.ff.sql", "select max(value) + 1 as value from {{ ref('py_constants') }}")
        code, out, err = project.ctl("build")
        self.assertEqual((code, built(out)), (0, {"after.ff"}), out + err)
        project.edit("models/python/py_constants.ff.py", '"value": 42', '"value": 7')
        code, out, err = project.ctl("build", "--select", "after")
        self.assertEqual((code, built(out)), (0, {"py_constants", "after.ff"}), out + err)
        self.assertEqual(project.sql(f"select value from {project.schema}.after"), ["13"])

    def test_seeds_and_pages_of_what_can_not_be_built(self):
        project = self.project("broken")
        project.write("models/broken.ff.sql", "select {{ nothing }}")
        code, out, err = project.ctl("seed", "--select", "seed_us*", "--force")
        self.assertEqual((code, built(out)), (0, {"seed_users"}), out + err)
        code, out, err = project.ctl("build")
        self.assertEqual((code, err), (1, f"fftctl: {project.folder}/models/broken.ff.sql:1: 'nothing' is undefined\n"))
        (project.folder / "models/broken.ff.sql").unlink()
        done = subprocess.run([str(world.BIN / "fftctl"), "dag", str(project.folder)], stdout=subprocess.PIPE,
                              env={**self.world.environment(), **project.variables}, timeout=60, check=True)
        self.assertIn("py_constants", pathlib.Path(done.stdout.decode().strip()).read_text())

    def test_unit_tests(self):
        project = Project(self.world, "units")
        project.write("models/python/doubled.ff.py", "from fastflowtransform import model\n\n\n"
                      "@model(name='doubled', deps=['stg_users.ff'])\ndef doubled(users):\n"
                      "    users['twice'] = users['user_id'] * 2\n    return users\n")
        (project.folder / "tests/unit").mkdir(parents=True, exist_ok=True)
        project.write("tests/unit/orders.csv", "id,user_id,amount\n1,7,2.50\n")
        project.write("tests/unit/units.yml", """
model: doubled
cases:
- name: twice
  inputs: {stg_users: {rows: [{user_id: 4, email: a}]}}
  expect: {rows: [{user_id: 4, email: a, twice: 8}]}
""")
        project.write("tests/unit/wrong.yml", """
model: stg_users.ff
cases:
- name: lowers
  inputs: {seed_users: {rows: [{id: 1, email: ANN@X.ORG}, {id: 2, email: null}]}}
  expect: {rows: [{user_id: 1, email: ann@x.org}, {user_id: 2, email: null}]}
- name: shouts
  inputs: {seed_users: {rows: [{id: 1, email: ann@x.org}]}}
  expect: {rows: [{user_id: 1, email: ANN@X.ORG}]}
- name: breaks
  inputs: {seed_users: {rows: [{id: 1}]}}
  expect: {rows: []}
""")
        code, out, err = project.ctl("utest")
        self.assertEqual(code, 2, out + err)
        told = {line.split()[2]: line[0] for line in out.splitlines() if " utest " in line and "summary" not in line}
        for name in ("orders_are_summed_up", "a_user_without_orders"):
            self.assertEqual(told.pop(f"mart_user_orders.ff.{name}"), "✓", out)
        self.assertEqual(told, {"doubled.twice": "✓", "stg_users.ff.lowers": "✓", "stg_users.ff.shouts": "✖",
                                "stg_users.ff.breaks": "✖"})
        self.assertIn('  missing: {"email":"ANN@X.ORG","user_id":1}\n  unexpected: {"email":"ann@x.org","user_id":1}\n', out)
        self.assertIn('column "email" does not exist', out)
        self.assertRegex(out, r"— utest summary: ok=\d failed=2\n$")
        self.assertEqual(project.sql("select nspname from pg_namespace where nspname like 'fft_utest%'"), [])
        counts = []
        for _ in range(2):  # kept, and found again
            code, out, err = project.ctl("utest", "--model", "doubled", "--cache", "rw")
            self.assertEqual((code, out), (0, "✓ utest doubled.twice\n— utest summary: ok=1 failed=0\n"), err)
            build = self.world.client.builds.ListBuilds(world.api.builds_pb2.ListBuildsRequest(page_size=1)).builds[0]
            counts.append((build.counts.succeeded, build.counts.cached))
        self.assertEqual(counts[0][0], 2)
        self.assertEqual(counts[1], (0, 1))
        code, out, err = project.ctl("utest", "--case", "lowers", "--cache", "ro")
        self.assertEqual(code, 0, out + err)
        code, out, err = project.ctl("utest", "--model", "stg_users", "-o", "json")
        self.assertEqual(code, 2, err)
        self.assertEqual({told["test"]: told["ok"] for told in map(json.loads, out.splitlines())},
                         {"stg_users.ff.lowers": True, "stg_users.ff.shouts": False, "stg_users.ff.breaks": False})
        (project.folder / "tests/unit/wrong.yml").write_text("model: nothing\ncases: [{name: x, expect: {rows: []}}]\n")
        code, out, err = project.ctl("utest")
        self.assertEqual((code, err), (1, "fftctl: tests/unit/wrong.yml: case x: there is no model nothing\n"), out)

    def test_unit_tests_that_are_interrupted(self):
        project = Project(self.world, "interrupted")
        project.write("models/slow.ff.sql", "select pg_sleep(600)::text as slept\n")
        (project.folder / "tests/unit").mkdir(parents=True, exist_ok=True)
        project.write("tests/unit/slow.yml", "model: slow\ncases: [{name: never, expect: {rows: []}}]\n")
        schemas = "select nspname from pg_namespace where nspname like 'fft_utest%'"
        before = project.sql(schemas)  # kept by another test
        utest = subprocess.Popen([str(world.BIN / "fftctl"), "utest", str(project.folder), "--env", "dev_postgres",
                                  "--model", "slow"], env={**self.world.environment(), **project.variables},
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        running = "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
        world.wait_until(lambda: project.sql(running) == ["1"], "the model runs")
        utest.send_signal(signal.SIGINT)
        out, err = utest.communicate(timeout=world.PATIENCE_S)
        self.assertEqual((utest.returncode, out.decode(), err.decode()),
                         (130, "", "\ninterrupted: tests that had not ended are cancelled\n"))
        world.wait_until(lambda: project.sql(running) == ["0"], "the model is cancelled")
        build = self.world.client.builds.ListBuilds(world.api.builds_pb2.ListBuildsRequest(page_size=1)).builds[0]
        self.assertEqual(build.state, world.api.types_pb2.BUILD_CANCELLED)
        self.assertEqual(project.sql(schemas), before)

    def test_a_warehouse_that_lets_nobody_in(self):
        project = Project(self.world, "outside")
        for dsn, says in ((f"postgresql://nobody:{PASSWORD}@/warehouse?host={self.world.data}/postgres",
                           'role "nobody" does not exist'),
                          (f"postgresql://fft:{PASSWORD}@127.0.0.1:1/warehouse", "Connection refused"),
                          (f"postgresql://fft:{PASSWORD}@/nowhere?host={self.world.data}/postgres",
                           'database "nowhere" does not exist')):
            code, out, err = project.ctl("build", FF_PG_DSN=dsn)
            self.assertEqual(code, 1)
            self.assertIn(says, err)
            self.assertNotIn(PASSWORD, out + err)
        code, out, err = project.ctl("build")
        self.assertEqual(code, 1, out + err)
        self.assertIn("fftctl seed", out + err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
