"""Tables as CSV files, there and back: what PostgreSQL writes by COPY and what it reads by COPY.

A NULL is \\N.  Beside FILE.csv stands FILE.csv.columns, `NAME<TAB>TYPE` a line, with PostgreSQL's names of types.
"""

import csv
import datetime
import decimal
import json

import pandas

NULL = "\\N"

INTEGERS = {"smallint", "integer", "bigint"}
FLOATS = {"real", "double precision"}


class NoTable(Exception):
    """What a model returned cannot become a table."""


def read_table(path):
    """A DataFrame of what COPY wrote; with pandas' own types where it has them."""
    with open(path + ".columns", encoding="utf-8") as lines:
        columns = [tuple(line.rstrip("\n").split("\t", 1)) for line in lines]
    frame = pandas.read_csv(path, dtype=str, na_values=[NULL], keep_default_na=False, encoding="utf-8")
    for name, kind in columns:
        frame[name] = _typed(frame[name], kind)
    return frame


def _typed(values, kind):
    base = kind.split("(")[0]
    if base in INTEGERS:
        return values.astype("Int64" if values.isna().any() else "int64")
    if base in FLOATS or base == "numeric":
        return values.astype(float)
    if base == "boolean":
        return values.map({"t": True, "f": False}).astype(object if values.isna().any() else bool)
    if base.startswith("timestamp"):
        is_utc = base == "timestamp with time zone"
        return pandas.to_datetime(values, utc=is_utc)
    if base == "date":
        return values.map(datetime.date.fromisoformat, na_action="ignore")
    if base in ("json", "jsonb"):
        return values.map(json.loads, na_action="ignore")
    return values.where(values.notna(), None)


def write_table(frame, path, columns_path):
    """Writes what a model returned, and the type of each column."""
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise NoTable(f"two columns have the same name: {', '.join(sorted(n for n in set(names) if names.count(n) > 1))}")
    kinds, texts = [], []
    for position in range(len(names)):
        kind, text = _column(frame.iloc[:, position])
        kinds.append(kind)
        texts.append(text)
    with open(columns_path, "w", encoding="utf-8") as lines:
        for name, kind in zip(names, kinds):
            if not name or "\t" in name or "\n" in name:
                raise NoTable(f"{name!r} is no name of a column")
            lines.write(f"{name}\t{kind}\n")
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(zip(*texts))


def _column(values):
    """PostgreSQL's type of a column, and its values as text."""
    values = values.infer_objects()
    kind = _kind(values)
    is_null = values.isna()
    if kind == "boolean":
        return kind, [NULL if null else ("t" if value else "f") for value, null in zip(values, is_null)]
    if kind == "bigint":
        return kind, [NULL if null else str(int(value)) for value, null in zip(values, is_null)]
    if kind == "double precision":
        return kind, [NULL if null else repr(float(value)) for value, null in zip(values, is_null)]
    if kind == "jsonb":
        return kind, [NULL if null else json.dumps(value, default=str) for value, null in zip(values, is_null)]
    if kind == "bytea":
        return kind, [NULL if null else "\\x" + bytes(value).hex() for value, null in zip(values, is_null)]
    return kind, [NULL if null else str(value) for value, null in zip(values, is_null)]


def _kind(values):
    dtype = values.dtype
    if pandas.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pandas.api.types.is_integer_dtype(dtype):
        return "bigint"
    if pandas.api.types.is_float_dtype(dtype):
        return "double precision"
    if pandas.api.types.is_datetime64tz_dtype(dtype):
        return "timestamptz"
    if pandas.api.types.is_datetime64_any_dtype(dtype):
        return "timestamp"
    if pandas.api.types.is_timedelta64_dtype(dtype):
        return "interval"
    return _kind_of_objects(values)


def _kind_of_objects(values):
    """By what all values are; `text` where they differ."""
    seen = {type(value) for value in values[values.notna()]}
    for types, kind in ((({bool}), "boolean"), ({int}, "bigint"), ({float}, "double precision"),
                        ({int, float}, "double precision"), ({decimal.Decimal}, "numeric"),
                        ({datetime.date}, "date"), ({datetime.datetime}, "timestamp"), ({datetime.time}, "time"),
                        ({dict}, "jsonb"), ({list}, "jsonb"), ({dict, list}, "jsonb"), ({bytes}, "bytea")):
        if seen and seen <= types:
            return kind
    return "text"
