"""INSERT … ON CONFLICT, which SQLAlchemy has for each database apart."""

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

Insert = sqlite.Insert | postgresql.Insert


def insert_for(dialect: str, table: Any) -> Insert:
    """Return the INSERT of a dialect, by its name, that knows ON CONFLICT."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert(connection: Connection, table: Any) -> Insert:
    """Return the INSERT of the connection's database that knows ON CONFLICT."""
    return insert_for(connection.dialect.name, table)
