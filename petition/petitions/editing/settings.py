"""What a petition has beside its texts, as organisers change it: by the names of its file."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from petition.core.errors import ChangedMeanwhile
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models.enums import AuditAction, PetitionState
from petition.petitions.editing import content, petition_file
from petition.petitions.editing.replacement import Change, apply
from petition.petitions.editing.texts import PORTRAIT_FIELDS
from petition.petitions.pictures import WebPicture

# What each form changes. `words` are those about the picture, by language.
BASIC = (
    *("goal", "contact", "asks_postcode", "asks_organisation", "asks_comment"),
    *("refuses_disposable", "as_of", "regime"),
)
PICTURE = ("face", "face_credit", "words")
FACTS = ("facts", "plan")
QUESTIONS = ("questions",)


class Settings(NamedTuple):
    """A petition's settings, the languages that it has, and a hash of what a form changes."""

    state: PetitionState
    values: dict[str, Any]
    languages: list[str]  # the source first
    seen: str


def get_settings(slug: str, names: Iterable[str]) -> Settings:
    """Return what a form of `names` shows. Raises: PetitionNotFound."""
    stored = content.read(db.session.connection(), slug)
    values = _add_words(content.to_content(stored))
    languages = dict.fromkeys([stored.petition["source_language"], *stored.texts])
    state = PetitionState(stored.petition["state"])
    return Settings(state, values, list(languages), _hash(values, names))


def get_victory(slug: str) -> dict[str, dict[str, str]]:
    """Return the stored words of a victory, by language. Raises: PetitionNotFound."""
    stored = content.read(db.session.connection(), slug)
    victory: dict[str, dict[str, str]] = stored.petition["victory"]
    return victory


def save_settings(
    slug: str,
    changes: Mapping[str, Any],
    *,
    seen: str,
    portrait: WebPicture | None = None,
    organiser_id: int | None = None,
    site: str,
    now: datetime,
) -> None:
    """Change a petition's settings, checked and written like its file; an empty one is left out.

    `seen` is the hash of what the form showed. Idempotent. A portrait replaces the one before.
    Raises: PetitionNotFound, PetitionFileInvalid, PetitionUnfinished, ChangedMeanwhile.
    """
    with transaction() as connection:
        write_settings(
            connection,
            slug,
            changes,
            seen=seen,
            portrait=portrait,
            organiser_id=organiser_id,
            site=site,
            now=now,
        )


def write_settings(
    connection: Connection,
    slug: str,
    changes: Mapping[str, Any],
    *,
    seen: str,
    portrait: WebPicture | None = None,
    organiser_id: int | None = None,
    site: str,
    now: datetime,
) -> None:
    """Do as `save_settings`, in the caller's transaction."""
    stored = content.read(connection, slug, lock=True)
    before = _add_words(content.to_content(stored))
    wanted = _add_words(content.without_empty(before | dict(changes)))
    picture = portrait or stored.portrait
    changed = [name for name in changes if before.get(name) != wanted.get(name)]
    if portrait and portrait != stored.portrait:
        changed = list(dict.fromkeys([*changed, "face"]))
    if not changed:
        return
    if seen != _hash(before, changes):
        raise ChangedMeanwhile
    _set_words(wanted)
    if stored.is_draft:
        wanted["unfinished"] = True
    file = petition_file.parse(wanted, site=site, portrait=picture)
    action, detail = AuditAction.PETITION_SETTINGS, ", ".join(changed)
    change = Change(organiser_id=organiser_id, action=action, detail=detail)
    apply(connection, stored, file, change, now=now)


def _set_words(values: dict[str, Any]) -> None:
    """Put the words about the picture into the texts; there are none without a picture."""
    words = values.pop("words")
    if "face" not in values:
        values.pop("face_credit", None)
        words = {language: dict.fromkeys(PORTRAIT_FIELDS, "") for language in values["text"]}
    values["text"] = {
        language: content.without_empty(text | words.get(language, {}))
        for language, text in values["text"].items()
    }


def _add_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content with the words about the picture by language, in `words`."""
    words = {
        language: {name: text.get(name, "") for name in PORTRAIT_FIELDS}
        for language, text in values["text"].items()
    }
    return {"words": words} | dict(values)


def _hash(values: Mapping[str, Any], names: Iterable[str]) -> str:
    shown = {name: values.get(name) for name in sorted(names)}
    encoded = json.dumps(shown, default=str, sort_keys=True)
    return hashlib.sha256(encoded.encode()).hexdigest()
