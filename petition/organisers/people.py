"""People: who the organisers of a petition or of the site are, and changes of their roles.

In all of these `petition_id` is the petition whose people are managed, or None for the site's, who
reach all petitions. `by` is the admin who does it, or None for the command line. Whoever is
changed or removed by another person gets an email.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, delete, func, or_, select, update

from petition import audit
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import LastAdmin, PermissionDenied, RoleChanged
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import AuditEntry, Organiser
from petition.models.enums import AuditAction, ErasureKind, Role
from petition.outbox import alerts
from petition.petitions import erasures

_organiser = Organiser.table()


class Person(NamedTuple):
    """An organiser as listed; one who has never signed in is still invited."""

    id: int
    email: str
    role: Role
    petition_id: int | None
    invited_at: datetime
    has_signed_in: bool


def list_people(petition_id: int | None) -> list[Person]:
    """List who reaches the petition, its own people first; without one, who reaches all."""
    everywhere = Organiser.petition_id.is_(None)
    reaching = everywhere if petition_id is None else or_(everywhere, _within(petition_id))
    rows = db.session.scalars(select(Organiser).where(reaching).order_by(Organiser.id))
    people = [
        Person(one.id, one.email, one.role, one.petition_id, one.invited_at, one.sign_in_serial > 0)
        for one in rows
    ]
    return sorted(people, key=lambda person: person.petition_id != petition_id)


def change_role(
    person_id: int, role: Role, *, was: Role, petition_id: int | None, by: int, now: datetime
) -> None:
    """Give an organiser another role than the one that `was` shown. Idempotent.

    Raises: ItemNotFound, LastAdmin, PermissionDenied, RoleChanged.
    """
    with transaction() as connection:
        lock_roles(connection, by, petition_id)
        person = _get(connection, person_id, petition_id)
        if person is None:
            raise ItemNotFound
        if person.role == role:
            return
        if person.role != was:
            raise RoleChanged(person.role, _find_changer(connection, person_id))
        if person.role == Role.ADMIN:
            _require_other_admin(connection, person)
        _set_role(connection, person_id, role)
        if person_id != by:
            alerts.email_role(connection, person_id, now=now)
        detail = f"organiser {person_id} from {was} to {role}"
        record_change(connection, AuditAction.ORGANISER_ROLE, detail, petition_id, by, now)


def remove(person_id: int, *, petition_id: int | None, by: int | None, now: datetime) -> None:
    """Delete an organiser, whose sessions end at once. Idempotent.

    Raises: ItemNotFound for one who is not of this petition or of the site; LastAdmin,
    PermissionDenied.
    """
    with transaction() as connection:
        lock_roles(connection, by, petition_id)
        person = _get(connection, person_id, petition_id)
        if person is None:
            if connection.scalar(select(_organiser.c.id).where(_organiser.c.id == person_id)):
                raise ItemNotFound
            return
        if person.role == Role.ADMIN:
            _require_other_admin(connection, person)
        erase(connection, person_id, now=now)
        if person_id != by:
            alerts.email_removed(connection, person, now=now)
        detail = f"organiser {person_id}"
        record_change(connection, AuditAction.ORGANISER_REMOVE, detail, petition_id, by, now)


def hand_on(
    person_id: int, *, petition_id: int | None, by: int, then: Role | None, now: datetime
) -> None:
    """Make another organiser admin in the place of `by`, who is `then` editor or viewer, or leaves.

    Both must be of this petition, or of the site. Raises: ItemNotFound, PermissionDenied.
    """
    with transaction() as connection:
        lock_roles(connection, by, petition_id)
        if person_id == by or _get(connection, person_id, petition_id) is None:
            raise ItemNotFound
        if _get(connection, by, petition_id) is None:
            raise PermissionDenied  # a site's admin has no place among a petition's people
        _set_role(connection, person_id, Role.ADMIN)
        alerts.email_role(connection, person_id, now=now)
        if then is None:
            erase(connection, by, now=now)
        else:
            _set_role(connection, by, then)
        detail = f"organiser {person_id} for organiser {by}, now {then or 'removed'}"
        record_change(connection, AuditAction.ORGANISER_HAND_ON, detail, petition_id, by, now)


def erase(connection: Connection, person_id: int, *, now: datetime) -> None:
    """Delete an organiser with sessions, second factor and emails. Idempotent."""
    erasures.record(connection, ErasureKind.ORGANISER, person_id, now=now)
    connection.execute(delete(_organiser).where(_organiser.c.id == person_id))


def lock_roles(connection: Connection, by: int | None, petition_id: int | None) -> None:
    """Let one transaction at a time change who may do what, and check that `by` still may.

    Raises: PermissionDenied.
    """
    advisory_lock(connection, "roles of organisers")
    if by is None:
        return
    admin = connection.execute(
        select(_organiser.c.role, _organiser.c.petition_id).where(_organiser.c.id == by)
    ).first()
    if admin is None or admin.role != Role.ADMIN or admin.petition_id not in (None, petition_id):
        raise PermissionDenied


def _within(petition_id: int | None) -> ColumnElement[bool]:
    return _organiser.c.petition_id.is_not_distinct_from(petition_id)


def _get(connection: Connection, person_id: int, petition_id: int | None) -> Row[Any] | None:
    query = select(_organiser).where(_organiser.c.id == person_id, _within(petition_id))
    return connection.execute(query).first()


def _require_other_admin(connection: Connection, person: Row[Any]) -> None:
    """Raise LastAdmin unless another admin reaches all that this one does."""
    others = select(func.count()).where(
        _organiser.c.role == Role.ADMIN,
        _organiser.c.id != person.id,
        or_(_organiser.c.petition_id.is_(None), _within(person.petition_id)),
    )
    if not connection.scalar(others):
        raise LastAdmin


def _set_role(connection: Connection, person_id: int, role: Role) -> None:
    connection.execute(update(_organiser).where(_organiser.c.id == person_id).values(role=role))


def _find_changer(connection: Connection, person_id: int) -> str | None:
    """Return the address of who changed an organiser's role last, by the audit trail."""
    actions = (AuditAction.ORGANISER_ROLE, AuditAction.ORGANISER_HAND_ON)
    changer = (
        select(_organiser.c.email)
        .select_from(AuditEntry)
        .join(_organiser, _organiser.c.id == AuditEntry.organiser_id, isouter=True)
        .where(AuditEntry.action.in_(actions), AuditEntry.detail.like(f"organiser {person_id} %"))
    )
    return connection.scalar(changer.order_by(AuditEntry.id.desc()).limit(1))


def record_change(
    connection: Connection,
    action: AuditAction,
    detail: str,
    petition_id: int | None,
    by: int | None,
    now: datetime,
) -> None:
    """Record a change of people in the audit trail, last in the caller's transaction."""
    audit.record(connection, action, now, organiser_id=by, petition_id=petition_id, detail=detail)
