"""What each mail says and to whom, composed as it leaves: in the reader's language, with a fresh
link.

Nothing that somebody typed stands in a mail: until it is confirmed, the address is not proven to be
theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import force_locale
from sqlalchemy import bindparam, select

from petition import tokens
from petition.extensions import db
from petition.models import Letter, LetterKind, Organiser, Petition, PetitionText, Signature
from petition.smtp import Mail


@dataclass(frozen=True, slots=True)
class Stationery:
    """What every letter needs of the site: its address, its keys, and how long a confirmation link
    works.
    """

    site_url: str
    tokens: tokens.Tokens
    confirm_days: int


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter is filled with."""

    to: str
    language: str
    template: str
    values: dict[str, Any]


def compose(letter_id: int, stationery: Stationery, *, now: datetime) -> Mail | None:
    """Compose a letter, or return None when its reader is gone (withdrawn, removed) since it was
    put in.
    """
    letter = db.session.get(Letter, letter_id, populate_existing=True)
    if letter is None:
        return None
    words = _WRITE[LetterKind(letter.kind)](letter, stationery, now)
    if words is None:
        return None
    with force_locale(words.language):
        subject, text, html = (
            render_template(
                f"letters/{words.template}.{part}",
                site_url=stationery.site_url,
                language=words.language,
                **words.values,
            )
            for part in ("subject", "txt", "html")
        )
    return Mail(
        key=stationery.tokens.fingerprint("message", letter.id),
        to=words.to,
        language=words.language,
        subject=" ".join(subject.split()),
        text=text.strip() + "\n",
        html=html,
    )


def confirm(letter: Letter, stationery: Stationery, now: datetime) -> Words | None:
    """Ask the owner of the mailbox to confirm; nothing is counted unless they do."""
    found = _signed(letter)
    if found is None:
        return None
    signature, petition, text = found
    if signature.counted:
        return _about_signed(signature, petition, text, stationery)
    purpose = tokens.confirm(stationery.confirm_days)
    token = stationery.tokens.make(purpose, signature.id, signature.entry, now=now)
    return Words(
        signature.email,
        signature.language,
        "confirm",
        {
            "title": text.title,
            "target": text.target,
            "organiser": text.organiser,
            "link": f"{stationery.site_url}/confirm/{token}",
            "days": stationery.confirm_days,
        },
    )


def already_signed(letter: Letter, stationery: Stationery, now: datetime) -> Words | None:
    """Tell the owner of the mailbox that their signature is counted, since somebody signed with it
    again.
    """
    found = _signed(letter)
    return None if found is None else _about_signed(*found, stationery)


def _about_signed(
    signature: Signature, petition: Petition, text: PetitionText, stationery: Stationery
) -> Words:
    return Words(
        signature.email,
        signature.language,
        "already_signed",
        {
            "title": text.title,
            "organiser": text.organiser,
            "signed_on": signature.confirmed_at,
            "link": f"{stationery.site_url}/p/{petition.slug}",
        },
    )


def sign_in(letter: Letter, stationery: Stationery, now: datetime) -> Words | None:
    """Give an organiser the link that signs them in, once."""
    organiser = db.session.get(Organiser, letter.organiser_id, populate_existing=True)
    if organiser is None:
        return None
    token = stationery.tokens.make(tokens.SIGN_IN, organiser.id, organiser.sign_in, now=now)
    return Words(
        organiser.email,
        organiser.language,
        "sign_in",
        {
            "link": f"{stationery.site_url}/organisers/enter/{token}",
            "minutes": int(tokens.SIGN_IN.lifetime.total_seconds() // 60),
        },
    )


_WRITE: dict[LetterKind, Callable[[Letter, Stationery, datetime], Words | None]] = {
    LetterKind.CONFIRM: confirm,
    LetterKind.ALREADY_SIGNED: already_signed,
    LetterKind.SIGN_IN: sign_in,
}


def _signed(letter: Letter) -> tuple[Signature, Petition, PetitionText] | None:
    row = db.session.execute(_SIGNED, {"signature": letter.signature_id}).first()
    return None if row is None else (row[0], row[1], row[2])


_SIGNED = (
    select(Signature, Petition, PetitionText)
    .join(Petition, Petition.id == Signature.petition_id)
    .join(
        PetitionText,
        (PetitionText.petition_id == Signature.petition_id)
        & (PetitionText.language == Signature.text_language)
        & (PetitionText.version == Signature.text_version),
    )
    .where(Signature.id == bindparam("signature"))
    .execution_options(populate_existing=True)
)
