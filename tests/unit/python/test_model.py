"""What runs a Python model on a worker: tables as files, there and back, and the program itself as the worker starts it."""

import csv
import datetime
import io
import decimal
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pandas

PACKAGES = pathlib.Path(__file__).resolve().parents[3] / "client/python"
sys.path.insert(0, str(PACKAGES))

from fft_model import tables  # noqa: E402  pylint: disable=wrong-import-position

UTC = datetime.timezone.utc
# As the frontend gives it to the worker.
LAUNCHER = """#!/usr/bin/python3
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["FFT_FILES"], "python"))
from fft_model.runner import main

sys.exit(main(sys.argv[1:]))
"""


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def put(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return str(path)

    def put_table(self, name, columns, text):
        """As the worker leaves it: CSV of COPY with NULL '<fft:null>', and the columns beside it."""
        path = self.put(name, text)
        self.put(name + ".columns", "".join(f"{column}\t{kind}\n" for column, kind in columns.items()))
        return path


class Reading(InFolder):
    def read(self, columns, text):
        return tables.read_table(self.put_table("in.csv", columns, text))

    def column(self, kind, *fields):
        """The column `c` between two others, so that no line is blank."""
        frame = self.read({"a": "integer", "c": kind, "z": "text"}, "a,c,z\n" + "".join(f"1,{field},z\n" for field in fields))
        self.assertEqual(list(frame.columns), ["a", "c", "z"])
        return frame["c"]

    def test_integers(self):
        for kind in ("smallint", "integer", "bigint"):
            values = self.column(kind, "1", "-2")
            self.assertEqual((str(values.dtype), values.tolist()), ("int64", [1, -2]))
        values = self.column("bigint", "9223372036854775807", "-9223372036854775808")
        self.assertEqual(values.tolist(), [2**63 - 1, -2**63])

    def test_integers_with_nulls_stay_exact(self):
        values = self.column("bigint", "9007199254740993", "<fft:null>")
        self.assertEqual(str(values.dtype), "Int64")
        self.assertEqual(values[0], 9007199254740993)
        self.assertIs(values[1], pandas.NA)

    def test_fractions(self):
        for kind in ("real", "double precision", "numeric", "numeric(10,2)"):
            values = self.column(kind, "1.5", "<fft:null>", "-2")
            self.assertEqual(str(values.dtype), "float64")
            self.assertEqual((values[0], values[2], values.isna().tolist()), (1.5, -2.0, [False, True, False]))
        self.assertEqual(self.column("double precision", "Infinity", "-Infinity").tolist(), [float("inf"), float("-inf")])
        self.assertEqual(self.column("double precision", "0.1", "1e-300").tolist(), [0.1, 1e-300])

    def test_booleans(self):
        values = self.column("boolean", "t", "f")
        self.assertEqual((str(values.dtype), values.tolist()), ("bool", [True, False]))
        values = self.column("boolean", "t", "<fft:null>", "f")
        self.assertEqual((values[0], values[2], values.isna().tolist()), (True, False, [False, True, False]))

    def test_moments(self):
        values = self.column("timestamp without time zone", "2020-02-29 13:14:15.123456", "<fft:null>")
        self.assertEqual(str(values.dtype), "datetime64[ns]")
        self.assertEqual(values[0], pandas.Timestamp("2020-02-29 13:14:15.123456"))
        self.assertTrue(values.isna()[1])
        values = self.column("timestamp with time zone", "2020-01-01 01:00:00+01", "2020-07-01 02:00:00+02", "<fft:null>")
        self.assertEqual(str(values.dtype), "datetime64[ns, UTC]")
        self.assertEqual(values[0], pandas.Timestamp("2020-01-01", tz="UTC"))
        self.assertEqual(values[1], pandas.Timestamp("2020-07-01", tz="UTC"))
        self.assertTrue(values.isna()[2])

    def test_dates(self):
        values = self.column("date", "2020-02-29", "<fft:null>", "9999-12-31")
        self.assertEqual((values[0], values[2]), (datetime.date(2020, 2, 29), datetime.date(9999, 12, 31)))
        self.assertTrue(values.isna()[1])

    def test_json(self):
        for kind in ("json", "jsonb"):
            values = self.column(kind, '"{""a"": [1, null, ""x""]}"', "<fft:null>", "7")
            self.assertEqual((values[0], values[2]), ({"a": [1, None, "x"]}, 7))
            self.assertTrue(values.isna()[1])

    def test_text_is_left_as_it_is(self):
        values = self.column("text", "NA", "null", "nan", "007", '"a ""b"", c"', '"two\nlines"', "grüße 🐘", " x ", "1e3", "-")
        self.assertEqual(values.tolist(), ["NA", "null", "nan", "007", 'a "b", c', "two\nlines", "grüße 🐘", " x ", "1e3", "-"])
        for kind in ("character varying(20)", "uuid", "character(3)", "integer[]", "time without time zone", "interval"):
            self.assertEqual(self.column(kind, "x").tolist(), ["x"])

    def test_null_and_the_empty_string_differ(self):
        self.assertEqual(self.column("text", "", "<fft:null>", '""').tolist(), ["", None, ""])

    def test_columns_are_called_what_they_are_called(self):
        frame = self.read({"a b": "integer", "Größe": "text", 'q"q': "text", "c,d": "text"}, 'a b,Größe,"q""q","c,d"\n1,x,y,z\n')
        self.assertEqual(list(frame.columns), ["a b", "Größe", 'q"q', "c,d"])
        self.assertEqual(frame.iloc[0].tolist(), [1, "x", "y", "z"])

    def test_no_rows(self):
        kinds = {"a": "bigint", "b": "boolean", "c": "timestamp with time zone", "d": "date", "e": "jsonb", "f": "numeric", "g": "text"}
        frame = self.read(kinds, ",".join(kinds) + "\n")
        self.assertEqual((list(frame.columns), len(frame)), (list(kinds), 0))
        self.assertEqual([str(kind) for kind in frame.dtypes],
                         ["int64", "bool", "datetime64[ns, UTC]", "object", "object", "float64", "object"])


def fewest_quotes(text):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(csv.reader(io.StringIO(text, newline="")))
    return out.getvalue()


class Writing(InFolder):
    def write(self, frame):
        """(the types by column, the CSV with no more quotes than needed)."""
        rows, columns = self.folder / "rows.csv", self.folder / "columns"
        tables.write_table(frame, str(rows), str(columns))
        return dict(line.split("\t") for line in columns.read_text("utf-8").splitlines()), fewest_quotes(rows.read_bytes().decode())

    def assert_column(self, values, kind, *lines):
        kinds, text = self.write(pandas.DataFrame({"c": values}))
        self.assertEqual((kinds, text), ({"c": kind}, "c\n" + "".join(line + "\n" for line in lines)))

    def test_every_field_is_quoted(self):
        """So that COPY takes none for the end of the data, a NULL, or a line's end."""
        path = str(self.folder / "rows.csv")
        tables.write_table(pandas.DataFrame({"c": ["\\.", "\\N", "a\rb", "", None]}), path, str(self.folder / "columns"))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b'"c"\n"\\."\n"\\N"\n"a\rb"\n""\n"<fft:null>"\n')

    def test_a_column_of_texts_alone_comes_back(self):
        frame = tables.read_table(self.put_table("in.csv", {"c": "text"}, 'c\n\n"\\N"\n<fft:null>\nx\n'))
        self.assertEqual(frame["c"].tolist(), ["", "\\N", None, "x"])

    def test_large_integers_with_nulls_stay_exact(self):
        self.assert_column(pandas.Series([9007199254740993, None], dtype=object), "bigint", "9007199254740993", "<fft:null>")
        self.assert_column([2**70, 1], "numeric", str(2**70), "1")

    def test_booleans(self):
        self.assert_column([True, False], "boolean", "t", "f")
        self.assert_column([True, None], "boolean", "t", "<fft:null>")
        self.assert_column(pandas.array([True, None], dtype="boolean"), "boolean", "t", "<fft:null>")

    def test_integers(self):
        self.assert_column([1, -2], "bigint", "1", "-2")
        self.assert_column(pandas.array([2**62 + 1, None], dtype="Int64"), "bigint", str(2**62 + 1), "<fft:null>")
        self.assert_column(pandas.Series([1, 2], dtype="int8"), "bigint", "1", "2")

    def test_fractions(self):
        self.assert_column([1.5, None, 0.1], "double precision", "1.5", "<fft:null>", "0.1")
        self.assert_column([float("inf"), -1e-300], "double precision", "inf", "-1e-300")
        self.assert_column(pandas.Series([1, 2.5, None], dtype=object), "double precision", "1.0", "2.5", "<fft:null>")
        self.assert_column([decimal.Decimal("1.10"), None, decimal.Decimal("123456789012345678.9")], "numeric",
                           "1.10", "<fft:null>", "123456789012345678.9")

    def test_moments(self):
        self.assert_column([pandas.Timestamp("2020-02-29 13:14:15.123456"), None], "timestamp", "2020-02-29 13:14:15.123456", "<fft:null>")
        self.assert_column([datetime.datetime(2020, 1, 1, tzinfo=UTC), None], "timestamptz", "2020-01-01 00:00:00+00:00", "<fft:null>")
        self.assert_column([pandas.Timestamp("2020-01-01", tz="Asia/Tokyo")], "timestamptz", "2020-01-01 00:00:00+09:00")
        self.assert_column([datetime.datetime(9999, 12, 31), None], "timestamp", "9999-12-31 00:00:00", "<fft:null>")
        self.assert_column([datetime.date(9999, 12, 31), None], "date", "9999-12-31", "<fft:null>")
        self.assert_column([datetime.time(1, 2, 3), None], "time", "01:02:03", "<fft:null>")
        self.assert_column([datetime.timedelta(days=1, hours=2), None], "interval", "1 days 02:00:00", "<fft:null>")

    def test_json_and_bytes(self):
        self.assert_column([{"a": 'x"y'}, [1], None], "jsonb", '"{""a"": ""x\\""y""}"', "[1]", "<fft:null>")
        self.assert_column([b"\0\xff", None, b""], "bytea", "\\x00ff", "<fft:null>", "\\x")

    def test_text(self):
        self.assert_column(["", None, "x"], "text", '""', "<fft:null>", "x")
        self.assert_column(['a "b", c', "two\nlines", "grüße 🐘"], "text", '"a ""b"", c"', '"two\nlines"', "grüße 🐘")
        self.assert_column(pandas.Categorical(["a", None]), "text", "a", "<fft:null>")
        self.assert_column(pandas.array(["a", None], dtype="string"), "text", "a", "<fft:null>")
        self.assert_column([None, None], "text", "<fft:null>", "<fft:null>")

    def test_values_that_differ_become_text(self):
        self.assert_column([1, "a", None, True], "text", "1", "a", "<fft:null>", "True")
        self.assert_column([decimal.Decimal("1.0"), "x"], "text", "1.0", "x")

    def test_the_index_is_no_column(self):
        frame = pandas.DataFrame({"c": [1, 2], "d": ["x", "y"]}, index=[7, 9]).sort_values("c", ascending=False)
        self.assertEqual(self.write(frame), ({"c": "bigint", "d": "text"}, "c,d\n2,y\n1,x\n"))

    def test_no_rows(self):
        frame = pandas.DataFrame({"a": pandas.Series(dtype="int64"), "b": pandas.Series(dtype=object)})
        self.assertEqual(self.write(frame), ({"a": "bigint", "b": "text"}, "a,b\n"))

    def test_names_of_columns(self):
        self.assertEqual(self.write(pandas.DataFrame([[1, 2]], columns=[0, 'q"q']))[1], '0,"q""q"\n1,2\n')
        with self.assertRaisesRegex(tables.NoTable, "two columns have the same name: a, b"):
            self.write(pandas.DataFrame([[1, 2, 3, 4, 5]], columns=["b", "a", "c", "a", "b"]))
        with self.assertRaisesRegex(tables.NoTable, "two columns have the same name: 0"):
            self.write(pandas.DataFrame([[1, 2]], columns=[0, "0"]))
        for name in ("", "a\tb", "a\nb"):
            with self.assertRaisesRegex(tables.NoTable, "is no name of a column"):
                self.write(pandas.DataFrame([[1]], columns=[name]))

    def test_there_and_back(self):
        frame = pandas.DataFrame({
            "i": [1, 2, 3], "n": pandas.array([2**53 + 1, None, -1], dtype="Int64"), "f": [0.1, None, 1e300], "b": [True, False, True],
            "s": ["", None, 'a "q",\nb'], "t": pandas.to_datetime(["2020-01-01 01:02:03.000004", None, "1999-12-31"]),
            "z": pandas.to_datetime(["2020-01-01 00:00+01:00", None, "2020-07-01 00:00+01:00"], utc=True),
            "d": [datetime.date(2020, 2, 29), None, datetime.date(1, 1, 1)], "j": [{"a": [1]}, None, [2]]})
        kinds, text = self.write(frame)
        postgres = {"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone"}
        again = tables.read_table(self.put_table("in.csv", {name: postgres.get(kind, kind) for name, kind in kinds.items()}, text))
        pandas.testing.assert_frame_equal(again.where(again.notna(), None), frame.where(frame.notna(), None))
        self.assertEqual(self.write(again), (kinds, text))


class Running(InFolder):
    """The program as a worker starts it."""

    def setUp(self):
        super().setUp()
        self.inputs = {}
        launcher = self.put("files/run_model", LAUNCHER)
        os.chmod(launcher, 0o755)
        (self.folder / "out").mkdir()
        (self.folder / "files/python").symlink_to(PACKAGES)

    def bring(self, relation, columns, text):
        self.inputs[relation] = self.put_table(f"in/{len(self.inputs)}.csv", columns, text)

    def model(self, text, path="models/m.ff.py"):
        self.put("files/project/" + path, "import pandas\nfrom fastflowtransform import engine_model, model\n" + text)

    def run_model(self, *arguments, path="models/m.ff.py", **environment):
        listing = self.put("in/list", "".join(f"{relation}\t{file}\n" for relation, file in self.inputs.items()))
        return subprocess.run([sys.executable, str(self.folder / "files/run_model"), path, *arguments], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder, timeout=120, text=True,
                              env={"PATH": os.environ["PATH"], "FFT_FILES": str(self.folder / "files"), "FFT_INPUTS": listing,
                                   "FFT_OUT": str(self.folder / "out"), "FF_ENGINE": "postgres", **environment})

    def made(self, *arguments, **more):
        ended = self.run_model(*arguments, **more)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        return fewest_quotes((self.folder / "out/rows.csv").read_text("utf-8"))

    def fault(self, *arguments, **more):
        (self.folder / "out/metadata").unlink(missing_ok=True)
        ended = self.run_model(*arguments, **more)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertFalse((self.folder / "out/metadata").exists())
        return ended.stderr.splitlines()[-1]

    def test_inputs_come_in_the_order_of_the_parameters(self):
        self.bring("users", {"id": "integer"}, "id\n1\n2\n")
        self.bring("orders", {"n": "text"}, "n\nx\n")
        self.model("@model(deps=['orders.ff', 'users.ff'])\n"
                   "def m(first, second):\n    return pandas.DataFrame({'o': first['n'], 'u': [int(second['id'].sum())]})\n")
        self.assertEqual(self.made("m", "orders", "users"), "o,u\nx,3\n")
        self.assertEqual((self.folder / "out/columns").read_text("utf-8"), "o\ttext\nu\tbigint\n")
        self.assertEqual(json.loads((self.folder / "out/metadata").read_text("utf-8")), {"http": None})

    def test_one_that_reads_nothing(self):
        self.model("@model()\ndef m():\n    return pandas.DataFrame({'a': [1]})\n")
        self.assertEqual(self.made("m"), "a\n1\n")

    def test_the_decorator_may_call_it_otherwise(self):
        self.model("@model(name='report.ff')\ndef other():\n    return pandas.DataFrame({'a': [2]})\n"
                   "@model(name='m')\ndef m():\n    return pandas.DataFrame({'a': [1]})\n")
        self.assertEqual(self.made("other"), "a\n2\n")
        self.assertEqual(self.fault("report"), "models/m.ff.py: there is no model report")

    def test_the_project_is_where_it_runs(self):
        self.put("files/project/shared/numbers.py", "SEVEN = 7\n")
        self.put("files/project/data/eight.txt", "8")
        self.model("from shared.numbers import SEVEN\n@model()\ndef m():\n"
                   "    return pandas.DataFrame({'a': [SEVEN, int(open('data/eight.txt').read())]})\n")
        self.assertEqual(self.made("m"), "a\n7\n8\n")
        self.assertEqual(list(self.folder.rglob("project/**/*.pyc")), [])

    def test_required_columns(self):
        self.bring("users", {"id": "integer", "name": "text"}, "id,name\n1,x\n")
        self.bring("orders", {"id": "integer"}, "id\n1\n")
        body = "def m(*frames):\n    return frames[0]\n"
        for require in ("['id']", "{'users': ['id', 'name']}", "{'users.ff': ['id', 'name'], 'orders.ff': ['id']}", "{}", "None"):
            with self.subTest(require):
                self.model(f"@model(deps=['users.ff', 'orders.ff'], require={require})\n{body}")
                self.assertEqual(self.made("m", "users", "orders"), "id,name\n1,x\n")
        for require in ("['id', 'name']", "{'orders': ['name']}", "{'orders.ff': ['name']}"):
            with self.subTest(require):
                self.model(f"@model(deps=['users.ff', 'orders.ff'], require={require})\n{body}")
                self.assertEqual(self.fault("m", "users", "orders"), "models/m.ff.py: m requires of orders the columns name, "
                                 "which are not there; there are: id")

    def test_an_input_that_is_not_there(self):
        self.model("@model(deps=['users.ff'])\ndef m(users):\n    return users\n")
        self.assertEqual(self.fault("m", "users"), "the input users was not brought")

    def test_one_that_raises_is_told_with_its_place(self):
        self.model("@model()\ndef m():\n    raise ValueError('it is\\nwrong')\n")
        self.assertEqual(self.fault("m"), "models/m.ff.py:5: ValueError: it is wrong")
        self.assertIn("Traceback", self.run_model("m").stderr)

    def test_the_place_is_the_innermost_of_the_project(self):
        self.put("files/project/shared/deep.py", "def fall():\n    return int('x')\n")
        self.model("from shared.deep import fall\n@model()\ndef m():\n    return fall()\n")
        self.assertRegex(self.fault("m"), "^shared/deep.py:2: ValueError: invalid literal")
        self.model("@model()\ndef m():\n    return pandas.DataFrame({'a': [1]})['b']\n")
        self.assertEqual(self.fault("m"), "models/m.ff.py:5: KeyError: 'b'")

    def test_files_that_cannot_be_loaded(self):
        self.model("def m(:\n")
        self.assertRegex(self.fault("m"), r"^models/m\.ff\.py:3: SyntaxError: ")
        self.model("import no_such_module\n")
        self.assertEqual(self.fault("m"), "models/m.ff.py:3: ModuleNotFoundError: No module named 'no_such_module'")
        self.assertRegex(self.fault("m", path="models/gone.ff.py"), r"^models/gone\.ff\.py: FileNotFoundError: ")

    def test_what_is_returned_must_be_a_table(self):
        for value, kind in (("None", "NoneType"), ("[1]", "list"), ("pandas.Series([1])", "Series")):
            self.model(f"@model()\ndef m():\n    return {value}\n")
            self.assertEqual(self.fault("m"), f"models/m.ff.py: m returned {kind}, not a DataFrame")
        self.model("@model()\ndef m():\n    return pandas.DataFrame([[1, 2]], columns=['a', 'a'])\n")
        self.assertEqual(self.fault("m"), "models/m.ff.py: what m returned is no table: two columns have the same name: a")

    def test_models_of_engines(self):
        body = "def m():\n    return pandas.DataFrame({'a': [1]})\n"
        for only in ("only='postgres'", "only=['duckdb', 'postgres']", "env_match={'FF_MODE': 'x'}", "only='postgres', name='other'"):
            self.model(f"@engine_model({only})\n{body}")
            self.assertEqual(self.made("m", FF_MODE="x"), "a\n1\n")
        for only in ("only='duckdb'", "only=['duckdb']", "only='postgres', env_match={'FF_MODE': 'y'}"):
            self.model(f"@engine_model({only})\n{body}")
            self.assertEqual(self.fault("m", FF_MODE="x"), "models/m.ff.py: there is no model m")

    def test_what_it_prints_does_no_harm(self):
        self.model("@model()\ndef m():\n    print('a,b')\n    return pandas.DataFrame({'a': [1]})\n")
        self.assertEqual(self.made("m"), "a\n1\n")


if __name__ == "__main__":
    unittest.main()
