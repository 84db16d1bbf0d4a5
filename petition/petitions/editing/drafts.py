"""New petitions: a draft from its first words, a copy of another one."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from petition.core.errors import SlugTaken
from petition.database.base import db
from petition.models import Petition
from petition.models.enums import PetitionState
from petition.petitions import lifecycle
from petition.petitions.editing import content, petition_file
from petition.petitions.editing.petition_file import PetitionFile

MAX_SLUG = 40  # characters of an address that is made of a title
_TRIES = 100  # addresses, of which one is free

_petition = Petition.table()


def create_draft(
    language: str,
    fields: Mapping[str, Any],
    *,
    organiser_id: int | None = None,
    site: str,
    now: datetime,
) -> str:
    """Create a draft with a text in a language, which may lack fields; return its address.

    Idempotent: a draft that says the same already is not created again. `fields` are by their name
    in the file. Raises: PetitionFileInvalid.
    """
    text = content.without_empty(fields)
    wanted = {"state": "draft", "unfinished": True, "source_language": language}
    wanted["text"] = {language: text}
    return _create(wanted, make_slug(str(text.get("title", ""))), organiser_id, site, now)


def duplicate(slug: str, *, organiser_id: int | None = None, site: str, now: datetime) -> str:
    """Create a draft with the content of a petition; return its address. Idempotent.

    Signatures, news, targets and words of a victory are not copied. Raises: PetitionNotFound.
    """
    stored = content.read(db.session.connection(), slug)
    wanted = content.to_content(stored) | {"state": "draft", "unfinished": True}
    wanted.pop("victory", None)
    return _create(wanted, slug[:MAX_SLUG].strip("-"), organiser_id, site, now, stored.portrait)


def make_slug(title: str) -> str:
    """Return an address made of the Latin letters and digits of a title, else `petition`."""
    folded = unicodedata.normalize("NFKD", title.casefold())
    plain = "".join(letter for letter in folded if unicodedata.category(letter) != "Mn")
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    slug = ""
    for word in words:
        longer = f"{slug}-{word}".strip("-")
        if len(longer) > MAX_SLUG:
            break
        slug = longer
    return slug or "petition"


def _create(
    wanted: dict[str, Any],
    slug: str,
    organiser_id: int | None,
    site: str,
    now: datetime,
    portrait: Any = None,
) -> str:
    for number in range(1, _TRIES):
        free = slug if number == 1 else f"{slug}-{number}"
        file = petition_file.parse(wanted | {"slug": free}, site=site, portrait=portrait)
        if _is_there(file):
            return free
        try:
            lifecycle.create(file, organiser_id=organiser_id, now=now)
        except SlugTaken:
            continue
        return free
    raise SlugTaken(slug)


def _is_there(file: PetitionFile) -> bool:
    """Return whether a draft at the file's address has its texts already."""
    slug = file.petition["slug"]
    is_draft = (_petition.c.slug == slug, _petition.c.state == PetitionState.DRAFT)
    if db.session.scalar(select(_petition.c.id).where(*is_draft)) is None:
        return False
    stored = content.read(db.session.connection(), slug)
    return len(stored.texts) == len(file.texts) and all(
        text.items() <= stored.texts.get(text["language"], {}).items() for text in file.texts
    )
