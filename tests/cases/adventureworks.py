"""The bicycle maker's sales as a company folder: reps, accounts, orders as won deals, quotas by month."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

TOML = """
name = "AdventureWorks"
currency = "USD"
fiscal_year_start = 7
stages = ["Open", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2020-06-30
"""
SHIFT = 73  # months from the dates of people and quotas to those of orders: 2011-05-31 stands for 2017-07-01


def write_adventureworks(cases: Path, folder: Path) -> Path:
    """The company folder, written to `folder`: company.toml, reps, rep_history, accounts, opportunities, quotas."""
    home = cases / "adventureworks"
    read = {path.stem: pd.read_csv(path) for path in home.glob("*.csv")}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "company.toml").write_text(TOML, encoding="utf-8")
    territories = read["SalesTerritory"].set_index("TerritoryID")
    tables = {
        "reps": _reps(read["SalesPerson"], territories), "accounts": _accounts(read["Store"], territories),
        "opportunities": _orders(read["reseller_orders"]), "quotas": _quotas(read["SalesPersonQuotaHistory"]),
        "rep_history": _moves(read["SalesTerritoryHistory"], territories),
    }
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def _reps(people: pd.DataFrame, territories: pd.DataFrame) -> pd.DataFrame:
    place = territories.reindex(people["TerritoryID"])
    return pd.DataFrame({
        "rep_id": people["BusinessEntityID"], "name": "Rep " + people["BusinessEntityID"].astype(str),
        "territory": place["Name"].to_numpy(), "region": place["group"].to_numpy(),
        "role": people["TerritoryID"].isna().map({True: "Manager", False: "Sales rep"}),
    })


def _accounts(stores: pd.DataFrame, territories: pd.DataFrame) -> pd.DataFrame:
    told = stores["Demographics"].str.extract(r"<AnnualSales>(?P<revenue>\d+)<.*<NumberEmployees>(?P<employees>\d+)<")
    return pd.DataFrame({
        "account_id": stores["BusinessEntityID"], "name": stores["Name"], "rep_id": stores["SalesPersonID"],
        "revenue": told["revenue"], "employees": told["employees"],
    })


def _orders(orders: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "opportunity_id": orders["SalesOrderNumber"], "account_id": orders["CustomerID"],
        "rep_id": orders["BusinessEntityID"], "stage": "Won", "created_on": orders["OrderDate"],
        "closed_on": orders["OrderDate"], "amount": orders["SalesAmount"].round(2),
    })


def _quotas(history: pd.DataFrame) -> pd.DataFrame:
    """A quarter's quota in three even months, the cents that do not divide in the last; the first of the twelve dates
    stands for the quarter from July 2017."""
    quarter = pd.to_datetime(history["QuotaDate"]).rank(method="dense").astype(int).sub(1).mul(3)
    first = pd.Period("2017-07", "M") + quarter
    cents = (history["SalesQuota"] * 100).round().astype(int)
    parts = [pd.DataFrame({
        "rep_id": history["BusinessEntityID"], "month": (first + k).astype(str),
        "amount": (cents // 3 + (cents % 3 if k == 2 else 0)) / 100,
    }) for k in range(3)]
    return pd.concat(parts).sort_values(["rep_id", "month"])


def _moves(history: pd.DataFrame, territories: pd.DataFrame) -> pd.DataFrame:
    place = territories.reindex(history["TerritoryID"])
    start = pd.to_datetime(history["StartDate"]) + pd.DateOffset(months=SHIFT) + pd.Timedelta(days=1)
    return pd.DataFrame({
        "rep_id": history["BusinessEntityID"], "valid_from": start.dt.strftime("%Y-%m-%d"),
        "territory": place["Name"].to_numpy(), "region": place["group"].to_numpy(),
    }).sort_values(["rep_id", "valid_from"])
