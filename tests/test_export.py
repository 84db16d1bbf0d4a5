"""The file that is handed on: opened as a spreadsheet would, hostile names and all."""

import csv
import io
import json
from datetime import timedelta
from email.utils import parseaddr
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from petition.database.transactions import transaction
from petition.models import Signature
from petition.models.enums import CommentState
from petition.organisers import export
from petition.organisers.export import Filters, Format, Profile
from petition.organisers.handover.queries import ROWS_AT_ONCE
from tests.exports import HEADER, export_of, keep
from tests.factories import TODAY
from tests.signatures import sign, signature_of


def whole(petition_id: int = 1, separator: str = "comma") -> str:
    """Return the file as text, its byte order mark included."""
    return b"".join(export_of(petition_id, separator=separator)).decode("utf-8")


def test_the_file_is_what_the_contract_says(app: Flask, petition: str) -> None:
    keep(
        "anna@example.org",
        name="Айгүл Ерғали",
        country="KZ",
        postcode="010000",
        organisation="Union, branch 5",
        role='the "chair"',
        comment="First line\nsecond",
        display="full",
        handover=True,
        channel="wa",
        language="ru",
    )
    sign("pending@example.org")
    assert whole() == (
        f"\ufeff{HEADER}\r\n"
        '1,Айгүл Ерғали,anna@example.org,KZ,010000,"Union, branch 5","the ""chair""",'
        '"First line\nsecond",full,yes,no,ru,wa,1,2016-05-26T12:00:00Z,2016-05-26T12:00:00Z,\r\n'
    )


def test_an_empty_petition_gives_the_header_alone(app: Flask, petition: str) -> None:
    assert whole() == f"\ufeff{HEADER}\r\n"


@pytest.mark.parametrize(
    "hostile",
    ["=1+1", "+46123", "-Ali", "@SUM(A1)", " =1+1", "\u00a0=1", "＝1+1", "＋1", "－1", "＠x"]
    + ['=HYPERLINK("http://evil.example")', "'=1"],
)
def test_nothing_is_taken_for_a_formula_and_the_record_is_untouched(
    app: Flask, petition: str, hostile: str
) -> None:
    keep("anna@example.org", name=hostile, comment=hostile, organisation=hostile)
    (row,) = list(csv.DictReader(io.StringIO(whole().removeprefix("\ufeff"), newline="")))
    for column in ("name", "comment", "organisation"):
        assert row[column].lstrip(" \u00a0")[:1] not in "=+-@＝＋－＠"
        assert row[column].lstrip("'") == hostile.lstrip("'")
    signature = signature_of(1)
    assert signature.name == hostile


def cells(file: str, separator: str) -> list[str]:
    """Return every cell of a file as a spreadsheet with this separator splits it."""
    rows = csv.reader(io.StringIO(file.removeprefix("\ufeff"), newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


@pytest.mark.parametrize(
    "address", ["+7701@example.org", "=1+@example.org", "-a@example.org", "＝x@example.org"]
)
def test_an_address_is_not_altered_and_begins_no_formula(
    app: Flask, petition: str, address: str
) -> None:
    keep(address)
    for separator, character in export.SEPARATORS.items():
        file = whole(separator=separator).removeprefix("\ufeff")
        (row,) = csv.DictReader(io.StringIO(file, newline=""), delimiter=character)
        assert row["email"] == f"<{address}>"
        assert parseaddr(row["email"])[1] == address, "mail programs read it as the address"


@given(
    values=st.lists(
        st.text(st.sampled_from("=+-@\t\r\n,;'\"\u00a0 ＝＋－＠|aЖ1") | st.characters()), max_size=4
    ),
    written=st.sampled_from(sorted({*export.SEPARATORS.values()})),
    read=st.sampled_from(",;\t"),
)
@example(["Ann;=cmd|' /C calc'!A0;B", "hello\n=HYPERLINK(CHAR(104))"], ",", ";")
@example(['x;"=1+1', 'x\n"\r=1', "x;\t=1", " =1"], ",", ";")
def test_no_separator_makes_a_cell_that_begins_a_formula(
    values: list[str], written: str, read: str
) -> None:
    file = io.StringIO(newline="")
    row = [1, *map(export.defuse, values), "yes"]
    csv.writer(file, delimiter=written, lineterminator="\r\n").writerows([row, row])
    for cell in cells(file.getvalue(), read):
        assert cell.lstrip(" \u00a0")[:1] not in set("=+-@\t\r\n\0＝＋－＠")


@given(st.text())
def test_defusing_adds_apostrophes_alone(text: str) -> None:
    assert export.defuse(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", ["Anna-Maria", "1-2, 3 + 4", "a@b.c", "One\r\n\r\nTwo", "x;", ""])
def test_text_without_a_formula_stays_as_it_is(text: str) -> None:
    assert export.defuse(text) == text


def test_rows_are_in_order_and_complete_beyond_one_batch(app: Flask, petition: str) -> None:
    sign("first@example.org")
    with transaction() as connection:
        first = signature_of(1)
        values = {
            column.name: getattr(first, column.name)
            for column in Signature.table().columns
            if column.name != "id"
        }
        number = ROWS_AT_ONCE * 2 + 1
        connection.execute(
            Signature.table().insert(),
            [
                values | {"mailbox_key": f"{n}@example.org", "number": n, "confirmed_at": TODAY}
                for n in range(1, number + 1)
            ],
        )
    rows = list(csv.DictReader(io.StringIO(whole().removeprefix("\ufeff"), newline="")))
    assert [int(row["number"]) for row in rows] == list(range(1, number + 1))


def test_the_rows_come_from_one_snapshot(app: Flask, petition: str) -> None:
    keep("anna@example.org")
    pieces = iter(export_of())
    first = next(pieces)
    keep("late@example.org")
    assert b"late@example.org" not in first + b"".join(pieces)
    assert "late@example.org" in whole()


def test_the_hand_over_file_has_who_agreed_without_address_and_the_rest_as_the_page_shows_it(
    app: Flask, petition: str
) -> None:
    agreed = {"handover": True, "organisation": "Union, branch 5", "role": "chair"}
    shown = {"display": "full", "comment": "Free them!", "comment_state": CommentState.SHOWN}
    keep("anna@example.org", name="Anna", country="KZ", **agreed | shown)
    keep("berta@example.org", name="Berta", comment="Not for you", handover=False)
    keep("carla@example.org", name="=Carla", **agreed | shown | {"comment_state": "waiting"})
    keep("dora@example.org", name="Dora", **agreed | shown | {"display": "hidden"})
    keep("emil@example.org", name="Emil", handover=False)
    lines = b"".join(export_of(profile=Profile.HANDOVER)).decode()
    assert lines == (
        "\ufeffnumber,name,country,organisation,role,comment,confirmed_on\r\n"
        '1,Anna,KZ,"Union, branch 5",chair,Free them!,2016-05-26\r\n'
        '3,\'=Carla,SE,"Union, branch 5",chair,,2016-05-26\r\n'
        "4,Dora,SE,,,,2016-05-26\r\n"
        ",and 2,,,,,\r\n"
    )
    objects = b"".join(export_of(profile=Profile.HANDOVER, format=Format.JSONL)).decode()
    first, carla, _dora, last = map(json.loads, objects.splitlines())
    assert first == {
        "number": 1,
        "name": "Anna",
        "country": "KZ",
        "organisation": "Union, branch 5",
        "role": "chair",
        "comment": "Free them!",
        "confirmed_on": "2016-05-26",
    }
    assert (carla["name"], carla["comment"]) == ("=Carla", "")
    assert last == {"withheld": 2}


def test_a_hand_over_file_without_anybody_withheld_says_so_to_programs_alone(
    app: Flask, petition: str
) -> None:
    keep("anna@example.org", handover=True)
    assert "and" not in b"".join(export_of(profile=Profile.HANDOVER)).decode().splitlines()[-1]
    objects = b"".join(export_of(profile=Profile.HANDOVER, format=Format.JSONL))
    assert objects.endswith(b'\n{"withheld":0}\n')


def test_json_lines_have_what_the_csv_has_and_nothing_is_defused(app: Flask, petition: str) -> None:
    keep("+7701@example.org", name="=1", comment="First line\nsecond\u2028", handover=True)
    (row,) = csv.DictReader(io.StringIO(whole().removeprefix("\ufeff"), newline=""))
    lines = b"".join(export_of(format=Format.JSONL)).decode()
    assert lines.count("\n") == 1
    one = json.loads(lines)
    assert tuple(one) == tuple(row)
    assert (one["name"], one["email"]) == ("=1", "+7701@example.org")
    assert (one["handover"], one["updates"], one["number"]) == (True, False, 1)
    assert one["comment"] == "First line\nsecond\u2028"
    assert one["confirmed_at"] == row["confirmed_at"]


def test_every_column_of_text_is_defused(app: Flask, petition: str) -> None:
    texts = ("name", "country", "postcode", "organisation", "role", "comment", "language")
    keep("anna@example.org", **dict.fromkeys((*texts, "channel"), "=1"), handover=True)
    for profile in Profile:
        lines = b"".join(export_of(profile=profile)).decode().splitlines()
        assert not [cell for cell in lines[1].split(",") if cell.startswith("=")]


def test_a_file_tells_its_rows_and_hash(app: Flask, petition: str) -> None:
    keep("anna@example.org")
    keep("berta@example.org", handover=True)
    for kind in (Format.CSV, Format.XLSX, Format.JSONL):
        for profile, rows in ((Profile.ORGANISER, 2), (Profile.HANDOVER, 1)):
            file = export_of(format=kind, profile=profile)
            content = b"".join(file)
            assert (file.rows, file.sha256) == (rows, sha256(content).hexdigest())


def test_filters_choose_by_day_country_language_and_text(app: Flask, petition: str) -> None:
    keep("anna@example.org", country="SE", language="en", confirmed_at=TODAY)
    later = TODAY.replace(hour=0) + timedelta(days=1)
    keep("berta@example.org", country="DE", language="ru", text_version=2, confirmed_at=later)
    keep("carla@example.org", country="SE", language="ru", confirmed_at=later)

    def chosen(**filters: Any) -> list[str]:
        content = b"".join(export_of(format=Format.JSONL, filters=Filters(**filters)))
        return [json.loads(line)["email"].partition("@")[0] for line in content.splitlines()]

    assert chosen() == ["anna", "berta", "carla"]
    assert chosen(since=later.date()) == ["berta", "carla"]
    assert chosen(until=TODAY.date()) == ["anna"], "the last day is included"
    assert chosen(country="SE") == ["anna", "carla"]
    assert chosen(country="SE", language="ru", since=TODAY.date()) == ["carla"]
    assert chosen(text_version=2) == ["berta"]
