"""Build what tests work on: petitions, addresses, pictures, older emails."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import select, update

from petition.abuse.bursts import Finding
from petition.cli.mail import write_next_file
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email
from petition.models.enums import BurstKind
from petition.operations.scheduler import Task, build_tasks
from petition.organisers.export import FileOptions
from petition.organisers.handover import downloads
from petition.petitions import lifecycle
from petition.petitions.editing import petition_file, texts
from petition.petitions.editing.replacement import Change
from petition.signatures import identity
from petition.signatures.identity import Address

SITE = "https://petition.example.org"
TODAY = datetime(2016, 5, 26, 12, tzinfo=UTC)
MakeApp = Callable[..., Flask]
FLOOD = Finding(BurstKind.DOMAIN, "flood.xyz", seen=60, usual=0)
NEWS: dict[str, Any] = {
    "update": [
        {
            "day": date(2016, 5, 20),
            "text": {"en": {"title": "Arrested", "body": "They were **taken** away."}},
        },
        {
            "day": date(2016, 5, 26),
            "author": "Anna of the committee",
            "text": {
                "en": {"title": "Letters", "body": "At six embassies.\n\n![A queue](queue.jpg)"},
                "ru": {"title": "Письма", "body": "У шести посольств."},
            },
        },
    ],
    "target": [
        {
            "country": "CA",
            "checked": 2016,
            "office": {"en": "Embassy in Ottawa", "ru": "Посольство в Оттаве"},
            "postal": "150 Metcalfe Street\nOttawa",
        }
    ],
}


def make_petition(slug: str = "free-them", **changes: Any) -> str:
    """Store an open petition in English and Russian; return its slug."""
    text = {
        "title": "Free them",
        "target": "the Government",
        "lede": "They are in prison for what they said.",
        "letter": "We **ask** you to free them.",
        "story": "They spoke.",
        "share": "Sign for their freedom:",
        "demands": ["Free them.", "Let others speak."],
    }
    russian = text | {"title": "Свободу им", "target": "Правительство"}
    fields = {
        "slug": slug,
        "state": "open",
        "source_language": "en",
        "organiser": "The committee",
        "contact": "committee@example.org",
        "text": {"en": text, "ru": russian},
    }
    lifecycle.create(petition_file.parse(fields | changes), now=TODAY)
    return slug


def change_text(
    slug: str = "free-them", language: str = "en", *, reason: str = "", **fields: str
) -> None:
    """Publish a new version of a text, by default with a longer letter."""
    text = texts.get_text(slug, language, [language])
    letter = f"{text.fields['letter']}\n\nAnd soon, in month {text.revision + 1}."
    texts.save_text(
        slug,
        language,
        text.fields | ({"letter": letter} | fields),
        revision=text.revision,
        change=Change(reason),
        site=SITE,
        now=TODAY,
    )
    db.session.remove()


def hash_mailbox(mailbox_key: str) -> str:
    """Return a stand-in for the keyed hash of a mailbox."""
    return hashlib.sha256(mailbox_key.encode()).hexdigest()[:32]


def parse_address(text: str) -> Address:
    """Read an email address as the site does."""
    return identity.parse_address(text, hash_mailbox)


def photo(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    """Return a picture file of noise; `options` go to Pillow."""
    file = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def earlier(**ago: float) -> None:
    """Move the times at which all emails were created and sent into the past."""
    emails = select(Email.id, Email.created_at, Email.sent_at)
    with transaction() as connection:
        for email_id, created_at, sent_at in connection.execute(emails).all():
            connection.execute(
                update(Email)
                .where(Email.id == email_id)
                .values(
                    created_at=created_at - timedelta(**ago),
                    sent_at=sent_at and sent_at - timedelta(**ago),
                )
            )


def tasks_of(app: Flask) -> Sequence[Task]:
    """Return the scheduled tasks of a mail worker that has just started."""
    return build_tasks(app.config, Path(app.instance_path))


def make_file(
    app: Flask,
    petition_id: int,
    organiser_id: int,
    options: FileOptions = FileOptions(),  # noqa: B008 (frozen)
    **more: Any,
) -> int:
    """Ask for a file of signatures, write it as the worker does, and return its id."""
    values: dict[str, Any] = {
        "reason": "For the embassy",
        "keep_until": date(2099, 1, 1),
        "now": now(),
    }
    download_id = downloads.ask(petition_id, options, organiser_id=organiser_id, **values | more)
    assert write_next_file(app)
    db.session.rollback()
    return download_id
