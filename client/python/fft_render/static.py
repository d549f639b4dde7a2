"""What a model's template says without being rendered: its config() and what it depends on."""

import jinja2
from jinja2 import nodes

from .templates import Fault

CONFIG_KEYS = {"materialized", "tags", "kind", "engines", "pre_hook", "post_hook", "storage", "incremental", "snapshot",
               "unique_key", "primary_key", "updated_at", "delta_columns"}
MATERIALISATIONS = ("table", "view", "incremental", "ephemeral", "snapshot")
# A config() that begins later is no model's head.
HEAD = 2000


def _calls(tree, name):
    return [call for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name) and call.node.name == name]


def read_config(tree, text, path):
    """The literals of the first config() that begins within the head; {} when there is none."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for call in _calls(tree, "config"):
        if starts[call.lineno - 1] >= HEAD:
            break
        if call.args or call.dyn_args or call.dyn_kwargs:
            raise Fault(path, call.lineno, "config() takes key=value, each a literal")
        config = {}
        for pair in call.kwargs:
            if pair.key not in CONFIG_KEYS:
                raise Fault(path, pair.lineno, f"config() has no key {pair.key!r}: it is one of {', '.join(sorted(CONFIG_KEYS))}")
            try:
                config[pair.key] = pair.value.as_const()
            except nodes.Impossible:
                raise Fault(path, pair.lineno, f"config({pair.key}=...) must be a literal") from None
        kind = config.get("materialized", "table")
        if kind not in MATERIALISATIONS:
            raise Fault(path, call.lineno, f"materialized={kind!r} is none of {', '.join(MATERIALISATIONS)}")
        return config
    return {}


def read_refs(tree):
    """Names of literal ref()s without `.ff`, once each, in order; and a warning for each that is computed."""
    refs, warnings = {}, []
    for call in _calls(tree, "ref"):
        if len(call.args) == 1 and isinstance(call.args[0], nodes.Const):
            refs[str(call.args[0].value).removesuffix(".ff")] = True
        else:
            warnings.append({"line": call.lineno, "message": "a computed ref() is no dependency: name the model literally"})
    return list(refs), warnings


def read_sources(tree):
    """[source, table] of literal source()s, once each, in order."""
    found = {}
    for call in _calls(tree, "source"):
        if len(call.args) == 2 and all(isinstance(argument, nodes.Const) for argument in call.args):
            found[tuple(str(argument.value) for argument in call.args)] = True
    return [list(pair) for pair in found]


def parse(environment, text, path):
    try:
        return environment.parse(text, path, path)
    except jinja2.TemplateSyntaxError as error:
        raise Fault(path, error.lineno, error.message) from None
