"""Enqueue emails in the transaction of what causes them, and limit how many a mailbox gets."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Row,
    Subquery,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)

from petition.database.compiled import CompiledStatement
from petition.models import Email, Signature
from petition.models.enums import EmailKind, EmailState
from petition.outbox.answers import IS_UNSENT

EMAILS_PER_MAILBOX = 5  # so that nobody can fill a stranger's mailbox through us
MAILBOX_PERIOD = timedelta(days=30)
RESENDS_PER_HOUR = 3
RESEND_AFTER = timedelta(minutes=2)
DOUBLE_CLICK = timedelta(seconds=10)
EMAILS_PER_ORGANISER = 5
ORGANISER_PERIOD = timedelta(hours=1)
NO_LIMIT = 1_000

_email = Email.table()
_signature = Signature.table()
_earlier = _email.alias("earlier")

# Emails that anybody can cause by typing an address, except those that their reader answered.
_ASKED_FOR = [f"'{kind}'" for kind in (EmailKind.CONFIRM, EmailKind.REMINDER, EmailKind.MY_PAGE)]
_caused_by_anybody = and_(
    _earlier.c.kind.in_([literal_column(kind) for kind in _ASKED_FOR]),
    _earlier.c.answered.is_(False),
    or_(_signature.c.confirmed_at.is_(None), _earlier.c.created_at > _signature.c.confirmed_at),
)
# About the same entry or, as a double click makes, about another of seconds ago.
_about_the_same = and_(
    _earlier.c.signature_id == bindparam("signature_id"),
    or_(
        _earlier.c.entry == bindparam("entry"),
        _earlier.c.created_at > bindparam("double_click_start"),
    ),
)


def _count_earlier(
    key: str, counted: ColumnElement[bool], about_the_same: ColumnElement[bool]
) -> Subquery:
    """Count the emails that a recipient, in column `key`, was sent or will be."""
    in_hour = _earlier.c.created_at > bindparam("hour_start")
    same_kind = _earlier.c.kind == bindparam("kind")
    repeated = and_(_earlier.c.state == EmailState.DUE.value, same_kind, about_the_same)
    return (
        select(
            func.count().label("in_period"),
            func.count(case((in_hour, 1))).label("in_hour"),
            func.max(_earlier.c.created_at).label("latest"),
            func.count(case((repeated, 1))).label("repeated"),
        )
        .select_from(_earlier.outerjoin(_signature, _signature.c.id == _earlier.c.signature_id))
        .where(
            _earlier.c[key] == bindparam(key),
            # So that the partial index is used.
            _earlier.c[key] != literal_column("''" if key == "mailbox_hash" else "0"),
            _earlier.c.created_at > bindparam("period_start"),
            _earlier.c.suppressed.is_(False),
            counted,
        )
        .subquery("counts")
    )


def _build_insert(counts: Subquery, *columns: str) -> CompiledStatement:
    """Build the statement that inserts an email with values in `columns`.

    The database decides whether it is suppressed: without a recipient, over a limit, too soon
    after another, or while the same email is due. Without a start, `too_soon` and `hour` are off.
    """
    suppressed = or_(
        bindparam("no_recipient", type_=Boolean()),
        counts.c.in_period >= bindparam("limit"),
        counts.c.in_hour >= bindparam("hourly_limit", NO_LIMIT),
        func.coalesce(counts.c.latest > bindparam("too_soon_start"), false()),
        counts.c.repeated > 0,
    )
    now = bindparam("now", type_=_email.c.created_at.type)
    given = ("kind", "state", *columns)
    values: dict[str, ColumnElement[Any]] = {
        **dict.fromkeys(("mailbox_hash", "reason", "address", "language"), literal("")),
        **{name: bindparam(name, type_=_email.c[name].type) for name in given},
        "suppressed": suppressed,
        "attempts": literal(0),
        "created_at": now,
        "due_at": now,
    }
    return CompiledStatement(
        insert(_email)
        .from_select(list(values), select(*values.values()).select_from(counts))
        .returning(_email.c.id)
    )


_INSERT_FOR_SIGNER = _build_insert(
    _count_earlier("mailbox_hash", _caused_by_anybody, _about_the_same),
    *("mailbox_hash", "signature_id", "entry", "burst_id", "asked_until"),
)
_INSERT_FOR_ORGANISER = _build_insert(
    _count_earlier("organiser_id", _earlier.c.update_id.is_(None), true()), "organiser_id"
)


@dataclass(frozen=True, slots=True)
class Hold:
    """An open burst, which holds the emails of all mailboxes but one in `sample` (0: of all)."""

    burst_id: int
    sample: int = 0

    def holds(self, mailbox_hash: str) -> bool:
        """Return whether it holds the emails of a mailbox: nobody can foresee which get theirs.

        A choice by the signature's id would tell whether the mailbox before it has signed.
        """
        if not self.sample:
            return True
        digest = blake2b(f"{self.burst_id} {mailbox_hash}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % self.sample != 0


def email_signer(
    connection: Connection,
    kind: EmailKind,
    signature_id: int | None,
    entry_number: int | None,
    mailbox_hash: str,
    *,
    now: datetime,
    again: bool = False,
    hold: Hold | None = None,
    asked_until: datetime | None = None,
) -> int:
    """Enqueue an email about an entry, in the caller's transaction, and return its id.

    Without a signature it is suppressed. A mailbox gets five in thirty days that anybody
    can cause, over all petitions. One asked for `again` must also be two minutes after the last,
    and at most the third in an hour. The worker lets it wait for an answer until `asked_until`,
    unless the address proves right before. Suppressed emails are queued and settled like others, so
    response and timing do not reveal them.
    """
    by_owner = kind == EmailKind.THANKS  # nobody else can cause it
    values = {
        "kind": kind.value,
        "state": (EmailState.HELD if hold and hold.holds(mailbox_hash) else EmailState.DUE).value,
        "signature_id": signature_id,
        "entry": entry_number,
        "mailbox_hash": mailbox_hash,
        "burst_id": hold and hold.burst_id,
        "asked_until": asked_until,
        "no_recipient": signature_id is None,
        "now": now,
        "period_start": now - MAILBOX_PERIOD,
        "limit": NO_LIMIT if by_owner else EMAILS_PER_MAILBOX,
        "double_click_start": now - DOUBLE_CLICK,
    }
    if again:
        values["hour_start"], values["hourly_limit"] = now - timedelta(hours=1), RESENDS_PER_HOUR
        values["too_soon_start"] = now - RESEND_AFTER
    ((email_id,),) = _INSERT_FOR_SIGNER.all(connection, values)
    return int(email_id)


def email_organiser(
    connection: Connection, kind: EmailKind, organiser_id: int | None, *, now: datetime
) -> int:
    """Enqueue an email to an organiser, in the caller's transaction, and return its id.

    An organiser gets five an hour; further ones are suppressed, and so is one without an organiser.
    """
    values = {
        "kind": kind.value,
        "state": EmailState.DUE.value,
        "organiser_id": organiser_id,
        "no_recipient": organiser_id is None,
        "now": now,
        "period_start": now - ORGANISER_PERIOD,
        "limit": EMAILS_PER_ORGANISER,
    }
    ((email_id,),) = _INSERT_FOR_ORGANISER.all(connection, values)
    return int(email_id)


def email_withdrawn_signer(
    connection: Connection, signature: Row[Any], *, list_downloaded: bool, now: datetime
) -> None:
    """Enqueue the email about an erased signature; it holds the address until it is sent."""
    connection.execute(
        insert(_email).values(
            kind=EmailKind.WITHDRAWN.value,
            state=EmailState.DUE.value,
            petition_id=signature.petition_id,
            list_downloaded=list_downloaded,
            address=signature.email,
            language=signature.language,
            mailbox_hash=signature.mailbox_hash,
            created_at=now,
            due_at=now,
        )
    )


def withhold_unsent(connection: Connection, signature_id: int, entry_number: int) -> None:
    """Withhold the due and held emails about an entry, when its address was corrected."""
    connection.execute(
        update(_email)
        .where(_email.c.signature_id == signature_id, _email.c.entry == entry_number, IS_UNSENT)
        .values(state=EmailState.WITHHELD)
    )
