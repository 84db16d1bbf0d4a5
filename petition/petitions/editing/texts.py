"""A petition's text in one language, as organisers write it beside the one in its own language."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, update

from petition import audit
from petition.core.errors import ChangedMeanwhile, ItemNotFound
from petition.core.text import normalise
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import PetitionText
from petition.petitions.editing import content, petition_file
from petition.petitions.editing.content import StoredPetition
from petition.petitions.editing.petition_file import TEXT_FIELDS, find_missing
from petition.petitions.editing.replacement import Change, apply, has_signatures
from petition.petitions.questions import lacks

PORTRAIT_FIELDS = ("face", "face_caption")  # what a text says of the picture
FIELDS = (*TEXT_FIELDS, "organiser", *PORTRAIT_FIELDS)
_IN_LINES = ("letter", "demands", "story")

_text = PetitionText.table()


class TextState(NamedTuple):
    """How far the text in a language is. An older one lacks what has changed in the source."""

    language: str
    is_source: bool
    exists: bool
    missing: list[str]
    is_older: bool

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.exists and not self.missing and not self.is_older


class WorkingText(NamedTuple):
    """A text with what its form needs. Fields are by their name in the file."""

    language: str
    state: TextState
    fields: dict[str, str]
    source: dict[str, str]
    source_language: str
    revision: int  # 0 while there is no text
    has_portrait: bool
    asks_reason: bool  # a change of `SIGNED_FIELDS` needs a reason


def list_states(slug: str, offered: Iterable[str]) -> list[TextState]:
    """Return how far each language is, the source first, also those that are only offered.

    Raises: PetitionNotFound.
    """
    stored = content.read(db.session.connection(), slug)
    source = stored.petition["source_language"]
    return [_get_state(stored, code) for code in dict.fromkeys([source, *offered, *stored.texts])]


def get_text(slug: str, language: str, offered: Iterable[str]) -> WorkingText:
    """Return a text to work on. Raises: PetitionNotFound, ItemNotFound for another language."""
    connection = db.session.connection()
    stored = content.read(connection, slug)
    if language not in {*offered, *stored.texts}:
        raise ItemNotFound
    source_language = stored.petition["source_language"]
    text = stored.texts.get(language)
    source = stored.texts[source_language]
    return WorkingText(
        language=language,
        state=_get_state(stored, language),
        fields={name: text[name] for name in FIELDS} if text else {},
        source={name: source[name] for name in FIELDS},
        source_language=source_language,
        revision=text["revision"] if text else 0,
        has_portrait=stored.portrait is not None,
        asks_reason=text is not None
        and not stored.is_draft
        and has_signatures(connection, stored.id),
    )


def _get_state(stored: StoredPetition, language: str) -> TextState:
    source_language = stored.petition["source_language"]
    text, source = stored.texts.get(language), stored.texts[source_language]
    missing = find_missing(text, has_portrait=stored.portrait is not None) if text else []
    if text and lacks(stored.petition["questions"], language):
        missing.append("questions")
    is_source = language == source_language
    is_older = text is not None and not is_source and _checked_at(text) < _checked_at(source)
    return TextState(language, is_source, text is not None, missing, is_older)


def _checked_at(text: Mapping[str, Any]) -> datetime:
    at: datetime = text["checked_at"] or text["created_at"]
    return at


def save_text(
    slug: str,
    language: str,
    fields: Mapping[str, str],
    *,
    revision: int,
    change: Change,
    site: str,
    now: datetime,
) -> None:
    """Change a petition's text in a language, or add it. `fields` are by their name in the file.

    Checked and written like a petition's file. `revision` is that of the text that the form showed.
    Idempotent. Saving a translation that has not changed says that it was compared with the source.
    Raises: PetitionNotFound, PetitionFileInvalid, PetitionUnfinished, ReasonMissing,
    ChangedMeanwhile.
    """
    with transaction() as connection:
        write_text(
            connection, slug, language, fields, revision=revision, change=change, site=site, now=now
        )


def write_text(
    connection: Connection,
    slug: str,
    language: str,
    fields: Mapping[str, str],
    *,
    revision: int,
    change: Change,
    site: str,
    now: datetime,
) -> None:
    """Do as `save_text`, in the caller's transaction."""
    stored = content.read(connection, slug, lock=True)
    before = stored.texts.get(language)
    wanted = content.to_content(stored) | ({"unfinished": True} if stored.is_draft else {})
    wanted["text"] = wanted["text"] | {language: _to_content(fields, before or {})}
    file = petition_file.parse(wanted, site=site, portrait=stored.portrait)
    (text,) = [text for text in file.texts if text["language"] == language]
    if before is not None and text.items() <= before.items():
        if language == stored.petition["source_language"]:
            return
        is_it = _text.c.id == before["id"]
        connection.execute(update(_text).where(is_it).values(checked_at=now))
        audit.record(
            connection,
            change.action,
            now,
            organiser_id=change.organiser_id,
            petition_id=stored.id,
            detail=f"{language} {before['version']} compared",
        )
        return
    if revision != (before["revision"] if before else 0):
        raise ChangedMeanwhile
    apply(connection, stored, file, change, now=now)


def _to_content(fields: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return a text as a file has it; what only looks the same as before stays as it was."""
    kept = {
        name: before[name] if name in before and _is_same(name, before[name], value) else value
        for name, value in fields.items()
        if name in FIELDS
    }
    demands = [line for line in kept.get("demands", "").split("\n") if line.strip()]
    return content.without_empty(kept | {"demands": demands})


def _is_same(name: str, before: str, after: str) -> bool:
    if name not in _IN_LINES:
        return normalise(before) == normalise(after)
    before, after = ("\n".join(text.splitlines()).strip() for text in (before, after))
    return unicodedata.normalize("NFC", before) == unicodedata.normalize("NFC", after)
