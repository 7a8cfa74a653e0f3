"""What is looked at on a page and in a folder of pages."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup

WIDTHS = (1200, 800, 390)


def pages_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def broken(rules, page) -> list[str]:
    """What axe-core finds wrong with a page that is open."""
    found = rules.run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def is_sound(seen, rules, path: Path, widths=WIDTHS) -> None:
    """The open page fits each width, axe-core finds nothing, and it has said and asked for nothing."""
    for width in widths:
        seen.page.set_viewport_size({"width": width, "height": 900})
        seen.page.emulate_media(color_scheme="dark" if width == 800 else "light")
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path.name, width)
        assert broken(rules, seen.page) == [], (path.name, width)
    assert (seen.said, seen.outside(path)) == ([], []), path.name


def links_within(folder: Path) -> int:
    """Every link leads to a file of the folder, and to a part that is there; gives how many there are."""
    soups = {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in pages_of(folder)}
    links = 0
    for path, soup in soups.items():
        for link in soup.find_all("a"):
            name, _, part = link["href"].partition("#")
            target = (path.parent / name).resolve() if name else path
            assert target.is_file() and target.is_relative_to(folder), (path.name, link["href"])
            if part:
                assert soups[target].find(id=part), (path.name, link["href"])
            links += 1
    return links
