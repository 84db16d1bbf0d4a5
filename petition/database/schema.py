"""Compare a database with the code: its migration and its columns."""

import re
import sqlite3
from functools import cache
from weakref import WeakSet

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect, text

from petition.core.config import PACKAGE
from petition.database.base import Base

# How drivers name a table or column that is not there: SQLite in words, PostgreSQL by code.
_SQLITE_MISSING = re.compile("no such (table|column)|has no column named")
_POSTGRESQL_MISSING = {"42P01", "42703"}  # undefined_table, undefined_column

_complete: WeakSet[Engine] = WeakSet()


def is_migrated(engine: Engine) -> bool:
    """Return whether a database has the newest migration. Raises: SQLAlchemyError."""
    with engine.connect() as connection:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return bool(revision == _newest_migration())


def read_revision(connection: Connection) -> str:
    """Return the migration that a database has. Raises: SQLAlchemyError."""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def has_migrations(connection: Connection) -> bool:
    """Return whether a database was migrated by this site's migrations, or by others of Alembic."""
    return inspect(connection).has_table("alembic_version")


def is_known(revision: str) -> bool:
    """Return whether this version of the site has a migration."""
    try:
        return ScriptDirectory(str(PACKAGE / "migrations")).get_revision(revision) is not None
    except CommandError:
        return False


def migrate(connection: Connection, revision: str = "head") -> None:
    """Upgrade a database in the transaction of a connection."""
    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(PACKAGE / "migrations").replace("%", "%%"))
    command.upgrade(settings, revision)


@cache
def _newest_migration() -> str | None:
    return ScriptDirectory(str(PACKAGE / "migrations")).get_current_head()


def is_about_schema(error: Exception) -> bool:
    """Return whether an error of SQLAlchemy or a driver is about a missing table or column."""
    cause = getattr(error, "orig", error)
    if isinstance(cause, sqlite3.Error):
        return _SQLITE_MISSING.search(str(cause)) is not None
    return getattr(cause, "sqlstate", None) in _POSTGRESQL_MISSING


def missing_column(engine: Engine) -> str | None:
    """Return the first declared column that the database lacks, as `table.column`, or None.

    A complete database is inspected once per process. Raises: SQLAlchemyError.
    """
    if engine in _complete:
        return None
    columns = read_columns(engine)
    for column in declared_columns():
        if column not in columns:
            return column
    _complete.add(engine)
    return None


def declared_columns() -> list[str]:
    """Return `table.column` for every column of the models, a table after those it refers to."""
    tables = Base.metadata.sorted_tables
    return [f"{table.name}.{column.name}" for table in tables for column in table.columns]


def read_columns(engine: Engine) -> set[str]:
    """Return `table.column` for every column of the database but those of Alembic."""
    return {
        f"{table}.{column['name']}"
        for (_, table), columns in inspect(engine).get_multi_columns().items()
        for column in columns
        if table != "alembic_version"
    }
