"""Organisers: invitation and removal, one-time sign-in links instead of passwords, downloads.

What admins change of one another is in `people`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update

from petition import audit
from petition.abuse import rate_limits
from petition.abuse.rate_limits import FormSender
from petition.core.organiser_errors import OrganiserExists, OrganiserNotFound, SignInLinkUsed
from petition.database import upsert
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import Organiser, Petition
from petition.models.enums import AuditAction, EmailKind, Role
from petition.organisers import people, sessions
from petition.organisers.browsers import Browser
from petition.organisers.sessions import SessionKey
from petition.outbox import alerts, enqueue
from petition.petitions import queries
from petition.signatures.identity import Address


@dataclass(frozen=True, slots=True)
class SignInLink:
    """The content of a sign-in link: valid while the organiser's serial is this one."""

    organiser_id: int
    serial: int


class Invitation(NamedTuple):
    """An organiser as invited: without a `slug` they reach all petitions."""

    email: str
    role: Role
    slug: str | None
    language: str


def invite(
    address: Address,
    *,
    role: Role,
    slug: str | None,
    language: str,
    by: int | None = None,
    silently: bool = False,
    now: datetime,
) -> int:
    """Add an organiser, enqueue the invitation with a sign-in link, and return the organiser's id.

    Without `slug` the organiser reaches all petitions. `by` is the admin who invites, or None for
    the command line. No email goes out if it is done `silently`.
    Raises: OrganiserExists, PermissionDenied, PetitionNotFound.
    """
    petition_id = None if slug is None else queries.get_id(slug)
    with transaction() as connection:
        people.lock_roles(connection, by, petition_id)
        organiser_id = connection.scalar(
            upsert.insert(connection, Organiser)
            .values(
                email=address.email,
                mailbox_key=address.mailbox,
                language=language,
                role=role,
                petition_id=petition_id,
                sign_in_serial=0,
                invited_at=now,
            )
            .on_conflict_do_nothing(index_elements=["mailbox_key"])
            .returning(Organiser.id)
        )
        if organiser_id is None:
            raise OrganiserExists
        if not silently:
            enqueue.email_organiser(connection, EmailKind.INVITATION, organiser_id, now=now)
        detail = f"organiser {organiser_id} as {role}"
        action = AuditAction.ORGANISER_INVITE
        people.record_change(connection, action, detail, petition_id, by, now)
        return int(organiser_id)


def list_organisers() -> list[Invitation]:
    """List the organisers in the order of their invitations."""
    columns = (Organiser.email, Organiser.role, Petition.slug, Organiser.language)
    rows = select(*columns).join(Petition, Petition.id == Organiser.petition_id, isouter=True)
    return [Invitation(*row) for row in db.session.execute(rows.order_by(Organiser.id))]


def remove(address: Address, *, now: datetime) -> None:
    """Delete an organiser by the command line, which ends their sessions at once.

    Raises: LastAdmin, OrganiserNotFound.
    """
    organiser = _find(address)
    people.remove(organiser.id, petition_id=organiser.petition_id, by=None, now=now)


def request_link(address: Address, *, sender: FormSender, now: datetime) -> None:
    """Enqueue a sign-in link for an organiser, at most five an hour.

    For other addresses the same work is done without an email, so timing does not reveal them.
    Raises: RateLimited.
    """
    with transaction() as connection:
        organiser_id = connection.scalar(
            select(Organiser.id).where(Organiser.mailbox_key == address.mailbox)
        )
        advisory_lock(connection, f"organiser {organiser_id}")
        rate_limits.hit(connection, sender.limits, now=now)
        enqueue.email_organiser(connection, EmailKind.SIGN_IN, organiser_id, now=now)


def get_sign_in_link(address: Address) -> SignInLink:
    """Return the content of the organiser's next sign-in link. Raises: OrganiserNotFound."""
    organiser = _find(address)
    return SignInLink(organiser.id, organiser.sign_in_serial)


def _find(address: Address) -> Organiser:
    query = select(Organiser).where(Organiser.mailbox_key == address.mailbox)
    organiser = db.session.scalar(query.execution_options(populate_existing=True))
    if organiser is None:
        raise OrganiserNotFound
    return organiser


def issue_link(address: Address, *, now: datetime) -> SignInLink:
    """Return the organiser's next sign-in link, recorded as issued by the command line.

    Raises: OrganiserNotFound.
    """
    link = get_sign_in_link(address)
    with transaction() as connection:
        detail = f"organiser {link.organiser_id}"
        audit.record(connection, AuditAction.ORGANISER_LINK, now, detail=detail)
    return link


def use_link(
    link: SignInLink,
    *,
    browser: Browser = Browser(),  # noqa: B008 (a tuple)
    known_to: Collection[int] = (),
    now: datetime,
) -> SessionKey:
    """Use up a sign-in link, and every one issued before, and return the key of a new session.

    Earlier sessions go on. `known_to` are the organisers who have signed in with this browser; one
    who has signed in before, but not here, gets an email about it. Of concurrent uses only one
    succeeds. Raises: SignInLinkUsed.
    """
    with transaction() as connection:
        organiser_id = connection.scalar(
            update(Organiser)
            .where(Organiser.id == link.organiser_id, Organiser.sign_in_serial == link.serial)
            .values(sign_in_serial=Organiser.sign_in_serial + 1)
            .returning(Organiser.id)
        )
        if organiser_id is None:
            raise SignInLinkUsed
        key = sessions.start(connection, organiser_id, browser, now=now)
        if link.serial and organiser_id not in known_to:
            alerts.email_new_browser(connection, organiser_id, key.session_id, now=now)
        audit.record(connection, AuditAction.ORGANISER_SIGN_IN, now, organiser_id=organiser_id)
        return key


def sign_out(organiser_id: int, *, now: datetime) -> None:
    """End all sessions of an organiser, those of copied cookies too."""
    with transaction() as connection:
        sessions.end_all(connection, organiser_id)
        audit.record(connection, AuditAction.ORGANISER_SIGN_OUT, now, organiser_id=organiser_id)


def end_sessions(address: Address, *, now: datetime) -> None:
    """End all sessions of an organiser by the command line. Raises: OrganiserNotFound."""
    organiser_id = _find(address).id
    with transaction() as connection:
        sessions.end_all(connection, organiser_id)
        detail = f"organiser {organiser_id}"
        audit.record(connection, AuditAction.ORGANISER_SIGN_OUT, now, detail=detail)
