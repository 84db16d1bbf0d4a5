"""Columns, constraints and indexes that several models share."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import mapped_column

# The id of a petition, whose rows are deleted with it.
PetitionId = Annotated[int, mapped_column(ForeignKey("petition.id", ondelete="CASCADE"))]


def by_code_point(length: int) -> String:
    """Return the type of a text whose prefixes an index finds, whatever the database's locale."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


# Without it SQLite would give the id of a deleted last row to the next one, for which the links of
# the deleted one would then be valid.
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}


def one_of(column: str, enum: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that a column holds a value of an enum."""
    values = ", ".join(f"'{value}'" for value in enum)
    return CheckConstraint(f"{column} IN ({values})", name=column)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index of the rows for which `where` is true. It must have no parameters."""
    return Index(
        name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where)
    )
