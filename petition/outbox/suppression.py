"""Mailboxes that get no more mail: their owner said so, or they do not exist. Known by a keyed hash
alone.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from petition.database.base import db
from petition.database.upsert import insert
from petition.models import Suppression

_suppression = Suppression.table()


def suppress(connection: Connection, mailbox: str, *, bounce: str = "", now: datetime) -> None:
    """Mail a mailbox no more. Twice is once; the owner's wish stands above a bounce."""
    statement = insert(connection, _suppression).values(hash=mailbox, bounce=bounce[:300], at=now)
    if bounce:
        connection.execute(statement.on_conflict_do_nothing())
    else:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["hash"], set_={"bounce": ""})
        )


def find_reason(addresses: Collection[str], mailboxes: Collection[str]) -> str | None:
    """Return None when mail may go to an address, known by its hashes under each key; else how it
    bounced, or nothing when the owner of its mailbox wants none.

    A bounce is of one spelling: another may well arrive, and else a stranger could silence a
    mailbox by a spelling of it that bounces.
    """
    found = db.session.scalars(
        select(Suppression.bounce)
        .where(
            Suppression.hash.in_(addresses)
            | (Suppression.hash.in_(mailboxes) & (Suppression.bounce == ""))
        )
        .order_by(Suppression.bounce)
    ).first()
    return None if found is None else str(found)
