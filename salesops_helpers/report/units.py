"""The units of a company that have pages of their own: regions, teams and reps, each in a folder with a safe name."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

LEVELS = ("region", "team", "rep")
LONGEST = 40


@dataclass(frozen=True)
class Unit:
    """The company (all empty), or one of its regions, teams or reps.

    Attributes
    ----------
    by : str
        Its level: region, team or rep.
    name : str
        What ``load(…, unit=name)`` takes: the region, the team, or the rep_id.
    label : str
        What a reader is shown: the region, the team, or the rep's name.
    """

    by: str = ""
    name: str = ""
    label: str = ""

    @property
    def folder(self) -> str:
        """Its place within the month's folder: ``team/central-enterprise``; empty for the company."""
        return f"{self.by}/{slug(self.name)}" if self.by else ""

    @property
    def up(self) -> str:
        """The way from its folder to the month's."""
        return "../../" if self.by else ""


COMPANY = Unit()


def slug(name: str) -> str:
    """A name as the name of a folder: lower-case letters, digits and hyphens, no two names the same.

    A name that its slug gives back (``Central Enterprise`` ↔ ``central-enterprise``) is written as it is; any other
    gets eight digits of its hash, so that neither another name nor a later one can change it.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    text = "-".join(re.findall(r"[a-z0-9]+", plain))
    if text and len(text) <= LONGEST and text.replace("-", " ").title() == name and not _reserved(text):
        return text
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return "-".join(filter(None, [text[:LONGEST].strip("-"), digits]))


def _reserved(text: str) -> bool:
    """Could it be the slug of another name with its hash, or a device on Windows?"""
    return bool(re.search(r"(^|-)[0-9a-f]{8}$", text) or re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", text))
