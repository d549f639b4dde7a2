"""What templates may ask of SQL without saying for which engine: PostgreSQL's words for it."""

import datetime
import decimal
import re

UNITS = ("microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")

# PostgreSQL 15 has no cast that cannot fail: what looks like a value of the type is cast, the rest is not.
NUMBER = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
INTEGER = r"^\s*[-+]?[0-9]+\s*$"
SHAPES = {
    "numeric": NUMBER, "decimal": NUMBER, "double precision": NUMBER, "float": NUMBER, "float8": NUMBER, "real": NUMBER,
    "integer": INTEGER, "int": INTEGER, "int4": INTEGER, "bigint": INTEGER, "int8": INTEGER, "smallint": INTEGER,
    "boolean": r"^\s*([tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|[yY]([eE][sS])?|[nN][oO]?|[oO][nN]|[oO][fF][fF]|[01])\s*$",
    "date": r"^\s*[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\s*$",
}
SHAPES["bool"] = SHAPES["boolean"]


def quoted(*names):
    """`"schema"."table"`; what is empty is left out."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names if name)


def sql_literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return f"'{value}'::double precision"
        return repr(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return f"'{value.isoformat()}'"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(map(sql_literal, value)) + ")"
    return "'" + str(value).replace("'", "''") + "'"


def _unit(unit):
    name = str(unit).lower()
    if name not in UNITS:
        raise ValueError(f"{unit!r} is no unit of time: it is one of {', '.join(UNITS)}")
    return name


def ff_date_trunc(expression, unit="day"):
    return f"date_trunc('{_unit(unit)}', {expression})"


def ff_date_add(expression, unit, amount):
    name, count = _unit(unit), int(amount)
    if name == "quarter":  # no interval has quarters
        name, count = "month", 3 * count
    return f"({expression} + interval '{count} {name}')"


def ff_safe_cast(expression, target, default=None):
    """What cannot be cast is `default`, an SQL expression; none: NULL."""
    fallback = "NULL" if default is None else str(default)
    bare = re.sub(r"\s*\(.*\)\s*$", "", str(target)).strip().lower()
    shape = SHAPES.get(bare)
    if shape is None:
        cast = f"CAST({expression} AS {target})"
        return cast if default is None else f"COALESCE({cast}, {fallback})"
    return f"CASE WHEN ({expression})::text ~ '{shape}' THEN CAST(({expression})::text AS {target}) ELSE {fallback} END"


def ff_partition_filter(column, first=None, last=None):
    """Both ends count; one that is none is open."""
    ends = [(">=", first), ("<=", last)]
    return " AND ".join(f"{column} {how} {sql_literal(end)}" for how, end in ends if end is not None) or "TRUE"


def ff_partition_in(column, values):
    return f"{column} IN {sql_literal(list(values))}" if values else "FALSE"


FUNCTIONS = {f.__name__: f for f in (ff_date_trunc, ff_date_add, ff_safe_cast, ff_partition_filter, ff_partition_in)}
