"""The units of a company that have pages of their own: regions, teams and reps, each in a folder with a safe name."""

from __future__ import annotations

from dataclasses import dataclass

from salesops_helpers.data.home import slug

LEVELS = ("region", "team", "rep")


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
