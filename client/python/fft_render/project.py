"""All SQL models of one project, rendered at once."""

import ast
import types

import jinja2

from . import dialect, static
from .code_cache import CodeCache
from .templates import Fault, Lookup, environment, fault_of, look_up


class Project:
    """Of a request:

    engine, schema, database; vars, env: name -> value;
    models: [{name: "stg.ff", relation: "stg", path, text}]; seeds: relation -> [schema, table];
    sources: source -> table -> [schema, table]; macros, functions: [{path, text}], of SQL and of Python;
    cache: a file for what was learned of the templates; none: nothing is kept.

    Each model's answer: {name, config, refs, sources, warnings: [{line, message}], sql}; with `incremental_sql`, what it is
    once its relation is there, of one that is materialised so; or {name, error} when anything is wrong with it.
    """

    def __init__(self, request):
        self._request = request
        self._models = {model["relation"]: model for model in request["models"]}
        self._paths = {part["path"] for key in ("models", "macros", "functions") for part in request.get(key, [])}
        self._told = {}  # relation -> what its template says
        self._codes = {}  # relation -> its template, compiled
        self._rendered = {}  # (relation, whether incremental) -> text
        self._cache = CodeCache(request.get("cache"))
        self._current = []  # what is being rendered: relation, whether incremental; ephemeral ones inside others
        self._environment = environment()
        self._add_context()
        self._add_functions()
        self._add_macros()

    def render_all(self):
        answers = [self._answer(model) for model in self._request["models"]]
        self._cache.save()
        return answers

    def _answer(self, model):
        relation = model["relation"]
        try:
            answer = {"name": model["name"], **self._tell(relation), "sql": self._render(relation, False)}
            if self._kind(relation) == "incremental":
                answer["incremental_sql"] = self._render(relation, True)
            return answer
        except Fault as fault:
            return {"name": model["name"], "error": fault.told()}

    def _tell(self, relation):
        if relation not in self._told:
            model = self._models[relation]
            key = CodeCache.key(model["path"], model["text"])
            learned = self._cache.find(key)
            if learned is None:
                learned = self._learn(model["path"], model["text"])
                self._cache.keep(key, learned)
            self._told[relation], code = learned
            self._codes[relation] = jinja2.Template.from_code(self._environment, code, self._environment.globals)
        return self._told[relation]

    def _learn(self, path, text):
        """What a template says, and its code."""
        tree = static.parse(self._environment, text, path)
        refs, warnings = static.read_refs(tree)
        told = {"config": static.read_config(tree, text, path), "refs": refs, "sources": static.read_sources(tree),
                "warnings": warnings}
        return told, self._environment.compile(tree, path, path)

    def _kind(self, relation):
        return self._tell(relation)["config"].get("materialized", "table")

    def _render(self, relation, is_incremental):
        key = (relation, is_incremental)
        if key in self._rendered:
            return self._rendered[key]
        self._tell(relation)
        self._current.append(key)
        try:
            self._rendered[key] = self._codes[relation].render()
        except Exception as error:  # pylint: disable=broad-except
            raise fault_of(error, self._models[relation]["path"], self._paths) from None
        finally:
            self._current.pop()
        return self._rendered[key]

    # What templates may say.

    def _add_context(self):
        names = self._environment.globals
        names.update(dialect.FUNCTIONS)
        names.update(ref=self._ref, source=self._source, this=This(self), config=lambda **_: "", var=self._var, env=self._env,
                     engine=self._engine, is_incremental=lambda: self._current[-1][1], ff_engine=self._engine,
                     ff_is_engine=lambda *engines: self._engine() in [str(e).lower() for e in engines])
        self._environment.filters.update(var=self._var, env=self._env, sql_literal=dialect.sql_literal)

    def _ref(self, name):
        relation = str(name).removesuffix(".ff")
        if relation in self._models:
            if self._kind(relation) == "ephemeral":
                return self._inline(relation)
            return dialect.quoted(self._request["schema"], relation)
        if relation in self._request.get("tables", {}):
            return dialect.quoted(*self._request["tables"][relation])
        raise Lookup(f"ref({name!r}): there is no model and no seed of that name")

    def _inline(self, relation):
        if any(relation == outer for outer, _ in self._current):
            way = [outer for outer, _ in self._current]
            raise Lookup(f"ephemeral models go round in a circle: {' -> '.join([*way[way.index(relation):], relation])}")
        text = self._render(relation, False).strip().removesuffix(";").rstrip()
        return f"(\n{text}\n)"

    def _source(self, source, table):
        tables = self._request.get("sources", {}).get(source)
        if tables is None:
            raise Lookup(f"source({source!r}, {table!r}): sources.yml names no source {source!r}")
        if table not in tables:
            raise Lookup(f"source({source!r}, {table!r}): source {source!r} has no table {table!r}")
        return dialect.quoted(*tables[table])

    def _var(self, name, *default):
        return look_up("variable", self._request.get("vars", {}), name, default)

    def _env(self, name, *default):
        return look_up("environment variable", self._request.get("env", {}), name, default)

    def _engine(self, default=None):
        return self._request.get("engine") or default

    def about_current(self):
        """(relation, kind, schema, database) of the model that is being rendered."""
        if not self._current:
            raise Lookup("`this` is known only while a model is rendered")
        relation = self._current[-1][0]
        return relation, self._kind(relation), self._request["schema"], self._request.get("database", "")

    # What projects add to that.

    def _add_functions(self):
        """Plain functions of Python files: names of templates, and filters."""
        for part in self._request.get("functions", []):
            module = types.ModuleType(part["path"])
            module.__file__ = part["path"]
            try:
                tree = ast.parse(part["text"], part["path"])
                exec(compile(tree, part["path"], "exec"), module.__dict__)  # pylint: disable=exec-used
            except SyntaxError as error:
                raise Fault(part["path"], error.lineno or 0, error.msg) from None
            except Exception as error:  # pylint: disable=broad-except
                raise fault_of(error, part["path"], self._paths) from None
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    self._environment.globals[node.name] = module.__dict__[node.name]
                    self._environment.filters[node.name] = module.__dict__[node.name]

    def _add_macros(self):
        """Each macro is a name of every template, of other macros as well, wherever those stand."""
        templates = []
        for part in self._request.get("macros", []):
            tree = static.parse(self._environment, part["text"], part["path"])
            code = self._environment.compile(tree, part["path"], part["path"])
            template = jinja2.Template.from_code(self._environment, code, self._environment.globals)
            templates.append((part["path"], template))
            for macro in tree.find_all(jinja2.nodes.Macro):
                if not macro.name.startswith("_"):
                    self._environment.globals[macro.name] = Macro(template, macro.name)
        for path, template in templates:  # what stands beside the macros is done once, and may be wrong
            try:
                template.module  # pylint: disable=pointless-statement
            except Exception as error:  # pylint: disable=broad-except
                raise fault_of(error, path, self._paths) from None


class Macro:
    """A macro that may be named before the file it stands in was looked at."""

    def __init__(self, template, name):
        self._template = template
        self._name = name

    def __call__(self, *arguments, **named):
        return getattr(self._template.module, self._name)(*arguments, **named)


class This:
    """The model that is being rendered: its relation as text."""

    def __init__(self, project):
        self._project = project

    name = relation = property(lambda self: self._project.about_current()[0])
    materialized = property(lambda self: self._project.about_current()[1])
    schema = property(lambda self: self._project.about_current()[2])
    database = property(lambda self: self._project.about_current()[3])

    def __str__(self):
        return dialect.quoted(self.schema, self.relation)
