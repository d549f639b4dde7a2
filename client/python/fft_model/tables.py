"""Tables as CSV files, there and back: what PostgreSQL writes by COPY and what it reads by COPY.

A NULL is <fft:null>, quoted or not: pandas does not tell the two apart.  Beside FILE.csv stands FILE.csv.columns,
`NAME<TAB>TYPE` a line, with PostgreSQL's names of types.
"""

import csv
import datetime
import decimal
import json
import math
import numbers
import re

import pandas

NULL = "<fft:null>"

INTEGERS = {"smallint", "integer", "bigint"}
FLOATS = {"real", "double precision", "numeric"}
BIGINT = range(-2 ** 63, 2 ** 63)


class NoTable(Exception):
    """What a model returned cannot become a table."""


def read_table(path):
    """A DataFrame of what COPY wrote; with pandas' own types where it has them."""
    with open(path + ".columns", encoding="utf-8") as lines:
        columns = [tuple(line.rstrip("\n").split("\t", 1)) for line in lines]
    frame = pandas.read_csv(path, dtype=str, na_values=[NULL], keep_default_na=False, encoding="utf-8",
                            skip_blank_lines=False)
    for name, kind in columns:
        frame[name] = _typed(frame[name], kind)
    return frame


def _typed(values, kind):
    base = re.sub(r"\s*\([^)]*\)", "", kind)
    if base in INTEGERS:
        return values.astype("Int64" if values.isna().any() else "int64")
    if base in FLOATS:
        return values.astype(float)
    if base == "boolean":
        return values.map({"t": True, "f": False}).astype(object if values.isna().any() else bool)
    if base in ("timestamp without time zone", "timestamp with time zone"):
        return _moments(values, base == "timestamp with time zone")
    parse = {"date": _parsed(datetime.date.fromisoformat), "json": json.loads, "jsonb": json.loads,
             "bytea": lambda text: bytes.fromhex(text[2:])}.get(base)
    parsed = values.map(parse, na_action="ignore").astype(object) if parse else values
    return parsed.where(values.notna(), None)


def _moments(values, is_zoned):
    """pandas' own where all are in its range, else Python's; `infinity` stays a text."""
    try:
        return pandas.to_datetime(values, utc=is_zoned)
    except (ValueError, OverflowError):
        return values.map(_parsed(lambda text: datetime.datetime.fromisoformat(text + ":00" * bool(re.search(r"[+-]\d\d$", text[10:])))),
                          na_action="ignore").astype(object)


def _parsed(parse):
    """What `parse` makes of a text; the text itself where it can't."""
    def to_value(text):
        try:
            return parse(text)
        except ValueError:
            return text
    return to_value


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
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        writer.writerows(zip(*texts))


def _column(values):
    """PostgreSQL's type of a column, and its values as text."""
    kind = _kind(values)
    write = WRITERS.get(kind, str)
    return kind, [NULL if null else write(value) for value, null in zip(values, values.isna())]


def _json(value):
    return json.dumps(_finite(value), default=str)


def _finite(value):
    """JSON has no NaN: it is a null there."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, (list, tuple)) else value


WRITERS = {"boolean": lambda value: "t" if value else "f", "bigint": lambda value: str(int(value)),
           "double precision": lambda value: repr(float(value)), "jsonb": _json,
           "bytea": lambda value: "\\x" + bytes(value).hex()}


def _kind(values):
    dtype = values.dtype
    if pandas.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pandas.api.types.is_integer_dtype(dtype):
        return _kind_of_integers(values.dropna())
    if pandas.api.types.is_float_dtype(dtype):
        return "double precision"
    if pandas.api.types.is_datetime64tz_dtype(dtype):
        return "timestamptz"
    if pandas.api.types.is_datetime64_any_dtype(dtype):
        return "timestamp"
    if pandas.api.types.is_timedelta64_dtype(dtype):
        return "interval"
    return _kind_of_objects(values[values.notna()])


def _kind_of_integers(values):
    return "bigint" if all(int(value) in BIGINT for value in values) else "numeric"


def _kind_of_objects(values):
    """By what all values are; `text` where they differ."""
    def all_are(*types, but=()):
        return all(isinstance(value, types) and not isinstance(value, but) for value in values)

    if values.empty:
        return "text"
    if all(pandas.api.types.is_bool(value) for value in values):
        return "boolean"
    if all_are(numbers.Integral, but=bool):
        return _kind_of_integers(values)
    if all_are(numbers.Real, but=(bool, decimal.Decimal)):
        return "double precision"
    if all_are(decimal.Decimal):
        return "numeric"
    if all_are(datetime.datetime):
        return "timestamptz" if any(value.tzinfo for value in values) else "timestamp"
    for types, kind in (((datetime.date,), "date"), ((datetime.time,), "time"), ((datetime.timedelta,), "interval"),
                        ((dict, list), "jsonb"), ((bytes, bytearray), "bytea")):
        if all_are(*types, but=datetime.datetime):
            return kind
    return "text"
