"""A believable B2B company with known truth: the same seed gives the same bytes.

It sells measuring instruments, with software and service to them, in four regions through eight teams:

- 36 months to the extract day: every deal that was open on the first of them or created since, with its history.
- Territories are held by reps one after another: leavers, promotions, a transfer, new hires who ramp for six months,
  vacant ones covered by a colleague. A few reps are truly better, a few truly worse, most alike; one is given poor
  leads, one good ones.
- Deals follow a yearly season and a rush at the quarter's end; some are forgotten and stay open for years.
- One product runs out of stock for some months. Dirt of more than a dozen kinds is planted.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from salesops_helpers.data.sample.catalog import COMPANY
from salesops_helpers.errors import SalesOpsError

__all__ = ["SEED", "generate", "write"]
SEED = 20260930


def generate(seed: int = SEED) -> tuple[dict[str, pd.DataFrame], dict]:
    """The tables of the sample company before dirt is planted, and the truth.

    Parameters
    ----------
    seed : int, not negative

    Returns
    -------
    frames : dict of DataFrame
        Every table of `salesops_helpers.data.tables`, typed; ready for ``Tables.from_frames``.
    truth : dict
        reps (true skill in log odds of winning a new deal, group, luck of the leads given, habits), forecast_bias (log
        of call ÷ outcome), sources (log odds, share qualified), products (log odds), seasonality,
        growth_of_deals_a_year, open_deals (true chance of a win, fate), stock_out (units sold, wanted, held back).
    """
    frames, known, _ = _made(seed)
    return frames, known


def write(folder: str | Path, seed: int = SEED, truth: str | Path | None = None) -> None:
    """Write the sample company: one CSV a table, company.toml, and audiences.toml where there is none. A
    ``plans`` folder in it is left alone.

    Parameters
    ----------
    folder : path
        Made where it does not exist.
    seed : int, not negative
        The same seed gives the same bytes.
    truth : path, optional
        JSON file, outside `folder`, for what `generate` calls truth and the list of planted rows (``planted``: table,
        line, key, kind, column, handling).

    Raises
    ------
    SalesOpsError
        Where `folder` holds another company or cannot be written, or `truth` lies inside it.
    """
    folder = Path(folder)
    _refuse(folder, truth)
    from salesops_helpers.data.sample import dirt, files

    frames, known, streams = _made(seed)
    texts, planted = dirt.plant(streams, {name: files.as_text(name, frame) for name, frame in frames.items()})
    try:
        files.write_folder(folder, texts)
        if truth is not None:
            text = json.dumps({**known, "planted": planted}, indent=1, ensure_ascii=False)
            Path(truth).write_text(text + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise SalesOpsError(
            f"{error.filename or folder} cannot be written ({error.strerror})",
            "a place that can be written",
            "choose another folder or file",
        ) from None


def _refuse(folder: Path, truth: str | Path | None) -> None:
    inside = folder.resolve()
    if truth is not None and inside in (Path(truth).resolve(), *Path(truth).resolve().parents):
        raise SalesOpsError(
            f"the truth file {truth} lies inside the company folder {folder}", "a file elsewhere", "choose another file"
        )
    there = folder / "company.toml"
    if there.exists() and f'name = "{COMPANY}"' not in there.read_text(encoding="utf-8", errors="replace"):
        raise SalesOpsError(
            f"{folder} holds another company",
            "a new folder, or one that holds the sample company",
            "choose another folder",
        )


def _made(seed: int):
    """Frames, truth and the streams of a seed."""
    from salesops_helpers.data.sample import crm, deals, goals, history, market, operations, people
    from salesops_helpers.data.sample.streams import Streams
    from salesops_helpers.data.sample.truth import truth
    from salesops_helpers.data.tables import TABLES

    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise SalesOpsError(f"seed {seed!r}", "a whole number from 0 on", f"pass a number, such as {SEED}")
    streams = Streams(seed)
    who = people.people(streams)
    found = market.accounts(streams)
    business = deals.deals(streams, who, found)
    log = history.history(streams, who, business)
    deal_table = crm.opportunities(streams, who, found, business, log)
    won = goals.won_deals(business, deal_table)
    quota = goals.quotas(streams, who, won)
    stock, short = operations.demand_and_supply(streams, won)
    frames = {
        **people.tables(who),
        **market.product_tables(),
        **stock,
        "opportunities": deal_table,
        "stage_history": crm.stage_history(who, business, log),
        "accounts": market.account_table(found, who),
        "activities": crm.activities(streams, who, found, business, log),
        "leads": crm.leads(streams, who, business),
        "splits": crm.splits(streams, who, business, deal_table),
        "quotas": quota,
        "targets": goals.targets(quota),
        "plan_assignments": goals.plan_assignments(streams, who),
        "forecast_calls": goals.forecast_calls(streams, who, quota, goals.to_come(who, business, deal_table)),
        **goals.corrections(streams, quota, won),
        **operations.tools(streams, quota),
        **operations.small_tables(streams, who),
    }
    frames = {name: frames[name][table.names].reset_index(drop=True) for name, table in TABLES.items()}
    return frames, truth(seed, who, business, deal_table["status"] == "open", short), streams
