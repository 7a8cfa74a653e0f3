"""How a refused plan is told: plan, line, component, field, value, what is allowed, the cure."""

from __future__ import annotations

from pydantic import ValidationError

from salesops_helpers.comp.numbers import Refused
from salesops_helpers.errors import SalesOpsError


def reworded(error: ValidationError, document: dict, lines: dict, where: str) -> SalesOpsError:
    """The first finding of pydantic, or of `check`, as one line a plan's author can act on."""
    found = error.errors()[0]
    cause = found.get("ctx", {}).get("error")
    path = _path(cause.where if isinstance(cause, Refused) and cause.where else found["loc"], document)
    component, field = _names(path, document)
    value = _value(path, document)
    line = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), 0)
    said, allowed, cure = _said(found, cause, value)
    place = f"plan {document.get('plan', where)!r} ({where}, line {line})" + (
        f", component {component!r}" if component else ""
    )
    seen = "" if value is None or isinstance(value, (dict, list)) else f" = {value!r}"
    seen = "" if said.startswith("= ") else seen
    return SalesOpsError(f"{place}: {field or 'the plan'}{seen} {said}", allowed, cure)


def _said(found: dict, cause: object, value: object) -> tuple[str, str, str]:
    if isinstance(cause, Refused):
        return cause.said, cause.allowed, cause.cure
    ctx, field = found.get("ctx", {}), str(found["loc"][-1])
    allowed = str(
        ctx.get("expected") or ctx.get("expected_tags") or ctx.get("pattern") or "see the field's description"
    )
    if found["type"] == "union_tag_invalid":
        allowed = str(ctx["expected_tags"])
    if found["type"] == "extra_forbidden":
        return "is not a field of a plan here", "the fields of the sample plans", "correct the spelling, or take it out"
    if found["type"] in ("missing", "union_tag_not_found"):
        return (
            "is missing",
            "the plan says which reading holds, so this field is required",
            f"add the line {field}: VALUE",
        )
    return f"is not possible ({found['msg']})", allowed, "write one of the allowed values"


def _path(loc: tuple, document: object) -> tuple:
    """The place in the document: pydantic's own steps (names of kinds) taken out, component ids turned to positions."""
    path, here = [], document
    for step in loc:
        if isinstance(here, list) and not isinstance(step, int):
            step = next((n for n, part in enumerate(here) if isinstance(part, dict) and part.get("id") == step), step)
        inside = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        )
        if inside:
            path.append(step)
            here = here[step]
        elif step == loc[-1] and step is not None:
            path.append(step)
    return tuple(path)


def _names(path: tuple, document: dict) -> tuple[str, str]:
    component = ""
    if len(path) > 1 and path[0] == "components" and isinstance(path[1], int):
        part = document["components"][path[1]]
        component = str(part.get("id", path[1] + 1)) if isinstance(part, dict) else str(path[1] + 1)
        path = path[2:]
    return component, ".".join(str(step + 1) if isinstance(step, int) else step for step in path)


def _value(path: tuple, document: object) -> object:
    here = document
    for step in path:
        inside = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        )
        if not inside:
            return None
        here = here[step]
    return here
