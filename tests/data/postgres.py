"""A PostgreSQL of the tests' own: a folder of its own, a free port of this machine, gone when the tests end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

PASSWORD = "s3cret/p@ss:wörd%20"
USER, DATABASE = "reader", "crm"
AS = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs, newest first; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3])
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@dataclass
class Server:
    """A running PostgreSQL: its programs, port and folder."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://{USER}:${{SALESOPS_DB_PASSWORD}}@127.0.0.1:{self.port}/{DATABASE}"

    def admin(self, database: str = DATABASE):
        """A connection of the administrator, through the socket in the server's folder."""
        import psycopg

        return psycopg.connect(host=str(self.folder), port=self.port, user="admin", dbname=database, autocommit=True)

    def start(self) -> None:
        data = self.folder / "data"
        log = self.folder / "log"
        settings = (f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder} "
                    "-c fsync=off -c shared_buffers=64MB -c max_connections=40")
        self._run("pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", settings, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def make(self) -> None:
        self._run("initdb", "-D", self.folder / "data", "-U", "admin", "--auth-local=trust",
                  "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

    def _run(self, program: str, *arguments: object) -> None:
        as_other = AS if os.geteuid() == 0 else []
        command = [*as_other, str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, f"{program}: {done.stdout[-500:]} {done.stderr[-500:]}"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def started() -> Server:
    """A new server with the database `crm` and a user who may read it."""
    programs = binaries() or pytest.skip("needs postgres")
    folder = Path(tempfile.mkdtemp(prefix="salesops-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    server = Server(programs, folder, free_port())
    server.make()
    server.start()
    with server.admin("postgres") as con:
        con.execute(f"CREATE DATABASE {DATABASE}")
        quoted = PASSWORD.replace("'", "''")
        con.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{quoted}'")
    return server


def ended(server: Server) -> None:
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


def write(server: Server, schema: str, frames: dict, types: dict[str, str] | None = None) -> None:
    """Load frames as tables of a new schema that the user may read, by COPY; empty cells are missing."""
    with server.admin() as con, con.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{schema}"')
        for name, frame in frames.items():
            columns = ", ".join(f'"{c}" {(types or {}).get(f"{name}.{c}", "text")}' for c in frame.columns)
            cursor.execute(f'CREATE TABLE "{schema}"."{name}" ({columns})')
            with cursor.copy(f'COPY "{schema}"."{name}" FROM STDIN (FORMAT csv)') as copy:
                copy.write(frame.to_csv(index=False, header=False))
        cursor.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO {USER}')
        cursor.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO {USER}')
