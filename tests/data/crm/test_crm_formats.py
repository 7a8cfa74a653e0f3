"""The same company, however a CRM writes it, gives the same inputs of the scorecard, to the cent."""

from __future__ import annotations

import pandas as pd
import postgres
import pytest
from crm_company import FORMATS, MID, WRITERS, crm_of, number, write, write_postgres
from crm_truth import deals

from salesops_helpers import load
from salesops_helpers.data.load import cut
from salesops_helpers.measures import bookings, won_deals


def numbers(ids: pd.Series) -> pd.Series:
    return ids.astype(object).map(number, na_action="ignore").astype("float64")


def totals(frame: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    return frame.groupby(by, as_index=False).agg(n=(value, "size"), total=(value, "sum"))


def inputs(tables) -> dict[str, pd.DataFrame]:
    """What a scorecard is computed from, with the dialect's ids as numbers."""
    deals = tables.opportunities
    deals = deals.assign(deal=numbers(deals["opportunity_id"]), rep=numbers(deals["rep_id"]))
    is_open = deals["status"] == "open"
    won = won_deals(tables)
    acts = tables.activities.assign(rep=numbers(tables.activities["rep_id"]),
                                    month=tables.activities["occurred_at"].dt.strftime("%Y-%m"))
    plain = ["deal", "rep", "stage", "status", "amount", "kind", "created_on", "closed_on"]
    quotas = tables.quotas.assign(rep=numbers(tables.quotas["rep_id"]))
    leads = tables.leads.assign(rep=numbers(tables.leads["rep_id"]), deal=numbers(tables.leads["opportunity_id"]))
    splits = tables.splits.assign(rep=numbers(tables.splits["rep_id"]), deal=numbers(tables.splits["opportunity_id"]))
    return {
        "deals": deals[plain].sort_values("deal"),
        "open deals": deals.loc[is_open, ["deal", "stage", "amount", "expected_close_on"]].sort_values("deal"),
        "won value by month": won.groupby("month", as_index=False)["amount"].sum(),
        "won and closed by rep": totals(deals[~is_open], ["rep", "status"], "amount"),
        "open pipeline by stage": totals(deals[is_open], ["stage"], "amount"),
        "bookings": bookings(tables)[["month", "bookings", "wins"]],
        "activities by rep and month": totals(acts, ["rep", "month", "kind"], "minutes"),
        "activities of deals": totals(acts.assign(deal=numbers(acts["opportunity_id"])), ["deal"], "minutes"),
        "quotas": quotas[["rep", "month", "amount"]].sort_values(["rep", "month"]),
        "splits": splits[["deal", "rep", "quota_share", "commission_share", "overlay"]].sort_values(["deal", "rep"]),
        "leads": leads[["created_at", "source", "rep", "qualified_on", "deal"]].sort_values("created_at"),
        "reps": pd.DataFrame({"rep": numbers(tables.reps["rep_id"]), "name": tables.reps["name"]}).sort_values("rep"),
    }


def history(tables) -> pd.DataFrame:
    changes = tables.stage_history
    changes = changes.assign(deal=numbers(changes["opportunity_id"]), rep=numbers(changes["rep_id"]))
    columns = ["deal", "changed_at", "stage", "amount", "expected_close_on", "rep"]
    return changes[columns].sort_values(["deal", "changed_at"]).reset_index(drop=True)


def same(left: pd.DataFrame, right: pd.DataFrame, what: str) -> None:
    left, right = left.reset_index(drop=True), right.reset_index(drop=True)
    assert len(left) == len(right) > 0, what
    pd.testing.assert_frame_equal(left, right, check_exact=True, obj=what)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    folder = write(tmp_path_factory.mktemp("canonical"), "canonical")
    today = load(folder)
    return today, cut(today, MID)


MAIN = ("canonical", "salesforce-api", "hubspot-warehouse", "pipedrive-api")
CASES = [(dialect, "csv") for dialect in WRITERS]
CASES += [(dialect, kind) for dialect in MAIN for kind in (*FORMATS, "postgres") if kind != "csv"]


@pytest.fixture
def written(tmp_path, request, monkeypatch):
    """Writes the company in a dialect and format; gives its folder, and forgets what a database's user was told."""
    def go(dialect: str, kind: str):
        if kind != "postgres":
            return write(tmp_path / "acme", dialect, kind)
        server = request.getfixturevalue("postgres")
        monkeypatch.setenv("SALESOPS_DB_PASSWORD", postgres.PASSWORD)
        told.append(server)
        return write_postgres(tmp_path / "acme", dialect, server)

    told = []
    yield go
    for server in told:
        with server.admin() as con:
            con.execute(f"ALTER ROLE {postgres.USER} RESET search_path")


@pytest.mark.parametrize(("dialect", "kind"), CASES)
def test_every_dialect_and_format_gives_the_same_inputs(written, truth, dialect, kind):
    today = load(written(dialect, kind))
    for tables, expected in ((today, truth[0]), (cut(today, MID), truth[1])):
        wanted = inputs(expected)
        for what, frame in inputs(tables).items():
            same(frame, wanted[what], f"{what} as of {tables.as_of:%Y-%m-%d}")
    made, wanted = history(today), history(truth[0])
    if crm_of(dialect) == "salesforce":  # its log of owners reaches back to its first record of one, not further
        since = min(m for d in deals() for m, name, _ in d.changes if name == "rep" and m > d.created)
        unknown = made["rep"].isna()
        assert unknown.any() and (made.loc[unknown, "changed_at"] < since).all()
        wanted["rep"] = wanted["rep"].mask(unknown)
    same(made, wanted, "stage history")
