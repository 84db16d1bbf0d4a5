"""The spreadsheet: text cells that every locale opens, and bytes that depend on the rows alone."""

import io
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from flask import Flask

from petition.organisers.export import Format, Profile
from petition.organisers.handover import spreadsheet
from tests.exports import HEADER, export_of, keep

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read(content: bytes) -> dict[str, list[list[str]]]:
    """Return the cells of each sheet, by its name. Every cell must be text."""
    with ZipFile(io.BytesIO(content)) as file:
        names = re.findall(r'<sheet name="([^"]+)"', file.read("xl/workbook.xml").decode())
        parts = [file.read(f"xl/worksheets/sheet{n}.xml") for n in range(1, len(names) + 1)]
    return {name: list(_rows(part)) for name, part in zip(names, parts, strict=True)}


def _rows(part: bytes) -> Iterator[list[str]]:
    for row in ET.fromstring(part).iter(f"{MAIN}row"):
        cells: dict[int, str] = {}
        for cell in row:
            assert cell.get("t") == "inlineStr", "a number"
            assert cell.find(f"{MAIN}f") is None, "a formula"
            column = re.match("[A-Z]+", cell.get("r") or "")
            assert column is not None
            cells[ord(column[0]) - ord("A")] = "".join(cell.itertext())
        yield [cells.get(index, "") for index in range(max(cells) + 1)]


def whole(**options: Any) -> bytes:
    """Return a spreadsheet of the petition."""
    return b"".join(export_of(format=Format.XLSX, **options))


def test_the_spreadsheet_has_the_cells_of_the_csv_as_text(app: Flask, petition: str) -> None:
    keep("+7701@example.org", name="=1+1", postcode="01067", comment="Line\nsecond", handover=True)
    keep("berta@example.org", name="李雷 _x0041_ \u2028", organisation="@SUM(A1)")
    header, first, second = read(whole())["signatures"]
    assert header == HEADER.split(",")
    row = dict(zip_longest(header, first, fillvalue=""))  # empty cells at the end are left out
    assert (row["number"], row["postcode"], row["name"]) == ("1", "01067", "'=1+1")
    assert (row["email"], row["comment"]) == ("<+7701@example.org>", "Line\nsecond")
    assert row["confirmed_at"] == "2016-05-26T12:00:00Z"
    assert second[1] == "李雷 _x005F_x0041_ \u2028", "an escape that was typed is text"
    for cell in (*first, *second):
        assert cell.lstrip()[:1] not in set("=+-@")


def test_the_header_stays_in_sight_and_no_person_is_named_outside_the_rows(
    app: Flask, petition: str
) -> None:
    keep("anna@example.org", name="Anna Berg")
    with ZipFile(io.BytesIO(whole())) as file:
        assert b'topLeftCell="A2"' in file.read("xl/worksheets/sheet1.xml")
        properties = file.read("docProps/core.xml").decode()
        assert "<dc:creator></dc:creator>" in properties
        others = [name for name in file.namelist() if "worksheets" not in name]
        assert not [name for name in others if b"Anna" in file.read(name)]


def test_the_list_to_hand_over_ends_with_who_is_withheld(app: Flask, petition: str) -> None:
    keep("anna@example.org", name="Anna", handover=True)
    keep("berta@example.org", handover=False)
    rows = read(whole(profile=Profile.HANDOVER))["signatures"]
    assert ",".join(rows[0]) == "number,name,country,organisation,role,comment,confirmed_on"
    assert rows[1:] == [["1", "Anna", "SE", "", "", "", "2016-05-26"], ["", "and 1"]]


def test_equal_rows_give_equal_bytes(app: Flask, petition: str) -> None:
    keep("anna@example.org")
    assert whole() == whole()


def test_rows_that_a_sheet_has_no_room_for_are_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "SHEET_ROWS", 3)
    batches = [[[1], [2]], [[3], [4], [5]]]
    sheets = read(b"".join(spreadsheet.write(["number"], batches, tmp_path)))
    assert sheets == {
        "signatures": [["number"], ["1"], ["2"]],
        "signatures 2": [["number"], ["3"], ["4"]],
        "signatures 3": [["number"], ["5"]],
    }


def test_no_temporary_file_stays_however_the_reading_ends(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    b"".join(spreadsheet.write(["number"], [[[1]]], folder))
    stopped = spreadsheet.write(["number"], [[[1]], [[2]]], folder)
    assert next(stopped) == b""
    assert {path.stat().st_mode & 0o077 for path in folder.rglob("*")} == {0}
    stopped.close()  # type: ignore[attr-defined]
    assert [*folder.iterdir()] == []
    assert folder.stat().st_mode & 0o777 == 0o700
