"""Organisers: who may enter what, one-time sign-in links instead of passwords, and the trail of
what they did.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from petition import audit
from petition.abuse import rate_limits
from petition.abuse.rate_limits import FormSender
from petition.core.errors import (
    OrganiserExists,
    OrganiserNotFound,
    PermissionDenied,
    PetitionNotFound,
    SignInLinkUsed,
)
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import Organiser, Petition
from petition.models.enums import EmailKind, Role
from petition.outbox import enqueue
from petition.signatures.identity import Address


@dataclass(frozen=True, slots=True)
class SignInLink:
    """What a sign-in link is made of: it works while the organiser's serial is this one."""

    organiser_id: int
    serial: int


def invite(address: Address, *, role: Role, slug: str | None, language: str, now: datetime) -> int:
    """Add an organiser, for one petition or (with no slug) for all, and mail the first sign-in
    link.

    Raises OrganiserExists and PetitionNotFound. Returns the organiser's id.
    """
    petition_id = None if slug is None else _petition(slug)
    try:
        with transaction() as connection:
            organiser_id = connection.execute(
                insert(Organiser)
                .values(
                    email=address.email,
                    mailbox_key=address.mailbox,
                    language=language,
                    role=role.value,
                    petition_id=petition_id,
                    sign_in_serial=0,
                    invited_at=now,
                )
                .returning(Organiser.id)
            ).scalar_one()
            enqueue.email_organiser(connection, EmailKind.SIGN_IN, organiser_id, now=now)
            audit.record(
                connection, "organisers.invite", now, petition_id=petition_id, detail=role.value
            )
            return organiser_id
    except IntegrityError as error:
        raise OrganiserExists from error


def remove(address: Address, *, now: datetime) -> None:
    """Shut an organiser out at once, open sessions included. Raises OrganiserUnknown."""
    with transaction() as connection:
        removed = connection.scalar(
            delete(Organiser)
            .where(Organiser.mailbox_key == address.mailbox)
            .returning(Organiser.id)
        )
        if removed is None:
            raise OrganiserNotFound
        audit.record(connection, "organisers.remove", now, detail=f"organiser {removed}")


def request_link(address: Address, *, sender: FormSender, now: datetime) -> None:
    """Mail a sign-in link to an organiser, at most five an hour; do the same for anybody else, but
    for the mail. Raises TooMany.
    """
    with transaction() as connection:
        organiser_id = connection.scalar(
            select(Organiser.id).where(Organiser.mailbox_key == address.mailbox)
        )
        advisory_lock(connection, f"organiser {organiser_id}")
        rate_limits.hit(connection, sender.limits, now=now)
        enqueue.email_organiser(connection, EmailKind.SIGN_IN, organiser_id, now=now)


def get_sign_in_link(address: Address) -> SignInLink:
    """Return what the organiser's next sign-in link is made of. Raises OrganiserUnknown."""
    organiser = db.session.scalar(select(Organiser).where(Organiser.mailbox_key == address.mailbox))
    if organiser is None:
        raise OrganiserNotFound
    return SignInLink(organiser.id, organiser.sign_in_serial)


def use_link(link: SignInLink, *, now: datetime) -> int:
    """Spend a sign-in link and return the organiser's id. One link opens one session, whoever
    clicks twice.

    Raises SignInSpent, and every other link written before is spent with it.
    """
    with transaction() as connection:
        entered = connection.scalar(
            update(Organiser)
            .where(Organiser.id == link.organiser_id, Organiser.sign_in_serial == link.serial)
            .values(sign_in_serial=Organiser.sign_in_serial + 1)
            .returning(Organiser.id)
        )
        if entered is None:
            raise SignInLinkUsed
        audit.record(connection, "organisers.enter", now, organiser_id=entered)
        return int(entered)


def get_organiser(organiser_id: int) -> Organiser | None:
    """Return the organiser, or None when there is none (any more)."""
    return db.session.get(Organiser, organiser_id)


def may_see(organiser: Organiser, petition_id: int) -> bool:
    """Say whether a petition is within the organiser's reach."""
    return organiser.petition_id in (None, petition_id)


def petition_for(organiser: Organiser, slug: str) -> int:
    """Return the id of a petition that the organiser may see. Raises PetitionNotFound for any
    other.
    """
    petition_id = _petition(slug)
    if not may_see(organiser, petition_id):
        raise PetitionNotFound
    return petition_id


def record_download(organiser: Organiser, slug: str, *, what: str, now: datetime) -> int:
    """Note a download of signatures before its first byte leaves, and return the petition's id.

    Raises PetitionNotFound beyond the organiser's reach, NotAllowed for a viewer.
    """
    petition_id = petition_for(organiser, slug)
    if organiser.role == Role.VIEWER:
        raise PermissionDenied
    _record_copy(petition_id, organiser.id, what, now)
    return petition_id


def record_export(slug: str, *, what: str, now: datetime) -> int:
    """Note that signatures are written out by the command line, and return the petition's id.
    Raises PetitionNotFound.
    """
    petition_id = _petition(slug)
    _record_copy(petition_id, None, what, now)
    return petition_id


def _record_copy(petition_id: int, organiser_id: int | None, what: str, now: datetime) -> None:
    with transaction() as connection:
        audit.record(
            connection,
            "signatures.download",
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=what,
        )


def _petition(slug: str) -> int:
    petition_id = db.session.scalar(select(Petition.id).where(Petition.slug == slug))
    if petition_id is None:
        raise PetitionNotFound
    return petition_id
