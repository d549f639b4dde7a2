"""Whatever dies while SQL runs: nothing is lost, made twice, or left half; and a cancel reaches the server."""

import subprocess
import unittest

import world

MODELS = {
    "slow_table": "{{ config(materialized='table') }}\nselect 1 as id, pg_sleep(2)::text as slept",
    "reader": "{{ config(materialized='table') }}\nselect id + 1 as id from {{ ref('slow_table.ff') }}",
    "counted": "{{ config(materialized='incremental') }}\nselect 1 as id, pg_sleep(1)::text as slept",
}


class Project:
    def __init__(self, a_world, name):
        self.world, self.schema = a_world, name
        self.folder = a_world.folder / name
        (self.folder / "models").mkdir(parents=True)
        host = a_world.data / "postgres"
        self.conninfo = f"host={host} user=fft dbname=warehouse"
        (self.folder / "project.yml").write_text(f"name: {name}\n")
        (self.folder / "profiles.yml").write_text(
            f"dev:\n  engine: postgres\n  postgres: {{dsn: 'postgresql://fft@/warehouse?host={host}', db_schema: {name}}}\n")
        for model, text in MODELS.items():
            (self.folder / f"models/{model}.ff.sql").write_text(text)

    def start(self, *arguments, **variables):
        return subprocess.Popen([str(world.BIN / "fftctl"), "build", str(self.folder), "--env", "dev", *arguments],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env={**self.world.environment(), **variables}, cwd=self.world.folder)

    def sql(self, statement):
        done = subprocess.run(["psql", self.conninfo, "-XtA", "-c", statement], stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.DEVNULL, timeout=60)
        return done.stdout.decode().split()

    def sleepers(self):
        return self.sql("select pid from pg_stat_activity where application_name = 'fft-worker' and state = 'active' "
                        "and wait_event = 'PgSleep'")

    def check(self, case):
        """All is there, once."""
        case.assertEqual(self.sql(f"select id from {self.schema}.slow_table"), ["1"])
        case.assertEqual(self.sql(f"select id from {self.schema}.reader"), ["2"])
        case.assertEqual(self.sql(f"select count(*) from {self.schema}.counted"), ["1"])
        case.assertEqual(self.sql(f"select count(*) from {self.schema}._ff_meta"), ["3"])
        case.assertEqual(self.sql(f"select relname from pg_class where relname like '\\_fft\\_%'"), [], "a stage is left")


class SqlKill(unittest.TestCase):
    def setUp(self):
        self.world = world.World(slots=2)
        self.addCleanup(self.world.close)
        self.world.start()

    def survives(self, name, kill):
        project = Project(self.world, name)
        build = project.start()
        world.wait_until(lambda: len(project.sleepers()) == 2, "both models to run on the server")
        kill()
        out = build.communicate(timeout=world.PATIENCE_S)[0].decode()
        self.assertEqual(build.returncode, 0, out)
        project.check(self)
        again = project.start()
        out = again.communicate(timeout=world.PATIENCE_S)[0].decode()
        self.assertIn("3 cached", out)

    def test_agent_with_python_models_that_have_not_begun(self):
        """Their secrets went with the agent: they are granted anew, and no fault is put down to them."""
        project = Project(self.world, "python")
        for model in list(MODELS):
            (project.folder / f"models/{model}.ff.sql").unlink()
        names = [f"p{number}" for number in range(8)]
        for name in names:
            (project.folder / f"models/{name}.ff.py").write_text(
                "import os\nimport signal\nimport pandas\nfrom fastflowtransform import model\n\n\n"
                f"@model(name='{name}')\ndef {name}():\n"
                "    open(os.path.join(os.environ['FF_MARKS'], str(os.getpid())), 'w').close()\n"
                "    signal.sigtimedwait([], 1)\n    return pandas.DataFrame({'id': [1]})\n")
        marks = self.world.folder / "marks"
        marks.mkdir()
        build = project.start(FF_MARKS=str(marks))
        world.wait_until(lambda: list(marks.iterdir()), "a model to run")
        self.world.kill(self.world.agent())
        out = build.communicate(timeout=world.PATIENCE_S)[0].decode()
        self.assertEqual(build.returncode, 0, out)
        for name in names:
            self.assertEqual(project.sql(f"select id from python.{name}"), ["1"])
        self.assertEqual(len(list(marks.iterdir())), len(names), "one ran twice")

    def test_agent(self):
        self.survives("agent", lambda: self.world.kill(self.world.agent()))

    def test_daemon(self):
        def kill():
            self.world.kill_daemon()
            self.world.start()
        self.survives("daemon", kill)

    def test_postgres(self):
        self.survives("postgres", lambda: self.world.kill(self.world.postgres()))

    def test_a_cancel_reaches_the_server(self):
        project = Project(self.world, "cancelled")
        (project.folder / "models/slow_table.ff.sql").write_text("select 1 as id, pg_sleep(600)::text as slept")
        build = project.start("--detach", "--select", "reader")
        self.addCleanup(build.kill)
        out = build.communicate(timeout=world.PATIENCE_S)[0].decode()
        number = int(out.split("build ")[1].split()[0])
        world.wait_until(project.sleepers, "the model to run on the server")
        self.assertEqual(self.world.ctl("cancel", number)[0], 0)
        world.wait_until(lambda: not project.sleepers(), "the server to end the query")
        world.wait_until(lambda: self.world.client.build(number).state == 6, "the build to be cancelled")
        self.assertEqual(project.sql("select count(*) from cancelled._ff_meta"), ["0"])

    def test_a_limit_of_the_server_is_the_models_failure(self):
        project = Project(self.world, "limited")
        project.sql("alter role fft set statement_timeout = 200")
        build = project.start()
        out = build.communicate(timeout=world.PATIENCE_S)[0].decode()
        self.assertEqual(build.returncode, 1, out)
        self.assertIn("canceling statement due to statement timeout (SQLSTATE 57014)", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
