"""Kernels of the batch, forked and plain: the same to a notebook, ended when they have to be, never used twice."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import threading
import time

import pytest

from salesops_helpers.report import forked, kernels
from salesops_helpers.report.runner import execute

KINDS = ["forked", "plain"] if forked.possible() else ["plain"]
PROBE = """
import os, random, signal, sys, threading
import numpy as np
print(sys.path, os.getcwd(), sys.argv[0], sys.argv[1], len(sys.argv))
print(sorted(thread.name for thread in threading.enumerate()))
print({name: value for name, value in sorted(os.environ.items()) if name not in ("JPY_PARENT_PID",)})
print(os.getsid(0) == os.getpgid(0) == os.getpid(), len(os.listdir("/proc/self/fd")), hash("a"))
print([signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)], sys.stdin.__class__)
print("salesops_helpers.data" in globals(), sorted(name for name in globals() if not name.startswith("_")))
"""
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"


@pytest.fixture(scope="module")
def server():
    with forked.served():
        yield forked.start()


@pytest.fixture(params=KINDS)
def kind(request):
    """Each of these tests with forked and with plain kernels."""
    if request.param == "plain":
        forked.stop()
        yield "plain"
    else:
        forked.start()
        yield "forked"
        assert forked.running() is not None


@pytest.fixture(scope="module", autouse=True)
def ended():
    with forked.served():
        yield


def printed(run, place=-1):
    assert run.complete, run.reason
    return "".join(out.text for out in run.notebook.cells[place].outputs if out.output_type == "stream")


@pytest.mark.skipif("forked" not in KINDS, reason="forks kernels on Linux only")
def test_a_forked_kernel_is_to_a_notebook_as_a_plain_one(notebook):
    path = notebook(PROBE, PLOT, "import matplotlib\nprint(matplotlib.get_backend())")
    seen = []
    for start in (forked.stop, forked.start):
        start()
        run = execute(path, {})
        assert run.complete
        texts = [out.get("text") or sorted(out.data) for cell in run.notebook.cells for out in cell.get("outputs", ())]
        seen.append([re.sub(r"/\S*/tmp\w+\.json", "FILE", text) if isinstance(text, str) else text for text in texts])
    assert seen[0] == seen[1], [pair for one, two in zip(*seen, strict=True) if one != two
                                for pair in zip(one.splitlines(), two.splitlines(), strict=False) if pair[0] != pair[1]]
    assert ["image/png", "text/plain"] in seen[1] and "inline" in seen[1][-1]


@pytest.mark.skipif("forked" not in KINDS, reason="forks kernels on Linux only")
def test_kernels_come_from_the_server_with_its_imports(notebook, server):
    run = execute(notebook("import os, sys\nprint(os.getppid(), 'pandas' in sys.modules, 'kpis' in sys.modules)"), {})
    assert printed(run) == f"{forked.running().pid} True False\n"


def test_nothing_of_one_notebook_is_seen_by_the_next(notebook, kind):
    mark = ("import pandas, os\nprint(hasattr(pandas, 'mark'), os.environ.get('MARK'))\n"
            "pandas.mark = os.environ['MARK'] = 'x'")
    path = notebook(mark)
    assert printed(execute(path, {})) == printed(execute(path, {})) == "False None\n"


def test_random_numbers_are_new_in_every_kernel(notebook, kind):
    path = notebook("import random, numpy as np\nprint(random.random(), np.random.random())")
    assert printed(execute(path, {})) != printed(execute(path, {}))


def test_a_time_limit_ends_a_cell_that_computes(notebook, kind):
    execute(notebook("1"), {})
    started = time.monotonic()
    run = execute(notebook("1", "while True: pass"), {}, limit=3)
    assert "within the 3 seconds" in run.reason and run.cell == "cell 3 (c1)" and time.monotonic() - started < 12


def test_a_time_limit_ends_a_cell_that_ignores_interrupts(notebook, kind):
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(0.1)"
    assert "within the 3 seconds" in execute(notebook(stubborn), {}, limit=3).reason


def test_an_interrupt_reaches_the_cell(kind):
    async def interrupted():
        manager = kernels.KernelManager(kernel_name="python3")
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=30)
            asked = client.execute("import time\nwhile True: time.sleep(0.01)")
            await asyncio.sleep(0.5)
            await manager.interrupt_kernel()
            reply = await client.get_shell_msg(timeout=20)
            assert reply["parent_header"]["msg_id"] == asked and await manager.is_alive()
            return reply["content"]["ename"]
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
            assert not await manager.is_alive()

    assert asyncio.run(interrupted()) == "KeyboardInterrupt"


def test_what_a_cell_has_started_ends_with_the_kernel(notebook, kind, tmp_path):
    mark = tmp_path / "pid"
    cell = f"import subprocess\nopen({str(mark)!r}, 'w').write(str(subprocess.Popen(['sleep', '300']).pid))"
    execute(notebook(cell), {})
    pid, end = int(mark.read_text()), time.monotonic() + 5
    while _alive(pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_run_that_is_ended_ends_its_kernels(notebook, kind, tmp_path):
    mark, runs = tmp_path / "pid", []
    path = notebook(f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)")
    with kernels.ended_together():
        thread = threading.Thread(target=lambda: runs.append(execute(path, {})))
        thread.start()
        while not mark.exists() or not mark.read_text():
            time.sleep(0.05)
        kernels.end_all()
        thread.join(20)
    assert not _alive(int(mark.read_text())) and not runs[0].complete


def test_variables_of_a_context_reach_its_kernels_alone(notebook, kind):
    path = notebook("import os\nprint(os.environ.get('SALESOPS_TRY'))")
    token = kernels.also.set({"SALESOPS_TRY": "here"})
    try:
        assert printed(execute(path, {})) == "here\n"
    finally:
        kernels.also.reset(token)
    assert printed(execute(path, {})) == "None\n"


@pytest.mark.skipif("forked" not in KINDS, reason="forks kernels on Linux only")
def test_where_the_server_has_died_plain_kernels_take_over(notebook):
    forked.stop()
    server = forked.start()
    path = notebook("import os\nprint(os.getppid())")
    assert printed(execute(path, {})) == f"{server.pid}\n"
    os.kill(server.pid, signal.SIGKILL)
    assert printed(execute(path, {})) == f"{os.getpid()}\n"
    forked.stop()
