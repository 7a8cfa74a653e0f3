"""The scorecard of the company, 8 teams and 40 reps over 24 months against DuckDB SQL written by hand.

The kit works out every KPI and form that the tables carry, with ranges; the SQL the ten additive KPIs of `TEN`, from
the same Parquet files, with the same rows set aside (empty and repeated keys, unknown reps, impossible days, amounts).
Each side runs in a process of its own, twice, in turns; both give the same figures, or the benchmark fails.
``SALESOPS_BENCH_DEALS`` (default 5 million) deals, as many activities, half as many leads, and a tenth of it all.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEALS = 5_000_000
BYTES_A_DEAL = 120
MONTH, FIRST, MONTHS = "2026-09", "2024-10-01", 24
TEN = ("deals_created", "deals_won", "deals_lost", "won_value", "bookings", "pipeline_created", "open_deals",
       "open_pipeline", "activities", "leads_assigned")
COMPANY = """
name = "Bench"
currency = "EUR"
stages = ["Discovery", "Proposal", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-09-30
"""
HASHED = "FROM (SELECT i, (hash(i) >> 8)::BIGINT AS h FROM range({0}) AS t(i))"
FILES = {
    "opportunities": """
SELECT CASE WHEN i % 50000 = 7 THEN NULL WHEN i % 20000 = 11 THEN 'O' || (i - 1) ELSE 'O' || i END AS opportunity_id,
       'A' || (h % ({deals} // 20)) AS account_id,
       CASE WHEN i % 40000 = 5 THEN 'nobody' ELSE 'r' || (h % 40) END AS rep_id, 'product ' || (h % 20) AS product,
       CASE h % 4 WHEN 0 THEN 'Website' WHEN 1 THEN 'Partner' WHEN 2 THEN 'Event' ELSE 'Outbound' END AS lead_source,
       CASE WHEN h % 10 < 4 THEN 'Won' WHEN h % 10 < 9 THEN 'Lost' ELSE 'Proposal' END AS stage,
       CASE WHEN i % 60000 = 9 THEN -1.0 WHEN h % 10 = 9 AND h % 7 = 0 THEN NULL
            ELSE (h % 5000000) / 100 END AS amount,
       DATE '2023-09-01' + (h % 1080)::INTEGER AS created_on,
       CASE WHEN h % 10 = 9 THEN NULL WHEN i % 35000 = 4 THEN DATE '2020-01-01'
            ELSE least(DATE '2023-09-01' + (h % 1080)::INTEGER + (h // 7 % 200)::INTEGER, DATE '2026-09-30')
            END AS closed_on
""" + HASHED.format("{deals}"),
    "activities": """
SELECT CASE WHEN i % 50000 = 7 THEN NULL WHEN i % 20000 = 11 THEN 'T' || (i - 1) ELSE 'T' || i END AS activity_id,
       CASE WHEN i % 40000 = 5 THEN 'nobody' ELSE 'r' || (h % 40) END AS rep_id, 'O' || (h % {deals}) AS opportunity_id,
       CASE h % 3 WHEN 0 THEN 'call' WHEN 1 THEN 'meeting' ELSE 'email' END AS kind,
       TIMESTAMP '2023-10-01' + to_seconds((i * 94600000) // {deals}) AS occurred_at
""" + HASHED.format("{deals}"),
    "leads": """
SELECT CASE WHEN i % 50000 = 7 THEN NULL ELSE 'L' || i END AS lead_id, 'r' || (h % 40) AS rep_id,
       CASE h % 2 WHEN 0 THEN 'Website' ELSE 'Event' END AS source, came AS created_at, came AS assigned_at,
       CASE WHEN h % 5 > 0 THEN came + to_minutes(h % 3000) END AS first_touch_at,
       CASE WHEN h % 5 = 1 THEN came::DATE + (h % 40)::INTEGER END AS qualified_on
FROM (SELECT *, TIMESTAMP '2023-10-01' + to_seconds((i * 188000000) // {deals}) AS came """ + HASHED.format(
        "{deals} // 2") + ")",
    "splits": """
SELECT 'O' || n * 100 AS opportunity_id, 'r' || (n + k * 7) % 40 AS rep_id,
       CASE k WHEN 0 THEN 0.7 WHEN 1 THEN 0.3 ELSE 0.5 END AS quota_share,
       CASE k WHEN 0 THEN 0.7 WHEN 1 THEN 0.3 ELSE 0.5 END AS commission_share, k = 2 AS overlay
FROM range({deals} // 100) AS t(n), range(3) AS u(k)""",
    "reps": "SELECT 'r' || i AS rep_id, 'Rep ' || i AS name, 'team ' || i % 8 AS team, 'region ' || i % 4 AS region "
            "FROM range(40) AS t(i)",
    "rep_history": """
SELECT 'r' || i AS rep_id, day AS valid_from, 'team ' || (i + n) % 8 AS team, 'region ' || (i + n) % 4 AS region
FROM range(40) AS t(i), (VALUES (1, DATE '2023-01-01'), (0, DATE '2025-03-15')) AS u(n, day) WHERE i % 4 = 0""",
    "products": "SELECT 'product ' || i AS product, 1000 + i AS list_price FROM range(20) AS t(i)",
    "quotas": "SELECT 'r' || i AS rep_id, strftime(m, '%Y-%m') AS month, 1000000 AS amount FROM range(40) AS t(i), "
              "generate_series(DATE '2023-10-01', DATE '2026-09-01', INTERVAL 1 MONTH) AS u(m)",
}


def write(folder: Path, deals: int) -> Path:
    """The company, in Parquet."""
    import duckdb

    folder.mkdir()
    (folder / "company.toml").write_text(COMPANY, encoding="utf-8")
    with duckdb.connect() as con:
        con.execute(f"SET memory_limit = '2GB'; SET temp_directory = '{folder}/spill'")
        for name, sql in FILES.items():
            con.execute(f"COPY ({sql.format(deals=deals)}) TO '{folder}/{name}.parquet' (FORMAT parquet)")
    return folder


def by_the_kit(folder: str):
    import pandas as pd

    from salesops_helpers import load
    from salesops_helpers.performance.scorecard import scorecard_history

    tables = load(folder, month=MONTH)
    found = pd.concat([scorecard_history(tables, MONTH, MONTHS, by) for by in (None, "team", "rep")])
    default = found[found["kpi"].isin(TEN)].drop_duplicates(["kpi", "unit", "month"])
    assert found["kpi"].nunique() >= 20, "the scorecard is to be whole"
    return default[["kpi", "unit", "month", "value"]]


# By hand

CLEAN = "nullif(trim({0}, ' \t\n\r\v\f'), '')"
MISSING = "('-', '—', '–', 'N/A', 'n/a', 'null', 'NULL', 'None', '#N/A', 'NaN')"
ID = f"CASE WHEN {CLEAN} NOT IN {MISSING} THEN {CLEAN} END"
TIME = "CASE WHEN {0}::TIMESTAMP BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2199-12-31' THEN {0}::TIMESTAMP END"
END = "TIMESTAMP '2026-09-30 23:59:59.999999'"


def text(column: str) -> str:
    known = ID if column.endswith("_id") or column == "product" else CLEAN
    return f"{known.format(column)} AS {column}"


def used(name: str, columns: list[str], times: list[str], more: str, keep: str) -> str:
    """The rows of a file that are used: the first of each key among those that `keep`."""
    key, texts = columns[0], ", ".join(map(text, columns))
    dated = ", ".join(f"{TIME.format(c)} AS {c}, {c} AS given_{c}" for c in times)
    rest = ", ".join(part for part in (dated, more) if part)
    return f"""
CREATE TEMP TABLE {name} AS WITH typed AS (
  SELECT file_row_number AS line, {texts}, {rest} FROM read_parquet('FOLDER/{name}.parquet', file_row_number = true)
), twice AS (SELECT {key} FROM typed WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1
), good AS (SELECT * FROM typed WHERE {key} IS NOT NULL AND {keep}
), later AS (SELECT line FROM (SELECT line, row_number() OVER (PARTITION BY {key} ORDER BY line) AS n FROM good
             WHERE {key} IN (FROM twice)) WHERE n > 1
) SELECT * EXCLUDE (line) FROM good ANTI JOIN later USING (line);"""


def sound(*times: str) -> str:
    return " AND ".join(f"({t} IS NOT NULL OR given_{t} IS NULL) AND ({t} IS NULL OR {t} <= {END})" for t in times)


HAND = [
    "CREATE TEMP TABLE reps AS SELECT rep_id, team FROM read_parquet('FOLDER/reps.parquet');",
    """CREATE TEMP TABLE spans AS
SELECT rep_id, team, since, coalesce(lead(since) OVER (PARTITION BY rep_id ORDER BY since), DATE '2200-01-01') AS until
FROM (SELECT rep_id, team, DATE '1900-01-01' AS since FROM reps
      UNION ALL SELECT rep_id, team, valid_from FROM read_parquet('FOLDER/rep_history.parquet'));""",
    used("opportunities", ["opportunity_id", "account_id", "rep_id", "product", "lead_source", "stage"],
         ["created_on", "closed_on"], "amount",
         "rep_id IN (SELECT rep_id FROM reps) AND " + sound("created_on", "closed_on") + """
  AND (amount IS NULL OR amount >= 0) AND (amount IS NULL OR abs(amount * 100 - round(amount * 100)) <= 1e-4)
  AND (closed_on IS NULL OR closed_on >= created_on) AND stage IN ('Discovery', 'Proposal', 'Won', 'Lost')
  AND (stage NOT IN ('Won', 'Lost') OR closed_on IS NOT NULL)"""),
    used("activities", ["activity_id", "rep_id"], ["occurred_at"], "",
         "rep_id IN (SELECT rep_id FROM reps) AND occurred_at IS NOT NULL AND " + sound("occurred_at")),
    used("leads", ["lead_id", "rep_id", "source"], ["created_at", "assigned_at"], "",
         "created_at IS NOT NULL AND assigned_at >= created_at AND " + sound("created_at")),
    f"""CREATE TEMP TABLE credit AS
SELECT coalesce(s.rep_id, w.rep_id) AS rep_id, closed_on AS day,
       CASE WHEN NOT coalesce(overlay, false) THEN amount * coalesce(quota_share, 1) END AS worth
FROM opportunities AS w LEFT JOIN read_parquet('FOLDER/splits.parquet') AS s USING (opportunity_id)
WHERE stage = 'Won' AND closed_on >= DATE '{FIRST}';""",
    f"""CREATE TEMP TABLE standing AS
SELECT rep_id, least(m + INTERVAL 1 MONTH - INTERVAL 1 DAY, DATE '2026-09-30') AS day,
       coalesce(amount, list_price) AS worth
FROM (SELECT *, unnest(generate_series(greatest(date_trunc('month', created_on), DATE '{FIRST}'),
      coalesce(date_trunc('month', closed_on) - INTERVAL 1 MONTH, DATE '2026-09-01'), INTERVAL 1 MONTH)) AS m
      FROM opportunities) AS o LEFT JOIN read_parquet('FOLDER/products.parquet') USING (product);""",
]
WORTH = "coalesce(CASE WHEN NOT (stage = 'Lost' AND coalesce(amount, 0) = 0) THEN amount END, list_price)"
SUM = "sum({0}::DECIMAL(38, 6))::DOUBLE"
PARTS = {
    "deals_created": ("opportunities", "created_on", "count(*)"),
    "pipeline_created": ("opportunities LEFT JOIN read_parquet('FOLDER/products.parquet') USING (product)",
                         "created_on", SUM.format(WORTH)),
    "deals_won": ("opportunities", "closed_on", "count(*) FILTER (stage = 'Won')"),
    "deals_lost": ("opportunities", "closed_on", "count(*) FILTER (stage = 'Lost')"),
    "won_value": ("opportunities", "closed_on", SUM.format("CASE WHEN stage = 'Won' THEN amount END")),
    "bookings": ("credit", "day", SUM.format("worth")),
    "open_deals": ("standing", "day", "count(*)"), "open_pipeline": ("standing", "day", SUM.format("worth")),
    "activities": ("activities", "occurred_at", "count(*)"), "leads_assigned": ("leads", "assigned_at", "count(*)"),
}
MONTHLY = "date_trunc('month', {day}) AS month, {what} FROM {rows}"
SINCE = " WHERE {day} >= DATE '{first}' GROUP BY ALL"
PLACED = " AS t LEFT JOIN spans AS s ON t.rep_id = s.rep_id AND {day} >= since AND {day} < until"
ASKED = (f"SELECT 'Bench' AS unit, {MONTHLY}{SINCE}", f"SELECT rep_id AS unit, {MONTHLY}{SINCE}",
         f"SELECT team AS unit, {MONTHLY}{PLACED}{SINCE}")


def by_hand(folder: str):
    import duckdb
    import pandas as pd

    con = duckdb.connect()
    con.execute(f"SET memory_limit = '2GB'; SET temp_directory = '{folder}/spill-{os.getpid()}'; SET timezone = 'UTC'")
    for statement in HAND:
        con.execute(statement.replace("FOLDER", folder))
    sources, found = {}, []
    for kpi, (rows, day, what) in PARTS.items():
        sources.setdefault((rows, day), {})[kpi] = what
    for (rows, day), sought in sources.items():
        what = ", ".join(f"{sql} AS {kpi}" for kpi, sql in sought.items())
        for asked in ASKED:
            sql = asked.format(rows=f"(FROM {rows})" if "JOIN" in rows else rows, day=day, what=what, first=FIRST)
            frame = con.execute(sql.replace("FOLDER", folder)).df()
            found.append(frame.melt(["unit", "month"], var_name="kpi", value_name="value"))
    return pd.concat(found, ignore_index=True)


# Both, and what is made of them

def differences(hand, kit) -> list[str]:
    """KPIs that are not the same on both sides, to the cent; a month without a row counts 0."""
    both = kit.merge(hand, on=["kpi", "unit", "month"], how="outer", suffixes=("", "_hand")).fillna(
        {"value": 0.0, "value_hand": 0.0})
    off = (both["value"].astype(float) - both["value_hand"].astype(float)).abs() > 0.005
    missing = set(TEN) - set(kit["kpi"]) | set(TEN) - set(hand["kpi"])
    return sorted(set(both.loc[off, "kpi"]) | missing)


def run(side: str, folder: str) -> None:
    """One side in this process: its figures go to ``<side>.pickle``, the seconds to the output."""
    import ibis  # noqa: F401
    import scipy.stats  # noqa: F401

    import salesops_helpers.performance.definitions
    import salesops_helpers.performance.scorecard  # noqa: F401

    started = time.perf_counter()
    found = {"kit": by_the_kit, "hand": by_hand}[side](folder)
    seconds = time.perf_counter() - started
    Path(folder, f"{side}.pickle").write_bytes(pickle.dumps(found))
    print(json.dumps({"seconds": seconds}))


def measured(side: str, folder: Path) -> float:
    done = subprocess.run([sys.executable, __file__, side, str(folder)], cwd=ROOT, capture_output=True, text=True,
                          timeout=1800, env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder.parent)})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])["seconds"]


def speed(folder: Path) -> list[dict]:
    """kpis.vs_sql and kpis.growth: full size and a tenth, each side twice, in turns, the faster run counts."""
    deals = int(os.environ.get("SALESOPS_BENCH_DEALS", DEALS))
    needed, free = deals * BYTES_A_DEAL * 2, shutil.disk_usage(folder).free
    assert free > needed, f"needs {needed / 1e9:.0f} GB in {folder}, there are {free / 1e9:.0f}"
    seconds = {}
    for name, size in (("tenth", deals // 10), ("full", deals)):
        where = write(folder / name, size)
        for _ in range(2):
            for side in ("hand", "kit"):
                seconds[name, side] = min(measured(side, where), seconds.get((name, side), float("inf")))
        hand, kit = (pickle.loads((where / f"{side}.pickle").read_bytes()) for side in ("hand", "kit"))
        assert not (wrong := differences(hand, kit)), f"not the same: {wrong}"
        shutil.rmtree(where)
    figure = {"area": "kpis", "better": "lower", "kind": "gate", "n": deals, "unit": "ratio"}
    in_seconds = {**figure, "unit": "seconds", "goal": None}
    return [
        {**figure, "name": "vs_sql", "value": seconds["full", "kit"] / seconds["full", "hand"], "goal": 3.0},
        {**figure, "name": "growth", "value": seconds["full", "kit"] / seconds["tenth", "kit"] / 10, "goal": 1.2},
        {**in_seconds, "name": "scorecard", "value": seconds["full", "kit"]},
        {**in_seconds, "name": "by_hand", "value": seconds["full", "hand"]},
        {**in_seconds, "name": "scorecard_tenth", "value": seconds["tenth", "kit"]},
    ]


if __name__ == "__main__":
    run(*sys.argv[1:])
