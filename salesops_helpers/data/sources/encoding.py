"""The bytes of a text file as UTF-8: its encoding found out; other encodings and gzip turned into a passing file."""

from __future__ import annotations

import codecs
import gzip
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from salesops_helpers.errors import SalesOpsError

CHUNK = 1 << 22
SAMPLE_BYTES = 1 << 16
SIGNATURES = {
    b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"GIF8": "a GIF picture", b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip or Excel file", b"PK\x05\x06": "a zip file", b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel file", b"\x1f\x8b": "a gzip file", b"SQLite format 3": "an SQLite file",
}
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}
CALLED = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 with byte order mark", "utf-16": "UTF-16", "utf-32": "UTF-32",
    "utf-16-le": "UTF-16, little-endian", "utf-16-be": "UTF-16, big-endian",
}
SINGLE = "cp1252"
OTHERS = ["cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5", "cp949"]
ALIKE = 0.02
LARGEST_RATIO, RATIO_FROM = 200, 1 << 26
codecs.register_error("salesops.nul", lambda error: ("\x00", error.end))


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(partial(file.read, CHUNK), b"")


def refuse_binary(path: Path, head: bytes) -> None:
    """Raises `SalesOpsError` where the first bytes are those of a picture, a workbook or another kind of file."""
    kind = next((kind for mark, kind in SIGNATURES.items() if head.startswith(mark)), None)
    if kind:
        raise SalesOpsError(f"{path} is not text ({kind})", "CSV text", "export the table again as CSV")


@contextmanager
def as_utf8(path: Path, encoding: str | None) -> Iterator[tuple[Path, str]]:
    """A file with the text of `path` in UTF-8 (the file itself, or one that is removed at the end), and the name of
    the encoding. A byte that is not of that encoding stands there as a NUL character.

    Raises `SalesOpsError` where the file is empty, is no text, or is a gzip file that is not whole.
    """
    with tempfile.TemporaryDirectory(prefix="salesops-") as folder:
        packed = path.suffix.lower() == ".gz"
        plain = _unpacked(path, Path(folder) / "unpacked") if packed else path
        with plain.open("rb") as file:
            head = file.read(SAMPLE_BYTES)
        if not head.strip():
            raise SalesOpsError(f"{path} is empty", "a CSV file with a header line", "export the table again")
        refuse_binary(path, head)
        found, whole = (encoding, False) if encoding else detect(plain, head)
        name = CALLED.get(found, found)
        if whole:
            yield plain, name
            return
        turned = Path(folder) / "utf8"
        _transcode(plain, turned, found)
        yield turned, name


def detect(path: Path, head: bytes) -> tuple[str, bool]:
    """The encoding of a text, and whether it is UTF-8 without a wrong byte."""
    bom = next((name for mark, name in BOMS.items() if head.startswith(mark)), None)
    if bom and bom != "utf-8-sig":
        return bom, False
    wide = _without_bom(head)
    if wide:
        return wide, False
    right, wrong, lines = _utf8(path)
    if not wrong or bom or right >= wrong:
        return bom or "utf-8", not wrong
    return _single_byte(lines), False


def _without_bom(head: bytes) -> str | None:
    """UTF-16 shows itself by NUL at every other byte."""
    even, odd, half = head[::2].count(0), head[1::2].count(0), max(len(head) // 2, 8)
    if odd > 0.7 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd < 0.1 * half else None


def _utf8(path: Path) -> tuple[int, int, bytes]:
    """How many characters beyond ASCII are right as UTF-8, how many bytes are wrong, and some lines that hold them."""
    decoder, right, wrong, sample = codecs.getincrementaldecoder("utf-8")("surrogateescape"), 0, 0, b""
    for chunk in chunks(path):
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(chunk)
        bad = len(re.findall("[\udc80-\udcff]", text))
        right += len(text) - len(text.encode("ascii", "ignore")) - bad
        wrong += bad
        if bad and len(sample) < SAMPLE_BYTES:
            sample += b"\n".join(re.findall(rb"[^\r\n]*[\x80-\xff][^\r\n]*", chunk)[:2000])[:SAMPLE_BYTES]
    wrong += len(decoder.getstate()[0])
    return right, wrong, sample


def _single_byte(sample: bytes) -> str:
    """The legacy encoding that charset-normalizer finds in some lines; Western European where none is likelier."""
    from charset_normalizer import from_bytes

    found = list(from_bytes(sample, cp_isolation=[SINGLE, *OTHERS], preemptive_behaviour=False))
    tidy = [m for m in found if m.chaos <= min(other.chaos for other in found) + ALIKE]
    best = [m for m in tidy if m.coherence >= max(other.coherence for other in tidy)]
    western = [m for m in best if SINGLE in (m.encoding, *m.could_be_from_charset)]
    return SINGLE if western or not best else best[0].encoding


def _transcode(path: Path, to: Path, encoding: str) -> None:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("salesops.nul")
        with to.open("wb") as out:
            for chunk in chunks(path):
                out.write(decoder.decode(chunk).encode("utf-8", "replace"))
            out.write(decoder.decode(b"", True).encode("utf-8", "replace"))
    except (LookupError, UnicodeError) as error:
        raise SalesOpsError(f"{path} cannot be read as {encoding} ({error})", "an encoding such as utf-8 or cp1252",
                            "mend encoding in company.toml, or export the table again") from None


def _unpacked(path: Path, to: Path) -> Path:
    """The text inside a gzip file. Raises `SalesOpsError` where it is cut off, or grows out of all proportion."""
    allowed, size = max(RATIO_FROM, LARGEST_RATIO * path.stat().st_size), 0
    try:
        with gzip.open(path) as file, to.open("wb") as out:
            while chunk := file.read(CHUNK):
                size += len(chunk)
                if size > allowed:
                    raise SalesOpsError(f"{path} grows more than {LARGEST_RATIO}-fold when unpacked",
                                        "a gzip file of a CSV file", "unpack it by hand and look at it")
                out.write(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise SalesOpsError(f"{path} is not a whole gzip file ({error})", "a whole gzip file of CSV text",
                            "export the table again") from None
    return to
