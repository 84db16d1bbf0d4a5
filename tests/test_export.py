"""The file that is handed on: opened as a spreadsheet would, hostile names and all."""

import csv
import io
from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from petition.database.transactions import transaction
from petition.models import Signature
from petition.organisers import export
from tests.factories import TODAY
from tests.signatures import confirm, sign, signature_of

HEADER = (
    "number,name,email,country,postcode,organisation,role,comment,display,handover,updates,"
    "language,channel,text_version,signed_at,confirmed_at"
)


def whole(petition_id: int = 1) -> str:
    """Return the file as text, its byte order mark included."""
    return b"".join(export.csv_lines(petition_id)).decode("utf-8")


def keep(email: str, **values: object) -> None:
    """Keep a confirmed signature with these values, whatever they are."""
    signature = signature_of(sign(email))
    confirm(signature.id)
    if values:
        with transaction() as connection:
            connection.execute(
                update(Signature).where(Signature.id == signature.id).values(**values)
            )


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
        '"First line\nsecond",full,yes,no,ru,wa,1,2016-05-26T12:00:00Z,2016-05-26T12:00:00Z\r\n'
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


@given(st.text())
def test_defusing_adds_at_most_one_apostrophe(text: str) -> None:
    safe = export.defuse(text)
    assert safe in (text, f"'{text}")
    assert safe.lstrip(" \u00a0")[:1] not in set("=+-@\t\r\n\0＝＋－＠")


def test_rows_are_in_order_and_complete_beyond_one_batch(app: Flask, petition: str) -> None:
    sign("first@example.org")
    with transaction() as connection:
        first = signature_of(1)
        values = {
            column.name: getattr(first, column.name)
            for column in Signature.table().columns
            if column.name != "id"
        }
        number = export.ROWS_AT_ONCE * 2 + 1
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
    pieces: Iterator[bytes] = export.csv_lines(1)
    first = next(pieces)
    keep("late@example.org")
    assert b"late@example.org" not in first + b"".join(pieces)
    assert "late@example.org" in whole()
