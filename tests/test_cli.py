"""The command line: exit codes, one line for whatever is wrong, nothing heavy before it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from salesops_helpers import __version__, cli
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report import month as months
from salesops_helpers.report.progress import Progress

ROOT = Path(__file__).resolve().parents[1]


def run(capsys, *arguments):
    """Exit code, stdout and lines of stderr of the command."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return ended.value.code, out, err.splitlines()


def salesops(*arguments, cwd=ROOT):
    command = [sys.executable, "-m", "salesops_helpers.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.fixture
def company(tmp_path):
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "company.toml").write_text(
        'name = "Acme"\ncurrency = "EUR"\nstages = ["Open", "Won", "Lost"]\nwon_stages = ["Won"]\n'
        'lost_stages = ["Lost"]\nextract_date = 2017-12-31\n')
    (folder / "reps.csv").write_text("rep_id,name\nr1,Ann\n")
    (folder / "opportunities.csv").write_text(
        "opportunity_id,rep_id,created_on,stage,amount,closed_on\n"
        "d1,r1,2017-01-05,Won,1000,2017-12-03\nd2,r1,2017-01-06,Lost,0,2017-10-10\nd3,r9,2017-01-06,Lost,0,2017-10-10\n")
    return folder


def test_help_and_version_answer_at_once(capsys):
    assert min(_processor_seconds("--help") for _ in range(3)) < 0.5, "on a quiet machine it is under 0.3"
    code, out, err = run(capsys, "--version")
    assert (code, out, err) == (0, f"salesops {__version__}\n", [])
    code, out, _ = run(capsys)
    assert code == 0 and "report" in out


def _processor_seconds(*arguments):
    """Time of the processor, which a busy machine lengthens little."""
    before = os.times()
    assert salesops(*arguments).returncode == 0
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_nothing_heavy_is_imported_for_the_help():
    code = "import sys, salesops_helpers.cli; print([m for m in ('pandas', 'papermill') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("arguments, seen", [
    (["repot"], "No such command 'repot'"),
    (["report"], "Missing argument 'source'"),
    (["report", "x"], "Missing option '--month'"),
    (["report", "x", "--moth", "2017-12"], "No such option: --moth"),
    (["report", "x", "--month", "2017-12", "--jobs", "many"], "--jobs"),
    (["report", "x", "y", "--month", "2017-12"], "argument 'y' after the source"),
    (["report", "nowhere", "--month", "2017-12"], "source 'nowhere' holds no company.toml"),
    (["check", "nowhere"], "source 'nowhere' holds no company.toml"),
])
def test_a_wrong_request_is_one_line_and_exit_2(capsys, monkeypatch, tmp_path, arguments, seen):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert code == 2 and out == "" and len(err) == 1
    assert err[0].startswith("salesops: ") and seen in err[0] and "; allowed: " in err[0] and "; do: " in err[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoil, month, seen", [
    (None, "2017-13", "month '2017-13' is not a month"),
    (None, "2019-01", "month 2019-01 lies outside the data"),
    (("opportunities.csv", b"rep_id,stage,amount\nr1,Won,5\n"), "2017-12", "opportunity_id"),
    (("opportunities.csv", b""), "2017-12", "opportunities.csv"),
    (("opportunities.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0"), "2017-12", "opportunities.csv"),
    (("opportunities.csv", None), "2017-12", "opportunities"),
    (("company.toml", b"name = "), "2017-12", "company.toml"),
    (("quotas.csv", b"rep_id,amount\nr1,5\n"), "2017-12", "month"),
])
def test_a_source_that_cannot_be_reported_is_refused_and_nothing_is_written(
    capsys, company, tmp_path, spoil, month, seen,
):
    if spoil:
        name, content = spoil
        (company / name).unlink(missing_ok=True)
        if content is not None:
            (company / name).write_bytes(content)
    code, out, err = run(capsys, "report", company, "--month", month, "--out", tmp_path / "out")
    assert code == 2 and out == "" and len(err) == 1, err
    assert seen in err[0] and "; allowed: " in err[0] and "; do: " in err[0]
    assert not (tmp_path / "out").exists()


def test_check_prints_what_it_found_and_leaves_the_source_alone(capsys, company, tmp_path):
    before = {path.name: path.read_bytes() for path in company.iterdir()}
    code, out, err = run(capsys, "check", company, "--out", tmp_path / "checked")
    assert code == 0 and err == []
    assert "rep_id is not in the table reps" in out
    assert (tmp_path / "checked/set_aside.csv").is_file()
    assert {path.name: path.read_bytes() for path in company.iterdir()} == before


def test_sample_writes_the_company_and_the_truth_where_asked(capsys, monkeypatch, tmp_path):
    from salesops_helpers.data import sample

    asked = []
    monkeypatch.setattr(sample, "write", lambda folder, **more: asked.append((folder, more)))
    assert run(capsys, "sample", tmp_path / "s")[0] == 0
    assert run(capsys, "sample", tmp_path / "s", "--seed", "7", "--truth", tmp_path / "t.json")[0] == 0
    assert asked == [(tmp_path / "s", {"truth": None}), (tmp_path / "s", {"seed": 7, "truth": tmp_path / "t.json"})]


def test_the_dictionary_goes_to_the_file(capsys, tmp_path):
    code, out, _ = run(capsys, "dictionary", tmp_path / "data/README.md")
    assert code == 0 and "opportunities" in (tmp_path / "data/README.md").read_text()
    (tmp_path / "file").write_text("")
    code, _, err = run(capsys, "dictionary", tmp_path / "file/README.md")
    assert code == 2 and len(err) == 1


@pytest.fixture
def told(monkeypatch, tmp_path):
    """The report replaced by one that gives or raises what the test says, and notes what it was asked."""
    told = {"asked": None, "give": []}

    def report(*arguments, say, pdf=False, opened=None):
        told["asked"], told["pdf"] = arguments, pdf
        Progress.of(say).line("one: started")
        if isinstance(told["give"], BaseException):
            raise told["give"]
        return tmp_path / "index.html", [months.Result(None, status) for status in told["give"]]

    monkeypatch.setattr(months, "report", report)
    return told


def test_the_index_is_printed_last_and_progress_goes_to_stderr(capsys, told, tmp_path):
    told["give"] = ["complete", "kept", "earlier"]
    code, out, err = run(capsys, "report", "src", "--month", "2017-12", "--only", "a", "b", "--jobs", "2", "--force")
    assert code == 0 and out == f"{tmp_path}/index.html\n" and err == ["one: started"]
    assert told["asked"] == ("src", "2017-12", Path("reports"), ["a", "b"], 2, True, (), False)


def test_levels_and_verify_are_handed_on(capsys, told, tmp_path):
    run(capsys, "report", "src", "--month", "2017-12", "--pdf")
    assert told["pdf"] is True
    run(capsys, "report", "src", "--month", "2017-12", "--by", "team", "--by", "rep", "--verify")
    assert told["pdf"] is False
    assert told["asked"] == ("src", "2017-12", Path("reports"), [], None, False, ("team", "rep"), True)


@pytest.mark.parametrize("status", ["failed", "differs"])
def test_a_page_that_failed_or_differs_is_exit_1(capsys, told, tmp_path, status):
    told["give"] = ["complete", status]
    code, out, _ = run(capsys, "report", "src", "--month", "2017-12")
    assert code == 1 and out == f"{tmp_path}/index.html\n"


@pytest.mark.parametrize("raised, code, seen", [
    (SalesOpsError("a\nb", "c", "d"), 2, "salesops: a b; allowed: c; do: d"),
    (ZeroDivisionError("one\ntwo"), 1, "salesops: unexpected ZeroDivisionError: one two; do: salesops --debug"),
    (KeyboardInterrupt(), 130, "salesops: interrupted"),
])
def test_whatever_is_raised_is_one_line(capsys, told, raised, code, seen):
    told["give"] = raised
    ended, out, err = run(capsys, "report", "src", "--month", "2017-12")
    assert ended == code and out == "" and len(err) == 2 and err[1].startswith(seen)


def test_debug_shows_the_traceback(told):
    told["give"] = ZeroDivisionError("x")
    with pytest.raises(ZeroDivisionError):
        cli.main(["--debug", "report", "src", "--month", "2017-12"])
