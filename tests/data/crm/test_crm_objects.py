"""Each object of each CRM, on small literal exports with answers worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from salesops_helpers import load
from salesops_helpers.data.check import check
from salesops_helpers.data.company import read_company
from salesops_helpers.data.load import cut
from salesops_helpers.data.quality import Checker
from salesops_helpers.errors import SalesOpsError

STAGES = 'stages = ["Open", "Offer", "Won", "Lost"]\nwon_stages = ["Won"]\nlost_stages = ["Lost"]\n'


def company(folder: Path, crm: str, more: str = "", **files: str) -> Path:
    """A company folder whose files (name → CSV text) are a CRM's export."""
    folder.mkdir(parents=True, exist_ok=True)
    head = f'name = "Acme"\ncurrency = "EUR"\nextract_date = 2026-03-31\ncrm = "{crm}"\n{STAGES}'
    (folder / "company.toml").write_text(head + more, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def rows(frame: pd.DataFrame, *columns: str) -> list[list]:
    """The columns as lists: days as text, missing as None."""
    frame = frame[list(columns)].copy()
    for c in frame.select_dtypes("datetime"):
        frame[c] = frame[c].dt.strftime("%Y-%m-%d %H:%M").str.removesuffix(" 00:00")
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


USERS = "Id,Name,Email,ManagerId,Department\n005A,Ada,ada@x.example,,North\n005B,Bo,bo@x.example,005A,South\n"
DEALS = (
    "Id,OwnerId,StageName,Amount,Probability,CloseDate,CreatedDate,IsClosed,IsWon,IsDeleted,Type,CurrencyIsoCode\n"
    "006A,005A,Won,100.10,100,2026-02-10,2026-01-05T09:00:00.000+0000,true,true,false,New Business,EUR\n"
    "006B,005B,Lost,50,0,2026-02-11,2026-01-06T09:00:00.000+0000,true,false,false,Renewal,EUR\n"
    "006C,005A,Offer,200,37.5,2026-04-30,2026-02-01T09:00:00.000+0000,false,false,false,Something else,EUR\n"
    "006D,005A,Offer,900,10,2026-04-30,2026-02-01T09:00:00.000+0000,false,false,true,,EUR\n"
)


def salesforce(folder: Path, more: str = "", **files: str) -> Path:
    return company(folder, "salesforce", more, **{"User": USERS, "Opportunity": DEALS, **files})


def test_salesforce_close_date_is_the_day_of_closing_only_where_the_deal_is_closed(tmp_path):
    deals = load(salesforce(tmp_path)).opportunities
    assert rows(deals, "opportunity_id", "status", "closed_on", "expected_close_on", "created_on", "amount") == [
        ["006A", "won", "2026-02-10", None, "2026-01-05", 100.10],
        ["006B", "lost", "2026-02-11", None, "2026-01-06", 50.0],
        ["006C", "open", None, "2026-04-30", "2026-02-01", 200.0],
    ]
    assert deals["probability"].tolist() == [1.0, 0.0, 0.375]
    assert rows(deals, "kind") == [["new"], ["renewal"], [None]]


def test_a_deleted_record_is_counted_and_set_aside_with_its_reason(tmp_path):
    report = check(salesforce(tmp_path))
    counts = report.counts.set_index("table").loc["opportunities"]
    assert counts[["rows_in", "used", "set_aside"]].tolist() == [4, 3, 1]
    aside = report.set_aside.iloc[0]
    assert aside[["table", "file", "source_line", "key", "rule", "reason"]].tolist() == [
        "opportunities", "Opportunity.csv", 5, "006D", "deleted", "the CRM has marked it as deleted"]
    assert json.loads(aside["row"])["Amount"] == "900"


def test_without_marks_of_closing_the_companys_stages_decide(tmp_path):
    deals = pd.read_csv(salesforce(tmp_path) / "Opportunity.csv").drop(columns=["IsClosed", "IsWon", "IsDeleted"])
    made = load(salesforce(tmp_path, Opportunity=deals.head(3).to_csv(index=False))).opportunities
    assert rows(made, "status", "closed_on", "expected_close_on") == [
        ["won", "2026-02-10", None], ["lost", "2026-02-11", None], ["open", None, "2026-04-30"]]


def test_users_are_reps_with_their_managers_by_name(tmp_path):
    reps = load(salesforce(tmp_path)).reps
    assert rows(reps, "rep_id", "name", "team", "manager") == [
        ["005A", "Ada", "North", None], ["005B", "Bo", "South", "Ada"]]


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda h: h.replace("Is", "is_").replace("Name", " name")])
def test_headers_are_found_whatever_their_case(tmp_path, change):
    head, _, body = DEALS.partition("\n")
    made = load(salesforce(tmp_path, Opportunity=f"{change(head)}\n{body}")).opportunities
    assert made["status"].tolist() == ["won", "lost", "open"]


def test_tasks_and_events_are_activities_and_only_what_is_done_counts(tmp_path):
    tasks = ("Id,OwnerId,WhatId,WhoId,TaskSubtype,Status,IsClosed,ActivityDate,CompletedDateTime,"
             "CallDurationInSeconds\n"
             "00T1,005A,006A,003X,Call,Completed,true,2026-01-10,2026-01-11T10:00:00Z,90\n"
             "00T2,005B,001X,003X,Email,Completed,true,2026-01-12,,\n"
             "00T3,005B,006A,003X,Call,Not Started,false,2026-01-12,,\n")
    events = ("Id,OwnerId,WhatId,Type,EventSubtype,StartDateTime,EndDateTime\n"
              "00U1,005A,006B,,Event,2026-01-13T10:00:00Z,2026-01-13T10:45:00Z\n")
    folder = salesforce(tmp_path, Task=tasks, Event=events)
    made = load(folder).activities
    columns = ("activity_id", "rep_id", "opportunity_id", "contact", "kind", "occurred_at", "minutes")
    assert sorted(rows(made, *columns)) == [
        ["00T1", "005A", "006A", "003X", "call", "2026-01-11 10:00", 1.5],
        ["00T2", "005B", None, "003X", "email", "2026-01-12", None],
        ["00U1", "005A", "006B", None, "meeting", "2026-01-13 10:00", 45.0],
    ]
    report = check(folder)
    counts = report.counts.set_index("table").loc["activities"]
    assert counts[["rows_in", "used", "set_aside"]].tolist() == [4, 3, 1]
    assert report.set_aside.set_index("table").loc["activities", "reason"] == "the task is not done"


def test_leads_splits_and_quotas(tmp_path):
    leads = ("Id,OwnerId,LeadSource,CreatedDate,IsConverted,ConvertedDate,ConvertedOpportunityId\n"
             "00Q1,005A,Web,2026-01-02T08:00:00Z,true,2026-01-05,006A\n00Q2,005B,Fair,2026-01-03T08:00:00Z,false,,\n")
    splits = ("OpportunityId,SplitOwnerId,SplitPercentage,SplitTypeId\n006A,005A,75,rev\n006A,005B,25,rev\n"
              "006B,005A,33.5,over\n")
    kinds = "Id,MasterLabel,IsTotalValidated\nrev,Revenue,true\nover,Overlay,false\n"
    quotas = ("QuotaOwnerId,StartDate,QuotaAmount,IsAmount\n005A,2026-01-01,1000.55,true\n005A,2026-02-01,7,false\n")
    folder = salesforce(tmp_path, Lead=leads, OpportunitySplit=splits, OpportunitySplitType=kinds,
                        ForecastingQuota=quotas)
    tables = load(folder)
    assert rows(tables.leads, "lead_id", "source", "rep_id", "created_at", "qualified_on", "opportunity_id") == [
        ["00Q1", "Web", "005A", "2026-01-02 08:00", "2026-01-05", "006A"],
        ["00Q2", "Fair", "005B", "2026-01-03 08:00", None, None]]
    assert rows(tables.splits, "opportunity_id", "rep_id", "quota_share", "commission_share", "overlay") == [
        ["006A", "005A", 0.75, 0.75, False], ["006A", "005B", 0.25, 0.25, False], ["006B", "005A", 0.335, 0.335, True]]
    assert rows(tables.quotas, "rep_id", "month", "amount") == [["005A", "2026-01-01", 1000.55]]
    aside = check(folder).set_aside
    assert aside.loc[aside["table"] == "quotas", ["rule", "key"]].to_numpy().tolist() == [["not money", "005A"]]


HISTORY = (
    "OpportunityId,StageName,Amount,CloseDate,CreatedDate\n"
    "006A,Open,80,2026-02-01,2026-01-05T09:00:00Z\n006A,Won,100.10,2026-02-10,2026-02-10T09:00:00Z\n"
    "006C,Open,150,2026-04-30,2026-02-01T09:00:00Z\n006C,Offer,200,2026-04-30,2026-03-01T09:00:00Z\n"
)
FIELDS = (
    "OpportunityId,Field,DataType,OldValue,NewValue,CreatedDate\n"
    "006B,Owner,EntityId,005A,005B,2026-01-20T09:00:00Z\n"
    "006C,StageName,Text,Open,Offer,2026-03-01T09:00:00Z\n"
    "006C,Owner,Text,Bo,Ada,2026-03-05T09:00:00Z\n006C,Owner,EntityId,005B,005A,2026-03-05T09:00:00Z\n"
    "006C,Probability,Text,10,20,2026-03-06T09:00:00Z\n"
)
MOVING = ("opportunity_id", "changed_at", "stage", "amount", "expected_close_on", "rep_id")


def test_states_and_field_changes_are_one_history(tmp_path):
    tables = load(salesforce(tmp_path, OpportunityHistory=HISTORY, OpportunityFieldHistory=FIELDS))
    assert sorted(rows(tables.stage_history, *MOVING)) == [
        # no change of 006A's owner is logged since the log of owners began on 20 January: it is today's since then
        ["006A", "2026-01-05 09:00", "Open", 80.0, "2026-02-01", None],
        ["006A", "2026-02-10 09:00", "Won", 100.10, "2026-02-10", "005A"],
        ["006B", "2026-01-20 09:00", None, None, None, "005B"],
        ["006C", "2026-02-01 09:00", "Open", 150.0, "2026-04-30", "005B"],
        ["006C", "2026-03-01 09:00", "Offer", 200.0, "2026-04-30", "005B"],
        ["006C", "2026-03-05 09:00", "Offer", 200.0, "2026-04-30", "005A"],
    ]
    then = cut(tables, "2026-02-15").opportunities.set_index("opportunity_id")
    assert then.loc["006C", ["status", "stage", "amount", "rep_id"]].tolist() == ["open", "Open", 150.0, "005B"]


def test_without_a_log_of_owners_the_owner_of_an_earlier_day_is_unknown(tmp_path):
    tables = load(salesforce(tmp_path, OpportunityHistory=HISTORY))
    assert tables.stage_history["rep_id"].isna().all()
    then = cut(tables, "2026-02-15").opportunities.set_index("opportunity_id")
    assert pd.isna(then.loc["006C", "rep_id"]) and then.loc["006C", "stage"] == "Open"


def test_field_history_alone_tells_what_is_tracked_from_the_first_record_on(tmp_path):
    made = load(salesforce(tmp_path, OpportunityFieldHistory=FIELDS)).stage_history
    assert sorted(rows(made, *MOVING)) == [
        ["006B", "2026-01-20 09:00", None, None, None, "005B"],
        ["006C", "2026-02-01 09:00", None, None, None, "005B"],
        ["006C", "2026-03-01 09:00", "Offer", None, None, "005B"],
        ["006C", "2026-03-05 09:00", "Offer", None, None, "005A"],
    ]


def test_every_record_of_a_history_is_a_row_or_counted_as_part_of_one(tmp_path):
    folder = salesforce(tmp_path, OpportunityHistory=HISTORY, OpportunityFieldHistory=FIELDS)
    from salesops_helpers.data.load import read_all

    source = read_all(folder)[1].source
    said = {part.label: part.facts["changes"] for part in source.parts("stage_history")}
    assert said == {"OpportunityHistory.csv": "4 records, 4 rows of stage_history (one a deal and moment)",
                    "OpportunityFieldHistory.csv": "5 records, 2 rows of stage_history (one a deal and moment)"}


HUB = (
    "Record ID,Deal Name,Deal Stage,Amount,Deal owner,Close Date,Create Date,Is Deal Closed?,Is Closed Won,"
    "Merged Deal IDs\n"
    "11,One,Won,100.10,Ada Byron,2026-02-10 10:00,2026-01-05 09:00,TRUE,TRUE,13\n"
    "12,Two,Offer,200,bo@x.example,2026-02-28 10:00,2026-02-01 09:00,FALSE,FALSE,\n"
    "13,Old,Offer,90,Ada Byron,2026-04-30 10:00,2026-01-03 09:00,FALSE,FALSE,\n"
)
OWNERS = "owner_id,email,first_name,last_name\n1,ada@x.example,Ada,Byron\n2,bo@x.example,Bo,Ek\n"


def test_hubspot_list_export(tmp_path):
    folder = company(tmp_path, "hubspot", **{"hubspot-crm-exports-all-deals-2026-04-01": HUB, "OWNER": OWNERS})
    tables = load(folder)
    assert rows(tables.opportunities, "opportunity_id", "rep_id", "status", "closed_on", "expected_close_on") == [
        ["11", "1", "won", "2026-02-10", None], ["12", "2", "open", None, "2026-02-28"]]
    assert rows(tables.reps, "rep_id", "name") == [["1", "Ada Byron"], ["2", "Bo Ek"]]
    report = check(folder)
    assert report.counts["rows_in"].tolist() == [2, 3]
    assert report.set_aside[["key", "rule", "source_line"]].to_numpy().tolist() == [["13", "merged", 4]]


def test_hubspots_default_close_date_is_said(tmp_path):
    from salesops_helpers.data.load import read_all

    source = read_all(company(tmp_path, "hubspot", deals=HUB, owners=OWNERS))[1].source
    (part,) = source.parts("opportunities")
    assert part.facts["close dates"].startswith("1 of 1 open deals close on the last day of the month")


PIPELINE = ("stage_id,label,display_order,is_closed,closed_won\n7001,Open,0,false,false\n7002,Offer,1,false,false\n"
            "won-a,Won,2,true,true\nlost,Lost,3,true,false\n")
API = ("hs_object_id,dealstage,amount,hubspot_owner_id,closedate,createdate,{}\n"
       "11,won-a,100.10,1,2026-02-10T10:00:00Z,2026-01-05T09:00:00Z,{}\n"
       "12,7002,200,2,1775001600000,1769936400000,{}\n")


def test_hubspot_ids_of_stages_are_labels_and_the_pipeline_says_what_closes(tmp_path):
    deals = API.format("x", "", "")
    made = load(company(tmp_path, "hubspot", deals=deals, owners=OWNERS, deal_pipeline_stage=PIPELINE)).opportunities
    assert rows(made, "stage", "status", "closed_on", "expected_close_on", "created_on") == [
        ["Won", "won", "2026-02-10", None, "2026-01-05"], ["Offer", "open", None, "2026-04-01", "2026-02-01"]]


@pytest.mark.parametrize("header", [
    "hs_v2_date_entered_{}", "hs_date_entered_{}", 'Date entered "{} (Sales Pipeline)"'])
def test_hubspot_columns_that_date_stages_are_a_history(tmp_path, header):
    names = ("Open", "Offer", "Won") if '"' in header else ("7001", "7002", "won_a")
    head = ",".join('"' + header.format(name).replace('"', '""') + '"' for name in names)
    deals = API.format(f"{head},hs_v2_date_entered_current_stage",
                       "2026-01-05T09:00:00Z,2026-01-20T09:00:00Z,2026-02-10T10:00:00Z,2026-02-10T10:00:00Z",
                       "2026-02-01T09:00:00Z,2026-02-09T09:00:00Z,,2026-02-09T09:00:00Z")
    made = load(company(tmp_path, "hubspot", deals=deals, owners=OWNERS, deal_pipeline_stage=PIPELINE)).stage_history
    assert sorted(rows(made, "opportunity_id", "changed_at", "stage")) == [
        ["11", "2026-01-05 09:00", "Open"], ["11", "2026-01-20 09:00", "Offer"], ["11", "2026-02-10 10:00", "Won"],
        ["12", "2026-02-01 09:00", "Open"], ["12", "2026-02-09 09:00", "Offer"]]


def test_hubspot_property_history_comes_before_stage_history(tmp_path):
    log = ("deal_id,name,value,timestamp\n11,dealstage,7001,2026-01-05T09:00:00Z\n11,amount,80,2026-01-05T09:00:00Z\n"
           "11,dealstage,won-a,2026-02-10T10:00:00Z\n11,amount,100.10,2026-01-09T10:00:00Z\n")
    stages = "deal_id,value,date_entered\n11,7001,2026-01-05T09:00:01Z\n12,7002,2026-02-01T09:00:00Z\n"
    made = load(company(tmp_path, "hubspot", deals=API.format("x", "", ""), owners=OWNERS, deal_pipeline_stage=PIPELINE,
                        deal_property_history=log, DEAL_STAGE=stages)).stage_history
    assert sorted(rows(made, "opportunity_id", "changed_at", "stage", "amount")) == [
        ["11", "2026-01-05 09:00", "Open", 80.0], ["11", "2026-01-09 10:00", "Open", 100.10],
        ["11", "2026-02-10 10:00", "Won", 100.10], ["12", "2026-02-01 09:00", "Offer", None]]


PIPE = (
    "Deal - ID,Deal - Title,Deal - Owner,Deal - Value,Deal - Currency of value,Deal - Stage,Deal - Status,"
    "Deal - Deal created,Deal - Won time,Deal - Lost time,Deal - Expected close date,Deal - Probability\n"
    "21,One,Ada,100.10,EUR,Offer,Won,2026-01-05 09:00:00,2026-02-10 10:00:00,,2026-02-28,100\n"
    "22,Two,Bo,200,EUR,Offer,Lost,2026-01-06 09:00:00,,2026-02-11 10:00:00,2026-02-28,\n"
    "23,Three,Bo,300,EUR,Open,Open,2026-02-01 09:00:00,,,2026-04-30,20\n"
    "24,Four,Bo,1,EUR,Open,Deleted,2026-02-01 09:00:00,,,2026-04-30,20\n"
)
PIPE_USERS = "id,name,email\n1,Ada,ada@x.example\n2,Bo,bo@x.example\n"


def test_pipedrive_list_view(tmp_path):
    folder = company(tmp_path, "pipedrive", **{"deals-4123-15": PIPE, "users": PIPE_USERS})
    made = load(folder).opportunities
    assert rows(made, "opportunity_id", "rep_id", "stage", "status", "closed_on", "amount", "probability") == [
        ["21", "1", "Won", "won", "2026-02-10", 100.10, 1.0], ["22", "2", "Lost", "lost", "2026-02-11", 200.0, None],
        ["23", "2", "Open", "open", None, 300.0, 0.2]]
    assert check(folder).set_aside[["key", "rule"]].to_numpy().tolist() == [["24", "deleted"]]


def test_pipedrive_deal_flow_is_the_history(tmp_path):
    flow = ("id,item_id,user_id,field_key,old_value,new_value,log_time\n"
            "1,21,9,add_time,,2026-01-05,2026-01-05 09:00:00\n2,21,9,stage_id,1,2,2026-01-15 09:00:00\n"
            "3,21,9,value,80,100.10,2026-01-15 09:00:00\n4,21,9,user_id,2,1,2026-01-20 09:00:00\n")
    stages = "id,name,order_nr\n1,Open,1\n2,Offer,2\n"
    folder = company(tmp_path, "pipedrive", deals=PIPE, users=PIPE_USERS, dealflow=flow, stages=stages)
    made = load(folder).stage_history
    made = made[made["opportunity_id"] == "21"]
    assert sorted(rows(made, *MOVING)) == [
        ["21", "2026-01-05 09:00", "Open", 80.0, "2026-02-28", "2"],
        ["21", "2026-01-15 09:00", "Offer", 100.10, "2026-02-28", "2"],
        ["21", "2026-01-20 09:00", "Offer", 100.10, "2026-02-28", "1"],
        ["21", "2026-02-10 10:00", "Won", 100.10, "2026-02-28", "1"],
    ]


def test_pipedrive_activities(tmp_path):
    acts = ("id,user_id,deal_id,type,done,marked_as_done_time,due_date,due_time,duration\n"
            "1,1,21,Call,1,2026-01-07 10:00:00,2026-01-08,09:00,00:30\n2,2,,email,1,,2026-01-09,14:15,\n"
            "3,2,22,call,0,,2026-01-09,14:15,01:00\n")
    made = load(company(tmp_path, "pipedrive", deals=PIPE, users=PIPE_USERS, activities=acts)).activities
    assert rows(made, "activity_id", "rep_id", "opportunity_id", "kind", "occurred_at", "minutes") == [
        ["1", "1", "21", "call", "2026-01-07 10:00", 30.0], ["2", "2", None, "email", "2026-01-09 14:15", None]]


def test_an_export_of_deals_alone_is_enough(tmp_path):
    folder = company(tmp_path, "pipedrive", deals=PIPE)
    tables = load(folder)
    assert tables.available == ["reps", "opportunities"]
    assert rows(tables.reps, "rep_id", "name") == [["Ada", "Ada"], ["Bo", "Bo"]]
    assert tables.opportunities["rep_id"].tolist() == ["Ada", "Bo", "Bo"]


def test_the_companys_own_roster_comes_before_the_crms_users(tmp_path):
    roster = "rep_id,name,hired_on\nemp-7,Ada,2020-01-01\nbo@x.example,Robert,2021-01-01\n"
    tables = load(salesforce(tmp_path, reps=roster))
    assert tables.reps["rep_id"].tolist() == ["emp-7", "bo@x.example"]
    assert tables.opportunities["rep_id"].tolist() == ["emp-7", "bo@x.example", "emp-7"]


def test_a_name_that_two_users_share_is_not_resolved(tmp_path):
    users = "Id,Name\n005A,Ada\n005B,Ada\n"
    deals = DEALS.replace(",005B,", ",Ada,")
    report = check(salesforce(tmp_path, User=users, Opportunity=deals))
    aside = report.set_aside.set_index("key").loc["006B"]
    assert aside["reason"] == "rep_id is not in the table reps: 'Ada'"


OVERRIDE = """
[files]
opportunities = "my deals.csv"
[columns.opportunities]
amount = "ARR__c"
closed_on = "Signed__c"
[values.opportunities.stage]
"Negotiation/Review" = "Offer"
[constants.opportunities]
lead_source = "partner"
[constants.reps]
region = "EMEA"
"""


def test_company_toml_comes_before_the_packaged_map(tmp_path):
    deals = ("Id,OwnerId,StageName,Amount,ARR__c,CloseDate,CreatedDate,IsClosed,IsWon,LeadSource,Signed__c\n"
             "006A,005A,Won,1,77.70,2026-02-10,2026-01-05,true,true,Web,2026-02-08\n"
             "006C,005A,Negotiation/Review,1,88,2026-04-30,2026-02-01,false,false,Web,\n")
    folder = salesforce(tmp_path, OVERRIDE, **{"my deals": deals})
    (folder / "Opportunity.csv").unlink()
    tables = load(folder)
    assert rows(tables.opportunities, "amount", "closed_on", "stage", "lead_source") == [
        [77.70, "2026-02-08", "Won", "partner"], [88.0, None, "Offer", "partner"]]
    assert tables.reps["region"].tolist() == ["EMEA", "EMEA"]


def test_the_companys_own_values_name_a_stages_id_before_the_pipelines_labels(tmp_path):
    more = '\n[values.opportunities.stage]\n7002 = "Open"\n'
    folder = company(tmp_path, "hubspot", more, deals=API.format("x", "", ""), owners=OWNERS,
                     deal_pipeline_stage=PIPELINE)
    assert load(folder).opportunities["stage"].tolist() == ["Won", "Open"]


@pytest.mark.parametrize(("files", "said"), [
    ({"Opportunity": "Id,Name\n1,x\n"}, "Opportunity.csv is Salesforce's Opportunity by its name and has no column for "
                                        "stage"),
    ({"Opportunity": "Id,StageName\n1,Won\n"}, "Opportunity.csv has no column for opportunities.rep_id"),
    ({"a_Task": "Id\n1\n", "b_Task": "Id\n1\n"}, "a_Task.csv, b_Task.csv could each be Salesforce's Task"),
])
def test_what_cannot_be_an_export_is_refused_in_one_line(tmp_path, files, said):
    with pytest.raises(SalesOpsError, match=said) as refused:
        check(salesforce(tmp_path, **files))
    assert "\n" not in str(refused.value)


def test_a_folder_without_deals_is_refused(tmp_path):
    with pytest.raises(SalesOpsError, match="holds no HubSpot deals; allowed: .*Record ID.*; do: add it"):
        load(company(tmp_path, "hubspot", owners=OWNERS))


def test_a_column_that_company_toml_names_and_no_file_has_is_refused(tmp_path):
    folder = salesforce(tmp_path, '\n[columns.opportunities]\namount = "Net__c"\n')
    with pytest.raises(SalesOpsError, match="Opportunity.csv has no column 'Net__c', which company.toml names"):
        load(folder).opportunities  # noqa: B018


def test_dates_of_a_log_are_read_as_its_own_values_tell(tmp_path):
    log = HISTORY.replace("2026-01-05T09:00:00Z", "05/01/2026 09:00")
    log = log.replace("2026-02-10T09:00:00Z", "13/02/2026 09:00")
    log = log.replace("2026-02-01T09:00:00Z", "01/02/2026 09:00").replace("2026-03-01T09:00:00Z", "01/03/2026 09:00")
    made = load(salesforce(tmp_path, OpportunityHistory=log, OpportunityFieldHistory=FIELDS)).stage_history
    assert sorted(made["changed_at"].dt.strftime("%Y-%m-%d").unique()) == [
        "2026-01-05", "2026-01-20", "2026-02-01", "2026-02-13", "2026-03-01", "2026-03-05"]


def test_dates_of_a_log_that_do_not_tell_stop_the_run(tmp_path):
    log = HISTORY.replace("2026-01-05T09:00:00Z", "05/01/2026 09:00")
    log = log.replace("2026-02-10T09:00:00Z", "10/02/2026 09:00")
    log = log.replace("2026-02-01T09:00:00Z", "01/02/2026 09:00").replace("2026-03-01T09:00:00Z", "01/03/2026 09:00")
    with pytest.raises(SalesOpsError, match="stage_history.changed_at .*05/01/2026 09:00"):
        check(salesforce(tmp_path, OpportunityHistory=log))
    more = '\n[dates]\n"stage_history.changed_at" = "month first"\n'
    tables = load(salesforce(tmp_path, more, OpportunityHistory=log))
    assert tables.stage_history["changed_at"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-02", "2026-01-03"]


def test_one_bad_moment_of_a_hubspot_deal_costs_that_change_alone(tmp_path):
    deals = API.format("hs_v2_date_entered_7001,hs_v2_date_entered_7002", "2026-01-05T09:00:00Z,2031-01-20T09:00:00Z",
                       "2026-02-01T09:00:00Z,2026-02-09T09:00:00Z")
    folder = company(tmp_path, "hubspot", deals=deals, owners=OWNERS, deal_pipeline_stage=PIPELINE)
    checked = Checker(read_company(folder)).table("stage_history")
    assert (checked.rows_in, checked.rows_used, len(checked.used), len(checked.set_aside)) == (4, 3, 3, 1)
    assert checked.set_aside["rule"].tolist() == ["after the extract date"]
