"""Entries: what was typed for a mailbox, once or several times, and which one is current.

The signature's row holds the current entry; the others are alternate entries and overwrite nothing.
So a link confirms only the entry it was made for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update

from petition.abuse.email_domains import is_disposable
from petition.core.errors import PetitionNotOpen, SignatureGone
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.database.upsert import insert_for
from petition.models import AlternateEntry, EntryFields, Petition, PetitionText, Signature
from petition.models.enums import CommentState, PetitionState
from petition.petitions.questions import decode
from petition.signatures.identity import Address

GRACE_PERIOD = timedelta(hours=24)  # entries made before a petition closed are accepted so long

_signature, _alternate = Signature.table(), AlternateEntry.table()


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
    answers: str = ""  # as `petitions.questions` encodes them


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
    others = (values[name] for name in FIELDS if name not in {"name", "answers"})
    # The database writes JSON with other blanks, once answers were erased.
    answers = tuple(sorted(decode(values["answers"]).items()))
    return (values["name"].casefold(), *others, answers)


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
    # Executed for a first entry too, where it inserts nothing: the time must not tell.
    _INSERT_ALTERNATE.all(connection, values | {"signature_id": signature_id, "entry": number})
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


def _insert_alternate() -> CompiledStatement:
    columns = ("signature_id", *_ENTRY_COLUMNS)
    values = {name: bindparam(name, type_=_alternate.c[name].type) for name in columns}
    row = select(*values.values()).where(values["entry"] > 1)
    statement = insert(_alternate).from_select(columns, row, include_defaults=False)
    return CompiledStatement(statement.returning(_alternate.c.entry))


_UPSERT_SIGNATURE = {name: _upsert_signature(name) for name in ("sqlite", "postgresql")}
_INSERT_ALTERNATE = _insert_alternate()


def get_entry(
    signature_id: int | None, number: int | None
) -> tuple[Signature, Petition, PetitionText, Signature | AlternateEntry]:
    """Return a signature, its petition, the text that an entry signed, and the entry.

    That is the entry of a number or, for None, the current one.
    One statement for every entry: the time must not tell which one it is.
    Raises: SignatureGone, also when the entry is erased.
    """
    row = db.session.execute(_ENTRY, {"signature": signature_id, "entry": number}).first()
    if row is None:
        raise SignatureGone
    is_current = number in {None, row.Signature.entry}
    entry = row.Signature if is_current else row.AlternateEntry
    if entry is None:
        raise SignatureGone
    return row.Signature, row.Petition, row.PetitionText, entry


_ENTRY = (
    select(Signature, Petition, PetitionText, AlternateEntry)
    .join(Petition, Petition.id == Signature.petition_id)
    .outerjoin(
        AlternateEntry,
        (AlternateEntry.signature_id == Signature.id)
        & (AlternateEntry.entry == bindparam("entry")),
    )
    .join(
        PetitionText,
        (PetitionText.petition_id == Petition.id)
        & (
            PetitionText.language
            == func.coalesce(AlternateEntry.text_language, Signature.text_language)
        )
        & (
            PetitionText.version
            == func.coalesce(AlternateEntry.text_version, Signature.text_version)
        ),
    )
    .where(Signature.id == bindparam("signature"))
    .execution_options(populate_existing=True)
)


def get_fields(connection: Connection, entry_ref: EntryRef) -> dict[str, Any] | None:
    """Return an entry's values by column name, or None when it is erased. In one statement."""
    own, alternate = (
        select(*(table.c[name] for name in _ENTRY_COLUMNS)).where(is_entry)
        for table, is_entry in (
            (_signature, is_current(entry_ref)),
            (_alternate, is_alternate(entry_ref)),
        )
    )
    row = connection.execute(own.union_all(alternate)).first()
    return None if row is None else dict(row._mapping)  # noqa: SLF001 (its public name)


def make_current(connection: Connection, entry_ref: EntryRef) -> bool:
    """Swap an alternate entry with its signature's current one; return whether both exist.

    The statements are the same if they do not.
    """
    signature_id = entry_ref.signature_id
    current = connection.scalar(select(_signature.c.entry).where(_signature.c.id == signature_id))
    chosen = get_fields(connection, entry_ref)
    replaced = get_fields(connection, EntryRef(signature_id, current or 0))
    if replaced is None:
        return False
    connection.execute(
        update(_signature)
        .where(_signature.c.id == (signature_id if chosen else 0))
        .values(**(chosen or replaced), comment_state=CommentState.WAITING)
    )
    connection.execute(update(_alternate).where(is_alternate(entry_ref)).values(replaced))
    return chosen is not None


def is_current(entry_ref: EntryRef) -> ColumnElement[bool]:
    """Return the condition for the signature whose current entry this is."""
    own = _signature.c.id == entry_ref.signature_id
    return own & (_signature.c.entry == entry_ref.entry)


def is_alternate(entry_ref: EntryRef) -> ColumnElement[bool]:
    """Return the condition for the alternate entry that this is."""
    own = _alternate.c.signature_id == entry_ref.signature_id
    return own & (_alternate.c.entry == entry_ref.entry)
