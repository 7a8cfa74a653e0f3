"""A connection to a database by URL: read-only, with time limits, and with errors that say nothing secret."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from salesops_helpers.data.secrets import scrubbed
from salesops_helpers.errors import SalesOpsError, one_line

POSTGRES, FILES = ("postgres", "postgresql"), ("duckdb", "sqlite")
CONNECT_SECONDS = 10


def connected(url: str, where: str, timeout: int, secrets: list[str]):
    """The Ibis backend that `url` names.

    Raises `SalesOpsError` where its driver is not installed, it cannot be reached, or it refuses the login; no message
    holds any of `secrets`.
    """
    scheme = urlsplit(url).scheme
    try:
        if scheme in POSTGRES:
            return _postgres(url, timeout)
        return _file(url, where) if scheme in FILES else _other(url)
    except SalesOpsError:
        raise
    except ImportError:
        extra = "postgres" if scheme in POSTGRES else scheme
        package = "salesops-helpers[postgres]" if scheme in POSTGRES else f"ibis-framework[{scheme}]"
        raise SalesOpsError(f"{where} needs the driver for {extra}, which is not installed", "an installed driver",
                            f"pip install '{package}'") from None
    except Exception as error:
        raise _refused(where, one_line(scrubbed(error, secrets), 240)) from None


def _refused(where: str, said: str) -> SalesOpsError:
    low = said.lower()
    if "authentication" in low or "password" in low or "role " in low or "no pg_hba.conf entry" in low:
        return SalesOpsError(f"{where} refuses the login ({said})", "a user and password that the database knows",
                             "check the environment variables that hold them")
    if "scheme" in low or "don't know how to connect" in low:
        return SalesOpsError(f"{where} is no database that Ibis knows ({said})",
                             "postgres://host:port/database, or another engine's URL", "mend source in company.toml")
    return SalesOpsError(f"{where} cannot be reached ({said})", "a database that answers",
                         "check host, port and database in company.toml, and that it runs")


def _postgres(url: str, timeout: int):
    import ibis

    parts = urlsplit(url)
    more = {"connect_timeout": CONNECT_SECONDS, "application_name": "salesops", **dict(parse_qsl(parts.query))}
    con = ibis.postgres.connect(
        host=parts.hostname, port=parts.port or 5432, user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None, database=unquote(parts.path.lstrip("/")) or None,
        **more,
    )
    con.con.execute("SET default_transaction_read_only = on")
    con.con.execute(f"SET statement_timeout = {1000 * timeout}")
    return con


def _file(url: str, where: str):
    import ibis

    parts = urlsplit(url)
    path = Path(unquote(f"{parts.netloc}{parts.path}"))
    if not path.is_file():
        raise SalesOpsError(f"{where}: there is no file {path}", "a database file that exists", "mend source")
    if parts.scheme == "duckdb":
        return ibis.duckdb.connect(path, read_only=True)
    return ibis.sqlite.connect(path)


def _other(url: str):
    import ibis

    return ibis.connect(url)


def driver_errors() -> tuple[type[Exception], ...]:
    """What drivers raise when a read fails; mistakes of the kit's own pass through."""
    import duckdb
    import ibis
    import pyarrow as pa

    found: list[type[Exception]] = [duckdb.Error, pa.ArrowException, OSError, ibis.common.exceptions.IbisError]
    try:
        import psycopg

        found.append(psycopg.Error)
    except ImportError:
        pass
    return tuple(found)
