"""Entries: what was typed for one mailbox, once or several times, and which of them stands.

The signature's row holds the first; later ones are kept beside it and replace nothing. So a link
confirms only what it was written for, and nobody can overwrite what another has typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from petition.abuse.email_domains import is_disposable
from petition.core.errors import PetitionNotOpen
from petition.database.compiled import CompiledStatement
from petition.database.upsert import insert_for
from petition.models import AlternateEntry, EntryFields, Petition, Signature, Tally
from petition.models.enums import CommentState, PetitionState
from petition.petitions import sums
from petition.signatures.identity import Address

GRACE_PERIOD = timedelta(hours=24)  # what was made before a petition closed is taken for so long

_signature, _alternate, _tally = Signature.table(), AlternateEntry.table(), Tally.table()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a signer typed and chose, valid and tidy."""

    name: str
    country: str
    postcode: str
    organisation: str
    role: str
    comment: str
    display: str
    handover: bool
    updates: bool


FIELDS = tuple(field.name for field in fields(Entry))
_COLUMNS = tuple(EntryFields.__annotations__)


@dataclass(frozen=True, slots=True)
class EntryContext:
    """Where an entry was made: in which language, by which share channel, under which text."""

    language: str
    channel: str
    text_language: str
    text_version: int


@dataclass(frozen=True, slots=True)
class EntryRef:
    """Where an entry was put: the signature of its mailbox, and its number there."""

    signature_id: int
    entry: int


def entry_content(written: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what an entry says, by which two are told apart; a name in capitals is no other."""
    return (written["name"].casefold(), *(written[name] for name in FIELDS if name != "name"))


def insert_entry(
    connection: Connection,
    petition_id: int,
    entry: Entry,
    address: Address,
    setting: EntryContext,
    *,
    now: datetime,
    made_at: datetime | None = None,
) -> EntryRef:
    """Keep an entry: as the signature of its mailbox, or beside the one that is there, confirmed
    or not. The database decides which, and whether the petition takes it. Raises PetitionNotOpen.

    One that was `made_at` an earlier moment is taken for a day after the petition closed, if it was
    made before.
    """
    values = {
        **{name: getattr(entry, name) for name in FIELDS},
        "petition_id": petition_id,
        "email": address.email,
        "address_key": address.key,
        "mailbox_key": address.mailbox,
        "mailbox_hash": address.mailbox_hash,
        "language": setting.language,
        "channel": setting.channel,
        "text_language": setting.text_language,
        "text_version": setting.text_version,
        "disposable": is_disposable(address.domain),
        "entry": 1,
        "entries": 1,
        "comment_state": CommentState.WAITING.value,
        "signed_at": made_at or now,
        "since": now - GRACE_PERIOD,
    }
    kept = _INSERT[connection.dialect.name].first(connection, values)
    if kept is None:
        raise PetitionNotOpen(*connection.execute(_STATE, {"petition": petition_id}).one())
    signature_id, entries = kept
    if entries > 1:
        values |= {"signature_id": signature_id, "entry": entries}
        _INSERT_ATTEMPT.first(connection, values)
    return EntryRef(signature_id, entries)


_GIVEN = [*_COLUMNS, "petition_id", "mailbox_key", "mailbox_hash", "entries", "comment_state"]
_takes = or_(
    Petition.state == literal_column(f"'{PetitionState.OPEN}'"),
    and_(
        Petition.closed_at >= bindparam("signed_at", type_=_signature.c.signed_at.type),
        Petition.closed_at > bindparam("since", type_=_signature.c.signed_at.type),
    ),
)
_STATE = select(Petition.slug, Petition.state).where(Petition.id == bindparam("petition"))


def _insert_or_count(dialect: str) -> CompiledStatement:
    values = [bindparam(name, type_=_signature.c[name].type) for name in _GIVEN]
    entry = select(*values).where(Petition.id == values[_GIVEN.index("petition_id")], _takes)
    return CompiledStatement(
        insert_for(dialect, _signature)
        .from_select(_GIVEN, entry, include_defaults=False)
        .on_conflict_do_update(
            index_elements=[_signature.c.mailbox_key, _signature.c.petition_id],
            set_={"entries": _signature.c.entries + 1},
        )
        .returning(_signature.c.id, _signature.c.entries)
    )


_INSERT = {name: _insert_or_count(name) for name in ("sqlite", "postgresql")}
_INSERT_ATTEMPT = CompiledStatement(
    insert(_alternate)
    .values({name: bindparam(name) for name in ("signature_id", *_COLUMNS)})
    .returning(_alternate.c.id)
)


def lock_signature(connection: Connection, signature_id: int) -> bool:
    """Let nobody erase a signature until the caller's transaction ends; say whether it is kept."""
    row = select(_signature.c.id).where(_signature.c.id == signature_id)
    return connection.scalar(row.with_for_update(read=True, key_share=True)) is not None


def get_fields(connection: Connection, kept: EntryRef) -> dict[str, Any] | None:
    """Return what was typed in an entry, by the names of the columns, or None when it is no longer
    kept.
    """
    for table, owner in ((_signature, _signature.c.id), (_alternate, _alternate.c.signature_id)):
        columns = [table.c[name] for name in _COLUMNS]
        found = connection.execute(
            select(*columns).where(owner == kept.signature_id, table.c.entry == kept.entry)
        ).first()
        if found is not None:
            return dict(found._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it)
    return None


def make_current(connection: Connection, kept: EntryRef) -> bool:
    """Make an entry the one that stands in its signature's row, the other one an attempt. Say
    whether it is kept at all.
    """
    standing = connection.scalar(
        select(_signature.c.entry).where(_signature.c.id == kept.signature_id)
    )
    if standing == kept.entry:
        return True
    chosen = get_fields(connection, kept)
    replaced = get_fields(connection, EntryRef(kept.signature_id, standing or 0))
    if chosen is None or replaced is None:
        return False
    connection.execute(
        update(_signature)
        .where(_signature.c.id == kept.signature_id)
        .values(**chosen, comment_state=CommentState.WAITING)
    )
    connection.execute(
        update(_alternate)
        .where(_alternate.c.signature_id == kept.signature_id, _alternate.c.entry == kept.entry)
        .values(replaced)
    )
    return True


def remove_entry(
    connection: Connection, kept: EntryRef, *, now: datetime, counted: bool = True
) -> bool:
    """Erase one entry and say whether there was one to erase. When it is the one that stands, the
    newest other takes its place if nothing was counted; else the signature goes, and the count with
    it, unless only those not `counted` are to go. Erasing twice changes nothing.
    """
    row = connection.execute(
        select(_signature.c.entry, _signature.c.confirmed_at, _signature.c.petition_id)
        .where(_signature.c.id == kept.signature_id)
        .with_for_update()
    ).first()
    if row is None:
        return False
    if row.entry == kept.entry:
        if row.confirmed_at is not None and not counted:
            return False
        other = connection.scalar(
            select(func.max(_alternate.c.entry)).where(
                _alternate.c.signature_id == kept.signature_id
            )
        )
        if row.confirmed_at is not None or other is None:
            erase_signature(connection, kept.signature_id, now=now)
            return True
        make_current(connection, EntryRef(kept.signature_id, other))
    gone = connection.execute(
        delete(_alternate).where(
            _alternate.c.signature_id == kept.signature_id, _alternate.c.entry == kept.entry
        )
    )
    return gone.rowcount > 0


def erase_signature(connection: Connection, signature_id: int, *, now: datetime) -> None:
    """Erase a signature with everything typed for its mailbox, and take it from the count if it was
    in it.
    """
    gone = connection.execute(
        delete(_signature)
        .where(_signature.c.id == signature_id)
        .returning(_signature.c.confirmed_at, *sums.COLUMNS)
    ).first()
    if gone is not None and gone.confirmed_at is not None:
        connection.execute(
            update(_tally)
            .where(_tally.c.petition_id == gone.petition_id)
            .values(counted=_tally.c.counted - 1, changed_at=now)
        )
        sums.change(connection, removed=[gone])
