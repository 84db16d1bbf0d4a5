"""Mailboxes that get no more emails: their owner wants none, or they do not exist.

Only keyed hashes are stored: of mailboxes for the owner's wish, of addresses for bounces.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select

from petition.database.base import db
from petition.database.upsert import insert
from petition.models import Suppression

_suppression = Suppression.table()


def suppress(connection: Connection, key_hash: str, *, bounce: str = "", now: datetime) -> None:
    """Send a mailbox (or, with a `bounce`, an address) no more emails. Idempotent.

    The owner's wish overrides a bounce.
    """
    statement = insert(connection, _suppression).values(hash=key_hash, bounce=bounce[:300], at=now)
    if bounce:
        statement = statement.on_conflict_do_nothing()
    else:
        statement = statement.on_conflict_do_update(index_elements=["hash"], set_={"bounce": ""})
    connection.execute(statement)


def lift(connection: Connection, mailbox_hash: str) -> None:
    """Send a mailbox emails again, against its owner's earlier wish. Idempotent."""
    is_wish = (_suppression.c.hash == mailbox_hash) & (_suppression.c.bounce == "")
    connection.execute(delete(_suppression).where(is_wish))


def find_reason(address_hashes: Collection[str], mailbox_hashes: Collection[str]) -> str | None:
    """Return why an address is suppressed: how it bounced, "" for the owner's wish, None if not.

    The hashes are those under each key. A bounce is about one spelling of an address only, or
    a stranger could suppress a mailbox by a spelling that bounces.
    """
    return db.session.scalars(
        select(Suppression.bounce)
        .where(
            Suppression.hash.in_(address_hashes)
            | (Suppression.hash.in_(mailbox_hashes) & (Suppression.bounce == ""))
        )
        .order_by(Suppression.bounce)
    ).first()
