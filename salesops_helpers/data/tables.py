"""Every table of a company folder, defined once: columns, types, units, keys, references and time classes.

The data dictionary (``data/README.md``), the pandera schemas and the reading of files are all made from these
definitions.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.columns import Column, Table, date, deal, moment, money, month, number, product, rep, text

if TYPE_CHECKING:
    import pandera.pandas as pa

_PLACE = (
    text("team", "the rep's team", time="current"),
    text("manager", "name of the rep's manager", time="current"),
    text("region", "the rep's region", time="current"),
    text("territory", "the rep's territory", time="current"),
    text("role", "the rep's role", time="current"),
)
_PLACE_THEN = tuple(text(c.name, c.words + " from that day on") for c in _PLACE)

_DEFINITIONS = (
    Table("reps", "one sales rep", ("rep_id",), (
        text("rep_id", "the rep's id"), text("name", "the rep's name", required=True), *_PLACE,
        date("hired_on", "first day with the company"),
        date("left_on", "last day with the company", time="dated", since="left_on"),
    ), dated_by="hired_on", required=True),
    Table("rep_history", "one rep's place in the organisation from a day on", ("rep_id", "valid_from"), (
        rep(), date("valid_from", "first day of this place"), *_PLACE_THEN,
    ), dated_by="valid_from", shows="teams and regions as they were on the day"),
    Table("opportunities", "one deal", ("opportunity_id",), (
        text("opportunity_id", "the deal's id"),
        text("account_id", "the customer", refers_to="accounts"),
        rep("the deal's owner", required=True, time="current"),
        text("product", "the product sold", refers_to="products"),
        text("segment", "customer segment"),
        text("kind", "new, renewal or expansion", allowed=("new", "renewal", "expansion")),
        text("lead_source", "where the deal came from"),
        date("created_on", "day the deal was created; empty: undated, it counts only on the extract date"),
        text("stage", "stage of the sales process", required=True, time="current"),
        text("status", "open, won or lost; follows from the stage where the file does not give it",
              time="dated", since="closed_on", allowed=("open", "won", "lost")),
        money("amount", "value of the deal", required=True, time="current"),
        text("currency", "ISO 4217 code of the deal's amounts in the source; empty: the company's currency"),
        money("list_price", "list price of what is offered"),
        number("probability", "the CRM's win probability: a setting, not an estimate", "share, 0 to 1", time="current"),
        date("expected_close_on", "day on which the rep expects the deal to close", time="current"),
        date("closed_on", "day the deal was won or lost", time="dated", since="closed_on"),
        text("forecast_category", "the rep's forecast category", time="current"),
        text("next_step", "the rep's next step", time="current"),
    ), dated_by="created_on", required=True),
    Table("stage_history", "one change of a deal, with its values from that moment on",
        ("opportunity_id", "changed_at"), (
        deal(), moment("changed_at", "moment of the change"), text("stage", "stage from then on", required=True),
        money("amount", "amount from then on"), date("expected_close_on", "expected close from then on"),
        rep("owner from then on"),
    ), dated_by="changed_at", shows="deals as they were on an earlier day, conversion by stage and time in stage"),
    Table("activities", "one activity of a rep", ("activity_id",), (
        text("activity_id", "the activity's id"), rep(required=True), deal(), text("contact", "who was contacted"),
        text("kind", "call, email, meeting, …"), moment("occurred_at", "when it took place", required=True),
        number("minutes", "its length", "minutes"),
    ), dated_by="occurred_at", shows="activity per win and what the best do differently"),
    Table("leads", "one lead", ("lead_id",), (
        text("lead_id", "the lead's id"), moment("created_at", "when it came in", required=True),
        text("source", "where it came from"), number("score", "the lead score", "points"),
        rep("the rep it was given to", time="dated", since="assigned_at"),
        moment("assigned_at", "when it was given to the rep", time="dated",
            since="assigned_at"),
        moment("first_touch_at", "first contact by the rep", time="dated", since="first_touch_at"),
        date("qualified_on", "day it was qualified", time="dated", since="qualified_on"),
        deal(time="dated", since="qualified_on"),
    ), dated_by="created_at", shows="lead response, qualification and fairness of lead routing"),
    Table("accounts", "one customer", ("account_id",), (
        text("account_id", "the customer's id"), text("name", "the customer's name", required=True),
        text("industry", "its industry"), number("employees", "its size", "people"),
        money("revenue", "its yearly revenue"),
        text("region", "its region", time="current"), text("territory", "its territory", time="current"),
        rep("the rep who looks after it", time="current"),
        number("latitude", "its latitude", "degrees"), number("longitude", "its longitude", "degrees"),
        money("potential", "estimated yearly purchases"),
        number("workload", "visits or hours a year it needs", "hours a year"),
    ), shows="customers, territories and account-based ranges"),
    Table("products", "one product", ("product",), (
        text("product", "the product's name"), text("family", "its family"), money("list_price", "today's list price",
            time="current"),
        number("unit_cost", "today's cost of a unit", "currency a unit", time="current"),
        number("lead_time_months", "months from order to stock", "months"),
        number("stock_cost_rate", "yearly cost of holding stock", "share of its value a year"),
    ), shows="product mix, list prices and supply"),
    Table("product_prices", "a product's list price from a day on", ("product", "valid_from"), (
        product(), date("valid_from", "first day of the price"), money("list_price", "list price from then on",
            required=True),
    ), dated_by="valid_from", shows="list prices as they were on the day"),
    Table("quotas", "one rep's quota for a month", ("rep_id", "month"), (
        rep(), month(), money("amount", "the quota", required=True),
    ), shows="attainment: credited bookings ÷ quota, and pay that depends on it"),
    Table("targets", "a unit's goal for a KPI and month", ("unit", "kpi", "month"), (
        text("unit", "company, region, team or rep"), text("kpi", "the KPI"), month(),
        number("amount", "the goal", "unit of the KPI", required=True),
    ), shows="goals other than the sum of quotas"),
    Table("splits", "one rep's share of a deal", ("opportunity_id", "rep_id"), (
        deal(), rep(), number("quota_share", "share of the deal that counts towards quota", "share, 0 to 1",
            required=True),
        number("commission_share", "share of the deal that pay is computed on", "share, 0 to 1", required=True),
        Column("overlay", "boolean", "true where the share is beside the owners', not part of their 100 %"),
    ), shows="deals that are credited to more than their owner"),
    Table("plan_assignments", "one rep's pay plan from a day on", ("rep_id", "starts_on"), (
        rep(), date("starts_on", "first day on the plan"), text("plan", "the plan's name", required=True),
        date("ends_on", "last day on the plan; empty: open"),
        money("target_incentive", "yearly variable pay at 100 %"), money("base_pay", "yearly base pay"),
    ), dated_by="starts_on", shows="pay by rep on the plan each rep has"),
    Table("adjustments", "one correction of pay", ("rep_id", "month", "reason"), (
        rep(), month("month in which it is booked"), text("reason", "why"), money("amount", "the correction",
            required=True),
    ), dated_by="month", shows="corrections on pay statements"),
    Table("disputes", "one dispute about pay", ("dispute_id",), (
        text("dispute_id", "the dispute's id"), rep(), deal(), date("raised_on", "day it was raised"),
        text("claim", "what the rep says"), date("settled_on", "day it was settled", time="dated", since="settled_on"),
        text("outcome", "how", time="dated", since="settled_on"),
    ), dated_by="raised_on", shows="open disputes on pay statements"),
    Table("mbo_scores", "one rep's score on a set objective", ("rep_id", "month", "objective"), (
        rep(), month(), text("objective", "the objective"), number("score", "how far it was met", "share, 0 to 1",
            required=True),
    ), dated_by="month", shows="pay on set objectives"),
    Table("forecast_calls", "one rep's own forecast as called", ("rep_id", "month", "called_on"), (
        rep(), month("month that is forecast"), date("called_on", "day of the call"),
        money("commit", "what the rep commits to"), money("best_case", "what the rep hopes for"),
    ), dated_by="called_on", shows="bias and accuracy of the reps' own calls"),
    Table("demand", "a product's demand in a month", ("product", "month"), (
        product(), month(), number("units", "units sold", "units", required=True), money("revenue", "their revenue"),
    ), dated_by="month", shows="the demand forecast by product"),
    Table("supply", "a product's supply in a month", ("product", "month"), (
        product(), month(), number("on_hand", "stock at the month's end", "units"),
        number("capacity", "units that can be made or bought", "units"),
        number("in_transit", "units ordered and not yet in", "units"),
        Column("stocked_out", "boolean", "true where sales were held back by missing stock"),
    ), dated_by="month", shows="the supply plan and months in which sales were not demand"),
    Table("tools", "one sales tool", ("tool",), (
        text("tool", "the tool's name"), number("seats", "licensed seats", "seats"), money("cost", "yearly cost"),
    ), shows="cost per active user"),
    Table("tool_usage", "a rep's use of a tool in a month", ("rep_id", "tool", "month"), (
        rep(), text("tool", "the tool", refers_to="tools"), month(),
        number("active_days", "days with a meaningful action", "days", required=True),
    ), dated_by="month", shows="tool adoption"),
    Table("tool_feedback", "a rep's opinion of a tool in a month", ("rep_id", "tool", "month"), (
        rep(), text("tool", "the tool", refers_to="tools"), month(), number("score", "1 (bad) to 5 (good)", "points"),
        text("comment", "in the rep's words"),
    ), dated_by="month", shows="satisfaction with tools"),
    Table("roles", "who in sales operations is responsible for what", ("responsibility", "person"), (
        text("responsibility", "the task"), text("person", "who does it"), text("role", "in which role"),
    ), shows="gaps and overlaps in the team's structure"),
    Table("routing_policy", "one rep's part in lead routing", ("pool", "rep_id"), (
        text("pool", "the pool of leads"), rep(), number("weight", "the rep's part in the pool", "share, 0 to 1"),
        text("hours", "working hours"),
    ), shows="fairness of lead routing against the policy"),
    Table("hiring_plan", "planned hires", ("role", "region", "starts_on"), (
        text("role", "the role"), text("region", "the region"), date("starts_on", "first day"),
        number("heads", "how many", "people", required=True),
    ), shows="capacity to come"),
    Table("fx_rates", "a currency's rate in a month", ("currency", "month"), (
        text("currency", "ISO 4217 code"), month(), number("rate", "units of the company's currency for one unit",
            required=True),
    ), dated_by="month", shows="amounts in other currencies"),
)

TABLES: dict[str, Table] = {table.name: table for table in _DEFINITIONS}


def empty(name: str) -> pd.DataFrame:
    """The table `name` without rows: exactly its columns with their types."""
    return pd.DataFrame({c.name: pd.Series([], dtype=c.dtype) for c in TABLES[name].columns})


def conform(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with exactly the columns of table `name`, in order and typed; columns it lacks are filled with missing.

    Raises ``ValueError`` or ``TypeError`` where a value cannot be of its column's type.
    """
    table = TABLES[name]
    ready = {c.name: _typed(frame[c.name], c) if c.name in frame else _missing(c, frame.index) for c in table.columns}
    return pd.DataFrame(ready, index=frame.index).reset_index(drop=True)


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if column.type == "boolean":
        return values.astype("boolean").fillna(False).astype(bool)
    if column.type in ("date", "moment", "month"):
        return pd.to_datetime(values).astype(column.dtype)
    return values.astype(column.dtype)


def _missing(column: Column, index: pd.Index) -> pd.Series:
    return pd.Series(False if column.type == "boolean" else None, index=index).astype(column.dtype)


@cache
def schema(name: str) -> pa.DataFrameSchema:
    """The pandera schema of table `name`: types, key without gaps and duplicates, allowed values."""
    import pandera.pandas as pa

    table = TABLES[name]
    columns = {
        c.name: pa.Column(
            c.dtype, nullable=c.name not in table.key, description=c.words, title=c.unit or None,
            checks=[pa.Check.isin(c.allowed)] if c.allowed else [],
        )
        for c in table.columns
    }
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=list(table.key), name=name)
