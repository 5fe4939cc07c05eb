"""psycopg 3 through whatever PGHOST and its friends name; one JSON line a check."""

import asyncio
import hashlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg import errors

BIG = 16 * 1024 * 1024
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def connect(**options):
    # Everything else comes from PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE and PGSSLROOTCERT.
    return psycopg.connect(autocommit=True, connect_timeout=20, **options)


@check
def session(conn):
    names = ("server_version", "client_encoding", "standard_conforming_strings", "integer_datetimes", "DateStyle")
    row = conn.execute("select current_user, current_database()").fetchone()
    return [*row, {name: conn.info.parameter_status(name) for name in names}]


@check
def startup_parameters(_conn):
    with connect(application_name="interop", options="-c statement_timeout=12345 -c work_mem=5MB") as conn:
        shown = [conn.execute(f"show {name}").fetchone()[0] for name in ("statement_timeout", "work_mem")]
        return [conn.info.parameter_status("application_name"), *shown]


@check
def simple_query(conn):
    result = conn.pgconn.exec_(b"select 1; select 'two'; select 3 where false")
    return [result.ntuples, result.nfields]


@check
def extended_query(conn):
    row = conn.execute(
        "select %s::int8 + 1, %s::text || '!', %s::bytea, %s::int[], %s::jsonb",
        (41, "naïve ☃", b"\x00\xff", [1, 2, 3], '{"a": 1}'),
    ).fetchone()
    return [row[0], row[1], bytes(row[2]).hex(), row[3], row[4]]


@check
def prepared_statement(conn):
    total = 0
    for number in range(200):
        total += conn.execute("select %s::int * 2", (number,), prepare=True).fetchone()[0]
    statements = conn.execute("select count(*) from pg_prepared_statements").fetchone()[0]
    return [total, statements]


@check
def pipeline(conn):
    with conn.pipeline():
        cursors = [conn.execute("select %s::int, repeat('x', 4096)", (number,)) for number in range(2000)]
        rows = [cursor.fetchone() for cursor in cursors]
    return [sum(row[0] for row in rows), sum(len(row[1]) for row in rows)]


@check
def pipeline_error(conn):
    try:
        with conn.pipeline() as pipe:
            conn.execute("select 1")
            conn.execute("select 1 / %s::int", (0,))
            conn.execute("select 2")
            pipe.sync()
    except errors.DivisionByZero as error:
        return [error.sqlstate, conn.execute("select 'alive'").fetchone()[0]]
    raise AssertionError("no error")


@check
def transaction_error(conn):
    with conn.cursor() as cursor:
        cursor.execute("begin")
        codes = []
        for statement in ("select 1 / 0", "select 1"):
            try:
                cursor.execute(statement)
            except psycopg.Error as error:
                codes.append(error.sqlstate)
        cursor.execute("rollback")
        return [*codes, conn.info.transaction_status.name]


@check
def notice(conn):
    seen = []
    conn.add_notice_handler(lambda diagnostic: seen.append([diagnostic.severity, diagnostic.message_primary]))
    conn.execute("do $$ begin raise notice 'heard'; end $$")
    return seen


@check
def copy_both_ways(conn):
    conn.execute("create temp table copied (id int, body text)")
    with conn.cursor() as cursor:
        with cursor.copy("copy copied from stdin") as copy:
            for number in range(50_000):
                copy.write_row((number, f"line {number}"))
        inserted = cursor.rowcount
        digest = hashlib.sha256()
        with cursor.copy("copy (select * from copied order by id) to stdout") as copy:
            for block in copy:
                digest.update(block)
    return [inserted, digest.hexdigest()]


@check
def copy_failure(conn):
    conn.execute("create temp table refused (id int)")
    try:
        with conn.cursor() as cursor, cursor.copy("copy refused from stdin") as copy:
            for _ in range(10_000):
                copy.write("not a number\n")
    except psycopg.Error as error:
        return [error.sqlstate, conn.execute("select count(*) from refused").fetchone()[0]]
    raise AssertionError("no error")


@check
def cursor_fetch(conn):
    with conn.transaction(), conn.cursor(name="portal") as cursor:
        cursor.itersize = 100
        cursor.execute("select generate_series(1, 1000)")
        return sum(row[0] for row in cursor)


@check
def big_row(conn):
    body = conn.execute("select repeat('0123456789abcdef', %s)", (BIG // 16,)).fetchone()[0]
    return [len(body), hashlib.sha256(body.encode()).hexdigest()]


@check
def answers_of_every_size(_conn):
    # libpq's non-blocking functions never notice what a TLS record of more than 8 KiB still holds.
    async def fetch():
        async with await psycopg.AsyncConnection.connect(autocommit=True, connect_timeout=20) as conn:
            lengths = []
            for size in range(1_000, 70_000, 1_117):
                cursor = await asyncio.wait_for(conn.execute("select repeat('x', %s)", (size,)), timeout=20)
                lengths.append(len((await cursor.fetchone())[0]) - size)
            return lengths

    return sum(asyncio.run(fetch()))


@check
def big_parameter(conn):
    body = "fedcba9876543210" * (BIG // 16)
    return list(conn.execute("select length(%s::text), md5(%s::text)", (body, body)).fetchone())


@check
def listen_notify(conn):
    # A database's channels are for all its sessions: other clients' checks may run in this one.
    channel = f"interop_{conn.execute('select pg_backend_pid()').fetchone()[0]}"
    conn.execute(f"listen {channel}")
    with connect() as other:
        for number in range(3):
            other.execute("select pg_notify(%s, %s)", (channel, str(number)))
    heard = [notification.payload for notification in conn.notifies(timeout=20, stop_after=3)]
    conn.execute("unlisten *")
    return heard


@check
def cancel(conn):
    backend = conn.info.backend_pid

    def once_running():
        with connect() as other:
            while not other.execute(
                "select 1 from pg_stat_activity where pid = %s and state = 'active' and query like 'select pg_sleep%%'",
                (backend,),
            ).fetchone():
                time.sleep(0.01)
        conn.cancel_safe(timeout=20)

    with ThreadPoolExecutor(1) as threads:
        canceled = threads.submit(once_running)
        try:
            conn.execute("select pg_sleep(60)")
        except errors.QueryCanceled as error:
            # Raises what went wrong in the thread: libpq may report a cancel as failed that has worked.
            canceled.result()
            return [error.sqlstate, conn.execute("select 'alive'").fetchone()[0]]
        canceled.result()
    raise AssertionError("the query ended by itself")


@check
def process_id(conn):
    # A session's own notifications are told from others' by it, and pg_terminate_backend takes it.
    return conn.info.backend_pid == conn.execute("select pg_backend_pid()").fetchone()[0]


@check
def parallel_sessions(_conn):
    connections = [connect() for _ in range(20)]
    try:
        backends = {conn.execute("select pg_backend_pid()").fetchone()[0] for conn in connections}
        return len(backends)
    finally:
        for conn in connections:
            conn.close()


def main():
    failed = False
    with connect() as conn:
        for function in CHECKS:
            line = {"check": function.__name__.replace("_", "-")}
            try:
                line |= {"ok": True, "saw": function(conn)}
            except Exception as error:  # every check reports, whatever broke it
                failed = True
                line |= {"ok": False, "error": f"{type(error).__name__}: {error}"}
            print(json.dumps(line, ensure_ascii=False), flush=True)
    sys.exit(1 if failed else 0)


main()
