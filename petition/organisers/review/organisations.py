"""Organisations as signers wrote them: likely variants, and joining spellings under one name.

What a signer wrote stays: the name that is shown is a mapping, so joining can be undone.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, literal_column, select

from petition import audit
from petition.core.organiser_errors import OrganisationsChanged
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.database.upsert import insert
from petition.models import OrganisationName, Signature
from petition.models.enums import AuditAction

LISTED = 2_000  # spellings that are read, those with the most signatures
PAGE_SIZE = 50
MAX_CHOSEN = 200  # spellings joined at once

_signature, _name = Signature.table(), OrganisationName.table()
_LEGAL_FORMS = re.compile(
    r"ab|ag|aisbl|asbl|bv|co|company|corp|ev|g?gmbh|inc|llc|llp|limited|ltd|mbh|ngo|nv|ooo|oy|plc"
    r"|rf|sa|sarl|stiftung|verein|the|and|und|et|och|и|ооо|ано|ао|нко|рф|тоо|қб"
)


class Spelling(NamedTuple):
    """An organisation as signers wrote it, how it is shown, and on how many signatures."""

    written: str
    shown: str
    signatures: int


class Listed(NamedTuple):
    """Likely variants, the others, and whether there are more spellings than were read."""

    variants: list[list[Spelling]]
    others: list[Spelling]
    is_more: bool


class SpellingChoice(NamedTuple):
    """The spellings that would be joined; `seen` changes when one is shown otherwise."""

    spellings: list[Spelling]

    @property
    def signatures(self) -> int:
        """How many counted signatures have one of the spellings."""
        return sum(spelling.signatures for spelling in self.spellings)

    @property
    def seen(self) -> str:
        """What tells whether somebody else has joined or parted one of them meanwhile."""
        state = repr(sorted((one.written, one.shown) for one in self.spellings))
        return hashlib.sha256(state.encode()).hexdigest()[:16]


def list_spellings(petition_id: int) -> Listed:
    """Return the spellings that counted signatures have, those of most signatures first."""
    with db.engine.connect() as connection:
        read = _read(connection, petition_id, limit=LISTED + 1)
    groups: dict[str, list[Spelling]] = {}
    for spelling in read[:LISTED]:
        groups.setdefault(fold(spelling.shown), []).append(spelling)
    likely = {key for key, group in groups.items() if len({one.shown for one in group}) > 1}
    return Listed(
        [groups[key] for key in groups if key in likely],
        [one for one in read[:LISTED] if fold(one.shown) not in likely],
        len(read) > LISTED,
    )


def fold(name: str) -> str:
    """Return what likely variants share: letters and digits, without legal forms and accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = re.sub(r"(?<=\b\w)\.\s*(?=\w\b)", "", plain)  # e.V. and e. V.
    words = re.findall(r"\w+", plain)
    return "".join(word for word in words if not _LEGAL_FORMS.fullmatch(word)) or "".join(words)


def choose(petition_id: int, written: Collection[str]) -> SpellingChoice:
    """Return what would be joined: the spellings, what shows as one of them, other capitals."""
    with db.engine.connect() as connection:
        return _choose(connection, petition_id, written)


def merge(
    petition_id: int,
    written: Collection[str],
    shown: str,
    *,
    seen: str,
    organiser_id: int | None = None,
    now: datetime,
) -> int:
    """Show one name for the spellings, now and later; return on how many signatures. Idempotent.

    Raises: OrganisationsChanged if one is shown otherwise than in the `seen` choice, or is gone.
    """
    with transaction() as connection:
        advisory_lock(connection, f"organisations {petition_id}")
        choice = _choose(connection, petition_id, written)
        if not choice.spellings or choice.seen != seen:
            raise OrganisationsChanged
        joined = sorted(one.written for one in choice.spellings if one.written != shown)
        of_petition = _name.c.petition_id == petition_id
        connection.execute(delete(_name).where(of_petition, _name.c.written == shown))
        common: dict[str, Any] = {"shown": shown, "shown_key": shown.casefold(), "at": now}
        common |= {"petition_id": petition_id, "organiser_id": organiser_id}
        if joined:
            statement = insert(connection, _name).values(
                [{**common, "written": one, "written_key": one.casefold()} for one in joined]
            )
            changed = {name: statement.excluded[name] for name in common}
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=("petition_id", "written"), set_=changed
                )
            )
        # No name: the trail cannot be erased, and an organisation's name may be a person's.
        detail = f"{len(choice.spellings)} spellings, {choice.signatures} signatures"
        _record(connection, AuditAction.ORGANISATIONS_MERGE, petition_id, organiser_id, detail, now)
        return choice.signatures


def list_joined(petition_id: int) -> list[tuple[int, str, list[str]]]:
    """Return id, name and spellings of the names that are shown for others, by name."""
    query = select(_name.c.id, _name.c.shown, _name.c.written)
    rows = db.session.execute(query.where(_name.c.petition_id == petition_id).order_by(_name.c.id))
    joined: dict[str, tuple[int, str, list[str]]] = {}
    for name_id, shown, written in rows:
        joined.setdefault(shown, (name_id, shown, []))[2].append(written)
    return [joined[shown] for shown in sorted(joined, key=str.casefold)]


def undo(petition_id: int, name_id: int, *, organiser_id: int | None = None, now: datetime) -> None:
    """Show what signers wrote again, for every spelling of the name. Idempotent."""
    with transaction() as connection:
        advisory_lock(connection, f"organisations {petition_id}")
        is_name = (_name.c.id == name_id, _name.c.petition_id == petition_id)
        shown = connection.scalar(select(_name.c.shown).where(*is_name))
        if shown is None:
            return
        parted = connection.execute(
            delete(_name).where(_name.c.petition_id == petition_id, _name.c.shown == shown)
        ).rowcount
        detail = f"{parted} spellings"
        _record(connection, AuditAction.ORGANISATIONS_UNDO, petition_id, organiser_id, detail, now)


def _choose(connection: Connection, petition_id: int, written: Collection[str]) -> SpellingChoice:
    chosen = {*written}
    capitals = {one.casefold() for one in chosen}
    # Signatures with other capitals count as one organisation in the sums, so they are joined too.
    return SpellingChoice(
        [
            one
            for one in _read(connection, petition_id)
            if one.shown in chosen or one.written.casefold() in capitals
        ]
    )


def _read(
    connection: Connection, petition_id: int, *, limit: int | None = None
) -> Sequence[Spelling]:
    """Return spellings, those with the most signatures first, from the index that has them."""
    names = select(_name.c.written, _name.c.shown).where(_name.c.petition_id == petition_id)
    shown = {row.written: row.shown for row in connection.execute(names)}
    number = func.count().label("number")
    rows = connection.execute(
        select(_signature.c.organisation, number)
        .where(
            _signature.c.petition_id == petition_id,
            _signature.c.number.is_not(None),
            _signature.c.invalidation_id.is_(None),
            _signature.c.organisation != literal_column("''"),
        )
        .group_by(_signature.c.organisation)
        .order_by(number.desc(), _signature.c.organisation)
        .limit(limit)
    )
    return [Spelling(name, shown.get(name, name), count) for name, count in rows]


def _record(
    connection: Connection,
    action: AuditAction,
    petition_id: int,
    organiser_id: int | None,
    detail: str,
    now: datetime,
) -> None:
    audit.record(
        connection, action, now, organiser_id=organiser_id, petition_id=petition_id, detail=detail
    )
