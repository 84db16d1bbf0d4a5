"""Mailboxes that get no more emails: their owner wants none, or they do not exist.

Only keyed hashes are stored: of mailboxes for the owner's wish, of addresses for bounces.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

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


def forget_bounce(connection: Connection, address_hashes: Collection[str], bounce: str) -> None:
    """Send an address emails again that was suppressed for this bounce."""
    connection.execute(
        delete(_suppression).where(
            _suppression.c.hash.in_(address_hashes), _suppression.c.bounce == bounce
        )
    )


def forget_replies(connection: Connection) -> None:
    """Send addresses emails again that our mail server refused; not those that bounced by report.

    Its replies begin with an SMTP code such as `550`, a report's with `5.1.1`.
    """
    connection.execute(
        delete(_suppression).where(
            _suppression.c.bounce.like("5__%"), ~_suppression.c.bounce.like("5.%")
        )
    )


def lift(connection: Connection, mailbox_hashes: Collection[str]) -> None:
    """Send a mailbox emails again, against its owner's earlier wish. Idempotent.

    The hashes are those of `find_reason`.
    """
    is_wish = _suppression.c.hash.in_(mailbox_hashes) & (_suppression.c.bounce == "")
    connection.execute(delete(_suppression).where(is_wish))


def find_reason(address_hashes: Collection[str], mailbox_hashes: Collection[str]) -> str | None:
    """Return why an address is suppressed: how it bounced, "" for the owner's wish, None if not.

    The hashes are those under each key. A bounce is about one spelling of an address only, or
    a stranger could suppress a mailbox by a spelling that bounces.
    """
    values = {"addresses": address_hashes, "mailboxes": mailbox_hashes}
    return db.session.scalar(_REASON, values)


_is_address = _suppression.c.hash.in_(bindparam("addresses", expanding=True))
_is_mailbox = _suppression.c.hash.in_(bindparam("mailboxes", expanding=True))
_REASON = (
    select(_suppression.c.bounce)
    .where(_is_address | (_is_mailbox & (_suppression.c.bounce == "")))
    .order_by(_suppression.c.bounce)
    .limit(1)
)
