"""A FastFlowTransform project of 1,000 SQL models: what a build with nothing to do takes, and the first one against psql."""

import os
import statistics
import subprocess
import time

from table import row, worlds

MODELS = 1000
WIDTH = 100  # of a level
NAME = "m{:04}"


def sources_of(number):
    """Two models of the level before."""
    level, place = divmod(number, WIDTH)
    if level == 0:
        return []
    return [(level - 1) * WIDTH + place, (level - 1) * WIDTH + (place + 7) % WIDTH]


def write(folder):
    """Models of ten rows in ten levels, by what a person would write: a config, a macro, two refs."""
    (folder / "models/macros").mkdir(parents=True)
    (folder / "project.yml").write_text("name: thousand\nvars: {limit: 10}\n")
    (folder / "profiles.yml").write_text("bench:\n  engine: postgres\n  postgres: {dsn: \"{{ env('FF_PG_DSN') }}\", "
                                         "db_schema: thousand}\n")
    (folder / "models/macros/cents.sql").write_text("{% macro cents(x) %}({{ x }} * 100)::bigint{% endmacro %}\n")
    for number in range(MODELS):
        refs = sources_of(number)
        config = "{{ config(materialized='table', tags=['level" + str(number // WIDTH) + "']) }}\n"
        if refs:
            a, b = ("{{ ref('" + NAME.format(ref) + ".ff') }}" for ref in refs)
            text = f"select a.id, {{{{ cents('a.value') }}}} % 1000 as value, b.value as other\nfrom {a} a join {b} b on a.id = b.id\n"
        else:
            text = "select id, id * " + str(number + 1) + " as value from generate_series(1, {{ var('limit') }}) id\n"
        (folder / "models" / f"{NAME.format(number)}.ff.sql").write_text(config + text)


def script():
    """What a build sends for the same models, in the same order."""
    lines = ['create schema if not exists plain;',
             'create table plain._ff_run (relation text primary key, service text not null, epoch bigint not null, '
             'run bigint not null, node bigint not null, ended_at timestamptz);',
             'create table plain._ff_meta (node_name text primary key, relation text not null, fingerprint text not null, '
             'engine text not null, built_at timestamptz not null);']
    for number in range(MODELS):
        name = NAME.format(number)
        refs = sources_of(number)
        if refs:
            a, b = (f'plain."{NAME.format(ref)}"' for ref in refs)
            query = f"select a.id, (a.value * 100)::bigint % 1000 as value, b.value as other\nfrom {a} a join {b} b on a.id = b.id"
        else:
            query = f"select id, id * {number + 1} as value from generate_series(1, 10) id"
        lines.append(f"""begin;
insert into plain._ff_run as r (relation, service, epoch, run, node) values ('{name}', '', 0, 0, 0)
  on conflict (relation) do update set relation = excluded.relation returning service, epoch, run, node;
select coalesce((select c.relkind::text from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'plain' and c.relname = '{name}'), ''), to_regclass('plain."_ff_meta"') is not null;
explain (format json) {query};
create table plain."_fft_{number}" as {query};
analyze plain."_fft_{number}";
alter table plain."_fft_{number}" rename to "{name}";
update plain._ff_run set service = 's', epoch = 1, run = {number}, node = {number}, ended_at = now() where relation = '{name}';
delete from plain._ff_meta where node_name = '{name}.ff';
insert into plain._ff_meta (node_name, relation, fingerprint, engine, built_at)
  values ('{name}.ff', '{name}', '{'0' * 64}', 'postgres', now());
select pg_total_relation_size('plain."{name}"'::regclass);
commit;""")
    return "\n".join(lines) + "\n"


def bench_project():
    w = worlds.World(slots=2).start()
    try:
        folder = w.folder / "thousand"
        write(folder)
        (w.folder / "plain.sql").write_text(script())
        host = w.data / "postgres"
        environment = {**w.environment(), "FF_PG_DSN": f"postgresql://fft@/warehouse?host={host}"}
        conninfo = f"host={host} user=fft dbname=warehouse"

        def timed(*command):
            begin = time.monotonic()
            subprocess.run(list(map(str, command)), env=environment, cwd=w.folder, stdout=subprocess.DEVNULL, check=True)
            return time.monotonic() - begin

        def forget():
            for schema in ("thousand", "plain"):
                # A transaction that drops a thousand tables needs more locks than there are.
                drop = f"select format('drop table %I.%I', schemaname, tablename) from pg_tables where schemaname = '{schema}'"
                subprocess.run(["psql", conninfo, "-Xq", "-c", f"{drop} \\gexec"], check=False, stderr=subprocess.DEVNULL)
                subprocess.run(["psql", conninfo, "-Xq"], input=f"{drop} \\gexec\ndrop schema if exists {schema};\n".encode(),
                               check=True, stderr=subprocess.DEVNULL)

        fftctl = [worlds.BIN / "fftctl", "build", folder, "--env", "bench"]
        timed(*fftctl)  # Jinja learns the templates, PostgreSQL its caches
        ours, theirs = [], []
        for _ in range(3):
            forget()
            theirs.append(timed("psql", conninfo, "-Xq", "-f", w.folder / "plain.sql"))
            ours.append(timed(*fftctl, "--jobs", "1"))
        row("FastFlowTransform, 1,000 SQL models: first build, --jobs 1", f"{statistics.median(ours):.2f} s",
            f"1.15 x psql's {statistics.median(theirs):.2f} s ({statistics.median(o / t for o, t in zip(ours, theirs)):.2f} x)")
        idle = [timed(*fftctl) for _ in range(5)]
        builds = w.client.builds.ListBuilds(worlds.api.builds_pb2.ListBuildsRequest(page_size=5)).builds
        daemon = [(b.end_time.ToMilliseconds() - b.receive_time.ToMilliseconds()) / 1000 for b in builds]
        row("the same with nothing to do: load, render, plan, build", f"{statistics.median(idle):.2f} s", "2 s")
        row("of that in the daemon", f"{statistics.median(daemon):.3f} s", "0.3 s")
    finally:
        w.close()
