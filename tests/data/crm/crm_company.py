"""The made-up company as each CRM writes it: frames with that CRM's headers, and company folders in each file format.

A *dialect* is a CRM and a way in which it writes: ``salesforce-api``, ``salesforce-labels``, ``salesforce-snake``,
``hubspot-api``, ``hubspot-labels``, ``hubspot-warehouse``, ``pipedrive-api``, ``pipedrive-list``, or ``canonical``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import crm_truth as truth
import pandas as pd

Frames = dict[str, pd.DataFrame]
MID = date(2026, 3, 31)
NUMBERS = {  # deal and rep → id
    "canonical": ("D{:05}".format, "r{:05}".format),
    "salesforce": ("006QP00000{:05}".format, "005QP00000{:05}".format),
    "hubspot": (lambda k: str(15_000_000_000 + k), lambda r: str(40_000_000 + r)),
    "pipedrive": (lambda k: str(700_000 + k), lambda r: str(800_000 + r)),
}


def number(identity: str) -> int:
    """The deal's or rep's number that every dialect's id ends in."""
    return int(re.search(r"\d{5}$", identity)[0])


def crm_of(dialect: str) -> str:
    return dialect.partition("-")[0]


LABEL_AS_KIND = """
[columns.opportunities]
kind = "{}"
[values.opportunities.kind]
"Brand new" = "new"
"Bigger" = "expansion"
"""
MORE = {"pipedrive-api": LABEL_AS_KIND.format("label"), "pipedrive-list": LABEL_AS_KIND.format("Deal - Label")}


def toml(dialect: str, more: str = "") -> str:
    crm = crm_of(dialect)
    more = more or MORE.get(dialect, "")
    return (f'name = "Acme"\ncurrency = "EUR"\nextract_date = {truth.EXTRACT}\nstages = {list(truth.STAGES)}\n'
            f'won_stages = ["{truth.WON}"]\nlost_stages = ["{truth.LOST}"]\n'
            + ("" if crm == "canonical" else f'crm = "{crm}"\n') + more)


def frames(dialect: str) -> Frames:
    """File name (without suffix) → what that file holds, typed: text, numbers, moments, days."""
    return WRITERS[dialect]()


def ids(crm: str) -> tuple[Callable[[int], str], Callable[[int], str]]:
    return NUMBERS[crm]


def canonical() -> Frames:
    deal_id, rep_id = ids("canonical")
    deals, history = [], []
    for d in truth.deals():
        s = d.state()
        closed = d.closed
        deals.append({
            "opportunity_id": deal_id(d.number), "rep_id": rep_id(s["rep"]), "kind": d.kind,
            "created_on": d.created.date(), "stage": s["stage"], "amount": s["amount"], "probability": d.percent / 100,
            "closed_on": closed.date() if closed else None, "expected_close_on": None if closed else s["close"],
        })
        for moment in d.moments:
            then = d.state(moment)
            history.append({
                "opportunity_id": deal_id(d.number), "changed_at": moment, "stage": then["stage"],
                "amount": then["amount"], "expected_close_on": then["close"], "rep_id": rep_id(then["rep"])})
    acts = [
        {"activity_id": f"a{a.number}", "rep_id": rep_id(a.rep), "opportunity_id": deal_id(a.deal) if a.deal else None,
         "kind": a.kind, "occurred_at": a.moment, "minutes": a.minutes} for a in truth.activities()]
    reps = [{"rep_id": rep_id(i), "name": name} for i, name in enumerate(truth.REPS)]
    return {"opportunities": pd.DataFrame(deals), "stage_history": pd.DataFrame(history), "reps": pd.DataFrame(reps),
            "activities": pd.DataFrame(acts), **beside("canonical")}


def beside(crm: str) -> Frames:
    """The tables that this CRM does not give, as the kit's own files with the CRM's ids."""
    deal_id, rep_id = ids(crm)
    quotas = [{"rep_id": rep_id(r), "month": month, "amount": amount} for r, month, amount in truth.quotas()]
    splits = [{"opportunity_id": deal_id(k), "rep_id": rep_id(r), "quota_share": p / 100, "commission_share": p / 100}
              for k, r, p in truth.splits()]
    leads = [
        {"lead_id": f"L{n.number}", "created_at": n.created, "source": n.source, "rep_id": rep_id(n.rep),
         "qualified_on": n.converted, "opportunity_id": deal_id(n.deal) if n.deal else None} for n in truth.leads()]
    return {"quotas": pd.DataFrame(quotas), "splits": pd.DataFrame(splits), "leads": pd.DataFrame(leads)}


def salesforce() -> Frames:
    deal_id, rep_id = ids("salesforce")
    deals, history, fields = [], [], []
    field_names = {"stage": "StageName", "amount": "Amount", "close": "CloseDate"}
    for d in truth.deals():
        s, key = d.state(), deal_id(d.number)
        deals.append(_opportunity(key, d, s, rep_id))
        for i, moment in enumerate(d.moments):
            told = {name for m, name, _ in d.changes if m == moment}
            then, before = d.state(moment), d.state(moment - timedelta(seconds=1))
            if told - {"rep"}:
                history.append({
                    "Id": f"008QP{len(history):010}", "OpportunityId": key, "StageName": then["stage"],
                    "Amount": then["amount"], "ExpectedRevenue": None, "CloseDate": then["close"], "Probability": None,
                    "ForecastCategory": None, "PrevAmount": before.get("amount"), "PrevCloseDate": before.get("close"),
                    "CurrencyIsoCode": "EUR", "CreatedById": None, "CreatedDate": moment, "SystemModstamp": moment,
                    "IsDeleted": False})
            rows = [("created", "Text", None, None)] if i == 0 else [
                (field_names[name], "Text", _told(before[name]), _told(then[name]))
                for name in field_names if name in told]
            if i and "rep" in told:
                rows += [("Owner", "Text", truth.REPS[before["rep"]], truth.REPS[then["rep"]]),
                         ("Owner", "EntityId", rep_id(before["rep"]), rep_id(then["rep"]))]
            fields += [{"Id": f"017QP{len(fields) + j:010}", "OpportunityId": key, "Field": name, "DataType": kind,
                        "OldValue": old, "NewValue": new, "IsDeleted": False, "CreatedDate": moment}
                       for j, (name, kind, old, new) in enumerate(rows)]
    gone = {**deals[0], "Id": deal_id(90), "IsDeleted": True}
    users = [{"Id": rep_id(i), "Name": name, "FirstName": name.split()[0], "LastName": name.split()[1],
              "Username": f"u{i}@acme.example", "Email": f"rep{i}@acme.example",
              "Department": ("North", "South")[i % 2],
              "ManagerId": rep_id(0) if i else None, "IsActive": True} for i, name in enumerate(truth.REPS)]
    tasks, events = _tasks_and_events(deal_id, rep_id)
    leads = [{"Id": f"00QQP{n.number:05}", "OwnerId": rep_id(n.rep), "Status": "Open", "LeadSource": n.source,
              "CreatedDate": n.created, "ConvertedDate": n.converted, "IsConverted": n.converted is not None,
              "ConvertedOpportunityId": deal_id(n.deal) if n.deal else None, "Company": f"Firm {n.number}"}
             for n in truth.leads()]
    splits = [{"Id": f"1spQP{i:05}", "OpportunityId": deal_id(k), "SplitOwnerId": rep_id(r), "SplitPercentage": p,
               "SplitAmount": None, "SplitTypeId": "149QP00001"} for i, (k, r, p) in enumerate(truth.splits())]
    quotas = [{"Id": f"0J9QP{i:05}", "QuotaOwnerId": rep_id(r), "StartDate": month, "QuotaAmount": amount,
               "IsAmount": True, "IsQuantity": False, "CurrencyIsoCode": "EUR"}
              for i, (r, month, amount) in enumerate(truth.quotas())]
    units = {**quotas[0], "Id": "0J9QP99999", "IsAmount": False, "IsQuantity": True}
    made = {"Opportunity": [*deals, gone], "OpportunityHistory": history, "OpportunityFieldHistory": fields,
            "User": users, "Task": tasks, "Event": events, "Lead": leads, "OpportunitySplit": splits,
            "ForecastingQuota": [*quotas, units]}
    return {name: pd.DataFrame(rows) for name, rows in made.items()}


def _opportunity(key: str, d: truth.Deal, s: dict, rep_id) -> dict:
    return {
        "Id": key, "AccountId": f"001QP{d.number:05}", "Name": f"Deal {d.number}", "OwnerId": rep_id(s["rep"]),
        "StageName": s["stage"], "Amount": s["amount"], "Probability": d.percent, "CloseDate": s["close"],
        "CreatedDate": d.created,
        "Type": {"new": "New Business", "expansion": "Existing Business"}.get(d.kind, "Renewal"),
        "LeadSource": "Web", "NextStep": None, "IsClosed": d.closed is not None, "IsWon": s["stage"] == truth.WON,
        "IsDeleted": False, "ForecastCategoryName": "Pipeline", "CurrencyIsoCode": "EUR",
    }


def _told(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _tasks_and_events(deal_id, rep_id) -> tuple[list[dict], list[dict]]:
    tasks, events = [], []
    for a in truth.activities():
        common = {"OwnerId": rep_id(a.rep), "WhatId": deal_id(a.deal) if a.deal else "001QP00001",
                  "WhoId": "003QP00001", "Subject": "x"}
        if a.kind == "meeting":
            events.append({"Id": f"00UQP{a.number:05}", **common, "Type": "Meeting", "StartDateTime": a.moment,
                           "EndDateTime": a.moment + timedelta(minutes=a.minutes), "EventSubtype": "Event",
                           "IsDeleted": False})
        else:
            tasks.append({"Id": f"00TQP{a.number:05}", **common, "Type": None, "TaskSubtype": a.kind.capitalize(),
                          "Status": "Completed", "ActivityDate": a.moment.date(), "CompletedDateTime": a.moment,
                          "CallDurationInSeconds": None if a.minutes is None else a.minutes * 60, "IsClosed": True,
                          "IsDeleted": False, "CreatedDate": a.moment})
    tasks.append({**tasks[0], "Id": "00TQP99999", "Status": "Open", "IsClosed": False, "CompletedDateTime": None})
    tasks.append({**tasks[0], "Id": "00TQP99998", "IsDeleted": True})
    return tasks, events


SALESFORCE_LABELS = {
    "Opportunity": {
        "Id": "Opportunity ID", "OwnerId": "Opportunity Owner", "AccountId": "Account Name", "Name": "Opportunity Name",
        "StageName": "Stage", "Amount": "Amount", "Probability": "Probability (%)", "CloseDate": "Close Date",
        "CreatedDate": "Created Date", "Type": "Type", "LeadSource": "Lead Source", "NextStep": "Next Step",
        "IsClosed": "Closed", "IsWon": "Won", "IsDeleted": "Deleted", "ForecastCategoryName": "Forecast Category",
        "CurrencyIsoCode": "Opportunity Currency"},
    "OpportunityHistory": {"OpportunityId": "Opportunity ID", "StageName": "To Stage", "Amount": "Amount",
                           "CloseDate": "Close Date", "CreatedDate": "Last Modified Date", "IsDeleted": "IsDeleted"},
    "OpportunityFieldHistory": {"OpportunityId": "Opportunity ID", "Field": "Field / Event", "OldValue": "Old Value",
                                "NewValue": "New Value", "CreatedDate": "Edit Date"},
    "User": {"Id": "User ID", "Name": "Full Name", "Email": "Email", "Department": "Department",
             "ManagerId": "Manager"},
    "Task": {"Id": "Task ID", "OwnerId": "Assigned", "WhatId": "Related To ID", "TaskSubtype": "Task Subtype",
             "CompletedDateTime": "Completed Date/Time", "ActivityDate": "Due Date", "IsClosed": "Closed",
             "CallDurationInSeconds": "Call Duration", "IsDeleted": "IsDeleted"},
    "Event": {"Id": "Event ID", "OwnerId": "Assigned", "WhatId": "Related To ID", "Type": "Event Type",
              "StartDateTime": "Start", "EndDateTime": "End"},
    "Lead": {"Id": "Lead ID", "OwnerId": "Lead Owner", "LeadSource": "Lead Source", "CreatedDate": "Created Date",
             "IsConverted": "Converted", "ConvertedDate": "Converted Date",
             "ConvertedOpportunityId": "Converted Opportunity ID"},
    "OpportunitySplit": {"OpportunityId": "Opportunity ID", "SplitOwnerId": "Team Member",
                         "SplitPercentage": "Split (%)"},
    "ForecastingQuota": {"QuotaOwnerId": "Owner", "StartDate": "Start Date", "QuotaAmount": "Quota Amount",
                         "IsAmount": "IsAmount"},
}


def salesforce_labels() -> Frames:
    """Reports' labels, and names where the API has the ids of users."""
    rep_id = ids("salesforce")[1]
    names = {rep_id(i): name for i, name in enumerate(truth.REPS)}
    made = {}
    for name, frame in salesforce().items():
        labels = SALESFORCE_LABELS[name]
        for column in ("OwnerId", "SplitOwnerId", "QuotaOwnerId", "ManagerId"):
            if column in frame and column in labels:
                frame[column] = frame[column].map(names)
        made[f"Report_{name}"] = frame[list(labels)].rename(columns=labels)
    fields = made["Report_OpportunityFieldHistory"]
    made["Report_OpportunityFieldHistory"] = fields[~fields["New Value"].isin(names)].reset_index(drop=True)
    return made


def salesforce_snake() -> Frames:
    """The same names in snake_case, as warehouse copies have them, with a prefix before the object's name."""
    def snake(text: str) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    return {f"salesforce_{snake(name)}": frame.rename(columns=snake) for name, frame in salesforce().items()}


STAGE_CODES = ("appointmentscheduled", "32145671", "contractsent", "closedwon", "closedlost")
STAGE_IDS = dict(zip(truth.STAGES, STAGE_CODES, strict=True))


def _hub_time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _hub_day(day: date) -> str:
    return f"{day}T17:00:00.000Z"


def hubspot_api() -> Frames:
    """Internal names; every value is a text."""
    deal_id, rep_id = ids("hubspot")
    codes = {"new": "newbusiness", "expansion": "existingbusiness", "renewal": "Renewal"}
    deals = [{
        "hs_object_id": deal_id(d.number), "dealname": f"Deal {d.number}", "pipeline": "default",
        "dealstage": STAGE_IDS[s["stage"]], "amount": str(s["amount"]), "deal_currency_code": "EUR",
        "closedate": _hub_day(s["close"]), "createdate": _hub_time(d.created), "hubspot_owner_id": rep_id(s["rep"]),
        "dealtype": codes[d.kind], "hs_deal_stage_probability": str(d.percent / 100),
        "hs_is_closed": str(d.closed is not None).lower(), "hs_is_closed_won": str(s["stage"] == truth.WON).lower(),
        "hs_merged_object_ids": f"{deal_id(91)};{deal_id(92)}" if d.number == 5 else None,
    } for d in truth.deals() for s in [d.state()]]
    deals.append({**deals[4], "hs_object_id": deal_id(91), "hs_merged_object_ids": None})
    return {"hubspot_deals": pd.DataFrame(deals), "deal_property_history": _property_history(),
            "deal_pipeline_stage": _pipeline(), "owners": _owners(),
            "engagements": _engagements(), **beside("hubspot")}


def _property_history(without: tuple[str, ...] = ()) -> pd.DataFrame:
    deal_id, rep_id = ids("hubspot")
    names = {"stage": "dealstage", "amount": "amount", "close": "closedate", "rep": "hubspot_owner_id"}
    told = {"stage": STAGE_IDS.get, "amount": str, "close": _hub_day, "rep": rep_id}
    return pd.DataFrame([
        {"deal_id": deal_id(d.number), "name": names[name], "value": told[name](value), "timestamp": _hub_time(moment),
         "source": "CRM_UI", "source_id": "u1"}
        for d in truth.deals() for moment, name, value in d.changes if names[name] not in without
    ])


def _pipeline() -> pd.DataFrame:
    return pd.DataFrame([
        {"stage_id": code, "pipeline_id": "default", "label": stage, "display_order": i, "probability": 0.5,
         "is_closed": stage in (truth.WON, truth.LOST), "closed_won": stage == truth.WON, "active": True}
        for i, (stage, code) in enumerate(STAGE_IDS.items())])


def _owners() -> pd.DataFrame:
    rep_id = ids("hubspot")[1]
    return pd.DataFrame([
        {"owner_id": rep_id(i), "email": f"rep{i}@acme.example", "first_name": name.split()[0],
         "last_name": name.split()[1], "active_user_id": str(i)} for i, name in enumerate(truth.REPS)])


def _engagements() -> pd.DataFrame:
    deal_id, rep_id = ids("hubspot")
    rows = [{
        "hs_object_id": str(60_000 + a.number), "hubspot_owner_id": rep_id(a.rep), "hs_engagement_type": a.kind.upper(),
        "associations.deal": deal_id(a.deal) if a.deal else None, "hs_timestamp": _hub_time(a.moment),
        "hs_call_duration": str(a.minutes * 60_000) if a.kind == "call" else None,
        "hs_meeting_end_time": _hub_time(a.moment + timedelta(minutes=a.minutes)) if a.kind == "meeting" else None,
        "hs_task_status": None,
    } for a in truth.activities()]
    return pd.DataFrame([*rows, {**rows[0], "hs_object_id": "99999", "hs_task_status": "NOT_STARTED"}])


HUBSPOT_LABELS = {
    "hs_object_id": "Record ID", "dealname": "Deal Name", "pipeline": "Pipeline", "dealstage": "Deal Stage",
    "amount": "Amount", "deal_currency_code": "Currency", "closedate": "Close Date", "createdate": "Create Date",
    "hubspot_owner_id": "Deal owner", "dealtype": "Deal Type", "hs_deal_stage_probability": "Deal probability",
    "hs_is_closed": "Is Deal Closed?", "hs_is_closed_won": "Is Closed Won", "hs_merged_object_ids": "Merged Deal IDs",
}


def hubspot_labels() -> Frames:
    """The list export: labels, names of owners and stages; the history beside it holds the ids."""
    made = hubspot_api()
    deals = made.pop("hubspot_deals")
    names = {ids("hubspot")[1](i): name for i, name in enumerate(truth.REPS)}
    stages = {code: stage for stage, code in STAGE_IDS.items()}
    kinds = {"newbusiness": "New Business", "existingbusiness": "Existing Business"}
    for column in ("closedate", "createdate"):
        deals[column] = deals[column].str[:16].str.replace("T", " ")
    deals = deals.assign(hubspot_owner_id=deals["hubspot_owner_id"].map(names),
                         dealstage=deals["dealstage"].map(stages),
                         dealtype=deals["dealtype"].replace(kinds))
    return {"hubspot-crm-exports-all-deals-2026-07-01": deals.rename(columns=HUBSPOT_LABELS), **made}


def hubspot_warehouse() -> Frames:
    """Warehouse tables: typed, stages in a history of their own, links between engagements and deals."""
    deal_id, rep_id = ids("hubspot")
    deals = [{
        "deal_id": int(deal_id(d.number)), "deal_pipeline_id": "default",
        "deal_pipeline_stage_id": STAGE_IDS[s["stage"]], "owner_id": int(rep_id(s["rep"])),
        "portal_id": 1, "is_deleted": False, "property_dealname": f"Deal {d.number}",
        "property_amount": s["amount"], "property_closedate": datetime.combine(s["close"], datetime.min.time()),
        "property_createdate": d.created, "property_dealtype": d.kind,
    } for d in truth.deals() for s in [d.state()]]
    deals.append({**deals[0], "deal_id": int(deal_id(90)), "is_deleted": True})
    stages = [{"deal_id": int(deal_id(d.number)), "value": STAGE_IDS[value], "date_entered": moment,
               "source": "CRM_UI", "source_id": "u1", "_fivetran_active": True}
              for d in truth.deals() for moment, name, value in d.changes if name == "stage"]
    acts = _engagements()
    plain = acts.rename(columns={"hs_object_id": "id", "hubspot_owner_id": "owner_id", "hs_engagement_type": "type",
                                 "hs_timestamp": "timestamp"})
    links = acts.rename(columns={"hs_object_id": "engagement_id", "associations.deal": "deal_id"})
    return {
        "DEAL": pd.DataFrame(deals), "DEAL_STAGE": pd.DataFrame(stages),
        "DEAL_PROPERTY_HISTORY": _property_history(without=("dealstage",)), "DEAL_PIPELINE_STAGE": _pipeline(),
        "OWNER": _owners(), "ENGAGEMENT": plain.drop(columns="associations.deal"),
        "ENGAGEMENT_DEAL": links.loc[links["deal_id"].notna(), ["deal_id", "engagement_id"]].reset_index(drop=True),
        **beside("hubspot"),
    }


PIPE_STAGES = {stage: i for i, stage in enumerate(truth.PIPELINE, start=1)}


def pipedrive_api() -> Frames:
    deal_id, rep_id = ids("pipedrive")
    deals, flow = [], []
    for d in truth.deals():
        s, key, closed = d.state(), int(deal_id(d.number)), d.closed
        inside = [v for _, name, v in d.changes if name == "stage" and v in PIPE_STAGES][-1]
        status = {truth.WON: "won", truth.LOST: "lost"}.get(s["stage"], "open")
        deals.append({
            "id": key, "title": f"Deal {d.number}", "value": s["amount"], "currency": "EUR", "status": status,
            "stage_id": PIPE_STAGES[inside], "pipeline_id": 1, "owner_id": int(rep_id(s["rep"])), "add_time": d.created,
            "won_time": closed if status == "won" else None, "lost_time": closed if status == "lost" else None,
            "close_time": closed, "expected_close_date": s["close"], "probability": d.percent, "is_deleted": False,
            "label": {"new": "Brand new", "expansion": "Bigger"}.get(d.kind, "Renewal"),
        })
        flow += _flow(d, key, rep_id, len(flow))
    deals.append({**deals[0], "id": int(deal_id(90)), "is_deleted": True})
    users = [{"id": int(rep_id(i)), "name": name, "email": f"rep{i}@acme.example"} for i, name in enumerate(truth.REPS)]
    stages = [{"id": i, "name": stage, "order_nr": i, "pipeline_id": 1} for stage, i in PIPE_STAGES.items()]
    acts = [{"id": a.number, "user_id": int(rep_id(a.rep)), "deal_id": deal_id(a.deal) if a.deal else None,
             "type": a.kind, "done": True, "marked_as_done_time": a.moment, "due_date": a.moment.date(),
             "due_time": f"{a.moment:%H:%M}",
             "duration": None if a.minutes is None else f"{a.minutes // 60:02}:{a.minutes % 60:02}"}
            for a in truth.activities()]
    acts.append({**acts[0], "id": 99999, "done": False, "marked_as_done_time": None})
    made = {"deals": deals, "dealflow": flow, "users": users, "stages": stages, "activities": acts}
    return {name: pd.DataFrame(rows) for name, rows in made.items()} | beside("pipedrive")


def _flow(d: truth.Deal, key: int, rep_id, start: int) -> list[dict]:
    rows = [(d.created, "add_time", None, f"{d.created}")]
    for moment in d.moments[1:]:
        before, then = d.state(moment - timedelta(seconds=1)), d.state(moment)
        for name in sorted({name for m, name, _ in d.changes if m == moment}):
            old, new = before[name], then[name]
            if name == "stage" and new in PIPE_STAGES:
                rows.append((moment, "stage_id", str(PIPE_STAGES[old]), str(PIPE_STAGES[new])))
            elif name == "stage":
                rows.append((moment, "status", "open", "won" if new == truth.WON else "lost"))
            elif name == "rep":
                rows.append((moment, "user_id", rep_id(old), rep_id(new)))
            else:
                rows.append((moment, {"amount": "value", "close": "expected_close_date"}[name], str(old), str(new)))
    return [{"id": start + i, "item_id": key, "user_id": 800_000, "field_key": field, "old_value": old,
             "new_value": new, "log_time": moment, "change_source": "app"}
            for i, (moment, field, old, new) in enumerate(rows)]


PIPEDRIVE_LIST = {
    "id": "Deal - ID", "title": "Deal - Title", "owner_id": "Deal - Owner", "value": "Deal - Value",
    "currency": "Deal - Currency of Value", "probability": "Deal - Probability", "stage_id": "Deal - Stage",
    "status": "Deal - Status", "label": "Deal - Label", "add_time": "Deal - Deal created",
    "won_time": "Deal - Won time",
    "lost_time": "Deal - Lost time", "close_time": "Deal - Deal closed on",
    "expected_close_date": "Deal - Expected close date",
}


def pipedrive_list() -> Frames:
    """The list view's export: names of owners and stages, status words with a capital; the history holds the ids."""
    made = pipedrive_api()
    deals = made["deals"][~made["deals"]["is_deleted"]]
    names = {int(ids("pipedrive")[1](i)): name for i, name in enumerate(truth.REPS)}
    stages = {i: stage for stage, i in PIPE_STAGES.items()}
    deals = deals.assign(owner_id=deals["owner_id"].map(names), stage_id=deals["stage_id"].map(stages),
                         status=deals["status"].str.capitalize())
    made.pop("deals")
    return {"deals-4123-15": deals[list(PIPEDRIVE_LIST)].rename(columns=PIPEDRIVE_LIST), **made}


WRITERS: dict[str, Callable[[], Frames]] = {
    "canonical": canonical, "salesforce-api": salesforce, "salesforce-labels": salesforce_labels,
    "salesforce-snake": salesforce_snake, "hubspot-api": hubspot_api, "hubspot-labels": hubspot_labels,
    "hubspot-warehouse": hubspot_warehouse, "pipedrive-api": pipedrive_api, "pipedrive-list": pipedrive_list,
}


def texts(frame: pd.DataFrame, utc: str = "") -> pd.DataFrame:
    """The frame as a CSV export has it: ISO days and moments, true / false, money with two digits."""
    def text(value):
        if value is None or value is pd.NaT or value != value:
            return None
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%dT%H:%M:%S}{utc}"
        if isinstance(value, float) and value == int(value):
            return str(int(value))
        return str(value).lower() if isinstance(value, bool) else str(value)
    return pd.DataFrame({c: [text(v) for v in frame[c].astype(object)] for c in frame}, dtype=object)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as a typed export has it: money and numbers as floats, days and moments as such."""
    made = {}
    for c in frame:
        values = frame[c].astype(object)
        kinds = {type(v) for v in values if v is not None and v == v and v is not pd.NaT}
        if kinds == {Decimal}:
            made[c] = values.astype("float64")
        elif kinds and kinds <= {datetime, date, pd.Timestamp}:
            made[c] = pd.to_datetime(values)
        else:
            made[c] = frame[c]
    return pd.DataFrame(made)


def write_csv(folder: Path, name: str, frame: pd.DataFrame) -> None:
    frame = texts(frame, ".000+0000" if name[0].isupper() else "")
    frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def write_parquet(folder: Path, name: str, frame: pd.DataFrame) -> None:
    typed(frame).to_parquet(folder / f"{name}.parquet")


def write_xlsx(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """Days and moments as a workbook holds them: serial numbers with a date's format."""
    formats = {"datetime_format": "yyyy-mm-dd hh:mm:ss", "date_format": "yyyy-mm-dd"}
    with pd.ExcelWriter(folder / f"{name}.xlsx", engine="xlsxwriter", **formats) as book:
        typed(frame).to_excel(book, sheet_name="Export", index=False)


FORMATS = {"csv": write_csv, "parquet": write_parquet, "xlsx": write_xlsx}


def write_postgres(folder: Path, dialect: str, server) -> Path:
    """A company folder that points to a database: the dialect's files as typed tables of a schema of their own, which
    is where the user's session looks."""
    import postgres

    made = {name: typed(frame) for name, frame in frames(dialect).items()}
    kinds = {f"{name}.{c}": _engine_type(frame[c]) for name, frame in made.items() for c in frame}
    schema = dialect.replace("-", "_")
    postgres.write(server, schema, made, kinds)
    with server.admin() as con:
        con.execute(f"ALTER ROLE {postgres.USER} SET search_path = '{schema}'")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "company.toml").write_text(f'source = "{server.url}"\n{toml(dialect)}', encoding="utf-8")
    return folder


def _engine_type(values: pd.Series) -> str:
    if values.dtype == bool:
        return "boolean"
    kinds = {"f": "numeric", "i": "bigint", "M": "timestamp"}
    return kinds.get(values.dtype.kind, "text")


def write(folder: Path, dialect: str, kind: str = "csv", without: tuple[str, ...] = (), more: str = "") -> Path:
    """A company folder in that dialect and file format, without some files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "company.toml").write_text(toml(dialect, more), encoding="utf-8")
    for name, frame in frames(dialect).items():
        if name not in without:
            FORMATS[kind](folder, name, frame)
    return folder
