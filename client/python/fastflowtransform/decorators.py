"""`@model` and `@engine_model`: how a function says that it is a model."""

import os

from .registry import Model, register

MATERIALISATIONS = ("table", "view", "incremental", "ephemeral")


def model(name=None, deps=None, require=None, tags=None, materialized="table", meta=None, kind="python"):
    """The function makes a relation of what it is given: one DataFrame for each of `deps`, in their order.

    name: of the model, the function's by default; require: columns that a dependency must have, by dependency, or a list
    for all of them.
    """
    if callable(name):
        raise TypeError("@model is written with parentheses: @model()")
    if materialized not in MATERIALISATIONS:
        raise ValueError(f"materialized={materialized!r} is none of {', '.join(MATERIALISATIONS)}")
    if kind != "python":
        raise ValueError(f"kind={kind!r}: a Python model is of kind 'python'")

    def decorate(function):
        register(Model(name=name or function.__name__, function=function, deps=_names("deps", deps), require=_columns(require),
                       tags=_names("tags", tags), materialized=materialized, meta=dict(meta or {})))
        return function

    return decorate


def engine_model(only=None, env_match=None, **of_model):
    """`@model` where the engine is one of `only` and each variable of `env_match` has its value; elsewhere nothing."""
    engines = _names("only", [only] if isinstance(only, str) else only)
    is_wanted = not engines or os.environ.get("FF_ENGINE", "") in engines
    for variable, value in (env_match or {}).items():
        wanted = _names("env_match", [value] if isinstance(value, str) else value)
        is_wanted = is_wanted and os.environ.get(variable) in wanted
    return model(**of_model) if is_wanted else lambda function: function


def _names(what, values):
    if values is None:
        return []
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{what} is a list of names, not {values!r}")
    return list(values)


def _columns(require):
    if require is None or isinstance(require, dict):
        return {dep: _names("require", columns) for dep, columns in (require or {}).items()}
    return _names("require", require)
