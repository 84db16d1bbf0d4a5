"""What happens under a petition, added up by day: forms, their emails, withdrawals. No persons."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from petition.database.upsert import insert
from petition.models import Activity, Email, Signature
from petition.models.enums import EmailKind
from petition.models.sums import ActivityKind

_activity, _email, _signature = Activity.table(), Email.table(), Signature.table()
_KEY = ("petition_id", "day", "kind")


def add(connection: Connection, numbers: Mapping[tuple[int, date, ActivityKind], int]) -> None:
    """Add numbers to the sums of petition, day (UTC) and kind, in the order of their keys.

    Call it last in a transaction: many add to the same sums.
    """
    rows = [
        dict(zip((*_KEY, "number"), (*key, number), strict=True))
        for key, number in sorted(numbers.items())
        if number
    ]
    if rows:
        new = insert(connection, _activity)
        total = {"number": _activity.c.number + new.excluded.number}
        connection.execute(new.on_conflict_do_update(index_elements=_KEY, set_=total), rows)


def add_emails(
    connection: Connection,
    kind: ActivityKind,
    email_ids: Collection[int],
    *,
    by: int = 1,
    now: datetime,
) -> None:
    """Add to the sums what became of emails; those that answer no form do not count.

    A suppressed one does not count either, as it is never sent.
    """
    if not email_ids:
        return
    answers = (_email.c.kind == EmailKind.CONFIRM.value, _email.c.suppressed.is_(False))
    query = (
        select(_signature.c.petition_id, func.count())
        .join(_email, _email.c.signature_id == _signature.c.id)
        .where(_email.c.id.in_(email_ids), *answers)
        .group_by(_signature.c.petition_id)
    )
    numbers = connection.execute(query).all()
    add(connection, {(petition, now.date(), kind): by * number for petition, number in numbers})
