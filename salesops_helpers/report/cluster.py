"""Pages made on a Dask cluster: the same jobs, sent to its workers through an executor of `concurrent.futures`.

The company's folder, the notebooks and the folder of reports lie on a file system that all machines see at the same
path; every machine has the same helpers and the same versions. ``distributed`` is imported when it is asked for.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import queue
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from salesops_helpers.errors import SalesOpsError, listed, one_line
from salesops_helpers.report import forked, inputs
from salesops_helpers.report.work import Done, Job, record_name

FORM = "tcp://HOST:PORT, or tls://HOST:PORT"
WAIT = 10.0
NEEDS = ("dask", "distributed", "cloudpickle", "msgpack", "tornado")


@dataclass(frozen=True)
class Cluster:
    """A Dask scheduler, checked as far as that goes without asking it.

    Attributes
    ----------
    address : str
        ``tcp://HOST:PORT`` or ``tls://HOST:PORT``.
    ca_file, cert, key : str
        Paths for TLS, as Dask's own commands name them; empty: what Dask's configuration says.
    wait : float
        Seconds that the scheduler has to answer, and to have a worker.
    """

    address: str
    ca_file: str = ""
    cert: str = ""
    key: str = ""
    wait: float = WAIT

    @classmethod
    def checked(cls, address: str, insecure: bool = False, ca_file: str = "", cert: str = "", key: str = "",
                wait: float = WAIT) -> Cluster:
        """Raises `SalesOpsError` for an address of another form, one that would send plain text beyond this machine
        without `insecure`, a TLS file that is not there or not used, and where ``distributed`` is not installed."""
        scheme, host = _parts(address)
        files = {"--tls-ca-file": ca_file, "--tls-cert": cert, "--tls-key": key}
        if scheme == "tcp" and not _is_loopback(host) and not insecure:
            raise SalesOpsError(f"--scheduler {address} sends plain text over the network",
                                "tls://HOST:PORT, or an address of this machine",
                                "set up TLS on the cluster, or say --insecure where the network is trusted")
        if unused := [name for name, path in files.items() if path and scheme == "tcp"]:
            raise SalesOpsError(f"{listed(unused)} with --scheduler {address}", "a tls:// address",
                                "write tls://, or leave the files out")
        if missing := [f"{name} {path}" for name, path in files.items() if path and not os.path.isfile(path)]:
            raise SalesOpsError(f"{listed(missing)} is not there", "a PEM file", "check the path")
        _distributed()
        return cls(address, ca_file, cert, key, wait)

    def opened(self, jobs: int | None = None) -> Callable[[int], Iterator[tuple[Executor, int]]]:
        """What `report` takes as ``opened``; `jobs`: most pages at a time, default one per thread of the workers."""

        @contextmanager
        def executor(_local_jobs: int) -> Iterator[tuple[Executor, int]]:
            with self._client() as client:
                threads = _workers(client, self)
                pool = _Sent(client)
                try:
                    yield pool, jobs or threads
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)

        return executor

    @contextmanager
    def _client(self):
        distributed = _distributed()
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            client = _within(2 * self.wait, lambda: distributed.Client(
                self.address, security=self._security(), timeout=self.wait, set_as_default=False))
        except Exception as error:
            raise SalesOpsError(f"--scheduler {self.address} does not answer ({_said(error)})",
                                "the address of a running Dask scheduler", "start one: dask scheduler") from None
        try:
            yield client
        finally:
            client.close(timeout=5)

    def _security(self):
        if not self.address.startswith("tls://"):
            return None
        named = {"tls_ca_file": self.ca_file, "tls_client_cert": self.cert, "tls_client_key": self.key}
        given = {name: os.path.abspath(path) for name, path in named.items() if path}
        return _distributed().Security(require_encryption=True, **given)


def _distributed():
    try:
        import distributed
    except ImportError:
        raise SalesOpsError("--scheduler needs the package distributed", "an installation with the extra cluster",
                            "pip install 'salesops-helpers[cluster]'") from None
    return distributed


def _within(seconds: float, make: Callable[[], object]):
    """What `make` gives, or raises. Dask's own limit does not hold where the other end talks, but not as Dask does."""
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def run():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answers.put((make(), None))
        except Exception as error:
            answers.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        made, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no proper answer within {seconds:g} seconds") from None
    if error is not None:
        raise error
    return made


def _parts(address: str) -> tuple[str, str]:
    """Scheme and host of the address."""
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port and address.isprintable()
        good = good and not (parts.path or parts.query or parts.fragment or parts.username)
    except ValueError:
        good = False
    if not good:
        raise SalesOpsError(f"--scheduler {address!r}", FORM, "pass the address that dask scheduler prints")
    return parts.scheme, parts.hostname


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _workers(client, cluster: Cluster) -> int:
    """Threads of all workers. Raises `SalesOpsError` where there is none, or one that has other helpers or versions."""
    try:
        client.wait_for_workers(1, timeout=cluster.wait)
    except Exception:
        raise SalesOpsError(f"the scheduler {cluster.address} has no worker", "at least one worker",
                            f"start one: dask worker {cluster.address}") from None
    threads = client.nthreads()
    try:
        found = client.run(installed, on_error="return")
    except Exception as error:
        found = {cluster.address: error}
    own = installed()
    for address, theirs in found.items():
        if why := _said(theirs) if isinstance(theirs, BaseException) else _difference(own, theirs):
            raise SalesOpsError(f"the worker {address} is not like this machine: {why}",
                                "the same helpers and versions on all machines",
                                "install the same environment on it and start it anew")
    return sum(threads.values()) or 1


@cache
def installed() -> Mapping[str, str]:
    """What a page's record vouches for: versions by name, and the hash of the helpers' source."""
    from importlib import metadata

    versions = {name: metadata.version(name) for name in NEEDS}
    return {**versions, **inputs.versions(), "helpers' source": inputs.package_hash()}


def _difference(own: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """What differs, in words; empty where nothing does."""
    names = [name for name in {**own, **theirs} if own.get(name) != theirs.get(name)]
    return listed([f"{name} {_cut(theirs.get(name))}, here {_cut(own.get(name))}" for name in names], 3)


def _cut(version: str | None) -> str:
    return version[:12] if version else "missing"


def _said(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}", 200)


class _Sent(Executor):
    """Dask's executor; each job goes out with what its worker has to be like."""

    def __init__(self, client):
        self._pool = client.get_executor(pure=False)

    def submit(self, work, job: Job) -> Future:
        return self._pool.submit(_there, work, job, installed())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait)


def _there(work: Callable[[Job], Done], job: Job, wanted: Mapping[str, str]) -> Done:
    """On a worker: make the page in a folder of this attempt alone, then move it to where it is expected.

    A worker that was given up may still be at work on a page while another makes it anew: they never share a folder.
    """
    place = Path(job.staging)
    seen = {"notebook": job.notebook, "source": str(job.parameters.get("source", "/")), "out": str(place.parent)}
    if unseen := [path for path in seen.values() if not os.path.exists(path)]:
        return Done(job.key, reason=f"the worker {_name()} does not see {listed(unseen)}: sources and outputs have to "
                                    f"lie in a folder that all machines see at the same path")
    if why := _difference(wanted, installed()):
        return Done(job.key, reason=f"the worker {_name()} is not like the machine of the run: {why}")
    forked.start()
    attempt = place.with_name(f"{place.name}.{uuid.uuid4().hex}")
    attempt.mkdir()
    own = {name: str(attempt / "tables") for name in ("published",) if name in job.parameters}
    done = work(replace(job, staging=str(attempt), parameters={**job.parameters, **own}))
    for name in (*done.files, record_name(job.entry.stem)) if done.complete else ():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(attempt / name, place / name)
    return done


def _name() -> str:
    from distributed import get_worker

    return f"{get_worker().address} on {os.uname().nodename}" if hasattr(os, "uname") else get_worker().address
