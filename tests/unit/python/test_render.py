"""The renderer of FastFlowTransform templates, asked as frontends ask it: a process, a JSON object a line."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

PACKAGES = pathlib.Path(__file__).resolve().parents[3] / "client/python"


def ask(*requests):
    end = subprocess.run([sys.executable, "-B", "-m", "fft_render"], check=True, stdout=subprocess.PIPE, timeout=120,
                         input="".join(json.dumps(request) + "\n" for request in requests).encode(),
                         env={**os.environ, "PYTHONPATH": str(PACKAGES)})
    return [json.loads(line) for line in end.stdout.decode().splitlines()]


def model(relation, text):
    return {"name": relation + ".ff", "relation": relation, "path": f"models/{relation}.ff.sql", "text": text}


def project(**models):
    return {"do": "models", "engine": "postgres", "schema": "mart", "database": "shop", "vars": {"day": "2012-01-01"},
            "env": {"FFT_MODE": "x"}, "tables": {"seed_users": ["raw", "seed_users"]},
            "sources": {"crm": {"users": ["raw", "seed_users"], "Odd\"name": ["raw", "Odd\"name"]}},
            "models": [model(relation, text) for relation, text in models.items()]}


class Rendering(unittest.TestCase):
    def render(self, text, **more):
        """The SQL of a model `m` beside a table `users`."""
        [answer] = ask({**project(m=text, users="select 1"), **more})
        self.assertNotIn("error", answer["models"][0])
        return answer["models"][0]["sql"]

    def fault(self, text, **more):
        [answer] = ask({**project(m=text, users="select 1"), **more})
        self.assertIn("error", answer["models"][0], answer)
        error = answer["models"][0]["error"]
        return error["path"], error["line"], error["message"]

    def test_relations_are_qualified_and_quoted(self):
        self.assertEqual(self.render("{{ ref('users.ff') }} {{ ref('users') }}"), '"mart"."users" "mart"."users"')
        self.assertEqual(self.render("{{ ref('seed_users') }}"), '"raw"."seed_users"')
        self.assertEqual(self.render("{{ source('crm', 'users') }} {{ source('crm', 'Odd\"name') }}"),
                         '"raw"."seed_users" "raw"."Odd""name"')

    def test_this_is_the_model(self):
        self.assertEqual(self.render("{{ this }} {{ this.name }} {{ this.relation }} {{ this.schema }} {{ this.database }} "
                                     "{{ this.materialized }}"), '"mart"."m" m m mart shop table')

    def test_blocks_leave_no_lines(self):
        self.assertEqual(self.render("{% set x = 1 %}\n  {% if x %}\nselect {{ x }}\n  {% endif %}\n"), "select 1\n")

    def test_values_and_their_defaults(self):
        self.assertEqual(self.render("{{ var('day') }} {{ var('none', 3) }} {{ env('FFT_MODE') }} {{ env('no', 'd') }} {{ engine() }}"),
                         "2012-01-01 3 x d postgres")
        self.assertEqual(self.render("{{ 'day' | var }} {{ 'no' | env('d') }} {{ ff_engine() }} {{ ff_is_engine('duckdb', 'postgres') }}"),
                         "2012-01-01 d postgres True")

    def test_an_ephemeral_model_is_inlined_where_it_is_named(self):
        [answer] = ask(project(e="{{ config(materialized='ephemeral') }}select * from {{ ref('b') }};\n",
                               b="{{ config(materialized='ephemeral') }}select 1 as {{ this.name }}", m="select * from {{ ref('e') }} x"))
        self.assertEqual(answer["models"][2]["sql"], "select * from (\nselect * from (\nselect 1 as b\n)\n) x")

    def test_an_incremental_model_has_two_texts(self):
        text = "{{ config(materialized='incremental', unique_key='id') }}select 1{% if is_incremental() %} where {{ this }}{% endif %}"
        [answer] = ask(project(m=text))
        told = answer["models"][0]
        self.assertEqual(told["config"], {"materialized": "incremental", "unique_key": "id"})
        self.assertEqual((told["sql"], told["incremental_sql"]), ("select 1", 'select 1 where "mart"."m"'))

    def test_what_a_template_depends_on(self):
        [answer] = ask(project(m="{{ ref('users') }} {{ ref('users.ff') }} {{ source('crm', 'users') }}\n{{ ref('us' ~ 'ers') }}",
                               users="select 1"))
        told = answer["models"][0]
        self.assertEqual((told["refs"], told["sources"]), (["users"], [["crm", "users"]]))
        self.assertEqual([warning["line"] for warning in told["warnings"]], [2])
        self.assertIn("computed ref()", told["warnings"][0]["message"])

    def test_literals_for_sql(self):
        self.assertEqual(self.render("{{ \"it's\" | sql_literal }} {{ none | sql_literal }} {{ true | sql_literal }} {{ 1.5 | sql_literal }}"),
                         "'it''s' NULL TRUE 1.5")
        self.assertEqual(self.render("{{ ff_partition_filter('d', '2012-01-01', none) }}; {{ ff_partition_filter('d') }}; "
                                     "{{ ff_partition_in('d', ['a', 'b']) }}; {{ ff_partition_in('d', []) }}"),
                         "d >= '2012-01-01'; TRUE; d IN ('a', 'b'); FALSE")
        self.assertEqual(self.render("{{ ff_date_trunc('t', 'day') }} {{ ff_date_add('t', 'quarter', -1) }}"),
                         "date_trunc('day', t) (t + interval '-3 month')")

    def test_macros_are_names_of_every_template(self):
        macros = [{"path": "models/macros/a.sql", "text": "{% macro twice(x) %}{{ once(x) }}{{ once(x) }}{% endmacro %}"},
                  {"path": "models/macros/b.sql.j2", "text": "{% macro once(x) %}{{ x }} of {{ this.name }} {% endmacro %}"}]
        functions = [{"path": "models/macros_py/f.py", "text": "import re\ndef shout(x):\n    return x.upper()\ndef _own(x): pass\n"}]
        self.assertEqual(self.render("{{ twice(shout('a')) }}{{ 'b' | shout }}", macros=macros, functions=functions),
                         "A of m A of m B")

    def test_faults_name_file_and_line(self):
        where = "models/m.ff.sql"
        for text, line, words in [
                ("select\n{{ nothing }}", 2, "'nothing' is undefined"),
                ("select\n\n{% if x %}", 3, "Unexpected end of template"),
                ("\n{{ ref('nobody') }}", 2, "no model and no seed"),
                ("{{ source('erp', 'users') }}", 1, "no source 'erp'"),
                ("{{ source('crm', 'orders') }}", 1, "has no table 'orders'"),
                ("\n\n{{ var('unset') }}", 3, "variable 'unset' is not set"),
                ("{{ env('UNSET') }}", 1, "environment variable 'UNSET' is not set"),
                ("{{ config(materialised='view') }}", 1, "no key 'materialised'"),
                ("{{ config(materialized='cube') }}", 1, "'cube' is none of table, view"),
                ("\n{{ config(tags=[var('day')]) }}", 2, "config(tags=...) must be a literal"),
                ("{{ config('view') }}", 1, "takes key=value"),
                ("{{ ff_date_trunc('t', 'fortnight') }}", 1, "'fortnight' is no unit"),
                ("\n{{ 1 / 0 }}", 2, "ZeroDivisionError")]:
            with self.subTest(text):
                path, at, message = self.fault(text)
                self.assertEqual((path, at), (where, line))
                self.assertIn(words, message)

    def test_a_fault_of_a_macro_names_the_macro(self):
        macros = [{"path": "models/macros/a.sql", "text": "\n{% macro bad() %}\n{{ nothing }}{% endmacro %}"}]
        self.assertEqual(self.fault("{{ bad() }}", macros=macros), ("models/macros/a.sql", 3, "'nothing' is undefined"))
        functions = [{"path": "models/macros_py/f.py", "text": "def boom():\n    raise ValueError('no')\n"}]
        self.assertEqual(self.fault("{{ boom() }}", functions=functions), ("models/macros_py/f.py", 2, "ValueError: no"))

    def test_what_no_model_can_be_rendered_without(self):
        [answer] = ask({**project(m="select 1"), "macros": [{"path": "a.sql", "text": "{% macro %}"}]})
        self.assertEqual((answer["error"]["path"], answer["error"]["line"]), ("a.sql", 1))
        [answer] = ask({**project(m="select 1"), "functions": [{"path": "f.py", "text": "x = 1\ndef f(:\n"}]})
        self.assertEqual((answer["error"]["path"], answer["error"]["line"]), ("f.py", 2))

    def test_a_fault_is_its_model_s_alone(self):
        [answer] = ask(project(bad="{{ nothing }}", good="select 1", reader="{{ ref('bad') }}"))
        self.assertEqual(["error" in told for told in answer["models"]], [True, False, False])
        self.assertEqual(answer["models"][1]["name"], "good.ff")

    def test_ephemeral_models_in_a_circle(self):
        head = "{{ config(materialized='ephemeral') }}"
        [answer] = ask(project(a=head + "{{ ref('b') }}", b=head + "\n{{ ref('a') }}"))
        self.assertIn("a -> b -> a", answer["models"][0]["error"]["message"])
        self.assertIn("error", answer["models"][1])

    def test_a_config_after_the_head_is_none(self):
        [answer] = ask(project(m="--" + "x" * 2000 + "\n{{ config(materialized='view') }}"))
        self.assertEqual(answer["models"][0]["config"], {})

    def test_what_was_learned_is_kept(self):
        sys.path.insert(0, str(PACKAGES))
        from fft_render import project as rendering, static  # pylint: disable=import-outside-toplevel
        with tempfile.TemporaryDirectory() as folder:
            cache = pathlib.Path(folder, "deep/jinja.bin")
            wanted = {**project(m="{{ config(tags=['x']) }}{{ ref('users') }}\n{{ ref('u' ~ 's') }}", users="select 1"),
                      "cache": str(cache)}
            first = rendering.Project(wanted).render_all()
            self.assertEqual([path.name for path in cache.parent.iterdir()], ["jinja.bin"])
            with unittest.mock.patch.object(static, "parse", side_effect=AssertionError("parsed again")):
                self.assertEqual(rendering.Project(wanted).render_all(), first)
                with self.assertRaises(AssertionError):  # another text, another path
                    rendering.Project({**wanted, "models": [model("m", "select 2")]}).render_all()
            self.assertEqual(first[0]["error"]["line"], 2)
            for rubbish in (b"", b"rubbish", b"\xe3" * 100):
                cache.write_bytes(rubbish)
                self.assertEqual(rendering.Project(wanted).render_all(), first)
            self.assertEqual(rendering.Project({**wanted, "cache": "/proc/nowhere/jinja.bin"}).render_all(), first)

    def test_a_text_of_its_own(self):
        text = {"do": "text", "path": "profiles.yml", "project_dir": "/p", "env": {"FF_PG_DSN": "postgresql://h/d"}}
        good, bad, unknown = ask({**text, "text": "dsn: {{ env('FF_PG_DSN') }}\ndir: {{ project_dir() }}"},
                                 {**text, "text": "dsn:\n  {{ env('NO') }}"}, {"do": "dance"})
        self.assertEqual(good, {"text": "dsn: postgresql://h/d\ndir: /p"})
        self.assertEqual((bad["error"]["path"], bad["error"]["line"]), ("profiles.yml", 2))
        self.assertIn("'dance'", unknown["error"]["message"])


if __name__ == "__main__":
    unittest.main()
