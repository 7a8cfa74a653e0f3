"""The same company in PostgreSQL and in files; what goes wrong with a database; and where its password never is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import postgres as pg
import pytest
from folders import DEALS, REPS, TOML

from salesops_helpers import SalesOpsError, load, measures
from salesops_helpers.data import reduce
from salesops_helpers.data.check import check
from salesops_helpers.data.engine import Engine
from salesops_helpers.data.load import read_all
from salesops_helpers.data.tables import TABLES
from salesops_helpers.performance import reps as performance

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
TYPES = {"text": "text", "date": "date", "moment": "timestamp", "month": "date", "money": "numeric",
         "number": "double precision", "boolean": "boolean"}


def typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a file that columns with types can hold, one a key."""
    table = TABLES[name]
    frame = frame.drop_duplicates()
    frame = frame[~frame.duplicated([c for c in table.key if c in frame], keep=False)
                  | frame[table.key[0]].isna()].copy()
    for column in (c for c in table.columns if c.name in frame and c.type not in ("text", "boolean")):
        text = frame[column.name]
        read = (pd.to_numeric(text, errors="coerce") if column.type in ("money", "number")
                else pd.to_datetime(text, errors="coerce", format="ISO8601"))
        if column.type == "month":
            frame[column.name] = read.dt.strftime("%Y-%m-%d")
        frame = frame[read.notna() | text.isna()]
    return frame


@pytest.fixture(scope="module")
def companies(postgres, tmp_path_factory):
    """The sample as files and in PostgreSQL, with the same rows, bad ones among them."""
    base = tmp_path_factory.mktemp("companies")
    files, database = base / "files", base / "database"
    for folder in (files, database):
        shutil.copytree(SAMPLE / "plans", folder / "plans")
    frames = {p.stem: typed(p.stem, pd.read_csv(p, dtype=str)) for p in SAMPLE.glob("*.csv")}
    types = {f"{n}.{c.name}": TYPES[c.type] for n in frames for c in TABLES[n].columns}
    pg.write(postgres, "sample", frames, types)
    for name, frame in frames.items():
        frame.to_csv(files / f"{name}.csv", index=False)
    toml = (SAMPLE / "company.toml").read_text("utf-8")
    (files / "company.toml").write_text(toml, "utf-8")
    (database / "company.toml").write_text(with_source(toml, postgres.url, "sample", frames), "utf-8")
    return files, database


def with_source(toml: str, url: str, schema: str, names) -> str:
    head, bracket, tail = toml.partition("\n[")
    views = "\n".join(f'{name} = "{schema}.{name}"' for name in names)
    return f'{head}\nsource = "{url}"\n\n[views]\n{views}\n{bracket}{tail}'


@pytest.fixture
def acme(postgres, tmp_path, request):
    """Write a small company in PostgreSQL; gives its folder. `toml` may be changed."""

    def write(url: str | None = None, views: str = "", frames: dict | None = None, types: dict | None = None) -> Path:
        schema = f"s_{abs(hash(request.node.nodeid)) % 10**8}_{len(os.listdir(tmp_path))}"
        given = frames or {"reps": csv(REPS), "opportunities": csv(DEALS)}
        pg.write(postgres, schema, given, types)
        folder = tmp_path / f"acme{len(os.listdir(tmp_path))}"
        folder.mkdir()
        named = views or "\n".join(f'{name} = "{schema}.{name}"' for name in given)
        text = TOML + f'source = "{url or postgres.url}"\n[views]\n{named.replace("SCHEMA", schema)}\n'
        (folder / "company.toml").write_text(text, "utf-8")
        return folder

    return write


def csv(text: str) -> pd.DataFrame:
    from io import StringIO

    return pd.read_csv(StringIO(text), dtype=str)


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("SALESOPS_DB_PASSWORD", pg.PASSWORD)


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(list(frame.columns), ignore_index=True)


def test_every_table_holds_the_same_rows(companies):
    files, database = (load(folder, month="2026-08") for folder in companies)
    assert files.available == database.available and len(files.available) == 26
    for name in files.available:
        pd.testing.assert_frame_equal(ordered(getattr(files, name)), ordered(getattr(database, name)), obj=name)


def test_the_report_rests_on_the_same_figures(companies):
    files, database = (load(folder, month="2026-08") for folder in companies)
    for by in (None, *measures.UNITS):
        pd.testing.assert_frame_equal(measures.bookings(files, by), measures.bookings(database, by))
    pd.testing.assert_frame_equal(performance.win_rates(files), performance.win_rates(database))
    pd.testing.assert_frame_equal(ordered(measures.credited(files)), ordered(measures.credited(database)))


def test_rows_in_used_and_reasons_are_the_same(companies):
    files, database = (read_all(folder)[1] for folder in companies)
    counts = {name: Engine(files).counts(name) for name in files.names}
    assert counts == {name: Engine(database).counts(name) for name in database.names}
    assert sum(len(reasons) for _, _, reasons in counts.values()) > 8


@pytest.mark.parametrize("name, by, per, sums", [
    ("activities", ["rep_id", "kind"], "month", ["minutes"]), ("activities", [], None, ["minutes"]),
    ("leads", ["source"], "quarter", ["score"]), ("stage_history", ["stage"], "year", ["amount"]),
    ("tool_usage", ["tool"], "month", ["active_days"]), ("leads", ["rep_id"], None, []),
])
def test_events_are_counted_in_the_database_as_in_files(companies, name, by, per, sums):
    files, database = (load(folder, month="2026-03") for folder in companies)
    asked = {"by": by, "per": per, "sums": sums, "start": "2025-01"}
    asked = asked if TABLES[name].dated_by else asked | {"start": None}
    counted = reduce.counted(database, name, **asked)
    pd.testing.assert_frame_equal(counted, reduce.counted(files, name, **asked))
    assert database.rows(name)._find_backend().name == "postgres"
    assert f"raw_{name}" not in database.engine.checker.con.list_tables()


def test_events_whose_columns_are_text_are_read_here(acme):
    events = csv("activity_id,rep_id,occurred_at,minutes\na1,r1,2026-01-05T08:00:00,5\na2,r1,soon,5\n"
                 "a1,r1,2026-01-06,5\n")
    folder = acme(frames={"reps": csv(REPS), "opportunities": csv(DEALS), "activities": events})
    tables = load(folder)
    assert reduce.counted(tables, "activities", ["rep_id"])["rows"].tolist() == [1]
    assert tables.rows("activities")._find_backend().name == "duckdb"


@pytest.mark.parametrize("kind", ["text", "timestamp"])
def test_of_conflicting_rows_the_same_one_is_used_there_and_here(acme, kind):
    events = csv("activity_id,rep_id,kind,occurred_at\na1,r1,ä,2026-01-05\na1,r1,Z,2026-01-05\na1,r1,a,2026-01-05\n"
                 "a1,r1,Z,2026-01-05\n,r1,Z,2026-01-05\na2,r9,Z,2026-01-05\na3,r2,Z,2027-01-05\n")
    folder = acme(frames={"reps": csv(REPS), "opportunities": csv(DEALS), "activities": events},
                  types={"activities.occurred_at": kind})
    tables = load(folder)
    assert reduce.counted(tables, "activities", ["kind"])["kind"].tolist() == ["Z"]
    assert tables.activities["kind"].tolist() == ["Z"]
    assert tables.engine.counts("activities") == (7, 1, {
        "a row above it has the same key and other values; that one is used": 2,
        "occurred_at is after the extract date 2026-03-31": 1, "rep_id is not in the table reps": 1,
        "the key activity_id is empty": 1, "the same row stands above it": 1})


def test_types_that_only_the_database_knows(acme):
    deals = csv("opportunity_id,rep_id,stage,created_on,closed_on,amount\n"
                "7,r1,Won,2026-01-05,2026-02-10 23:30:00+00,10\n8,r1,Open,infinity,,NaN\n"
                "9,r1,Won,2026-01-05,0001-01-01 00:00:00+00,10\n")
    types = {"opportunities.opportunity_id": "bigint", "opportunities.created_on": "date",
             "opportunities.closed_on": "timestamptz", "opportunities.amount": "numeric"}
    report = check(acme(frames={"reps": csv(REPS), "opportunities": deals}, types=types))
    assert report.counts.set_index("table").loc["opportunities", ["rows_in", "used"]].tolist() == [3, 1]
    assert sorted(report.set_aside["rule"]) == ["not a date", "not a date"]


def test_only_the_columns_that_are_mapped_are_read(acme):
    folder = acme(frames={"reps": csv(REPS), "opportunities": csv(DEALS).assign(secret_notes="x")})
    checker = read_all(folder)[1]
    checker.table("opportunities")
    assert "secret_notes" not in checker.con.table("raw_opportunities").columns


# What goes wrong

def said(folder: Path, *command: str) -> str:
    """The one line that the command says; nothing is written."""
    before = sorted(folder.parent.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "salesops_helpers.cli", *(command or ("report", str(folder), "--month", "2026-02")),
         "--out", str(folder.parent / "out")], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
    assert sorted(folder.parent.rglob("*")) == before
    assert not leaked(done.stderr)
    return done.stderr


def leaked(text: str) -> bool:
    from urllib.parse import quote

    forms = {pg.PASSWORD, quote(pg.PASSWORD, safe=""), quote(pg.PASSWORD), "s3cret"}
    return any(form in text for form in forms)


def test_a_wrong_password(acme, monkeypatch):
    monkeypatch.setenv("SALESOPS_DB_PASSWORD", "s3cret-but-wrong")
    assert "refuses the login" in said(acme())


def test_a_host_that_does_not_answer(acme):
    port = pg.free_port()
    line = said(acme(f"postgres://reader:${{SALESOPS_DB_PASSWORD}}@127.0.0.1:{port}/crm"))
    assert f"postgres://127.0.0.1:{port}/crm cannot be reached" in line


def test_a_host_that_takes_the_call_and_says_nothing(acme, monkeypatch):
    monkeypatch.setattr("salesops_helpers.data.sources.connect.CONNECT_SECONDS", 2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(SalesOpsError, match="cannot be reached"):
            load(acme(f"postgres://reader@127.0.0.1:{mute.getsockname()[1]}/crm"))


def test_a_database_that_is_not_there(acme, postgres):
    assert "cannot be reached" in said(acme(postgres.url.replace("/crm", "/erp")))


def test_a_missing_variable(acme, monkeypatch):
    monkeypatch.delenv("SALESOPS_DB_PASSWORD")
    assert "needs the environment variable SALESOPS_DB_PASSWORD" in said(acme())


@pytest.mark.parametrize("url", [
    "postgres://reader:s3cret@127.0.0.1/crm", "postgres://reader@127.0.0.1/crm?password=s3cret",
    "postgres://reader:s3cret${MORE}@127.0.0.1/crm", "mysql://:s3cret@127.0.0.1/crm", "s3cret",
])
def test_a_password_in_the_file_is_refused_and_not_repeated(acme, url):
    line = said(acme(url))
    assert "company.toml: source" in line and ("${SALESOPS_DB_PASSWORD}" in line or url == "s3cret")


@pytest.mark.parametrize("line", [
    'sorce = "postgres://reader:s3cret@h/crm"', 'password = "s3cret"', '[database]\npassword = "s3cret"',
])
def test_a_password_under_a_wrong_name_is_not_repeated(tmp_path, line):
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "company.toml").write_text(TOML + line, "utf-8")
    assert "Extra inputs are not permitted" in said(tmp_path / "acme")


def test_a_missing_view(acme):
    line = said(acme(views='reps = "SCHEMA.reps"\nopportunities = "SCHEMA.deals"'))
    assert "has no table or view" in line and "deals'" in line and "opportunities" in line


def test_a_required_table_without_a_view(acme):
    assert "has no table or view called 'opportunities'" in said(acme(views='reps = "SCHEMA.reps"'))


def test_a_missing_column(acme):
    folder = acme(frames={"reps": csv(REPS), "opportunities": csv(DEALS).drop(columns="amount")})
    assert "has no column 'amount', which the table opportunities needs" in said(folder)


def test_a_table_that_may_not_be_read(acme, postgres):
    folder = acme()
    schema = (folder / "company.toml").read_text().partition('reps = "')[2].partition(".")[0]
    with postgres.admin() as con:
        con.execute(f'REVOKE SELECT ON "{schema}".opportunities FROM reader')
    assert "may not be read" in said(folder)


def test_a_view_that_takes_too_long(acme, postgres):
    folder = acme()
    toml = (folder / "company.toml").read_text()
    schema = toml.partition('reps = "')[2].partition(".")[0]
    with postgres.admin() as con:
        con.execute(f'CREATE VIEW "{schema}".slow AS SELECT o.* FROM "{schema}".opportunities o, pg_sleep(30)')
        con.execute(f'GRANT SELECT ON "{schema}".slow TO reader')
    toml = toml.replace(f'"{schema}.opportunities"', f'"{schema}.slow"').replace("[views]", "timeout = 1\n[views]")
    (folder / "company.toml").write_text(toml)
    assert "took more than 1 seconds" in said(folder)


def test_the_connection_drops_in_mid_read(acme, postgres):
    """The server ends the session while the rows of a large view are on their way."""
    folder = acme()
    toml = (folder / "company.toml").read_text()
    schema = toml.partition('reps = "')[2].partition(".")[0]
    with postgres.admin() as con:
        con.execute(f'CREATE VIEW "{schema}".endless AS SELECT n::text || o.opportunity_id AS opportunity_id, '
                    f'o.rep_id, o.stage, o.amount, o.created_on, o.closed_on FROM generate_series(1, 40000000) n, '
                    f'"{schema}".opportunities o')
        con.execute(f'GRANT SELECT ON "{schema}".endless TO reader')
    (folder / "company.toml").write_text(toml.replace(f'"{schema}.opportunities"', f'"{schema}.endless"'))
    ended = threading.Event()
    killer = threading.Thread(target=end_session, args=(postgres, ended))
    killer.start()
    try:
        line = said(folder)
    finally:
        ended.set()
        killer.join()
    assert "endless broke off" in line and "run it again" in line


def end_session(server: pg.Server, ended: threading.Event) -> None:
    """End the reader's session once it is fetching rows."""
    sql = ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader' AND query ILIKE '%FETCH%' "
           "AND now() - backend_start > interval '1 second'")
    with server.admin() as con:
        while not ended.wait(0.2) and not con.execute(sql).fetchall():
            pass


def test_nothing_can_be_written(acme):
    import psycopg

    remote = read_all(acme())[1].source.remote
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        remote.con.execute("CREATE TABLE mine (n int)")


def test_a_driver_that_is_not_installed(acme, monkeypatch):
    folder = acme()
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in [n for n in sys.modules if n.startswith("ibis.backends.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SalesOpsError, match=r"pip install 'salesops-helpers\[postgres\]'"):
        load(folder)


def test_another_engine_by_url(tmp_path):
    import duckdb

    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as con:
        for name, text in {"reps": REPS, "opportunities": DEALS}.items():
            frame = csv(text)
            con.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
            assert len(frame)
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "company.toml").write_text(TOML + f'source = "duckdb://{path}"\n', "utf-8")
    assert load(tmp_path / "acme").opportunities["status"].tolist() == ["won", "lost", "open"]
    path.unlink()
    with pytest.raises(SalesOpsError, match="there is no file"):
        load(tmp_path / "acme")
    assert not path.exists()


# Where the password never is

def test_the_password_is_in_no_artefact(companies, tmp_path):
    """The whole report from the command: folder, record, notebooks, what it says, and a page that fails."""
    database = tmp_path / "company"
    shutil.copytree(companies[1], database)
    (database / "notebooks").mkdir()
    shutil.copy(Path(__file__).with_name("peeping.json"), database / "notebooks" / "peeping.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "salesops_helpers.cli", "report", str(database), "--month", "2026-08",
         "--only", "data_quality", "comp_statement", "sales_process", "peeping",
         "--out", str(tmp_path / "out"), "--jobs", "2"], capture_output=True, text=True, timeout=600)
    assert (tmp_path / "out" / "2026-08" / "index.html").is_file(), done.stderr
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} >= {".html", ".json", ".ipynb", ".toml"}
    assert [str(path) for path in kept if leaked(path.read_bytes().decode("utf-8", "replace"))] == []
    assert not leaked(done.stdout + done.stderr)
