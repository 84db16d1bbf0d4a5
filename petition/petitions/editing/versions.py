"""The versions of a text: each with its date, its reason and how it differs from the one before."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import select

from petition.database.base import db
from petition.models import PetitionText
from petition.petitions.editing.difference import Piece, compare
from petition.petitions.editing.petition_file import SIGNED_FIELDS


class FieldChange(NamedTuple):
    """How a field of a text, by its name in the file, differs from what it was."""

    field: str
    pieces: tuple[Piece, ...]


class TextVersion(NamedTuple):
    """A version of a text. The first has no changes."""

    text: PetitionText
    changes: list[FieldChange]

    @property
    def created_at(self) -> datetime:
        """When the version replaced the one before."""
        return self.text.created_at


def list_versions(petition_id: int, language: str) -> list[TextVersion]:
    """Return the versions of a petition's text in a language, newest first."""
    of_language = select(PetitionText).where(
        PetitionText.petition_id == petition_id, PetitionText.language == language
    )
    texts = list(db.session.scalars(of_language.order_by(PetitionText.version)))
    versions = [TextVersion(text, []) for text in texts[:1]]
    for before, after in pairwise(texts):
        fields = {name: (getattr(before, name), getattr(after, name)) for name in SIGNED_FIELDS}
        versions.append(TextVersion(after, compare_fields(fields)))
    return versions[::-1]


def compare_fields(fields: Mapping[str, tuple[Any, Any]]) -> list[FieldChange]:
    """Return the fields whose two texts, before and after, differ."""
    changes = [FieldChange(name, compare(*texts)) for name, texts in fields.items()]
    return [change for change in changes if change.pieces]
