"""What the renderer tells of Python models, and the decorators that they import."""

import textwrap
import unittest

from test_render import ask


def load(*texts, **more):
    files = [{"path": f"models/m{number}.ff.py", "text": textwrap.dedent(text)} for number, text in enumerate(texts)]
    [answer] = ask({"do": "python_models", "project_dir": "/nowhere", "engine": "postgres", "env": {"FF_MODE": "x"}, "files": files,
                    **more})
    return answer["files"]


class PythonModels(unittest.TestCase):
    def model(self, text, **more):
        [told] = load(text, **more)
        self.assertNotIn("error", told)
        [model] = told["models"]
        return model

    def fault(self, text):
        [told] = load(text)
        self.assertIn("error", told)
        self.assertEqual(told["error"]["path"], "models/m0.ff.py")
        return told["error"]["line"], told["error"]["message"]

    def test_a_decorator_says_what_the_function_is(self):
        told = self.model("""\
            from fastflowtransform import model

            CONSTANT = 1

            @model(
                name="mart_users", deps=["stg_users.ff", "b"], require={"stg_users.ff": ["id"]}, tags=["x"],
                materialized="view", meta={"owner": "ann"})
            def build(users, b):
                # a comment
                return users

            def helper(): pass
            """)
        source = told.pop("source")
        self.assertTrue(source.startswith("@model(\n    name="), source)
        self.assertTrue(source.endswith("    # a comment\n    return users\n"), source)
        self.assertEqual(told, {"name": "mart_users", "function": "build", "line": 5, "deps": ["stg_users.ff", "b"],
                                "require": {"stg_users.ff": ["id"]}, "tags": ["x"], "materialized": "view",
                                "meta": {"owner": "ann"}})

    def test_the_function_s_name_is_the_default(self):
        told = self.model("from fastflowtransform.decorators import model\n@model()\ndef py_constants():\n    return None\n")
        self.assertEqual((told["name"], told["deps"], told["materialized"], told["require"]), ("py_constants", [], "table", {}))

    def test_a_file_may_have_several_or_none(self):
        several, none = load("import fastflowtransform as f\n@f.model()\ndef a(): pass\n@f.model()\ndef b(): pass\n", "x = 1\n")
        self.assertEqual([model["name"] for model in several["models"]], ["a", "b"])
        self.assertEqual(none["models"], [])

    def test_an_engine_model_is_one_where_its_engine_is(self):
        head = "from fastflowtransform import engine_model\n"
        [told] = load(head + "@engine_model(only='postgres', name='a')\ndef f(): pass\n"
                      "@engine_model(only=('duckdb', 'bigquery'), name='b')\ndef g(): pass\n"
                      "@engine_model(env_match={'FF_MODE': 'x'}, name='c')\ndef h(): pass\n"
                      "@engine_model(only='postgres', env_match={'FF_MODE': 'y'}, name='d')\ndef i(): pass\n")
        self.assertEqual([model["name"] for model in told["models"]], ["a", "c"])

    def test_what_a_file_prints_is_no_answer(self):
        told = self.model("import os\nfrom fastflowtransform import model\nprint('{}')\nos.system('echo {}')\n@model()\ndef a(): pass\n")
        self.assertEqual(told["name"], "a")

    def test_faults_name_file_and_line(self):
        head = "from fastflowtransform import model\n"
        for text, line, words in [
                ("def f(:\n", 1, "invalid syntax"),
                ("x = 1\nimport no_such_module\n", 2, "No module named 'no_such_module'"),
                ("\n\nraise ValueError('no')\n", 3, "ValueError: no"),
                ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
                (head + "@model(dep=['a'])\ndef f(): pass\n", 2, "unexpected keyword argument 'dep'"),
                (head + "@model(deps='a')\ndef f(): pass\n", 2, "deps is a list of names, not 'a'"),
                (head + "@model(materialized='cube')\ndef f(): pass\n", 2, "'cube' is none of table"),
                (head + "@model\ndef f(): pass\n", 2, "written with parentheses")]:
            with self.subTest(text):
                at, message = self.fault(text)
                self.assertEqual(at, line, message)
                self.assertIn(words, message)

    def test_a_fault_is_its_file_s_alone(self):
        bad, good = load("boom", "from fastflowtransform import model\n@model()\ndef a(): pass\n")
        self.assertIn("error", bad)
        self.assertEqual([model["name"] for model in good["models"]], ["a"])


if __name__ == "__main__":
    unittest.main()
