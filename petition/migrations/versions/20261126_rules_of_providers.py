"""mailboxes by the rules of Proton, Fastmail and iCloud."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from flask import current_app

from petition.signatures.identity import derive_mailbox, inbox, parse_address

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_signature = sa.table(
    "signature",
    *map(sa.column, ("id", "petition_id", "address_key", "mailbox_key", "mailbox_hash", "number")),
)
_email = sa.table("email", sa.column("signature_id"), sa.column("mailbox_hash"))
_alternate = sa.table("alternate_entry", sa.column("signature_id"))
_organiser = sa.table("organiser", *map(sa.column, ("id", "email", "mailbox_key")))


def upgrade() -> None:
    """Derive the keys of mailboxes again.

    Of signatures for one petition that are one mailbox's now, each confirmed one stays as it is,
    the first with the new key. Without a confirmed one the newest stays. Other unconfirmed ones
    are erased: they could be confirmed as second ones.
    """
    connection = op.get_bind()
    changed: dict[tuple[int, str], list[sa.Row[Any]]] = defaultdict(list)
    inboxes = {}
    for row in _signatures(connection):
        mailbox = derive_mailbox(row.address_key)
        if mailbox != row.mailbox_key:
            changed[row.petition_id, mailbox].append(row)
        if mailbox != row.mailbox_key or inbox(mailbox) != mailbox:
            inboxes[row.id] = inbox(mailbox)
    for (petition_id, mailbox), rows in changed.items():
        _merge(connection, petition_id, mailbox, rows)
    for signature_id, name in inboxes.items():
        hashed = current_app.extensions["tokens"].hash_mailbox(name)
        for table, column in ((_signature, "id"), (_email, "signature_id")):
            is_row = table.c[column] == signature_id
            connection.execute(sa.update(table).where(is_row).values(mailbox_hash=hashed))
    _organisers(connection)


def _signatures(connection: sa.Connection) -> Iterator[sa.Row[Any]]:
    last = 0
    while rows := connection.execute(
        sa.select(_signature)
        .where(_signature.c.id > last, _signature.c.address_key.not_like("anonymised:%"))
        .order_by(_signature.c.id)
        .limit(1_000)
    ).all():
        yield from rows
        last = rows[-1].id


def _merge(
    connection: sa.Connection, petition_id: int, mailbox: str, rows: list[sa.Row[Any]]
) -> None:
    """Give the new key to one signature, and erase other unconfirmed ones."""
    has_key = (_signature.c.petition_id == petition_id) & (_signature.c.mailbox_key == mailbox)
    rows = [*rows, *connection.execute(sa.select(_signature).where(has_key))]

    def rank(row: sa.Row[Any]) -> tuple[bool, bool, int]:
        confirmed = row.number is not None
        return not confirmed, confirmed and row.mailbox_key != mailbox, row.number or -row.id

    first, *others = sorted(rows, key=rank)
    for row in others:
        if row.number is None:
            is_its = _email.c.signature_id == row.id
            connection.execute(sa.update(_email).where(is_its).values(signature_id=None))
            connection.execute(sa.delete(_alternate).where(_alternate.c.signature_id == row.id))
            connection.execute(sa.delete(_signature).where(_signature.c.id == row.id))
    is_first = _signature.c.id == first.id
    connection.execute(sa.update(_signature).where(is_first).values(mailbox_key=mailbox))


def _organisers(connection: sa.Connection) -> None:
    """Derive the keys of organisers again, except where another has the new one."""
    rows = connection.execute(sa.select(_organiser).order_by(_organiser.c.id)).all()
    taken = {row.mailbox_key for row in rows}
    for row in rows:
        mailbox = parse_address(row.email, str).mailbox
        if mailbox not in taken:
            taken.add(mailbox)
            is_row = _organiser.c.id == row.id
            connection.execute(sa.update(_organiser).where(is_row).values(mailbox_key=mailbox))


def downgrade() -> None:
    """Change nothing: the earlier keys are those of the addresses that were erased or merged."""
