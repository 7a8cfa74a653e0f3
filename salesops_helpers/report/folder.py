"""The folder of one month: held by one run at a time, and every file in it whole at any moment."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from salesops_helpers.errors import SalesOpsError

LOCK, STAGING, NEW = ".lock", ".staging-", ".new"


def refuse_unwritable(folder: Path) -> None:
    """Raise `SalesOpsError` where `folder` cannot be made or written; nothing is written to find out."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise _unwritable(folder, f"{there} is not a folder that can be written")


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Make the folder, hold it against other runs, and give a place in it for unfinished files, gone at the end.

    What a run that was killed left unfinished is removed; so is the folder where nothing came of it. Raises
    `SalesOpsError` where another run holds the folder.
    """
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+b")
    except OSError as error:
        raise _unwritable(folder, error.strerror) from None
    try:
        with lock:
            if not _lock(lock):
                raise SalesOpsError(f"another run holds {folder}", "one run at a time for a month's folder",
                                    "wait until it has ended, or choose another folder with --out")
            _sweep(folder)
            staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
            try:
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    finally:
        _undo(folder, new)


def replace(path: Path, content: bytes) -> None:
    """Write a file so that at any moment either the old or the new one is there, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}{NEW}")
    new.write_bytes(content)
    os.replace(new, path)


def place(staging: Path, folder: Path, names: Iterable[str]) -> None:
    """Move finished files, in this order, from a place on the same file system to where they belong, each in one step.

    Where one cannot be moved those after it stay away: name the one that vouches for the others last.
    """
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / name, folder / name)


def _undo(folder: Path, new: list[Path]) -> None:
    """Remove the folders that were made for a run of which nothing is left but its lock."""
    with suppress(OSError):
        if new and [path.name for path in folder.iterdir()] == [LOCK]:
            (folder / LOCK).unlink()
            for path in new:
                path.rmdir()


def _unwritable(folder: Path, why: str) -> SalesOpsError:
    return SalesOpsError(f"--out {folder.parent}: {why}", "a folder that can be written", "choose another with --out")


def _lock(file) -> bool:
    """Take the lock without waiting; the system gives it back when the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in folder.rglob(f".*{NEW}"):
        left.unlink(missing_ok=True)
