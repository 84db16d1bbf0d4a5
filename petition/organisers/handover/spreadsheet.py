"""A spreadsheet of text cells (XLSX), written row by row: memory does not grow with the rows.

Every cell is text, also numbers: a postcode stays 01067, and nothing is calculated, whatever the
reader's locale. Equal rows give equal bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

SHEET_ROWS = 1_048_576  # of a sheet, its header among them
PIECE = 64 * 1024
SHEET_NAME = "signatures"
FOLDER = "tmp"  # of the instance folder
LEFT_AFTER = timedelta(days=1)

_CREATED = datetime(2000, 1, 1, tzinfo=UTC)  # a time of writing would change the hash
_WIDTHS = {"number": 10, "name": 28, "email": 32, "organisation": 28, "role": 20, "comment": 40}
_WIDTH, _TIME_WIDTH = 12, 22


def write(
    columns: Sequence[str], batches: Iterable[Iterable[Iterable[Any]]], folder: Path
) -> Iterator[bytes]:
    """Yield the file in pieces; while it is being written, yield empty ones.

    Temporary files are in `folder`, which is made, and gone at the end or when the caller stops.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as temporary:
        file = Path(temporary) / "signatures.xlsx"
        options = {"constant_memory": True, "tmpdir": temporary, "strings_to_numbers": False}
        workbook = Workbook(file, options)
        workbook.use_zip64()
        workbook.set_properties({"created": _CREATED})
        try:
            sheets = _Sheets(workbook, columns)
            for rows in batches:
                sheets.add(rows)
                yield b""
        except BaseException:
            workbook.close()  # its temporary files
            raise
        # Packing takes seconds, in which another reader's file goes on.
        with ThreadPoolExecutor(1) as pool:
            packing = pool.submit(workbook.close)
            while not wait((packing,), timeout=0.2).done:
                yield b""
        packing.result()
        with file.open("rb") as content:
            file.unlink()
            while piece := content.read(PIECE):
                yield piece


def delete_leftovers(folder: Path, *, now: datetime) -> None:
    """Delete temporary files that an interrupted process left a day ago."""
    for path in folder.glob("tmp*"):
        if path.stat().st_mtime < (now - LEFT_AFTER).timestamp():
            rmtree(path, ignore_errors=True)


class _Sheets:
    """The sheets of a workbook: rows that one has no room for are in the next."""

    def __init__(self, workbook: Workbook, columns: Sequence[str]) -> None:
        self._workbook, self._columns = workbook, columns
        self._text = workbook.add_format({"num_format": "@"})
        self._bold = workbook.add_format({"num_format": "@", "bold": True})
        self._begin(1)

    def _begin(self, number: int) -> None:
        name = SHEET_NAME if number == 1 else f"{SHEET_NAME} {number}"
        self._number, self._sheet, self._row = number, self._workbook.add_worksheet(name), 0
        _lay_out(self._sheet, self._columns)
        self._write(self._columns, self._bold)

    def add(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write rows; empty cells are left out."""
        for row in rows:
            if self._row == SHEET_ROWS:
                self._begin(self._number + 1)
            self._write(row, self._text)

    def _write(self, row: Iterable[Any], style: object) -> None:
        for column, value in enumerate(row):
            if value is not None and value != "":
                self._sheet.write_string(self._row, column, str(value), style)
        self._row += 1


def _lay_out(sheet: Worksheet, columns: Sequence[str]) -> None:
    """Set widths, keep the header in sight, and stop marking numbers that are text."""
    for index, name in enumerate(columns):
        usual = _TIME_WIDTH if name.endswith("_at") else _WIDTH
        sheet.set_column(index, index, _WIDTHS.get(name, usual))
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})
