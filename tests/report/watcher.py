"""A reader who looks at a report without pause, in a process of its own: is everything whole, at every moment?

Run as ``python watcher.py FOLDER STOP``: until the file STOP is there, every page, notebook, table and record in FOLDER
is read over and over; then what was seen is printed as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

OF_THE_RUN = re.compile(r"""<time class="run".*?</time>|source = '[^']*'""")
KEPT = ("complete, kept: its inputs have not changed", "complete")
LOOKED_AT = (".html", ".ipynb", ".csv", ".json")


def files_of(folder: Path) -> dict[str, bytes]:
    """What a reader may open: name → bytes."""
    found = {}
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(base, name) for name in names if not name.startswith(".") and name.endswith(LOOKED_AT)):
            with suppress(FileNotFoundError):
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def is_whole(name: str, content: bytes) -> bool:
    if name.endswith(".html"):
        return content.startswith(b"<!DOCTYPE html>") and content.rstrip().endswith(b"</html>")
    try:
        return not name.endswith((".json", ".ipynb")) or isinstance(json.loads(content), dict)
    except ValueError:
        return False


def essence(name: str, content: bytes) -> str:
    """Hash of what a file says, without the moment of its run, where its source lay, and whether its page was kept."""
    text = OF_THE_RUN.sub("", content.decode("utf-8")).replace(*KEPT)
    return hashlib.sha256(text.encode()).hexdigest()


def state_of(folder: Path) -> dict[str, str]:
    """Name → essence of every page, notebook and table; records hold moments and are left out."""
    return {name: essence(name, content) for name, content in sorted(files_of(folder).items())
            if not name.endswith(".json")}


def watch(folder: Path, stop: Path) -> dict[str, object]:
    rounds, broken, seen = 0, [], {}
    missing, there = set(), {name for name in files_of(folder) if not name.endswith(".csv")}
    while not stop.exists():
        files = files_of(folder)
        missing |= there - set(files)
        rounds += 1
        for name, content in files.items():
            if not is_whole(name, content):
                broken.append((name, len(content)))
            elif not name.endswith(".json"):
                seen.setdefault(name, {})[essence(name, content)] = rounds
    return {"rounds": rounds, "broken": broken, "missing": sorted(missing), "seen": seen}


@contextmanager
def watched(folder: Path, place: Path):
    """Watch `folder` while the block runs; gives a dict that holds what was seen when it is over."""
    stop, found = place / f"stop-{time.monotonic_ns()}", {}
    process = subprocess.Popen([sys.executable, __file__, folder, stop], stdout=subprocess.PIPE, text=True)
    try:
        yield found
        time.sleep(0.3)
    finally:
        stop.touch()
        found.update(json.loads(process.communicate(timeout=120)[0]))


if __name__ == "__main__":
    print(json.dumps(watch(Path(sys.argv[1]), Path(sys.argv[2]))))
