"""What is made for which unit, and in which order."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report.catalog import Entry
from salesops_helpers.report.plan import Task, graph, refuse_tangled, supplier, tasks
from salesops_helpers.report.schedule import in_order
from salesops_helpers.report.units import Unit
from salesops_helpers.report.work import Done

FORECAST = Entry("forecast", "", "", "", publishes=("bookings",), by=("team",))
QUOTA = Entry("quota", "", "", "", publishes=("quotas",), reads=("bookings",), by=("team", "rep"))
SUMMARY = Entry("summary", "", "", "", reads=("quotas", "bookings", "nobody_has_it"))
ALL = [SUMMARY, QUOTA, FORECAST]
NORTH, ANN = Unit("team", "North", "North"), Unit("rep", "R 1", "Ann")


def keys(found):
    return sorted(task.key for task in found)


def test_each_unit_has_the_notebooks_that_can_be_made_for_it():
    assert keys(tasks(ALL, [NORTH, ANN])) == [
        "forecast", "quota", "rep/r-1/quota", "summary", "team/north/forecast", "team/north/quota"]


def test_a_unit_reads_its_own_table_and_else_the_companys():
    assert supplier(Task(QUOTA, NORTH), "bookings", ALL) == Task(FORECAST, NORTH)
    assert supplier(Task(QUOTA, ANN), "bookings", ALL) == Task(FORECAST)
    assert supplier(Task(SUMMARY), "nobody_has_it", ALL) is None


def test_readers_come_after_publishers_that_are_asked_for():
    found = graph(tasks(ALL, [NORTH]), ALL)
    assert {task.key: keys(before) for task, before in found.items()} == {
        "forecast": [], "quota": ["forecast"], "summary": ["forecast", "quota"],
        "team/north/forecast": [], "team/north/quota": ["team/north/forecast"]}
    assert graph([Task(SUMMARY)], ALL) == {Task(SUMMARY): set()}


def test_rings_and_tables_of_two_notebooks_are_refused():
    refuse_tangled(ALL)
    with pytest.raises(SalesOpsError, match="ring: (a → b → a|b → a → b)"):
        refuse_tangled([Entry("a", "", "", "", publishes=("x",), reads=("y",)),
                        Entry("b", "", "", "", publishes=("y",), reads=("x",))])
    with pytest.raises(SalesOpsError, match="ring: a → a"):
        refuse_tangled([Entry("a", "", "", "", publishes=("x",), reads=("x",))])
    with pytest.raises(SalesOpsError, match="table x is published by a, b"):
        refuse_tangled([Entry("a", "", "", "", publishes=("x",)), Entry("b", "", "", "", publishes=("x",))])


class OneByOne:
    """An executor that finishes a job at once and notes what it was given."""

    def __init__(self):
        self.seen = []

    def submit(self, work, job):
        self.seen.append(job)
        future = Future()
        try:
            future.set_result(work(job))
        except Exception as error:
            future.set_exception(error)
        return future


def test_the_longest_of_those_ready_goes_first():
    found = graph(tasks(ALL, [NORTH]), ALL)
    seconds = {"forecast": 1, "team/north/forecast": 5, "quota": 2, "summary": 9, "team/north/quota": 3}
    pool = OneByOne()
    finished = list(in_order(found, lambda task: task.key, pool, 1, lambda task: seconds[task.key], Done))
    assert pool.seen == ["team/north/forecast", "team/north/quota", "forecast", "quota", "summary"]
    assert [task.key for task, _ in finished] == pool.seen


def test_what_is_kept_is_not_run_and_those_after_it_are():
    pool = OneByOne()
    begin = lambda task: None if task.key in ("forecast", "summary") else task.key  # noqa: E731
    assert [t.key for t, _ in in_order(graph(tasks(ALL, []), ALL), begin, pool, 2, lambda task: 0, Done)] == ["quota"]


def test_a_page_begins_when_those_before_it_are_dealt_with_even_where_they_failed():
    events = []

    def work(job):
        if job == "forecast":
            raise MemoryError("gone")
        return Done(job)

    def begin(task):
        events.append(f"begin {task.key}")
        return task.key

    for task, done in in_order(graph(tasks(ALL, []), ALL), begin, OneByOne(), 4, lambda task: 0, work):
        events.append(f"end {task.key} {done.reason}".strip())
    lost = "what ran the notebook was lost (MemoryError: gone)"
    assert events == ["begin forecast", f"end forecast {lost}", "begin quota", "end quota", "begin summary",
                      "end summary"]


def test_no_more_jobs_are_given_than_there_are_slots():
    running, most, guard = set(), [], threading.Lock()

    def work(job):
        with guard:
            running.add(job)
            most.append(len(running))
        time.sleep(0.02)
        with guard:
            running.discard(job)
        return Done(job)

    many = {Task(Entry(f"n{i}", "", "", "")): set() for i in range(12)}
    with ThreadPoolExecutor(8) as pool:
        assert len(list(in_order(many, lambda task: task.key, pool, 3, lambda task: 0, work))) == 12
    assert max(most) <= 3
