"""New petitions: a draft from its first words, a copy of another one."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from petition.core.errors import SlugTaken
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Petition
from petition.models.enums import AuditAction, PetitionState
from petition.petitions import lifecycle
from petition.petitions.editing import addresses, content, petition_file, settings, texts
from petition.petitions.editing.petition_file import PetitionFile
from petition.petitions.editing.replacement import Change
from petition.petitions.editing.texts import WorkingText

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


def finish(
    slug: str,
    text: WorkingText,
    *,
    organiser: str,
    contact: str | None,
    seen: str,
    new_slug: str,
    organiser_id: int,
    site: str,
    now: datetime,
) -> None:
    """Save who runs a draft, the contact address and the address of its page: all, or nothing.

    `text` and `seen`, of the contact, are what the form showed. Idempotent until the address is
    changed. Raises: PetitionNotFound, PetitionFileInvalid, ChangedMeanwhile, SlugTaken.
    """
    change = Change(organiser_id=organiser_id, action=AuditAction.PETITION_TEXT)
    fields = text.fields | {"organiser": organiser}
    when: dict[str, Any] = {"site": site, "now": now}
    with transaction() as connection:
        changes = {"contact": contact}
        settings.write_settings(
            connection, slug, changes, seen=seen, organiser_id=organiser_id, **when
        )
        texts.write_text(
            connection, slug, text.language, fields, revision=text.revision, change=change, **when
        )
        addresses.write_slug(connection, slug, new_slug, organiser_id=organiser_id, **when)


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
