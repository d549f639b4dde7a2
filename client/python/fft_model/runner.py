"""What a worker executes for a Python model: the tables that it reads come as files, the one that it makes goes as one.

    runner.py PATH MODEL RELATION...

PATH: the model's file below $FFT_FILES/project; MODEL: its name, or its function's; RELATIONs: what the function gets, in the order of its parameters.
$FFT_INPUTS lists `RELATION<TAB>FILE`; $FFT_OUT gets rows.csv, columns and metadata.
"""

import importlib.util
import json
import os
import sys
import traceback

from fastflowtransform import registry
from fastflowtransform.api import http

from . import tables


class Fault(Exception):
    """What is told to the user, without a trace of us."""


def main(arguments):
    path, name, relations = arguments[0], arguments[1], arguments[2:]
    project = os.path.join(os.environ["FFT_FILES"], "project")
    try:
        model = load_model(project, path, name)
        frames = [read_input(relation) for relation in relations]
        check_required(model, path, relations, frames)
        result = model.function(*frames)
        write_result(path, model, result)
        return 0
    except Fault as fault:
        fail(str(fault))
    except Exception as error:  # pylint: disable=broad-except
        fail(told(error, project, path))
    return 1


def fail(text):
    """What the model printed comes before it: the log's last line tells why."""
    sys.stdout.flush()
    print(text, file=sys.stderr)


def load_model(project, path, name):
    sys.path.insert(0, project)
    os.chdir(project)
    spec = importlib.util.spec_from_file_location("fft_model_module", os.path.join(project, path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    for is_it in (lambda model: model.name == name, lambda model: model.function.__name__ == name):
        for model in registry.MODELS:
            if is_it(model):
                return model
    raise Fault(f"{path}: there is no model {name}")


def read_input(relation):
    with open(os.environ["FFT_INPUTS"], encoding="utf-8") as lines:
        for line in lines:
            name, path = line.rstrip("\n").split("\t", 1)
            if name == relation:
                return tables.read_table(path)
    raise Fault(f"the input {relation} was not brought")


def check_required(model, path, relations, frames):
    """`require` is a list for all dependencies, or a list by dependency, named with or without `.ff`."""
    for relation, frame in zip(relations, frames):
        wanted = model.require
        if isinstance(wanted, dict):
            wanted = wanted.get(relation, wanted.get(relation + ".ff", []))
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            raise Fault(f"{path}: {model.name} requires of {relation} the columns {', '.join(missing)}, which are not there; "
                        f"there are: {', '.join(map(str, frame.columns))}")


def write_result(path, model, result):
    import pandas  # pylint: disable=import-outside-toplevel
    if not isinstance(result, pandas.DataFrame):
        raise Fault(f"{path}: {model.name} returned {type(result).__name__}, not a DataFrame")
    out = os.environ["FFT_OUT"]
    try:
        tables.write_table(result, os.path.join(out, "rows.csv"), os.path.join(out, "columns"))
    except tables.NoTable as error:
        raise Fault(f"{path}: what {model.name} returned is no table: {error}") from error
    with open(os.path.join(out, "metadata"), "w", encoding="utf-8") as file:
        json.dump({"http": http.statistics(model.name)}, file)


def told(error, project, path):
    """The whole trace for the log, and as its last line the place in the project's files and the error."""
    trace = traceback.TracebackException.from_exception(error)
    places = [frame for frame in trace.stack if frame.filename.startswith(project)]
    if isinstance(error, SyntaxError):
        file = os.path.relpath(error.filename, project) if (error.filename or "").startswith(project) else path
        place = f"{file}:{error.lineno or 0}"
    elif places:
        place = f"{os.path.relpath(places[-1].filename, project)}:{places[-1].lineno}"
    else:
        place = path
    return "".join(trace.format()) + f"{place}: {type(error).__name__}: {error}".replace("\n", " ")
