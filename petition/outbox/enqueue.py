"""Putting letters in the box, with what caused them; and how many a mailbox gets."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Connection,
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

EMAILS_PER_MAILBOX = 5  # in all, so that nobody can fill a stranger's mailbox through us
MAILBOX_PERIOD = timedelta(days=30)
RESENDS_PER_HOUR = 3
RESEND_AFTER = timedelta(minutes=2)
DOUBLE_CLICK = timedelta(seconds=10)
EMAILS_PER_ORGANISER = 5
ORGANISER_PERIOD = timedelta(hours=1)

_email = Email.table()
_signature = Signature.table()
_earlier = _email.alias("earlier")

# Letters that anybody can cause by typing an address; those that the owner has answered by
# confirming are forgiven.
_asked_by_anybody = and_(
    _earlier.c.kind.in_(
        [
            literal_column(f"'{kind}'")
            for kind in (EmailKind.CONFIRM, EmailKind.REMINDER, EmailKind.MY_PAGE)
        ]
    ),
    or_(_signature.c.confirmed_at.is_(None), _earlier.c.created_at > _signature.c.confirmed_at),
)
_TO_SIGNER = {
    name: bindparam(name, type_=_email.c[name].type)
    for name in ("signature_id", "entry", "mailbox_hash", "kind", "state", "burst_id")
}
_TO_ORGANISER = {
    name: bindparam(name, type_=_email.c[name].type) for name in ("organiser_id", "kind", "state")
}


def _posting(reader: dict[str, BindParameter[Any]], key: str) -> CompiledStatement:
    """Build the statement that puts a letter in. The database decides whether it is silent.

    It is when nobody is to read it, when the reader has had their most (in all, or in the last
    hour), or one just now, or when the same letter is waiting already: about the same entry, or
    about one of moments ago, which a second click makes.
    """
    the_same = and_(_earlier.c.state == EmailState.DUE.value, _earlier.c.kind == bindparam("kind"))
    if key == "mailbox_hash":
        the_same = and_(
            the_same,
            _earlier.c.signature_id == bindparam("signature_id"),
            or_(
                _earlier.c.entry == bindparam("entry"),
                _earlier.c.created_at > bindparam("a_moment_ago"),
            ),
        )
    had = (
        select(
            func.count().label("all"),
            func.count(case((_earlier.c.created_at > bindparam("hour"), 1))).label("hour"),
            func.max(_earlier.c.created_at).label("latest"),
            func.count(case((the_same, 1))).label("waiting"),
        )
        .select_from(_earlier.outerjoin(_signature, _signature.c.id == _earlier.c.signature_id))
        .where(
            _earlier.c[key] == bindparam(key),
            # It names the index, which holds these rows alone.
            _earlier.c[key] != literal_column("''" if key == "mailbox_hash" else "0"),
            _earlier.c.created_at > bindparam("since"),
            _earlier.c.suppressed.is_(False),
            _asked_by_anybody if key == "mailbox_hash" else true(),
        )
        .subquery("had")
    )
    suppressed = or_(
        bindparam("unread", type_=Boolean()),
        had.c.all >= bindparam("most"),
        had.c.hour >= bindparam("most_hour"),
        func.coalesce(had.c.latest > bindparam("just"), false()),
        had.c.waiting > 0,
    )
    written = {
        **reader,
        "suppressed": suppressed,
        "attempts": literal(0),
        "reason": literal(""),
        "address": literal(""),
        "language": literal(""),
        "created_at": bindparam("now", type_=_email.c.created_at.type),
        "due_at": bindparam("now", type_=_email.c.created_at.type),
    }
    if key != "mailbox_hash":
        written["mailbox_hash"] = literal("")
    return CompiledStatement(
        insert(_email)
        .from_select(list(written), select(*written.values()).select_from(had))
        .returning(_email.c.id)
    )


_POST_TO_SIGNER = _posting(_TO_SIGNER, "mailbox_hash")
_POST_TO_ORGANISER = _posting(_TO_ORGANISER, "organiser_id")


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a letter about a signature goes: which entry it is about, and the keyed hash of the
    mailbox. With no signature nobody reads it.
    """

    signature_id: int | None
    entry: int | None
    mailbox_hash: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The open burst that an email belongs to. It holds the emails of all signatures but one in
    `sample`; with no sample it holds each.
    """

    burst_id: int
    sample: int = 0

    def holds(self, signature_id: int | None) -> bool:
        """Return whether the email about a signature waits for the decision on the burst."""
        return not (self.sample and signature_id and signature_id % self.sample == 0)


def email_signer(
    connection: Connection,
    kind: EmailKind,
    reader: Recipient,
    *,
    now: datetime,
    again: bool = False,
    hold: Hold | None = None,
) -> int:
    """Put a letter in the box, inside the caller's transaction, and return its id.

    A mailbox gets five letters in thirty days that anybody can cause, across petitions; one asked
    for `again` also only two minutes after the last, and three an hour. One more goes through the
    box like any other and is not mailed: the caller cannot tell, so neither can a page. A letter
    held in a burst waits for what becomes of it.
    """
    held = hold is not None and hold.holds(reader.signature_id)
    values = {
        "kind": kind.value,
        "state": (EmailState.HELD if held else EmailState.DUE).value,
        "signature_id": reader.signature_id,
        "entry": reader.entry,
        "mailbox_hash": reader.mailbox_hash,
        "burst_id": hold and hold.burst_id,
        "unread": reader.signature_id is None,
        "now": now,
        "since": now - MAILBOX_PERIOD,
        "most": EMAILS_PER_MAILBOX,
        "hour": now - timedelta(hours=1),
        "most_hour": RESENDS_PER_HOUR if again else EMAILS_PER_MAILBOX,
        "just": now - RESEND_AFTER if again else now,
        "a_moment_ago": now - DOUBLE_CLICK,
    }
    if kind == EmailKind.THANKS:  # nobody but the owner of the mailbox can cause it
        values |= {"most": 1_000, "most_hour": 1_000, "just": now}
    ((email_id,),) = _POST_TO_SIGNER.all(connection, values)
    return int(email_id)


def withhold_unsent(connection: Connection, signature_id: int, entry: int) -> None:
    """Let the letters of an entry that have not left stay where they are: it was corrected."""
    connection.execute(
        update(_email)
        .where(
            _email.c.signature_id == signature_id,
            _email.c.entry == entry,
            _email.c.state.in_((EmailState.DUE, EmailState.HELD)),
        )
        .values(state=EmailState.WITHHELD)
    )


def email_farewell(
    connection: Connection,
    email: str,
    language: str,
    petition_id: int,
    *,
    mailbox_hash: str,
    copied: bool,
    now: datetime,
) -> None:
    """Put the letter in the box that says to somebody whose signature was just erased that it was,
    and whether a list that it was on had been `copied`.
    """
    connection.execute(
        insert(_email).values(
            kind=EmailKind.WITHDRAWN.value,
            state=EmailState.DUE.value,
            petition_id=petition_id,
            list_downloaded=copied,
            address=email,
            language=language,
            mailbox_hash=mailbox_hash,
            created_at=now,
            due_at=now,
        )
    )


def email_organiser(
    connection: Connection, kind: EmailKind, organiser_id: int | None, *, now: datetime
) -> int:
    """Put a letter in the box, inside the caller's transaction, and return its id.

    An organiser gets five letters an hour; one more is kept and not mailed, nor is one to nobody.
    """
    values = {
        "kind": kind.value,
        "state": EmailState.DUE.value,
        "organiser_id": organiser_id,
        "unread": organiser_id is None,
        "now": now,
        "since": now - ORGANISER_PERIOD,
        "most": EMAILS_PER_ORGANISER,
        "hour": now - ORGANISER_PERIOD,
        "most_hour": EMAILS_PER_ORGANISER,
        "just": now,
    }
    ((email_id,),) = _POST_TO_ORGANISER.all(connection, values)
    return int(email_id)
