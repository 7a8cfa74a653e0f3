"""What one month's report reads, at the size of a large company, against DuckDB SQL written by hand.

The company is made in a temporary folder: ``SALESOPS_BENCH_ROWS`` activities (default 50 million), a tenth as many
opportunities, 3,000 reps; one row in a few thousand is bad in each of the ways that the rules know. Both sides read the
same Parquet files in a process of their own and give the same frames: bookings of the company and by rep, team, region
and product; wins and losses by rep; activities by rep, kind and month; and, for each table, rows in, used and set
aside by reason.
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
ROWS = 50_000_000
BYTES_A_ROW = 60
MONTH, FIRST = "2026-09", "2025-10"
COMPANY = """
name = "Bench"
currency = "EUR"
stages = ["Discovery", "Proposal", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-09-30
"""
ACTIVITIES = """
SELECT CASE WHEN i % 50000 = 7 THEN NULL WHEN i % 20000 = 11 THEN '00T' || lpad((i - 1)::VARCHAR, 9, '0')
            ELSE '00T' || lpad(i::VARCHAR, 9, '0') END AS activity_id,
       CASE WHEN i % 40000 = 5 THEN 'nobody' ELSE 'r' || (h % 3000) END AS rep_id,
       'O' || (h % {deals}) AS opportunity_id,
       CASE h % 5 WHEN 0 THEN 'call' WHEN 1 THEN 'meeting' WHEN 2 THEN 'demo' ELSE 'email' END AS kind,
       CASE WHEN i % 30000 = 13 THEN TIMESTAMP '2026-11-01' ELSE
            TIMESTAMP '2023-10-01' + to_seconds((i * 94600000) // {rows}) END AS occurred_at,
       CASE WHEN i % 60000 = 3 THEN -5.0 ELSE (h % 90)::DOUBLE END AS minutes
FROM (SELECT i, (hash(i) >> 8)::BIGINT AS h FROM range({rows}) AS t(i))
"""
DEALS = """
SELECT CASE WHEN i % 50000 = 7 THEN NULL WHEN i % 20000 = 11 THEN 'O' || (i - 1) ELSE 'O' || i END AS opportunity_id,
       CASE WHEN i % 40000 = 5 THEN 'nobody' ELSE 'r' || (h % 3000) END AS rep_id,
       'product ' || (h % 20) AS product,
       CASE WHEN i % 30000 = 3 THEN 'Dreaming' WHEN h % 10 < 4 THEN 'Won' WHEN h % 10 < 9 THEN 'Lost'
            ELSE 'Proposal' END AS stage,
       CASE WHEN i % 60000 = 9 THEN -1.0 WHEN i % 70000 = 9 THEN 0.001 ELSE (h % 5000000) / 100 END AS amount,
       DATE '2023-09-01' + (h % 900)::INTEGER AS created_on,
       CASE WHEN h % 10 = 9 OR i % 45000 = 2 THEN NULL WHEN i % 35000 = 4 THEN DATE '2020-01-01'
            ELSE DATE '2023-09-01' + (h % 900)::INTEGER + (30 + h % 170)::INTEGER END AS closed_on
FROM (SELECT i, (hash(i) >> 8)::BIGINT AS h FROM range({deals}) AS t(i))
"""
SPLITS = """
SELECT 'O' || n * 100 AS opportunity_id, 'r' || (n + k * 7) % 3000 AS rep_id,
       CASE k WHEN 0 THEN 0.7 WHEN 1 THEN 0.3 ELSE 0.5 END AS quota_share,
       CASE k WHEN 0 THEN 0.7 WHEN 1 THEN 0.3 ELSE 0.5 END AS commission_share, k = 2 AS overlay
FROM range({deals} // 100) AS t(n), range(3) AS u(k)
"""
REPS = """
SELECT 'r' || i AS rep_id, 'Rep ' || i AS name, 'team ' || i % 300 AS team, 'region ' || i % 12 AS region,
       'Manager ' || i % 300 AS manager FROM range(3000) AS t(i)
"""
PLACES = """
SELECT 'r' || i AS rep_id, day AS valid_from, 'team ' || (i + n) % 300 AS team, 'region ' || (i + n) % 12 AS region,
       'Manager ' || (i + n) % 300 AS manager
FROM range(3000) AS t(i), (VALUES (1, DATE '2023-01-01'), (0, DATE '2025-03-15')) AS u(n, day) WHERE i % 10 = 0
"""


def write(folder: Path, rows: int) -> Path:
    """The company, in Parquet."""
    import duckdb

    folder.mkdir()
    (folder / "company.toml").write_text(COMPANY, encoding="utf-8")
    texts = {"activities": ACTIVITIES, "opportunities": DEALS, "splits": SPLITS, "reps": REPS, "rep_history": PLACES}
    with duckdb.connect() as con:
        con.execute(f"SET memory_limit = '2GB'; SET temp_directory = '{folder}/spill'")
        for name, sql in texts.items():
            made = sql.format(rows=rows, deals=rows // 10)
            con.execute(f"COPY ({made}) TO '{folder}/{name}.parquet' (FORMAT parquet)")
    return folder


# By the kit

def by_the_kit(folder: str) -> dict:
    from salesops_helpers import load, measures
    from salesops_helpers.data.reduce import counted
    from salesops_helpers.performance import kpis

    tables = load(folder, month=MONTH)
    found = {by or "company": measures.bookings(tables, by) for by in (None, *measures.UNITS)}
    found["closed"] = kpis.closed_sums(tables, FIRST, MONTH).drop(columns="valued")
    found["activities"] = counted(tables, "activities", ["rep_id", "kind"], "month", ["minutes"])
    counts = {name: tables.engine.counts(name) for name in tables.available}
    return found | {"counts": {name: [n, used, sorted(why.values())] for name, (n, used, why) in counts.items()}}


# By hand

CLEAN = "nullif(trim({0}, ' \t\n\r\v\f'), '')"
MISSING = "('-', '—', '–', 'N/A', 'n/a', 'null', 'NULL', 'None', '#N/A', 'NaN')"
ID = f"CASE WHEN {CLEAN} NOT IN {MISSING} THEN {CLEAN} END"
TIME = "CASE WHEN {0}::TIMESTAMP BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2199-12-31' THEN {0}::TIMESTAMP END"
NUMBER = "CASE WHEN NOT isnan({0}) AND NOT isinf({0}) THEN {0} END"
END = "TIMESTAMP '2026-09-30 23:59:59.999999'"


def text(column: str) -> str:
    known = ID if column in ("activity_id", "opportunity_id", "rep_id", "product") else CLEAN
    return f"{known.format(column)} AS {column}"


HAND = f"""
CREATE TEMP TABLE reps AS SELECT {text('rep_id')}, {text('team')}, {text('region')}
FROM read_parquet('FOLDER/reps.parquet');

CREATE TEMP TABLE places AS SELECT {text('rep_id')}, valid_from, {text('team')}, {text('region')}
FROM read_parquet('FOLDER/rep_history.parquet');

CREATE TEMP TABLE twice_a AS SELECT hash({ID.format('activity_id')}) AS h
FROM read_parquet('FOLDER/activities.parquet') WHERE activity_id IS NOT NULL GROUP BY h HAVING count(*) > 1;

CREATE TEMP TABLE bad_a AS WITH ruled AS (
  SELECT line, activity_id, CASE
      WHEN activity_id IS NULL THEN 1 WHEN rep_id NOT IN (SELECT rep_id FROM reps) OR rep_id IS NULL THEN 2
      WHEN occurred_at IS NULL THEN 3 WHEN occurred_at > {END} THEN 4
      WHEN given_minutes IS NOT NULL AND minutes IS NULL THEN 5 WHEN minutes < 0 THEN 6 END AS rule
  FROM (SELECT file_row_number AS line, {text('activity_id')}, {text('rep_id')},
               {TIME.format('occurred_at')} AS occurred_at, minutes AS given_minutes,
               {NUMBER.format('minutes')} AS minutes
        FROM read_parquet('FOLDER/activities.parquet', file_row_number = true))
  WHERE rule IS NOT NULL OR hash(activity_id) IN (SELECT h FROM twice_a)
), told AS (
  SELECT ruled.*, concat_ws('|', a.activity_id, rep_id, a.opportunity_id, kind, occurred_at, minutes) AS given
  FROM read_parquet('FOLDER/activities.parquet', file_row_number = true) AS a
  JOIN ruled ON ruled.line = a.file_row_number
), ranked AS (
  SELECT *, row_number() OVER w AS n, given = first_value(given) OVER w AS same FROM told
  WINDOW w AS (PARTITION BY activity_id, rule IS NULL ORDER BY line)
) SELECT line, CASE WHEN rule IS NOT NULL THEN rule WHEN same THEN 7 ELSE 8 END AS rule
  FROM ranked WHERE rule IS NOT NULL OR n > 1;

CREATE TEMP TABLE twice_o AS SELECT hash({ID.format('opportunity_id')}) AS h
FROM read_parquet('FOLDER/opportunities.parquet') WHERE opportunity_id IS NOT NULL GROUP BY h HAVING count(*) > 1;

CREATE TEMP TABLE bad_o AS WITH ruled AS (
  SELECT line, opportunity_id, CASE
      WHEN opportunity_id IS NULL THEN 1 WHEN rep_id NOT IN (SELECT rep_id FROM reps) THEN 2
      WHEN given_created IS NOT NULL AND created_on IS NULL THEN 3 WHEN created_on > {END} THEN 4
      WHEN given_amount IS NOT NULL AND amount IS NULL THEN 5
      WHEN abs(amount * 100 - round(amount * 100)) > 1e-4 THEN 6 WHEN amount < 0 THEN 7
      WHEN given_closed IS NOT NULL AND closed_on IS NULL THEN 8 WHEN closed_on > {END} THEN 9
      WHEN closed_on < created_on THEN 10
      WHEN stage IS NULL OR stage NOT IN ('Discovery', 'Proposal', 'Won', 'Lost') THEN 11
      WHEN stage IN ('Won', 'Lost') AND closed_on IS NULL THEN 12 END AS rule
  FROM (SELECT file_row_number AS line, {text('opportunity_id')}, {text('rep_id')}, {text('stage')},
               amount AS given_amount, {NUMBER.format('amount')} AS amount,
               created_on AS given_created, {TIME.format('created_on')} AS created_on,
               closed_on AS given_closed, {TIME.format('closed_on')} AS closed_on
        FROM read_parquet('FOLDER/opportunities.parquet', file_row_number = true))
  WHERE rule IS NOT NULL OR hash(opportunity_id) IN (SELECT h FROM twice_o)
), told AS (
  SELECT ruled.*, concat_ws('|', o.opportunity_id, rep_id, product, stage, amount, created_on, closed_on) AS given
  FROM read_parquet('FOLDER/opportunities.parquet', file_row_number = true) AS o
  JOIN ruled ON ruled.line = o.file_row_number
), ranked AS (
  SELECT *, row_number() OVER w AS n, given = first_value(given) OVER w AS same FROM told
  WINDOW w AS (PARTITION BY opportunity_id, rule IS NULL ORDER BY line)
) SELECT line, CASE WHEN rule IS NOT NULL THEN rule WHEN same THEN 13 ELSE 14 END AS rule
  FROM ranked WHERE rule IS NOT NULL OR n > 1;

CREATE TEMP TABLE deals AS
SELECT {text('opportunity_id')}, {text('rep_id')}, {text('product')}, {text('stage')}, amount,
       closed_on::TIMESTAMP AS closed_on
FROM read_parquet('FOLDER/opportunities.parquet', file_row_number = true)
ANTI JOIN bad_o ON file_row_number = bad_o.line
WHERE stage IN ('Won', 'Lost');

CREATE TEMP TABLE shares AS SELECT {text('opportunity_id')}, {text('rep_id')}, quota_share, overlay
FROM read_parquet('FOLDER/splits.parquet') WHERE opportunity_id IN (
  SELECT opportunity_id FROM read_parquet('FOLDER/opportunities.parquet', file_row_number = true)
  ANTI JOIN bad_o ON file_row_number = bad_o.line);

CREATE TEMP TABLE credit AS
SELECT w.opportunity_id, s.opportunity_id IS NULL AS alone, coalesce(s.rep_id, w.rep_id) AS rep_id, product, closed_on,
       date_trunc('month', closed_on) AS month, amount * coalesce(quota_share, 1) AS bookings,
       coalesce(overlay, false) AS overlay
FROM deals AS w LEFT JOIN shares AS s USING (opportunity_id) WHERE stage = 'Won';

CREATE TEMP TABLE placed AS
SELECT c.*, CASE WHEN p.rep_id IS NULL THEN r.team ELSE p.team END AS team,
       CASE WHEN p.rep_id IS NULL THEN r.region ELSE p.region END AS region
FROM credit AS c LEFT JOIN reps AS r USING (rep_id)
ASOF LEFT JOIN places AS p ON c.rep_id = p.rep_id AND c.closed_on >= p.valid_from;
"""
BOOKED = """SELECT {0} AS unit, month, sum(bookings::DECIMAL(38, 6))::DOUBLE AS bookings,
count(*) FILTER (alone) + count(DISTINCT opportunity_id) FILTER (NOT alone) AS wins FROM placed {1} GROUP BY ALL"""
CLOSED = """SELECT rep_id, count(*) FILTER (stage = 'Won') AS won, count(*) AS closed,
coalesce(sum(amount::DECIMAL(38, 6)) FILTER (stage = 'Won')::DOUBLE, 0) AS won_value FROM deals
WHERE closed_on BETWEEN TIMESTAMP '2025-10-01' AND TIMESTAMP '2026-09-30' GROUP BY rep_id"""
DONE = f"""SELECT {ID.format('rep_id')} AS rep_id, {CLEAN.format('kind')} AS kind,
date_trunc('month', occurred_at) AS month, count(*) AS rows, sum(minutes::DECIMAL(38, 6))::DOUBLE AS minutes
FROM read_parquet('FOLDER/activities.parquet', file_row_number = true)
ANTI JOIN bad_a ON file_row_number = bad_a.line GROUP BY ALL"""


def by_hand(folder: str) -> dict:
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET memory_limit = '2GB'; SET temp_directory = '{folder}/spill-{os.getpid()}'; SET timezone = 'UTC'")
    con.execute(HAND.replace("FOLDER", folder))
    own = "WHERE NOT overlay"
    asked = {"company": ("'Bench'", own), "rep": ("rep_id", ""), "team": ("team", own), "region": ("region", own),
             "product": ("product", own)}
    found = {name: con.execute(BOOKED.format(*how)).df() for name, how in asked.items()}
    found["closed"] = con.execute(CLOSED).df()
    found["activities"] = con.execute(DONE.replace("FOLDER", folder)).df()
    counts = {}
    for name, bad in {"activities": "bad_a", "opportunities": "bad_o"}.items():
        (rows,) = con.execute(f"SELECT count(*) FROM read_parquet('{folder}/{name}.parquet')").fetchone()
        aside = [n for (n,) in con.execute(f"SELECT count(*) AS n FROM {bad} GROUP BY rule ORDER BY n").fetchall()]
        counts[name] = [rows, rows - sum(aside), aside]
    (used,) = con.execute("SELECT count(*) FROM shares").fetchone()
    (rows,) = con.execute(f"SELECT count(*) FROM read_parquet('{folder}/splits.parquet')").fetchone()
    counts |= {"splits": [rows, used, [rows - used] if rows > used else []], "reps": [3000, 3000, []],
               "rep_history": [600, 600, []]}
    return found | {"counts": counts}


# Both, and what is made of them

def differences(hand: dict, kit: dict) -> list[str]:
    """Where the results are not the same: counts exactly, sums to the cent."""
    wrong = ["counts"] if hand["counts"] != kit["counts"] else []
    for name in (name for name in hand if name != "counts"):
        keys = [c for c in hand[name] if c in ("unit", "rep_id", "kind", "month")]
        pair = [side[name].query("wins > 0") if "wins" in side[name] else side[name] for side in (hand, kit)]
        both = pair[0].merge(pair[1], on=keys, how="outer", suffixes=("", "_kit"), indicator="_side")
        numbers = [c for c in hand[name] if c not in keys]
        off = (both[numbers].to_numpy(float) - both[[f"{c}_kit" for c in numbers]].to_numpy(float)).round(6)
        wrong += [name] if (both["_side"] != "both").any() or not (abs(off) <= 0.005).all() or not len(both) else []
    return wrong


def run(side: str, folder: str) -> None:
    """One side in this process: its results go to ``<side>.pickle``, seconds and peak memory in GB to the output."""
    import resource

    import salesops_helpers.performance.kpis
    import salesops_helpers.sums  # noqa: F401

    started, busy = time.perf_counter(), time.process_time()
    found = {"kit": by_the_kit, "hand": by_hand}[side](folder)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    Path(folder, f"{side}.pickle").write_bytes(pickle.dumps(found))
    print(json.dumps({"seconds": seconds, "busy": busy, "peak": peak}))


def measured(side: str, folder: Path) -> dict:
    done = subprocess.run([sys.executable, __file__, side, str(folder)], cwd=ROOT, capture_output=True, text=True,
                          timeout=1800, env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder.parent)})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def best(side: str, folder: Path, seen: dict) -> None:
    """Keep the faster run of a side and the larger peak."""
    new, old = measured(side, folder), seen.get(side)
    kept = new if old is None else min(new, old, key=lambda m: m["seconds"])
    seen[side] = kept if old is None else {**kept, "peak": max(new["peak"], old["peak"])}


def bench_reading_a_month(tmp_path: Path) -> list[dict]:
    """Full size and a tenth, each side twice, in turns."""
    rows = int(os.environ.get("SALESOPS_BENCH_ROWS", ROWS))
    needed, free = rows * BYTES_A_ROW * 2, shutil.disk_usage(tmp_path).free
    assert free > needed, f"needs {needed / 1e9:.0f} GB in {tmp_path}, there are {free / 1e9:.0f}"
    found = {}
    for name, size in (("tenth", rows // 10), ("full", rows)):
        folder, found[name] = write(tmp_path / name, size), {}
        for _ in range(2):
            best("hand", folder, found[name])
            best("kit", folder, found[name])
        results = (pickle.loads((folder / f"{side}.pickle").read_bytes()) for side in ("hand", "kit"))
        assert not (wrong := differences(*results)), f"not the same: {wrong}"
        shutil.rmtree(folder)
    full, tenth = found["full"], found["tenth"]
    growth = full["kit"]["seconds"] / tenth["kit"]["seconds"] / 10
    figure = {"area": "data", "better": "lower", "kind": "gate", "n": rows}
    return [
        {**figure, "name": "read_vs_sql", "value": full["kit"]["seconds"] / full["hand"]["seconds"], "unit": "ratio",
         "goal": 1.25},
        {**figure, "name": "read_vs_sql_cpu", "value": full["kit"]["busy"] / full["hand"]["busy"], "unit": "ratio",
         "goal": None},
        {**figure, "name": "peak_gb", "value": full["kit"]["peak"], "unit": "GB", "goal": 3.0},
        {**figure, "name": "growth", "value": growth, "unit": "ratio", "goal": 1.2},
        {**figure, "name": "read", "value": full["kit"]["seconds"], "unit": "seconds", "goal": None},
        {**figure, "name": "read_by_hand", "value": full["hand"]["seconds"], "unit": "seconds", "goal": None},
        {**figure, "name": "read_tenth", "value": tenth["kit"]["seconds"], "unit": "seconds", "goal": None},
        {**figure, "name": "peak_gb_by_hand", "value": full["hand"]["peak"], "unit": "GB", "goal": None},
    ]


if __name__ == "__main__":
    run(*sys.argv[1:])
