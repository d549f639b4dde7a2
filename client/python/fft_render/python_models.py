"""The Python models of a project: what their decorators say, and the source that decides their results."""

import ast
import importlib.util
import os
import sys

from .templates import Fault, fault_of


class PythonModels:
    """Of a request: {project_dir, engine, env: name -> value, files: [{path, text}]}, paths below the folder.

    Executes each file, as it will be where the models run: with the project's folder and `env`.  Each file's answer:
    {path, models: [{name, function, line, deps, require, tags, materialized, meta, source}]}, or {path, error}.
    """

    def __init__(self, request):
        self._request = request

    def load_all(self):
        os.environ.update({**self._request.get("env", {}), "FF_ENGINE": self._request.get("engine", "")})
        folder = self._request["project_dir"]
        sys.path.insert(0, folder)
        return [self._load(number, folder, file) for number, file in enumerate(self._request["files"])]

    def _load(self, number, folder, file):
        from fastflowtransform import registry  # pylint: disable=import-outside-toplevel
        path = os.path.join(folder, file["path"])
        registry.MODELS.clear()
        try:
            tree = ast.parse(file["text"], path)
            spec = importlib.util.spec_from_loader(f"fft_model_{number}", loader=None, origin=path)
            module = importlib.util.module_from_spec(spec)
            module.__file__ = path
            sys.modules[spec.name] = module
            exec(compile(tree, path, "exec"), module.__dict__)  # pylint: disable=exec-used
            return {"path": file["path"], "models": [tell(model, tree, file["text"]) for model in registry.MODELS]}
        except SyntaxError as error:
            return self._fault(file, Fault(path, error.lineno or 0, error.msg))
        except (Exception, SystemExit) as error:  # pylint: disable=broad-except
            return self._fault(file, fault_of(error, path, {path}))

    def _fault(self, file, fault):
        told = fault.told()
        return {"path": file["path"], "error": {**told, "path": file["path"]}}


def tell(model, tree, text):
    """The function's source is of the file that declares it, decorators included."""
    code = model.function.__code__
    node = next((node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                 and node.name == model.function.__name__ and first_line(node) <= code.co_firstlineno <= node.end_lineno), None)
    if node is None:
        raise Fault(code.co_filename, code.co_firstlineno, f"model {model.name!r} is no function of this file")
    lines = text.splitlines(keepends=True)[first_line(node) - 1:node.end_lineno]
    return {"name": model.name, "function": model.function.__name__, "line": first_line(node), "deps": model.deps,
            "require": model.require, "tags": model.tags, "materialized": model.materialized, "meta": model.meta,
            "source": "".join(lines)}


def first_line(node):
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
