"""The report made on a real Dask cluster: a scheduler and two workers on loopback, one of them killed in mid-run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest
from dask_cluster import DaskCluster
from soak import ANSWER, MONTH, PUBLISH, ROOT, add_notebook, company_folder, salesops

from salesops_helpers import cli
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report.cluster import Cluster

TIME = re.compile(r'<time class="run".*?</time>')
NAMES = [f"page{n}" for n in range(6)]
ONLY = [part for name in NAMES for part in ("--only", name)]


def content(folder):
    """Every page, executed notebook and table, without the moments of the run."""
    names = sorted(path.relative_to(folder).as_posix() for kind in ("*.html", "*.ipynb", "tables/*.csv")
                   for path in folder.glob(kind))
    return {name: TIME.sub("", (folder / name).read_text(encoding="utf-8")) for name in names}


def hold(home):
    """While this file is there, every notebook waits at its last cell."""
    return home.with_name(f"{home.name}.hold")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = company_folder(tmp_path_factory.mktemp("shared") / "acme")
    for number, name in enumerate(NAMES):
        threads = "import os\nprint(os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'])"
        waiting = "import os, time\nwhile os.path.exists(source + '.hold'): time.sleep(0.1)"
        add_notebook(home, name, ANSWER, PUBLISH.format(name=f"table{number}"), threads, waiting)
    return home


@pytest.fixture(scope="module")
def local(home):
    """The undisturbed report of this machine."""
    done = salesops("report", home, "--month", MONTH, "--out", home.parent / "local", *ONLY)
    assert done.returncode == 0, done.stderr
    return home.parent / "local" / MONTH


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with DaskCluster(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


def test_a_report_made_on_a_cluster_is_the_local_one(home, local, cluster):
    out = home.parent / "far"
    done = salesops("report", home, "--month", MONTH, "--out", out, "--scheduler", cluster.address, *ONLY)
    assert done.returncode == 0, done.stderr
    assert all(": started" in line or ": complete (" in line for line in done.stderr.splitlines()), done.stderr
    assert content(out / MONTH) == content(local)
    assert "1 1" in content(local)["page0.html"]
    again = salesops("report", home, "--month", MONTH, "--out", out, "--scheduler", cluster.address, *ONLY)
    assert again.returncode == 0 and again.stderr.count("kept, made from the same inputs") == len(NAMES)


def test_a_worker_killed_in_mid_run_costs_nothing(home, local, cluster, tmp_path):
    extra = cluster.add_worker()
    hold(home).touch()
    done = []
    arguments = ("report", home, "--month", MONTH, "--out", tmp_path, "--scheduler", cluster.address, *ONLY)
    run = threading.Thread(target=lambda: done.append(salesops(*arguments)))
    run.start()
    try:
        staged = wait_for(lambda: [path for path in (tmp_path / MONTH).glob(".staging-*/page*.*")
                                   if (path / "tables").is_dir()], at_least=3)
        kernels = psutil.Process(extra.pid).children(recursive=True)
        os.kill(extra.pid, signal.SIGKILL)
        assert kernels and psutil.wait_procs(kernels, timeout=60)[1] == [], "they end with their worker"
    finally:
        hold(home).unlink()
        run.join()
    assert done[0].returncode == 0, done[0].stderr
    assert len(staged) >= 3 and extra.wait() == -signal.SIGKILL
    assert content(tmp_path / MONTH) == content(local)
    assert not list((tmp_path / MONTH).glob(".staging-*"))


@pytest.mark.slow
def test_a_worker_that_dies_of_a_page_fails_that_page_alone(home, cluster, tmp_path):
    add_notebook(home, "deadly", ANSWER, "import os, psutil\n"
                 "for process in psutil.Process().parents():\n"
                 "    if any('dask_worker' in part for part in process.cmdline()): os.kill(process.pid, 9)\n"
                 "import time; time.sleep(60)")
    with DaskCluster(tmp_path, workers=2, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as own:
        done = salesops("report", home, "--month", MONTH, "--out", tmp_path / "out", "--scheduler", own.address,
                        "--only", "deadly", "--only", "page0", "--jobs", 2)
    (home / "notebooks/deadly.ipynb").unlink()
    assert done.returncode == 1
    pages = json.loads((tmp_path / "out" / MONTH / "record.json").read_text())["pages"]
    assert (pages["page0"]["status"], pages["deadly"]["status"]) == ("complete", "failed")
    assert pages["deadly"]["reason"].startswith("what ran the notebook was lost (KilledWorker")


def test_a_worker_that_does_not_see_the_folder_says_so(home, cluster, tmp_path):
    """A worker in a namespace of its own, where the company's folder is covered."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare")
    shutil.copytree(home, tmp_path / "seen" / "acme")
    hidden = tmp_path / "seen"
    with DaskCluster(tmp_path, workers=0) as own:
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", own.address, "--no-nanny", "--nthreads", "1",
                  "--no-dashboard", "--local-directory", str(tmp_path / "local")]
        script = f"mount -t tmpfs none {hidden} && exec {' '.join(worker)}"
        process = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", script], cwd=ROOT,
                                   env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        own.processes.append(process)
        done = salesops("report", hidden / "acme", "--month", MONTH, "--out", tmp_path / "out", "--scheduler",
                        own.address, "--only", "page0")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert re.search(r"page0: failed: the worker tcp://\S+ on \S+ does not see \S*/notebooks/page0\.ipynb", done.stderr)


@pytest.mark.parametrize("arguments, seen", [
    ({"scheduler": "tcp://192.0.2.7:8786"}, "sends plain text over the network; allowed: tls://HOST:PORT"),
    ({"scheduler": "tcp://example.org:8786"}, "sends plain text over the network"),
    ({"scheduler": "tcp://127.0.0.1.example.org:8786"}, "sends plain text over the network"),
    ({"scheduler": "tcp://[2001:db8::1]:8786"}, "sends plain text over the network"),
    ({"scheduler": "127.0.0.1:8786"}, "allowed: tcp://HOST:PORT, or tls://HOST:PORT"),
    ({"scheduler": "inproc://x"}, "allowed: tcp://HOST:PORT"),
    ({"scheduler": "tcp://127.0.0.1"}, "allowed: tcp://HOST:PORT"),
    ({"scheduler": "tcp://127.0.0.1:99999"}, "allowed: tcp://HOST:PORT"),
    ({"scheduler": "tcp://127.0.0.1:1/x"}, "allowed: tcp://HOST:PORT"),
    ({"scheduler": "tls://127.0.0.1:1", "ca_file": "/nowhere.pem"}, "--tls-ca-file /nowhere.pem is not there"),
    ({"scheduler": "tcp://127.0.0.1:1", "key": "/nowhere.pem"}, "--tls-key with --scheduler tcp://127.0.0.1:1"),
    ({"scheduler": "", "insecure": True}, "--insecure without --scheduler"),
])
def test_a_wrong_address_is_refused_in_one_line(arguments, seen):
    with pytest.raises(SalesOpsError) as caught:
        cli._cluster(jobs=None, **arguments)
    assert seen in str(caught.value) and str(caught.value).isprintable()


def test_the_command_refuses_plain_text_before_anything_is_written(home, tmp_path):
    done = salesops("report", home, "--month", MONTH, "--out", tmp_path / "out", "--scheduler", "tcp://192.0.2.7:8786")
    assert done.returncode == 2 and done.stdout == "" and not (tmp_path / "out").exists()
    (line,) = done.stderr.splitlines()
    assert line.startswith("salesops: --scheduler tcp://192.0.2.7:8786 sends plain text over the network; allowed: ")


def test_plain_text_beyond_this_machine_is_taken_where_it_is_said_to_be_safe():
    assert Cluster.checked("tcp://192.0.2.7:8786", insecure=True).address == "tcp://192.0.2.7:8786"
    for address in ("tcp://127.8.9.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786", "tls://example.org:8786"):
        assert Cluster.checked(address).address == address


@pytest.mark.parametrize("speaks", [None, b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_an_address_that_does_not_answer_as_a_scheduler_is_one_line(home, tmp_path, speaks):
    """Nothing there, something else there, and something that never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if speaks is None:
            server.close()
        elif speaks:
            threading.Thread(target=_talk, args=(server, speaks), daemon=True).start()
        before = time.monotonic()
        with pytest.raises(SalesOpsError, match=f"--scheduler {address} does not answer"):
            with Cluster.checked(address, wait=4).opened()(2):
                pass
    assert time.monotonic() - before < 60


def _talk(server, words):
    while True:
        try:
            connection, _ = server.accept()
            connection.sendall(words)
            connection.close()
        except OSError:
            return


def test_the_command_says_in_one_line_that_nobody_answers(home, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    done = salesops("report", home, "--month", MONTH, "--out", tmp_path / "out", "--scheduler", address, *ONLY)
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    line = done.stderr.splitlines()[-1]
    assert f"--scheduler {address} does not answer" in line and "do: start one: dask scheduler" in line
    assert "Traceback" not in done.stderr


def test_a_scheduler_without_workers_is_said(tmp_path):
    with DaskCluster(tmp_path, workers=0) as own:
        with pytest.raises(SalesOpsError, match="has no worker; allowed: at least one worker; do: start one: dask"):
            with Cluster.checked(own.address, wait=10).opened()(2):
                pass


def test_a_worker_with_other_helpers_is_refused(tmp_path):
    shutil.copytree(ROOT / "salesops_helpers", tmp_path / "other/salesops_helpers")
    words = tmp_path / "other/salesops_helpers/words.py"
    words.write_text(words.read_text() + "\nMORE = 1\n")
    with DaskCluster(tmp_path, workers=0) as own:
        own.add_worker(cwd=tmp_path / "other", PYTHONPATH=str(tmp_path / "other"))
        with pytest.raises(SalesOpsError, match=r"the worker tcp:\S+ is not like this machine: helpers' source \w{12}"):
            with Cluster.checked(own.address).opened()(2):
                pass


def test_without_the_package_the_cure_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SalesOpsError, match=r"needs the package distributed.*pip install 'salesops-helpers\[cl"):
        Cluster.checked("tcp://127.0.0.1:8786")


def test_the_package_is_not_imported_unless_a_scheduler_is_named():
    code = ("import sys; import salesops_helpers.cli, salesops_helpers.report.cluster, salesops_helpers.report.month; "
            "print([name for name in ('distributed', 'dask') if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.slow
def test_tls_settings_are_handed_to_dask(home, local, tmp_path):
    files = certificates(tmp_path)
    options = tuple(part for name, path in files.items() for part in (f"--{name}", str(path)))
    with DaskCluster(tmp_path, options=options, scheme="tls") as own:
        asked = ("report", home, "--month", MONTH, "--out", tmp_path / "out", "--scheduler", own.address)
        refused = salesops(*asked, *ONLY)
        assert refused.returncode == 2 and "does not answer (" in refused.stderr, refused.stderr
        assert not (tmp_path / "out").exists()
        done = salesops(*asked, *ONLY, *options)
        assert done.returncode == 0, done.stderr
        configured = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(files["tls-ca-file"]),
                      "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": str(files["tls-cert"]),
                      "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": str(files["tls-key"])}
        again = salesops(*asked, "--only", "page0", "--force", **configured)
        assert again.returncode == 0, again.stderr
    assert content(tmp_path / "out" / MONTH).keys() == content(local).keys()


def certificates(folder):
    """A certificate that signs itself, for every part of a cluster on loopback."""
    files = {"tls-ca-file": folder / "cert.pem", "tls-cert": folder / "cert.pem", "tls-key": folder / "key.pem"}
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files["tls-key"], "-out", files["tls-cert"]],
                   check=True, capture_output=True)
    return files


def wait_for(found, at_least, patience=180):
    until = time.monotonic() + patience
    while len(seen := found()) < at_least:
        assert time.monotonic() < until, seen
        time.sleep(0.1)
    return seen
