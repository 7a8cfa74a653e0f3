"""The process that kernels are forked from: what it holds, how it ends, and what ends with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from salesops_helpers.report import forked, forkserver

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = "import time\nwhile True: time.sleep(0.1)"

pytestmark = pytest.mark.skipif(not forked.possible(), reason="forks kernels on Linux only")


@pytest.fixture(scope="module")
def server():
    """One server for the tests that leave it as it is."""
    with forked.served():
        yield forked.start()


def kernel(server, tmp_path, **more):
    """A forked kernel whose connection file is there."""
    file = tmp_path / f"kernel-{time.monotonic_ns()}.json"
    env = {**os.environ, **forked.SETTINGS, **more}
    made = server.fork(["ipykernel_launcher", "-f", str(file)], env, str(tmp_path))
    until(lambda: file.exists())
    return made, json.loads(file.read_text())


def until(true, seconds=20):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def alive(pid):
    """Is the process there, and not a zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def zombies(parent):
    """Ended children of a process that nobody has asked for."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, above = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        found += [entry.parent.name] * (state == "Z" and above == str(parent))
    return found


def test_the_server_has_one_thread_and_no_connection(server, tmp_path):
    kernel(server, tmp_path)[0].kill()
    assert len(os.listdir(f"/proc/{server.pid}/task")) == 1
    held = [os.readlink(path) for path in Path(f"/proc/{server.pid}/fd").iterdir()]
    assert sum(link.startswith("socket") for link in held) == 3, held


def test_kernels_are_processes_of_their_own_and_leave_no_zombie(server, tmp_path):
    made = [kernel(server, tmp_path)[0] for _ in range(3)]
    assert len({one.pid for one in made}) == 3 and all(one.poll() is None for one in made)
    assert all(os.getsid(one.pid) == os.getpgid(one.pid) == one.pid for one in made)
    made[0].kill()
    assert made[0].wait(10) == -signal.SIGKILL == made[0].poll() == made[0].returncode
    made[1].terminate()
    assert made[1].wait(10) == -signal.SIGTERM and made[2].poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        made[2].wait(0.1)
    made[2].kill()
    made[2].wait(10)
    assert zombies(server.pid) == []
    made[2].kill()


def test_a_kernel_that_is_to_have_other_imports_is_not_forked(server, tmp_path, monkeypatch):
    env = {**os.environ, **forked.SETTINGS}
    for name, value in {"PYTHONPATH": "/elsewhere", "OMP_NUM_THREADS": "4", "PYTHONHASHSEED": "1"}.items():
        with pytest.raises(forked.Gone):
            server.fork(["x"], env | {name: value})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(forked.Gone):
        server.fork(["x"], env)


def test_the_modules_of_the_notebooks_are_named_and_nothing_else():
    names = forkserver.named_in_notebooks()
    assert "salesops_helpers.measures" in names or "salesops_helpers.show" in names
    assert all(name.startswith("salesops_helpers") for name in names)


def test_cells_with_magics_name_nothing():
    assert forkserver._imported("%matplotlib inline\nimport os") == []
    assert forkserver._imported("import a.b as c\nfrom d import e, f") == ["a.b", "d", "d.e", "d.f"]


RUN = """
import os, signal, sys, time
from salesops_helpers.report import forked
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background, deaf to it
server = forked.start()
made = server.fork(["ipykernel_launcher", "-f", sys.argv[1]], {**os.environ, **forked.SETTINGS})
while not os.path.exists(sys.argv[1]): time.sleep(0.02)
print(server.pid, made.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def run(tmp_path):
    """A process with a server and a kernel: the process, and the ids of the two."""
    process = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path / "k.json")], stdout=subprocess.PIPE, text=True,
                               cwd=ROOT)
    ids = [int(word) for word in process.stdout.readline().split()]
    assert len(ids) == 2 and all(map(alive, ids))
    yield process, *ids
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_server_and_kernels_end_with_the_run_however_it_ends(run, number):
    process, server, kernel = run
    process.send_signal(number)
    until(lambda: not alive(server) and not alive(kernel))


def test_kernels_end_with_the_server(run):
    process, server, kernel = run
    os.kill(server, signal.SIGKILL)
    until(lambda: not alive(kernel))
    assert process.poll() is None


def test_a_server_that_dies_gives_no_kernels_any_more(tmp_path):
    with forked.served():
        one = forked.Server()
        made, _ = kernel(one, tmp_path)
        os.kill(one.pid, signal.SIGKILL)
        assert made.wait(10) == -signal.SIGKILL and not one.usable
        with pytest.raises(forked.Gone):
            one.fork(["x"], {**os.environ, **forked.SETTINGS})
        one.close()


def test_closing_ends_everything_at_once(tmp_path):
    one = forked.Server()
    made, _ = kernel(one, tmp_path)
    started = time.monotonic()
    one.close()
    assert time.monotonic() - started < 5
    until(lambda: not alive(made.pid) and not alive(one.pid))


def test_a_server_that_is_still_importing_ends_at_once():
    one = forked.Server()
    started = time.monotonic()
    one.close()
    assert time.monotonic() - started < 1 and not alive(one.pid)


def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv(forked.OFF, "1")
    assert not forked.possible()
