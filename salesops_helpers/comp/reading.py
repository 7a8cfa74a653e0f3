"""A plan's YAML as plain dicts, lists and texts, with the line on which each value stands.

Every scalar stays the text that was written, so that no rate passes through a float. Anchors, aliases, tags, repeated
keys and very deep or large files are refused.
"""

from __future__ import annotations

from pathlib import Path

from salesops_helpers.errors import SalesOpsError

LARGEST = 200_000  # bytes; a plan is a page of text
DEEPEST = 12
_CORE = "tag:yaml.org,2002:"
_PLAIN = {_CORE + kind for kind in ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")}

Lines = dict[tuple, int]


def read_text(path: Path) -> str:
    """The text of a plan file. Raises `SalesOpsError` where it is too large, unreadable or not UTF-8."""
    try:
        if path.stat().st_size > LARGEST:
            raise _refusal(path.name, f"is larger than {LARGEST:,} bytes", "a plan file of a page or two", "shorten it")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _refusal(path.name, "cannot be read as text", "YAML text in UTF-8", "save it as UTF-8 text") from None


def parse(text: str, where: str) -> tuple[dict, Lines]:
    """The document and the line of each value, by its path of keys and positions.

    Raises `SalesOpsError` where the text is not one plain YAML mapping.
    """
    import yaml

    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1
            if getattr(event, "anchor", None) is not None:
                raise _refusal(
                    where,
                    f"line {line} uses an anchor or alias",
                    "values written out",
                    "write the value out in each place",
                )
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise _refusal(
                    where, f"line {line} is nested too deep", f"at most {DEEPEST} levels", "write a flat plan"
                )
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f" (line {mark.line + 1}: {error.problem})" if mark is not None else ""
        raise _refusal(
            where, f"is not YAML{at}", "YAML as in the plans of the sample company", "mend that line"
        ) from None
    lines: Lines = {}
    plan = _plain(root, (), lines, where)
    if not isinstance(plan, dict):
        raise _refusal(where, "is not a plan", "lines such as `plan: NAME`", "begin with the line plan: and a name")
    return plan, lines


def _plain(node, path: tuple, lines: Lines, where: str):
    import yaml

    if node is None:
        return None
    line = lines[path] = node.start_mark.line + 1
    if node.tag not in _PLAIN:
        raise _refusal(where, f"line {line} uses the tag {node.tag!r}", "plain values", "take the tag out")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, i), lines, where) for i, child in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == f"{_CORE}null" else node.value
    made: dict = {}
    for key_node, value_node in node.value:
        key = key_node.value
        if not isinstance(key, str) or key in made:
            raise _refusal(
                where,
                f"line {key_node.start_mark.line + 1} repeats or misuses the key {key!r}",
                "each key once",
                "keep one of the two",
            )
        made[key] = _plain(value_node, (*path, key), lines, where)
    return made


def _refusal(where: str, said: str, allowed: str, cure: str) -> SalesOpsError:
    return SalesOpsError(f"plan file {where!r} {said}", allowed, cure)
