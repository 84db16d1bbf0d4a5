"""Entries: what was typed for a mailbox, once or several times, and which one is current.

The signature's row holds the current entry; the others are alternate entries and overwrite nothing.
So a link confirms only the entry it was made for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from petition.abuse.email_domains import is_disposable
from petition.core.errors import PetitionNotOpen, SignatureGone
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.database.upsert import insert_for
from petition.models import AlternateEntry, EntryFields, Petition, PetitionText, Signature, Tally
from petition.models.enums import CommentState, PetitionState
from petition.petitions import sums
from petition.signatures.identity import Address

GRACE_PERIOD = timedelta(hours=24)  # entries made before a petition closed are accepted so long

_signature, _alternate, _tally = Signature.table(), AlternateEntry.table(), Tally.table()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a signer typed and chose, validated and normalised."""

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
_ENTRY_COLUMNS = tuple(EntryFields.__annotations__)


@dataclass(frozen=True, slots=True)
class EntryContext:
    """Where an entry was made: language, share channel, language and version of the text."""

    language: str
    channel: str
    text_language: str
    text_version: int


_CONTEXT = tuple(field.name for field in fields(EntryContext))


class EntryRef(NamedTuple):
    """The key of an entry: its mailbox's signature, and its number there."""

    signature_id: int
    entry: int


def entry_content(values: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what an entry says, for comparing two; the case of the name does not count."""
    return (values["name"].casefold(), *(values[name] for name in FIELDS if name != "name"))


def insert_entry(
    connection: Connection,
    petition_id: int,
    entry: Entry,
    address: Address,
    context: EntryContext,
    *,
    now: datetime,
    made_at: datetime | None = None,
) -> EntryRef:
    """Insert an entry: as its mailbox's signature, or as an alternate where there is one already.

    The database decides which, and whether the petition accepts it. An entry `made_at` an earlier
    time, before the petition closed, is accepted for a day after that. Raises: PetitionNotOpen.
    """
    values = {
        **{name: getattr(entry, name) for name in FIELDS},
        **{name: getattr(context, name) for name in _CONTEXT},
        "petition_id": petition_id,
        "email": address.email,
        "address_key": address.key,
        "mailbox_key": address.mailbox,
        "mailbox_hash": address.mailbox_hash,
        "disposable": is_disposable(address.domain),
        "entry": 1,
        "entries": 1,
        "comment_state": CommentState.WAITING.value,
        "signed_at": made_at or now,
        "since": now - GRACE_PERIOD,
    }
    signature = _UPSERT_SIGNATURE[connection.dialect.name].first(connection, values)
    if signature is None:
        raise PetitionNotOpen(*connection.execute(_STATE, {"petition": petition_id}).one())
    signature_id, number = signature
    if number > 1:
        alternate = {name: values[name] for name in _ENTRY_COLUMNS} | {"entry": number}
        connection.execute(insert(_alternate).values(signature_id=signature_id, **alternate))
    return EntryRef(signature_id, number)


_OWN_COLUMNS = ("petition_id", "mailbox_key", "mailbox_hash", "entries", "comment_state")
_since = bindparam("since", type_=_signature.c.signed_at.type)
_signed_at = bindparam("signed_at", type_=_signature.c.signed_at.type)
_accepts_entry = (Petition.state == PetitionState.OPEN.value) | (
    (Petition.closed_at >= _signed_at) & (Petition.closed_at > _since)
)
_STATE = select(Petition.slug, Petition.state).where(Petition.id == bindparam("petition"))


def _upsert_signature(dialect: str) -> CompiledStatement:
    values = {
        name: bindparam(name, type_=_signature.c[name].type)
        for name in (*_ENTRY_COLUMNS, *_OWN_COLUMNS)
    }
    row = select(*values.values()).where(Petition.id == values["petition_id"], _accepts_entry)
    statement = insert_for(dialect, _signature).from_select(
        list(values), row, include_defaults=False
    )
    # The hash is computed again, as the secret key may have changed.
    again = {"entries": _signature.c.entries + 1, "mailbox_hash": statement.excluded.mailbox_hash}
    return CompiledStatement(
        statement.on_conflict_do_update(
            index_elements=[_signature.c.mailbox_key, _signature.c.petition_id], set_=again
        ).returning(_signature.c.id, _signature.c.entries)
    )


_UPSERT_SIGNATURE = {name: _upsert_signature(name) for name in ("sqlite", "postgresql")}


def get_signature(signature_id: int | None) -> tuple[Signature, Petition, PetitionText]:
    """Return a signature, its petition and the text that was signed. Raises: SignatureGone."""
    row = db.session.execute(_SIGNATURE, {"signature": signature_id}).first()
    if row is None:
        raise SignatureGone
    return row.Signature, row.Petition, row.PetitionText


_SIGNATURE = (
    select(Signature, Petition, PetitionText)
    .join(Petition, Petition.id == Signature.petition_id)
    .join(PetitionText, Signature.signed_text())
    .where(Signature.id == bindparam("signature"))
    .execution_options(populate_existing=True)
)


def get_entry(signature: Signature, number: int | None) -> Signature | AlternateEntry:
    """Return an entry of a signature by its number. Raises: SignatureGone when it is erased."""
    if number == signature.entry:
        return signature
    alternate = db.session.scalar(
        select(AlternateEntry)
        .where(AlternateEntry.signature_id == signature.id, AlternateEntry.entry == number)
        .execution_options(populate_existing=True)
    )
    if alternate is None:
        raise SignatureGone
    return alternate


def get_fields(connection: Connection, entry_ref: EntryRef) -> dict[str, Any] | None:
    """Return an entry's values by column name, or None when it is erased."""
    own = (_signature.c.id == entry_ref.signature_id) & (_signature.c.entry == entry_ref.entry)
    for table, is_entry in ((_signature, own), (_alternate, _is_alternate(entry_ref))):
        columns = (table.c[name] for name in _ENTRY_COLUMNS)
        row = connection.execute(select(*columns).where(is_entry)).first()
        if row is not None:
            return dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it)
    return None


def make_current(connection: Connection, entry_ref: EntryRef) -> bool:
    """Swap an alternate entry with its signature's current one; return whether both exist."""
    signature_id = entry_ref.signature_id
    current = connection.scalar(select(_signature.c.entry).where(_signature.c.id == signature_id))
    chosen = get_fields(connection, entry_ref)
    replaced = get_fields(connection, EntryRef(signature_id, current or 0))
    if chosen is None or replaced is None:
        return False
    connection.execute(
        update(_signature)
        .where(_signature.c.id == signature_id)
        .values(**chosen, comment_state=CommentState.WAITING)
    )
    connection.execute(update(_alternate).where(_is_alternate(entry_ref)).values(replaced))
    return True


def remove_entry(
    connection: Connection, entry_ref: EntryRef, *, now: datetime, counted: bool = True
) -> bool:
    """Erase an entry; return whether there was one to erase. Idempotent.

    The newest alternate replaces the current entry of an unconfirmed signature. A confirmed
    signature is erased whole and uncounted; without `counted` it is left alone.
    """
    signature_id = entry_ref.signature_id
    row = connection.execute(
        select(_signature.c.entry, _signature.c.confirmed_at)
        .where(_signature.c.id == signature_id)
        .with_for_update()
    ).first()
    if row is None:
        return False
    if row.entry == entry_ref.entry:
        if row.confirmed_at is not None and not counted:
            return False
        newest = connection.scalar(
            select(func.max(_alternate.c.entry)).where(_alternate.c.signature_id == signature_id)
        )
        if row.confirmed_at is not None or newest is None:
            erase_signature(connection, signature_id, now=now)
            return True
        make_current(connection, EntryRef(signature_id, newest))
    return connection.execute(delete(_alternate).where(_is_alternate(entry_ref))).rowcount > 0


def _is_alternate(entry_ref: EntryRef) -> ColumnElement[bool]:
    own = _alternate.c.signature_id == entry_ref.signature_id
    return own & (_alternate.c.entry == entry_ref.entry)


def erase_signature(connection: Connection, signature_id: int, *, now: datetime) -> None:
    """Erase a signature with all its entries; uncount it if it was counted. Idempotent."""
    erased = connection.execute(
        delete(_signature)
        .where(_signature.c.id == signature_id)
        .returning(_signature.c.confirmed_at, *sums.COLUMNS)
    ).first()
    if erased is not None and erased.confirmed_at is not None:
        connection.execute(
            update(_tally)
            .where(_tally.c.petition_id == erased.petition_id)
            .values(counted=_tally.c.counted - 1, changed_at=now)
        )
        sums.change(connection, removed=[erased])
