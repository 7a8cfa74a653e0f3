"""Is a value anywhere in a pack? Every byte of every file, as it is and as a reader's program would decode it."""

from __future__ import annotations

import base64
import email
import email.policy
import html
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

BASE64 = re.compile(rb"[A-Za-z0-9+/\s]{40,}={0,2}")
TAG = re.compile(r"<[^<>]*>")


def texts(name: str, content: bytes, deep: int = 4) -> Iterator[bytes]:
    """A file's bytes, and every text that it holds in another form."""
    yield name.encode()
    yield content
    if deep == 0:
        return
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            for part in parts.infolist():
                yield part.comment + part.extra
                yield from texts(part.filename, parts.read(part), deep - 1)
        return
    if content[:4] == b"%PDF":
        yield from _pdf(content)
        return
    if name.endswith(".eml"):
        message = email.message_from_bytes(content, policy=email.policy.default)
        yield str(message.items()).encode()
        for part in message.walk():
            if not part.is_multipart():
                yield from texts(part.get_filename() or "part", part.get_payload(decode=True), deep - 1)
    for encoding in ("utf-16-le", "utf-16-be") if b"\0" in content else ():
        yield content.decode(encoding, "replace").encode("utf-8", "replace")
    text = html.unescape(html.unescape(content.decode("utf-8", "replace")))
    yield text.encode("utf-8", "replace")
    yield TAG.sub("", text).encode("utf-8", "replace")
    yield unquote_to_bytes(text)
    if "\\u" in text or "\\x" in text:
        yield re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), text).encode(
            "utf-8", "replace")
    for found in BASE64.findall(content):
        whole = re.sub(rb"\s", b"", found).rstrip(b"=")
        try:
            inner = base64.b64decode(whole + b"=" * (-len(whole) % 4))
        except ValueError:
            continue
        yield from texts("", inner, deep - 1)


def _pdf(content: bytes) -> Iterator[bytes]:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content))
    yield json.dumps({str(k): str(v) for k, v in (reader.metadata or {}).items()}, ensure_ascii=False).encode()
    yield str(reader.outline).encode("utf-8", "replace")
    for page in reader.pages:
        yield page.extract_text().encode("utf-8", "replace")
        yield str(page.get("/Annots", "")).encode()
    for number in range(1, len(reader.xref[0]) + 1 if 0 in reader.xref else 1):
        item = reader.get_object(number)
        yield (item.get_data() if hasattr(item, "get_data") else str(item).encode("utf-8", "replace"))


def forms(value: str) -> set[bytes]:
    """A value as bytes, in the forms in which it could be hidden in a file."""
    plain = value.encode()
    found = {plain, value.encode("utf-16-le"), value.encode("utf-16-be"), plain.hex().encode(),
             quote(value, safe="").encode(), "".join(f"%{byte:02X}" for byte in plain).encode(),
             "".join(f"&#{ord(c)};" for c in value).encode(), "".join(f"&#x{ord(c):x};" for c in value).encode()}
    found |= {_middle(plain, shift) for shift in range(3)}
    if value.isdigit():
        for mark in (",", ".", " ", "\u00a0", "\u202f", "'", "_"):
            found.add(f"{int(value):,}".replace(",", mark).encode())
    return found


def _middle(plain: bytes, shift: int) -> bytes:
    """The digits of base64 that a value has wherever it stands, for one of three alignments."""
    digits = base64.b64encode(b"\0" * shift + plain)
    first = {0: 0, 1: 2, 2: 3}[shift]
    last = (shift + len(plain)) % 3
    return digits[first: len(digits) - {0: 0, 1: 3, 2: 2}[last]]


def files_of(pack: Path) -> dict[str, bytes]:
    return {path.relative_to(pack).as_posix(): path.read_bytes() for path in sorted(pack.rglob("*")) if path.is_file()}


def leaks(files: Mapping[str, bytes], values: Iterable[str]) -> list[tuple[str, str]]:
    """File and value for each value that is in a file in any form."""
    wanted = {form: value for value in values for form in forms(value)}
    if not wanted:
        return []
    any_of = re.compile(b"|".join(re.escape(form) for form in sorted(wanted, key=len, reverse=True)))
    return sorted({(name, wanted[found]) for name, content in files.items() for text in texts(name, content)
                   for found in any_of.findall(text)})
