"""Pages made in the order of their dependencies by any executor of `concurrent.futures`, the longest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from graphlib import TopologicalSorter

from salesops_helpers.errors import one_line
from salesops_helpers.report.plan import Graph, Task
from salesops_helpers.report.work import Done, Job, perform


def in_order(
    graph: Graph, begin: Callable[[Task], Job | None], executor: Executor, slots: int,
    seconds: Callable[[Task], float], work: Callable[[Job], Done] = perform,
) -> Iterator[tuple[Task, Done]]:
    """Every page that had to be made, as it is finished.

    Parameters
    ----------
    graph : mapping
        Task → the tasks that come before it. One that failed does not forbid those after it.
    begin : callable
        Gives a task's `Job`, when all before it are finished and dealt with; None where there is nothing to do.
    executor, slots : Executor, int
        What runs the jobs, and how many it is given at a time: the rest waits here, so that of those ready the longest
        goes first and no job is larger in memory than it has to be.
    seconds : callable
        How long a task is expected to take.
    work : callable
        What the executor calls with a job.

    Yields
    ------
    task, done
        A task counts as finished, and those after it may begin, when the next one is asked for.
    """
    order, ready, running = TopologicalSorter(graph), [], {}
    first = {task: -number for number, task in enumerate(graph)}

    def longest_last() -> None:
        ready.extend(order.get_ready())
        ready.sort(key=lambda task: (seconds(task), first[task]))

    order.prepare()
    while order.is_active():
        longest_last()
        while ready and len(running) < slots:
            task = ready.pop()
            job = begin(task)
            if job is None:
                order.done(task)
                longest_last()
            else:
                running[executor.submit(work, job)] = task
        for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
            task = running.pop(future)
            yield task, _outcome(task, future)
            order.done(task)


def _outcome(task: Task, future: Future) -> Done:
    """What the job gave back; where its process or machine was lost, that."""
    try:
        return future.result()
    except (KeyboardInterrupt, SystemExit):
        raise
    except (Exception, CancelledError) as error:
        why = one_line(f"{type(error).__name__}: {error}")
        return Done(task.key, reason=f"what ran the notebook was lost ({why})")
