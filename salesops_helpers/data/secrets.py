"""Credentials come from the environment, and go nowhere: not into a page, a notebook, a record, a log or an error."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, quote_plus, unquote, urlsplit

from salesops_helpers.errors import SalesOpsError, listed

VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET_NAMES = re.compile(r"pass|pwd|secret|token|credential|private_?key|api_?key", re.IGNORECASE)
IN_URL = re.compile(r"(://[^\s/@:]*:)[^\s@]*@")
IN_QUERY = re.compile(r"([?&;]\s*[^=&\s]*(?:pass|pwd|secret|token|key)[^=&\s]*=)[^&\s;]*", re.IGNORECASE)
IN_DSN = re.compile(r"\b(password\s*=\s*)('[^']*'|[^\s,;)]+)", re.IGNORECASE)
HIDDEN = "***"


def has_literal_secret(url: str) -> bool:
    """Does the URL hold a password, token or key as it is, instead of the name of an environment variable?"""
    plain = VARIABLE.sub("", url)
    place = plain.partition("://")[2].split("?")[0]
    given = place.rpartition("@")[0].partition(":")[2]
    return bool(given) or any(match[0] != match[1] for match in IN_QUERY.finditer(plain))


def filled(url: str, where: str) -> tuple[str, list[str]]:
    """The URL with its environment variables filled in (quoted as URLs need), and the values that must stay secret.

    Raises `SalesOpsError` where a variable is not set.
    """
    names = VARIABLE.findall(url)
    if unset := [name for name in names if not os.environ.get(name)]:
        raise SalesOpsError(
            f"{where} needs the environment variable {listed(unset)}", "an environment variable that is set",
            f"set it before the run: export {unset[0]}=…",
        )
    secrets = {os.environ[name] for name in names if not _is_place(url, name)}
    secrets |= {os.environ[name] for name in ("PGPASSWORD",) if os.environ.get(name)}
    return VARIABLE.sub(lambda match: quote(os.environ[match[1]], safe=""), url), sorted(secrets, key=len, reverse=True)


def _is_place(url: str, name: str) -> bool:
    """Is the variable the host, port, database or user of the URL, which is no secret?"""
    if SECRET_NAMES.search(name) or "?" in url.partition(f"${{{name}}}")[0]:
        return False
    given = url.partition("://")[2].rpartition("@")[0]
    return f"${{{name}}}" not in given.partition(":")[2]


def scrubbed(text: object, secrets: list[str] = ()) -> str:
    """A message without any of `secrets`, and without what looks like a password in a URL or a setting."""
    line = str(text)
    for secret in secrets:
        for form in {secret, quote(secret, safe=""), quote_plus(secret), unquote(secret), repr(secret)[1:-1]}:
            line = line.replace(form, HIDDEN) if form else line
    line = IN_URL.sub(rf"\1{HIDDEN}@", line)
    return IN_DSN.sub(rf"\1{HIDDEN}", IN_QUERY.sub(rf"\1{HIDDEN}", line))


def shown(value: object, setting: str = "") -> object:
    """A setting's value as an error may show it."""
    if SECRET_NAMES.search(setting) or (setting == "source" and "://" not in str(value)):
        return HIDDEN
    if isinstance(value, dict):
        return {name: shown(inner, str(name)) for name, inner in value.items()}
    return scrubbed(value) if isinstance(value, str) else value


def place(url: str) -> str:
    """Where a URL points to, for readers: scheme, host, port and database, nothing else."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
