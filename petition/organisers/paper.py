"""Paper sheets: how many valid names each has, and a scan. Their sum is told apart from the count.

Nobody can verify a name on paper by email, so no such name is in the count.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from petition import audit
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import SheetChanged, SheetLabelTaken
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import PaperSheet, Petition
from petition.models.enums import AuditAction, ErasureKind
from petition.petitions import erasures

MAX_NAMES = 100_000  # of a sheet, which may be a whole folder of them
MAX_SHEETS = 2_000  # of a petition, so that one page lists them

_sheet, _petition = PaperSheet.table(), Petition.table()


class SheetForm(NamedTuple):
    """What an organiser says of a sheet. Without a `scan` (WebP), a stored one stays."""

    label: str
    names: int
    collected_on: date | None
    scan: bytes | None = None


def list_sheets(petition_id: int) -> Sequence[PaperSheet]:
    """Return the sheets of a petition, newest first."""
    query = select(PaperSheet).where(PaperSheet.petition_id == petition_id)
    return db.session.scalars(query.order_by(PaperSheet.id.desc()).limit(MAX_SHEETS)).all()


def get_sheet(petition_id: int, sheet_id: int) -> PaperSheet:
    """Return a sheet. Raises: ItemNotFound."""
    sheet = db.session.scalar(
        select(PaperSheet)
        .where(PaperSheet.id == sheet_id, PaperSheet.petition_id == petition_id)
        .execution_options(populate_existing=True)
    )
    if sheet is None:
        raise ItemNotFound
    return sheet


def add(petition_id: int, form: SheetForm, *, organiser_id: int, now: datetime) -> int:
    """Add a sheet and return its id. Raises: SheetLabelTaken."""
    values = {**_columns(form), "petition_id": petition_id, "created_at": now}
    try:
        with transaction() as connection:
            _lock(connection, petition_id)
            added = insert(_sheet).values(values).returning(_sheet.c.id)
            sheet_id: int = connection.execute(added).scalar_one()
            _record(connection, AuditAction.PAPER_ADD, petition_id, sheet_id, organiser_id, now)
    except IntegrityError as error:
        raise SheetLabelTaken from error
    return sheet_id


def change(
    petition_id: int,
    sheet_id: int,
    form: SheetForm,
    *,
    version: int,
    organiser_id: int,
    now: datetime,
) -> None:
    """Change a sheet, if nobody has since `version`. Raises: SheetChanged, SheetLabelTaken."""
    try:
        with transaction() as connection:
            _lock(connection, petition_id)
            changed = connection.execute(
                update(_sheet)
                .where(_is(petition_id, sheet_id, version))
                .values(**_columns(form), version=version + 1)
            )
            if not changed.rowcount:
                raise SheetChanged
            _record(connection, AuditAction.PAPER_CHANGE, petition_id, sheet_id, organiser_id, now)
    except IntegrityError as error:
        raise SheetLabelTaken from error


def remove(
    petition_id: int, sheet_id: int, *, version: int, organiser_id: int, now: datetime
) -> None:
    """Remove a sheet with its scan, if nobody has changed it since. Raises: SheetChanged."""
    with transaction() as connection:
        _lock(connection, petition_id)
        removed = connection.execute(delete(_sheet).where(_is(petition_id, sheet_id, version)))
        if not removed.rowcount:
            raise SheetChanged
        erasures.record(connection, ErasureKind.SCAN, sheet_id, now=now)
        _record(connection, AuditAction.PAPER_REMOVE, petition_id, sheet_id, organiser_id, now)


def delete_scan(petition_id: int, sheet_id: int, *, organiser_id: int, now: datetime) -> None:
    """Delete the scan of a sheet; its number stays. Idempotent."""
    is_sheet = (_sheet.c.id == sheet_id, _sheet.c.petition_id == petition_id, _sheet.c.has_scan)
    with transaction() as connection:
        deleted = connection.execute(update(_sheet).where(*is_sheet).values(_NO_SCAN))
        if deleted.rowcount:
            erasures.record(connection, ErasureKind.SCAN, sheet_id, now=now)
            action = AuditAction.PAPER_SCAN_DELETE
            _record(connection, action, petition_id, sheet_id, organiser_id, now)


def show_scan(petition_id: int, sheet_id: int, *, organiser_id: int, now: datetime) -> bytes:
    """Return the scan of a sheet (WebP), and record who looks at it. Raises: ItemNotFound."""
    query = select(_sheet.c.scan).where(
        _sheet.c.id == sheet_id, _sheet.c.petition_id == petition_id
    )
    with transaction() as connection:
        scan = connection.scalar(query)
        if scan is None:
            raise ItemNotFound
        action = AuditAction.PAPER_SCAN_SHOW
        _record(connection, action, petition_id, sheet_id, organiser_id, now)
    return bytes(scan)


def erase_scans(*, anonymise_days: int, now: datetime) -> int:
    """Delete the scans of petitions whose signers' data is erased; return how many."""
    over = select(Petition.id).where(Petition.closed_at <= now - timedelta(days=anonymise_days))
    with transaction() as connection:
        erased = update(_sheet).where(_sheet.c.has_scan, _sheet.c.petition_id.in_(over))
        ids = connection.scalars(erased.values(_NO_SCAN).returning(_sheet.c.id)).all()
        erasures.record_all(connection, ErasureKind.SCAN, [(id_, None) for id_ in ids], now=now)
    return len(ids)


def erase_scan(connection: Connection, sheet_id: int, *, now: datetime) -> None:
    """Erase the scan of a sheet, of whichever petition it is. Idempotent."""
    erasures.record(connection, ErasureKind.SCAN, sheet_id, now=now)
    connection.execute(update(_sheet).where(_sheet.c.id == sheet_id).values(_NO_SCAN))


_NO_SCAN = {"scan": None, "has_scan": False}


def _columns(form: SheetForm) -> dict[str, object]:
    values = form._asdict()
    if form.scan is None:
        del values["scan"]
        return values
    return {**values, "has_scan": True}


def _is(petition_id: int, sheet_id: int, version: int) -> ColumnElement[bool]:
    return and_(
        _sheet.c.id == sheet_id, _sheet.c.petition_id == petition_id, _sheet.c.version == version
    )


def _lock(connection: Connection, petition_id: int) -> None:
    """Let one organiser at a time change the sheets of a petition, and so their sum."""
    advisory_lock(connection, f"paper {petition_id}")


def _record(
    connection: Connection,
    action: AuditAction,
    petition_id: int,
    sheet_id: int,
    organiser_id: int,
    now: datetime,
) -> None:
    """Set the sum of the petition, and record what was done."""
    total = select(func.coalesce(func.sum(_sheet.c.names), 0))
    of_petition = total.where(_sheet.c.petition_id == petition_id).scalar_subquery()
    connection.execute(
        update(_petition).where(_petition.c.id == petition_id).values(paper=of_petition)
    )
    audit.record(
        connection,
        action,
        now,
        organiser_id=organiser_id,
        petition_id=petition_id,
        detail=f"sheet {sheet_id}",
    )
