"""What the README says can be done, can be done: targets, commands, options, links, the examples."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import nbformat
import typer

from salesops_helpers.cli import app
from salesops_helpers.data.company import Company

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", README, re.DOTALL).group(1)


def test_company_file_of_the_readme_is_accepted():
    company = Company(**tomllib.loads(block("toml")))
    assert company.currency == "EUR" and company.values["opportunities"]["product"]["GTXPro"] == "GTX Pro"


def test_python_of_the_readme_is_plain_python():
    assert ast.parse(block("python")).body


def test_targets_of_the_readme_are_in_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert {"report", "test", "lab", "bench"} <= named <= targets


def options_of(command) -> set[str]:
    """The options of a command, and of the commands that it groups."""
    inner = getattr(command, "commands", {}).values()
    return {option for parameter in command.params for option in parameter.opts}.union(*map(options_of, inner))


def test_commands_and_options_of_the_readme_exist():
    group = typer.main.get_command(app)
    known = {name: options_of(command) for name, command in group.commands.items()}
    lines = re.findall(r"salesops (\w+) ([^`\n]*)", README)
    named = [(name, set(re.findall(r"--[a-z]+(?:-[a-z]+)*", rest))) for name, rest in lines]
    assert {name for name, _ in named} == set(known)
    assert [(name, options) for name, options in named if not options <= known[name]] == []


def test_links_and_paths_of_the_readme_are_there():
    linked = re.findall(r"\]\(([^)#]+)\)", README)
    papermill = re.findall(r"papermill (\S+\.ipynb)", README)
    layout = re.search(r"## Layout\n\n```\n(.*?)```", README, re.DOTALL).group(1)
    tree = re.findall(r"(?:^| )([a-z_]+(?:/|\.py))(?= |$)", layout, re.MULTILINE)
    assert linked and papermill and len(tree) > 10
    assert [name for name in linked + papermill if not (ROOT / name).exists()] == []
    places = (ROOT, ROOT / "salesops_helpers", ROOT / "tests")
    assert [name for name in tree if not any((place / name).exists() for place in places)] == []


def test_notebooks_of_the_readme_are_all_there_are_with_their_questions():
    named = dict(re.findall(r"^\| `(\w+)` \| ([^|]*\?) \|", README, re.MULTILINE))
    titles = {
        path.stem: nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
        for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    assert named == titles
