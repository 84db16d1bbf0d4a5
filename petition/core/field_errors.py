"""What is wrong with a field of a petition, for a file and for a form."""

from enum import StrEnum
from typing import NamedTuple


class FieldProblem(StrEnum):
    """What is wrong with a field of a petition."""

    MISSING = "missing"
    TOO_LONG = "too_long"  # detail: how long it may be
    LONG_SHARE = "long_share"  # detail: by how much it is too long
    MARKUP = "markup"  # detail: the first tag or picture
    CONTROL = "control"
    OTHER = "other"


class FieldError(NamedTuple):
    """A wrong field of a petition, by its path in the petition's file."""

    path: str
    problem: FieldProblem
    detail: str
