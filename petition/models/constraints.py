"""What the records share: the ways to write constraints and indices."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text

# SQLite would give the id of an erased last row to the next one, and with it the links written for
# the erased.
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}


def one_of(column: str, kinds: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that a column holds one of a closed list."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index of the rows that hold `where`, which must be literal."""
    return Index(
        name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where)
    )
