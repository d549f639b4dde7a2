"""Answers requests on standard input, one JSON object a line, each with one JSON object a line; ends with the input.

{"do": "text", "path", "text", "project_dir", "env": {}}: a template of its own, like profiles.yml.  Answers {"text"}.

{"do": "models", ...}: all SQL models of a project at once; `Project` says what a request holds.  Answers {"models": [...]},
in the order of the request.

{"do": "python_models", ...}: all Python models, see `PythonModels`.  Answers {"files": [...]}.

What is wrong with a template is an answer: {"error": {"path", "line", "message"}}, of a model in its own entry.
"""

import json
import os
import sys

from .project import Project
from .python_models import PythonModels
from .templates import Fault, render_text


def answer(request):
    try:
        if request["do"] == "text":
            return {"text": render_text(request)}
        if request["do"] == "models":
            return {"models": Project(request).render_all()}
        if request["do"] == "python_models":
            return {"files": PythonModels(request).load_all()}
    except Fault as fault:
        return {"error": fault.told()}
    return {"error": {"path": "", "line": 0, "message": f"nobody knows how to do {request['do']!r}"}}


def main():
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what files of a project print is for people
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), ensure_ascii=False), file=answers, flush=True)


if __name__ == "__main__":
    main()
