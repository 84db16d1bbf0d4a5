"""INSERT … ON CONFLICT, for which SQLAlchemy has a construct for each dialect."""

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

Insert = sqlite.Insert | postgresql.Insert


def insert_for(dialect: str, table: Any) -> Insert:
    """Return the INSERT of a dialect, given by name."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert(connection: Connection, table: Any) -> Insert:
    """Return the INSERT of the connection's dialect."""
    return insert_for(connection.dialect.name, table)
