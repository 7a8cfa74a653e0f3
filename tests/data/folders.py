"""Small company folders for tests, written from literal texts."""

from __future__ import annotations

from pathlib import Path

TOML = """
name = "Acme"
currency = "EUR"
stages = ["Open", "Offer", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-03-31
"""
REPS = "rep_id,name,team\nr1,Ada,North\nr2,Bo,South\n"
DEALS = (
    "opportunity_id,rep_id,stage,created_on,closed_on,amount\n"
    "d1,r1,Won,2026-01-05,2026-02-10,100.50\n"
    "d2,r2,Lost,2026-01-06,2026-02-11,0\n"
    "d3,r1,Offer,2026-02-01,,200\n"
)


def write_company(folder: Path, toml: str = TOML, **files: str | bytes) -> Path:
    """A company folder with reps and opportunities, and whatever `files` replaces or adds (table name → content)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "company.toml").write_text(toml, encoding="utf-8")
    for name, content in {"reps": REPS, "opportunities": DEALS, **files}.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(data)
    return folder
