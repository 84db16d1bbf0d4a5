"""Compare the columns that a database has with those that the models declare."""

from weakref import WeakSet

from sqlalchemy import Engine, inspect

from petition.database.base import Base

_complete: WeakSet[Engine] = WeakSet()


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
