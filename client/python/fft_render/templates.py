"""Jinja2 as projects know it, and faults that name the file and line of whoever wrote them."""

import traceback

import jinja2


class Fault(Exception):
    """What is wrong with a project's text: for its author, not for us."""

    def __init__(self, path, line, message):
        super().__init__(message)
        self.path, self.line, self.message = path, line, message

    def told(self):
        return {"path": self.path, "line": self.line, "message": self.message}


def environment():
    return jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False,
                              cache_size=0)


def fault_of(error, path, paths):
    """`error` as the fault of the innermost of `paths` that it went through; `path` when it went through none."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, jinja2.TemplateSyntaxError):
        return Fault(error.filename or path, error.lineno, error.message)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in paths]
    where, line = (frames[-1].filename, frames[-1].lineno) if frames else (path, 0)
    if isinstance(error, (jinja2.UndefinedError, Lookup)):
        return Fault(where, line, str(error.args[0] if error.args else error))
    return Fault(where, line, f"{type(error).__name__}: {error}")


class Lookup(Exception):
    """Something that was asked for by name is not there."""


def look_up(what, names, name, default):
    """With a default as templates pass it: a tuple of none or one."""
    if name in names:
        return names[name]
    if default:
        return default[0]
    raise Lookup(f"{what} {name!r} is not set and has no default")


def render_text(request):
    path, env = request["path"], request["env"]
    templates = environment()
    templates.globals["env"] = lambda name, *default: look_up("environment variable", env, name, default)
    templates.globals["project_dir"] = lambda: request["project_dir"]
    try:
        code = templates.compile(request["text"], path, path)
        return jinja2.Template.from_code(templates, code, templates.globals).render()
    except Exception as error:  # pylint: disable=broad-except
        raise fault_of(error, path, {path}) from None
