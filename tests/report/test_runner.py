"""The status of a run: what was raised, where, and whether every cell was executed."""

from __future__ import annotations

import time

import pytest

from salesops_helpers.report.runner import execute


def test_a_complete_notebook_has_its_outputs_and_the_parameters_given(notebook):
    path = notebook("md:# Title", "source + month")
    run = execute(path, {"source": "/a {x} b", "month": "2026-02"})
    assert run.complete and run.reason == ""
    assert run.notebook.cells[-1].outputs[0].data["text/plain"] == "'/a {x} b2026-02'"


def test_the_file_of_the_notebook_stays_as_it_is(notebook):
    path = notebook("1")
    before = path.read_bytes()
    execute(path, {})
    assert path.read_bytes() == before


def test_an_explorer_cell_is_not_executed(notebook):
    path = notebook("raise ValueError('a widget')", "'default scenario'", tags={0: ["explorer"]})
    run = execute(path, {})
    assert run.complete
    assert all(cell.id != "c0" for cell in run.notebook.cells)


def test_a_cell_that_raises_is_named_by_its_place_in_the_file(notebook):
    path = notebook("md:# Title", "1", "0", "x = 1\n1 / 0", "2", tags={2: ["explorer"]})
    run = execute(path, {"month": "2026-02"})
    assert not run.complete
    assert run.cell == "cell 5 (c3)"
    assert run.reason == "ZeroDivisionError: division by zero"


def test_the_reason_is_one_line_even_where_the_error_has_many(notebook):
    run = execute(notebook("raise RuntimeError('one\\ntwo\\x1b[31m three')"), {})
    assert run.reason == "RuntimeError: one two [31m three"


@pytest.mark.parametrize("end", ["import sys; sys.exit(0)", "import sys; sys.exit()", "exit()", "quit()"])
def test_a_cell_that_exits_is_a_failure(notebook, end):
    run = execute(notebook("1", end, "2"), {})
    assert run.cell == "cell 3 (c1)" and run.reason == "the cell ended the notebook (exit)"


def test_exit_in_the_last_cell_is_a_failure(notebook):
    run = execute(notebook("1", "import sys; sys.exit(0)"), {})
    assert not run.complete and run.cell == "cell 3 (c1)" and "exit" in run.reason


def test_a_kernel_that_is_killed_is_a_failure(notebook):
    run = execute(notebook("1", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "2"), {})
    assert run.cell == "cell 3 (c1)" and "kernel died" in run.reason


def test_a_kernel_that_dies_before_any_cell_has_run_is_started_once_more(notebook, tmp_path):
    mark = tmp_path / "died"
    first = (f"import os, pathlib\nmark = pathlib.Path({str(mark)!r})\n"
             "if not mark.exists():\n    mark.write_text('x')\n    os._exit(1)")
    path = notebook("'alive'", before=first)
    run = execute(path, {})
    assert mark.exists() and run.complete


def test_a_kernel_that_dies_after_a_cell_has_run_is_not_started_again(notebook, tmp_path):
    mark = tmp_path / "count"
    cell = f"import os\nwith open({str(mark)!r}, 'a') as f: f.write('x')\nos._exit(1)"
    run = execute(notebook(cell), {})
    assert not run.complete and mark.read_text() == "x"


def test_the_time_limit_counts_for_the_whole_notebook(notebook):
    path = notebook(*["import time; time.sleep(3)"] * 5)
    started = time.monotonic()
    run = execute(path, {}, limit=5)
    assert time.monotonic() - started < 14
    assert not run.complete and "within the 5 seconds" in run.reason and run.cell.startswith("cell ")


def test_a_cell_that_cannot_be_interrupted_is_ended(notebook):
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(0.1)"
    run = execute(notebook(stubborn), {}, limit=4.5)
    assert "within the 4.5 seconds" in run.reason


def test_numbers_come_from_one_thread_whatever_the_machine(notebook):
    run = execute(notebook("import os; os.environ['OMP_NUM_THREADS'], os.environ['PYTHONHASHSEED']"), {})
    assert run.notebook.cells[-1].outputs[0].data["text/plain"] == "('1', '0')"


def test_nothing_is_left_in_the_temporary_folder(notebook, monkeypatch, tmp_path):
    import tempfile

    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    execute(notebook("1"), {})
    execute(notebook("import os; os._exit(1)"), {})
    assert list(folder.iterdir()) == []
