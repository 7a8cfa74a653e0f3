"""Runs that are killed, and folders that take no more: nothing half-written is seen, and the rerun makes it good.

Each test begins with the finished report of a first state of the data and a reader who looks at it without pause. The
data change, a run is disturbed, and is started again: what stands there must be what an undisturbed run gives.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from soak import ANSWER, MONTH, PUBLISH, ROOT, add_notebook, command, company_folder, salesops
from watcher import files_of, state_of, watched

NAMES = ["first", "second", "third"]
ONLY = [part for name in NAMES for part in ("--only", name)]
AT_EASE = ("import os, pathlib, time\nhere = pathlib.Path(source)\n"
           "here.with_name({name!r} + '.pid').write_text(str(os.getpid()))\n"
           "while here.with_name({name!r} + '.hold').exists(): time.sleep(0.05)")


def change_data(home):
    """The second state of the data."""
    deals = home / "opportunities.csv"
    deals.write_text(deals.read_text() + "d21,a1,r1,2026-01-05,Won,5,2026-02-03\n")


def make(home, out, *more, **options):
    return salesops("report", home, "--month", MONTH, "--out", out, "--jobs", 2, *ONLY, *more, **options)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The company in its first state, its report, and the states of both reports as undisturbed runs give them."""
    base = tmp_path_factory.mktemp("kill")
    home = company_folder(base / "acme")
    for number, name in enumerate(NAMES):
        add_notebook(home, name, ANSWER, AT_EASE.format(name=name), PUBLISH.format(name=f"table{number}"))
    states, seconds = [], []
    for number in (1, 2):
        began = time.monotonic()
        done = make(home, base / f"undisturbed{number}")
        seconds.append(time.monotonic() - began)
        assert done.returncode == 0, done.stderr
        states.append(state_of(base / f"undisturbed{number}" / MONTH))
        if number == 1:
            shutil.copytree(home, base / "before" / "acme")
            change_data(home)
    assert states[0].keys() == states[1].keys() and all(states[0][name] != states[1][name] for name in states[0])
    return base, states, max(seconds)


class Place:
    """A company and its finished first report, in folders of their own; then the data have changed."""

    def __init__(self, base, folder: Path, out: Path | None = None):
        self.base, self.states, self.seconds = base
        self.home, self.out, self.folder = folder / "acme", out or folder / "out", folder
        shutil.copytree(self.base / "before" / "acme", self.home)
        shutil.copytree(self.base / "undisturbed1", self.out, dirs_exist_ok=True)
        change_data(self.home)

    @property
    def month(self) -> Path:
        return self.out / MONTH

    @contextmanager
    def disturbed(self):
        """A reader looks on; afterwards: nothing was half-written or missing, and each file was an old or a new one."""
        with watched(self.month, self.folder) as seen:
            yield
        assert seen["broken"] == [] and seen["missing"] == [] and seen["rounds"] > 3, seen
        allowed = [*self.states, *self.partial]
        for name, versions in seen["seen"].items():
            good = {state.get(name) for state in allowed}
            assert set(versions) <= good or name == "index.html" and self.failed, name

    partial, failed = (), False

    def rerun(self):
        """What an undisturbed run gives, without a trace of what was before."""
        done = make(self.home, self.out)
        assert done.returncode == 0, done.stderr
        assert state_of(self.month) == self.states[1]
        left = [path.name for path in self.month.rglob(".*") if path.name != ".lock"]
        assert left == []
        return done.stderr


def start(place, *more, **options):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = command("report", place.home, "--month", MONTH, "--out", place.out, "--jobs", 2, *ONLY, *more)
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=env,
                            start_new_session=True, **options)


def kin(process) -> list[psutil.Process]:
    """The process and all that it has started."""
    try:
        return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def killed_at_a_random_moment(base, folder, whom, seed):
    print(f"seed {seed}, {whom}")
    place, chance = Place(base, folder), random.Random(seed)
    with place.disturbed():
        run, moment = start(place), chance.uniform(0.05, 1.0) * base[2]
        until, family = time.monotonic() + moment, []
        while time.monotonic() < until and run.poll() is None:
            family = kin(run) or family
            time.sleep(0.02)
        if run.poll() is None:
            family = kin(run) or family
            os.killpg(run.pid, signal.SIGKILL) if whom == "group" else os.kill(run.pid, signal.SIGKILL)
        run.communicate(timeout=120)
        alive = psutil.wait_procs(family, timeout=60)[1]
        assert alive == [], f"left running: {alive}"
        place.rerun()


@pytest.mark.parametrize("whom", ["group", "parent"])
def test_a_killed_run_goes_on_where_it_stopped(base, tmp_path, whom):
    killed_at_a_random_moment(base, tmp_path, whom, seed=20260930 + len(whom))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_a_run_killed_at_ten_random_moments(base, tmp_path, number):
    seed = random.SystemRandom().getrandbits(32)
    killed_at_a_random_moment(base, tmp_path, "group" if number % 2 else "parent", seed)


@pytest.mark.slow
def test_finished_pages_of_a_killed_run_are_kept(base, tmp_path):
    place = Place(base, tmp_path)
    hold = place.home.with_name("third.hold")
    hold.touch()
    with place.disturbed():
        run = start(place, "--jobs", 1)
        said = []
        for line in run.stdout:
            said.append(line)
            if sum(": complete (" in line for line in said) == 2:
                break
        family = kin(run)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate(timeout=60)
        assert psutil.wait_procs(family, timeout=60)[1] == []
        hold.unlink()
        finished = [line.split(":")[0] for line in said if ": complete (" in line]
        said = place.rerun()
    assert len(finished) >= 2 and all(f"{name}: kept, made from the same inputs" in said for name in finished)


def test_a_killed_kernel_fails_its_page_alone(base, tmp_path):
    place = Place(base, tmp_path)
    place.failed = True
    hold, told = place.home.with_name("second.hold"), place.home.with_name("second.pid")
    hold.touch()
    with place.disturbed():
        run = start(place)
        wait_for(told.exists)
        wait_for(lambda: told.read_text())
        os.kill(int(told.read_text()), signal.SIGKILL)
        said, _ = run.communicate(timeout=180)
        assert run.returncode == 1
        assert re.search(r"second: failed: cell 4 \(c1\): the kernel died \(.*\): killed, out of memory", said)
        pages = json.loads((place.month / "record.json").read_text())["pages"]
        states = {name: pages[name]["status"] for name in NAMES}
        assert states == dict.fromkeys(NAMES, "complete") | {"second": "failed"}
        now = state_of(place.month)
        assert now["second.html"] == place.states[0]["second.html"], "the last good page"
        assert now["first.html"] == place.states[1]["first.html"]
        assert "failed; the page is the last good one" in (place.month / "index.html").read_text()
        hold.unlink()
        place.rerun()


@contextmanager
def small_disk(folder: Path, kilobytes: int = 2000):
    """A file system of that size where this machine allows it; else None."""
    folder.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", folder], capture_output=True).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)


def most_bytes(size):
    """No file of the run may grow beyond this size: the system then answers as if the disk were full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("room", [12, *(pytest.param(room, marks=pytest.mark.slow) for room in (0, 40))])
def test_a_full_disk_costs_no_page_that_was_there(base, tmp_path, room):
    """`room`: kilobytes that are left; where no small disk can be had, a limit on the size of files does as well."""
    with small_disk(tmp_path / "disk") as disk:
        place = Place(base, tmp_path, None if disk is None else disk / "out")
        place.failed = True
        filler, options = (disk or tmp_path) / "filler", {}
        with place.disturbed():
            if disk is None:
                options = {"preexec_fn": most_bytes(1024 * room + 1)}
            else:
                fill(filler, room)
            run = start(place, **options)
            said, _ = run.communicate(timeout=300)
            assert run.returncode in (1, 2), said
            assert "Traceback" not in said and re.search("No space left on device|File too large", said), said
            now = state_of(place.month)
            assert now.keys() == place.states[0].keys()
            assert all(now[name] in [state[name] for state in place.states] for name in now if name != "index.html")
            filler.unlink(missing_ok=True)
            place.rerun()


def fill(path, room):
    """Write until no byte is left, then give back `room` kilobytes."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            size = file.tell() // 4096 * 4096
        file.truncate(max(0, size - 1024 * room // 4096 * 4096))


def as_everybody(arguments):
    """For root, file modes hold only without the right to override them."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    return [*drop, *arguments] if os.geteuid() == 0 else arguments


@contextmanager
def modes(place, file_mode, folder_mode):
    folders = [place.out, place.month, place.month / "tables"]
    try:
        for folder in folders:
            folder.chmod(folder_mode)
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_read_only_folder_is_refused_and_stays_as_it_is(base, tmp_path):
    place = Place(base, tmp_path)
    before = files_of(place.month)
    arguments = as_everybody(command("report", place.home, "--month", MONTH, "--out", place.out, *ONLY))
    with place.disturbed():
        with modes(place, 0o444, 0o555):
            done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, timeout=300,
                                  env={**os.environ, "PYTHONPATH": str(ROOT)})
            assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr
            assert "is not a folder that can be written" in done.stderr and "--out" in done.stderr
        assert files_of(place.month) == before
        place.rerun()


@pytest.mark.slow
def test_a_folder_that_becomes_read_only_in_mid_run_keeps_its_pages(base, tmp_path):
    place = Place(base, tmp_path)
    place.failed = True
    hold = [place.home.with_name(f"{name}.hold") for name in NAMES]
    for path in hold:
        path.touch()
    with place.disturbed():
        asked = command("report", place.home, "--month", MONTH, "--out", place.out, "--jobs", 4, *ONLY)
        run = subprocess.Popen(as_everybody(asked), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True)
        for name in NAMES:
            wait_for(place.home.with_name(f"{name}.pid").exists)
        with modes(place, 0o444, 0o555):
            for path in hold:
                path.unlink()
            said, _ = run.communicate(timeout=300)
            assert run.returncode == 1 and "Traceback" not in said
            assert said.count("the page could not be put in place (PermissionError") == len(NAMES), said
            assert state_of(place.month) == place.states[0]
        place.rerun()


@pytest.mark.slow
def test_a_second_run_says_that_the_folder_is_held(base, tmp_path):
    place = Place(base, tmp_path)
    hold, told = place.home.with_name("first.hold"), place.home.with_name("first.pid")
    hold.touch()
    with place.disturbed():
        run = start(place)
        wait_for(told.exists)
        second = make(place.home, place.out)
        assert second.returncode == 2 and "another run holds" in second.stderr and len(second.stderr.splitlines()) == 1
        hold.unlink()
        said, _ = run.communicate(timeout=180)
        assert run.returncode == 0, said
    assert state_of(place.month) == place.states[1]


def wait_for(ready, patience=180):
    until = time.monotonic() + patience
    while not ready():
        assert time.monotonic() < until, ready
        time.sleep(0.05)
