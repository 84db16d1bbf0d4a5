"""What signing needs of a petition, in one statement."""

import json
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from petition.core.errors import PetitionNotFound, PetitionNotOpen
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.models import Petition, PetitionText
from petition.models.enums import PetitionState
from petition.petitions.questions import Asked, asked_by


class SigningTerms(NamedTuple):
    """What signing needs of an open petition."""

    id: int
    asked: Asked
    refuses_disposable: bool
    text_language: str
    text_version: int


def get_signing_terms(slug: str, language: str) -> SigningTerms:
    """Return what signing needs. Raises: PetitionNotFound and PetitionNotOpen."""
    with db.engine.connect() as connection:
        rows = _SIGNING_TERMS.all(connection, {"slug": slug, "language": language})
    state = rows[0][1] if rows else PetitionState.DRAFT
    if state == PetitionState.DRAFT:
        raise PetitionNotFound
    if state != PetitionState.OPEN:
        raise PetitionNotOpen(slug, state)
    row = next((row for row in rows if row[2] == language), rows[0])  # else the petition's own
    petition_id, _, text_language, version, refuses, *terms = row
    asked = asked_by(_Terms(*terms), language)
    return SigningTerms(petition_id, asked, bool(refuses), text_language, version)


class _Terms(NamedTuple):
    """What `asked_by` reads of a petition, as the driver returns it."""

    source_language: str
    stored: Any
    asks_postcode: int
    asks_organisation: int
    asks_comment: int

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The questions: SQLite returns JSON as a text."""
        is_text = isinstance(self.stored, str)
        questions: list[dict[str, Any]] = json.loads(self.stored) if is_text else self.stored
        return questions


_SIGNING_TERMS = CompiledStatement(
    select(
        Petition.id,
        Petition.state,
        PetitionText.language,
        func.max(PetitionText.version),
        Petition.refuses_disposable,
        Petition.source_language,
        Petition.questions,
        Petition.asks_postcode,
        Petition.asks_organisation,
        Petition.asks_comment,
    )
    .join(PetitionText, PetitionText.petition_id == Petition.id)
    .where(
        Petition.slug == bindparam("slug"),
        PetitionText.language.in_((bindparam("language"), Petition.source_language)),
    )
    .group_by(Petition.id, PetitionText.language)
)
