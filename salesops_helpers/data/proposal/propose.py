"""``salesops map``: a company.toml for the files of a folder, for an analyst to edit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from salesops_helpers.data.company import Company
from salesops_helpers.data.crm.maps import CRMS, CrmObject, object_named, objects_of, title
from salesops_helpers.data.proposal import stages as staging
from salesops_helpers.data.proposal.evidence import Looks, looks
from salesops_helpers.data.proposal.match import PERHAPS, SURE, Match, best, words
from salesops_helpers.data.proposal.writing import comment, listing, quoted, section
from salesops_helpers.data.sources.files import SUFFIXES, read_file
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError, listed

MOST_FILES = 200
ANY = {"name": "?", "currency": "EUR", "stages": ["-", "+"], "won_stages": ["+"], "lost_stages": ["-"]}


@dataclass(frozen=True)
class Read:
    """One file of the export: its name, headers, the relation in the engine, and how its values look."""

    name: str
    stem: str
    headers: list[str]
    relation: str
    looks: dict[str, Looks]


def propose(folder: Path, out: Path | None = None) -> str:
    """The text of a company.toml for the export in `folder`.

    A CRM's export is recognised by its files' names and headers and left to the packaged map; else each file is the
    table, and each header the column, whose names are closest and whose types fit the values. What was guessed is
    marked, what has no place stands as a comment.

    Parameters
    ----------
    folder : Path
        The folder with the files.
    out : Path, optional
        Where the text will be written; `folder` is named relative to it.

    Raises
    ------
    SalesOpsError
        Where the folder is not there or holds no file that can be read.
    """
    con, read, refused = _files(Path(folder))
    crm = _crm(read)
    head = [comment(f"Proposed by salesops map from the files in {Path(folder).resolve().name}. "
                    "Look at every line that is a guess, then run: salesops check FOLDER"), ""]
    where = "." if out is None else os.path.relpath(Path(folder).resolve(), Path(out).resolve().parent)
    body = _for_crm(con, read, crm) if crm else _by_name(con, read)
    settings, sections, notes = body
    first = [f"name = {quoted(Path(folder).resolve().name or 'Company')}  {comment('as printed; put in your own')}"]
    place = [] if where == "." else [f"folder = {quoted(where)}"]
    notes += [f"{name}: {why}" for name, why in refused.items()]
    tail = ["", comment("Without a place:"), *map(comment, notes)] if notes else []
    return "\n".join([*head, *first, *settings, *place, *sections, *tail, ""])


def write(folder: Path, out: Path | None = None) -> str:
    """Write the proposal to the file `out`, which is not there yet, and give its path; without it give the text."""
    text = propose(folder, out)
    if out is None:
        return text
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise SalesOpsError(f"--out {out} cannot be written ({error.strerror})", "a file that is not there yet",
                            "choose another") from None
    return str(out)


def _files(folder: Path):
    """The files of the folder in an engine, and those that cannot be read, each with its reason."""
    import ibis

    if not folder.is_dir():
        raise SalesOpsError(f"{folder} is not a folder", "a folder with the files of an export", "name it")
    con, company, read, refused = ibis.duckdb.connect(), Company(**ANY, home=folder), [], {}
    con.raw_sql("SET timezone='UTC'; SET autoinstall_known_extensions=false")
    paths = [p for p in sorted(folder.iterdir()) if p.is_file() and p.name.lower().endswith(tuple(SUFFIXES))]
    for i, path in enumerate(paths[:MOST_FILES]):
        try:
            raw = read_file(con, f"file_{i}", path, company)
        except SalesOpsError as error:
            refused[path.name] = error.thing
            continue
        read.append(Read(path.name, path.name.partition(".")[0], raw.columns, raw.relation,
                         looks(con, raw.relation, raw.columns)))
    refused |= {path.name: f"more than {MOST_FILES} files; not looked at" for path in paths[MOST_FILES:]}
    if not read:
        why = "; ".join(f"{name}: {reason}" for name, reason in refused.items()) or "no such file is there"
        raise SalesOpsError(f"{folder} holds no file that can be read ({why})", f"files ending in {listed(SUFFIXES)}",
                            "export the tables again")
    return con, read, refused


def _crm(read: list[Read]) -> str | None:
    """The CRM whose deals are among the files, by the share of headers that its map knows; None: no CRM's."""
    def share(crm: str) -> float:
        objects = objects_of(crm)
        values = [0.0]
        for file in read:
            known = _object(file, objects)
            if known is not None and known.table == "opportunities" and not _is_own(file, known.table):
                hits = [h for h in known.found(file.headers).values() if _exactly(h, known)]
                values.append(len(hits) / len(file.headers) + len(hits) / 100)
        return max(values)

    top = max(CRMS, key=share)
    return top if share(top) > 0.15 else None


def _exactly(header: str, known: CrmObject) -> bool:
    """Is the header written as the map has it, case and snake_case apart? Such as ``Amount`` alone says nothing."""
    spelled = {words(name) for names in known.fields.values() for name in names}
    return words(header) in spelled and (len(words(header).split()) > 1 or header != header.lower() or "_" in header
                                         or header in [n for names in known.fields.values() for n in names])


def _is_own(file: Read, table: str) -> bool:
    return set(TABLES[table].must_have) <= set(file.headers)


def _object(file: Read, objects: dict[str, CrmObject]) -> CrmObject | None:
    """The object that a file is: by its name where its headers agree, else the one that its headers fit best."""
    named = object_named(file.stem, objects)
    if named and objects[named[0]].fits(file.headers):
        return objects[named[0]]
    fitting = [known for known in objects.values() if known.fits(file.headers)]
    return max(fitting, key=lambda known: len(known.found(file.headers)), default=None)


Body = tuple[list[str], list[str], list[str]]


def _for_crm(con, read: list[Read], crm: str) -> Body:
    """Settings, sections and notes for an export that the packaged map knows."""
    objects, files, notes, taken, deals = objects_of(crm), {}, [], {}, None
    for file in read:
        named = object_named(file.stem, objects)
        known = None if file.stem in TABLES and _is_own(file, file.stem) else _object(file, objects)
        if file.stem in TABLES and _is_own(file, file.stem):
            continue
        if known is None:
            notes.append(f"{file.name}: none of the objects that the map of {title(crm)} knows")
            continue
        if known.name in taken:
            notes.append(f"{file.name}: {known.name} like {taken[known.name]}, which is used")
            continue
        taken[known.name] = file.name
        if not named or named[0] != known.name:
            files[known.name] = file.name
        if known.table == "opportunities":
            deals = (file, known)
        used = set(known.found(file.headers).values())
        if left := [h for h in file.headers if h not in used]:
            notes.append(f"{file.name} ({known.name}): {listed(left, 40)}")
    settings = [f"crm = {quoted(crm)}  {comment('recognised by file names and headers')}"]
    settings += _settings(con, deals[0], deals[1].found(deals[0].headers), _labels(con, read, objects, crm))
    return settings, section("files", files), notes


def _labels(con, read: list[Read], objects: dict[str, CrmObject], crm: str) -> dict[str, str]:
    """Id of a stage → label, in the CRM's own order, where the export holds the stages."""
    name = {"hubspot": "deal_pipeline_stage", "pipedrive": "stages"}.get(crm)
    for file in read:
        known = _object(file, objects)
        if known is not None and known.name == name:
            held = known.found(file.headers)
            frame = con.table(file.relation).to_pandas()
            if "order" in held:
                frame = frame.sort_values(held["order"], key=lambda s: pd.to_numeric(s, errors="coerce"))
            return dict(zip(frame[held["id"]].astype(str), frame[held["label"]].astype(str), strict=True))
    return {}


def _by_name(con, read: list[Read]) -> Body:
    """Settings, sections and notes for files whose headers are nobody's that is known."""
    matches: dict[str, tuple[Read, Match]] = {}
    notes = []
    for file in sorted(read, key=lambda f: -best(f.stem, f.headers, f.looks).score):
        match = best(file.stem, file.headers, file.looks)
        if match.table in matches:
            notes.append(f"{file.name}: looks like {match.table}, as which {matches[match.table][0].name} is used")
        elif len(match.lacks) == len(TABLES[match.table].must_have) and not _close(file, match):
            notes.append(f"{file.name}: none of the tables; its columns: {listed(file.headers, 20)}")
        else:
            matches[match.table] = (file, match)
    files = {table: file.name for table, (file, _) in matches.items() if file.stem != table}
    sections = section("files", files)
    for table, (file, match) in matches.items():
        named = {c: h for c, (h, value) in match.columns.items() if h != c and value >= SURE}
        sections += section(f"columns.{table}", named) or (["", f"[columns.{table}]"] if match.columns else [])
        perhaps = {c: h for c, (h, value) in match.columns.items() if h != c and PERHAPS <= value < SURE}
        sections += [f"{comment(f'{c} = {quoted(h)}')}  (perhaps)" for c, h in perhaps.items()]
        if lacks := [c for c in match.lacks if c not in perhaps]:
            sections.append(comment(f"needed and not found: {listed(lacks)}"))
        if match.left:
            notes.append(f"{file.name} ({table}): {listed(match.left, 40)}")
    notes += [f"no file looks like {t.name}, which every company needs" for t in TABLES.values()
              if t.required and t.name not in matches]
    deals = matches.get("opportunities")
    held = {} if deals is None else {c: h for c, (h, _) in deals[1].columns.items()}
    return _settings(con, None if deals is None else deals[0], held, {}), sections, notes


def _close(file: Read, match: Match) -> bool:
    return len([c for c, (_, value) in match.columns.items() if value >= SURE]) >= len(file.headers) / 2


def _settings(con, deals: Read | None, held: dict[str, str], labels: dict[str, str]) -> list[str]:
    """currency and the stages, from the deals' values."""
    currency, sure = _currency(con, deals, held)
    lines = [f"currency = {quoted(currency)}  {comment('from the deals' if sure else 'guessed: put in your own')}"]
    counted = _counted(con, deals, held, labels)
    found = staging.found(counted, list(labels.values()))
    lines += [f"stages = {listing(found.all)}", f"won_stages = {listing(found.won)}",
              f"lost_stages = {listing(found.lost)}", *map(comment, found.guesses)]
    return lines


def _currency(con, deals: Read | None, held: dict[str, str]) -> tuple[str, bool]:
    if deals is None or "currency" not in held:
        return "EUR", False
    value = con.table(deals.relation)[held["currency"]].cast("string").strip().upper()
    codes = con.table(deals.relation).select(code=value).filter(lambda t: t.code.re_search("^[A-Z]{3}$"))
    top = codes.group_by("code").agg(n=lambda t: t.count()).order_by(lambda t: t.n.desc()).limit(1).to_pandas()
    return (top["code"].iloc[0], True) if len(top) else ("EUR", False)


def _counted(con, deals: Read | None, held: dict[str, str], labels: dict[str, str]) -> pd.DataFrame:
    """A row a stage: how many deals are in it, how many of them are won and lost, their mean probability."""
    import ibis

    columns = ["stage", "rows", "won", "lost", "probability"]
    if deals is None or "stage" not in held:
        return pd.DataFrame(columns=columns)
    table = con.table(deals.relation)
    text = {f: table[h].cast("string").strip().lower() for f, h in held.items()}
    yes = {f: text[f].isin(("true", "1", "yes", "t")) for f in ("is_won", "is_closed", "is_lost") if f in text}
    won, lost = ibis.null("int64"), ibis.null("int64")
    if "is_won" in yes:
        gone = yes["is_lost"] if "is_lost" in yes else yes.get("is_closed", ibis.literal(False)) & ~yes["is_won"]
        won, lost = yes["is_won"].sum(), gone.sum()
    elif "status" in text:
        won, lost = (text["status"] == "won").sum(), (text["status"] == "lost").sum()
    percent = held.get("percent", held.get("probability"))
    chance = ibis.null("float64") if percent is None else table[percent].cast("string").replace("%", "").try_cast(
        "float64").mean()
    stage = table[held["stage"]].cast("string").strip().nullif("")
    counted = table.group_by(stage=stage.substitute(labels) if labels else stage).agg(
        rows=table.count(), won=won, lost=lost, probability=chance).to_pandas()
    return _with_labels(counted.sort_values("rows", ascending=False), labels, "status" in held and "is_won" not in held)


def _with_labels(counted: pd.DataFrame, labels: dict[str, str], by_status: bool) -> pd.DataFrame:
    """Stages without deals too; where deals close by a status word, stages that deals were won in are no closing ones,
    and Won and Lost stand beside them."""
    more = pd.DataFrame({"stage": [label for label in labels.values() if label not in set(counted["stage"])]})
    counted = pd.concat([counted, more.drop_duplicates()], ignore_index=True) if len(more) else counted
    counted["rows"] = counted["rows"].fillna(0)
    if by_status:
        counted[["won", "lost"]] = float("nan")
    return counted
