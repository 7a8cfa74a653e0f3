""".ci/run on a machine of stubs: installs what is missing, tries again, passes on the verdict of `make test`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "cat", "dirname", "mktemp", "rm", "tee", "grep", "tail", "env")
APT = """#!/bin/bash
echo "apt-get $*" >>"$LOG"
if [ "$1" = update ] && [ $(grep -c update "$LOG") -lt 2 ]; then exit 100; fi
"""
MAKE = """#!/bin/bash
echo "make $* NO_SKIPS=$SALESOPS_NO_SKIPS CASES=$SALESOPS_CASES" >>"$LOG"
echo "12 passed, 3 warnings in 4.56s (0:00:04)"
echo "nbval: 3 of 3 notebooks"
exit %d
"""


@pytest.fixture
def machine(tmp_path):
    """A checkout with .ci/run beside shared/cases, and a PATH of stubs; runs it and gives code, output and log."""
    (tmp_path / "project" / ".ci").mkdir(parents=True)
    (tmp_path / "shared" / "cases").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", tmp_path / "project" / ".ci" / "run")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in TOOLS:
        (programs / name).symlink_to(shutil.which(name))

    def run(**stubs: str):
        for name, body in {"sleep": "#!/bin/bash\n", "git": "#!/bin/bash\n", "apt-get": APT, **stubs}.items():
            (programs / name).write_text(body, encoding="utf-8")
            (programs / name).chmod(0o755)
        environment = {"PATH": str(programs), "LOG": str(tmp_path / "log"), "CI": "true"}
        done = subprocess.run(
            [programs / "bash", tmp_path / "project" / ".ci" / "run"], cwd="/", env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        return done.returncode, done.stdout, (tmp_path / "log").read_text().splitlines()

    return run


def test_bare_machine_gets_what_is_missing(machine, tmp_path):
    code, said, log = machine(make=MAKE % 0, python3="#!/bin/bash\nexit 1\n")
    assert code == 0 and said.splitlines()[-1] == "pytest: 12 passed, 3 warnings in 4.56s (0:00:04)"
    assert [line for line in log if "update" in line] == ["apt-get update -qq"] * 2
    wanted = ["chromium", *([] if list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) else ["postgresql"])]
    assert f"apt-get install -y -qq {' '.join(wanted)} python3 python3-venv" in log
    assert log[-1] == f"make test NO_SKIPS=1 CASES={tmp_path / 'shared' / 'cases'}"


def test_complete_machine_installs_nothing_and_the_verdict_is_passed_on(machine):
    nothing = "#!/bin/bash\n"
    code, said, log = machine(make=MAKE % 2, python3=nothing, chromium=nothing, initdb=nothing)
    assert code == 2 and "pytest: 12 passed" in said
    assert len(log) == 1


def test_machine_that_cannot_install_fails(machine):
    broken = {"apt-get": '#!/bin/bash\necho no >>"$LOG"\nexit 1\n'}
    code, _, log = machine(make=MAKE % 0, python3="#!/bin/bash\n", **broken)
    assert code == 1 and log == ["no"] * 3
