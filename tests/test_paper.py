"""Signatures on paper: their number is told apart, everywhere, and the scans are closed."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select

from petition.core.clock import now
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import SheetChanged, SheetLabelTaken
from petition.database.base import db
from petition.models import PaperSheet, Petition
from petition.models.enums import PetitionState, Role
from petition.organisers import access, paper
from petition.organisers.paper import SheetForm
from petition.petitions import lifecycle
from tests.browsing import Client, confirmed, csrf_of, enter, invite, sign_in, text_of, trail
from tests.factories import TODAY, parse_address, photo
from tests.post_office import PostOffice
from tests.signatures import in_threads

SHEET = SheetForm("Stockholm 1", 20, None)
LIST = "/organisers/p/free-them/paper"


def stored() -> int:
    """Return the sum of the names, as the petition has it."""
    db.session.rollback()
    return db.session.scalars(select(Petition.paper).where(Petition.id == 1)).one()


def add(scan: bytes | None = None) -> int:
    """Invite the organiser, add the sheet and return its id."""
    return paper.add(1, SHEET._replace(scan=scan), organiser_id=invite(), now=TODAY)


def test_the_page_the_count_and_the_figures_tell_it_apart(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    assert "on paper" not in text_of(client.get(f"/p/{petition}"))
    confirmed(client, post_office, petition)
    inside = sign_in(app)
    page = inside.get(LIST)
    data = {
        "csrf_token": csrf_of(page),
        "label": "Stockholm 1",
        "names": "1 480",
        "collected_on": "2016-05-20",
        "scan": (BytesIO(photo()), "scan.jpg"),
    }
    answer = inside.post(LIST, data=data)
    assert answer.status_code == 303
    listed = text_of(inside.get(LIST))
    assert "The sheet is added." in listed
    assert "1,480 names · 20 May 2016 · with a scan" in listed
    public = client.get(f"/p/{petition}")
    assert "1 online and 1,480 on paper" in text_of(public)
    assert "1 онлайн и 1" in text_of(client.get(f"/ru/p/{petition}"))
    count = json.loads(client.get(f"/p/{petition}/count.json").text)
    assert (count["count"], count["paper"]) == (1, 1480)
    assert "On paper 1,480" in text_of(inside.get(f"/organisers/p/{petition}"))
    figures = inside.get(f"/organisers/p/{petition}/figures.csv").text
    assert "paper,names,1480" in figures
    assert "signatures,confirmed,1\r\n" in figures
    assert "paper.add" in {entry[0] for entry in trail()}


def test_a_sheet_is_corrected_and_removed(app: Flask, petition: str) -> None:
    add()
    inside = enter(app)
    form = inside.get(f"{LIST}/1")
    data = {"csrf_token": csrf_of(form), "version": "1", "label": "Stockholm 1", "names": "19"}
    assert inside.post(f"{LIST}/1", data=data).status_code == 303
    assert stored() == 19
    late = inside.post(f"{LIST}/1", data=data | {"names": "18"})
    assert late.status_code == 409
    words = text_of(late)
    assert "Somebody else has changed this since you opened it." in words
    assert 'value="18"' in late.text
    assert 'name="version" type="hidden" value="2"' in late.text
    removed = inside.post(f"{LIST}/1/remove", data=data)
    assert (removed.status_code, stored()) == (409, 19), "of an earlier version"
    assert inside.post(f"{LIST}/1/remove", data=data | {"version": "2"}).status_code == 303
    assert stored() == 0
    assert inside.get(f"{LIST}/1").status_code == 404


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("names", "0", "Write how many valid names are on it"),
        ("names", "many", "Write how many valid names are on it"),
        ("names", "100001", "Write how many valid names are on it"),
        ("label", "", "Fill in this field."),
        ("label", "Stockholm 1", "Another sheet has this number or name."),
        ("collected_on", "2999-01-01", "This day is still to come."),
        ("scan", (BytesIO(b"%PDF-1.7"), "scan.pdf"), "This file cannot be read as a picture."),
    ],
)
def test_bad_input_is_told_and_kept(
    app: Flask, petition: str, field: str, typed: object, message: str
) -> None:
    add()
    inside = enter(app)
    good = {"label": "Lund 2", "names": "7", "csrf_token": csrf_of(inside.get(LIST))}
    answer = inside.post(LIST, data=good | {field: typed})
    assert answer.status_code == 422
    assert message in text_of(answer)
    if isinstance(typed, str):
        assert f'value="{typed}"' in answer.text
    assert stored() == 20


def test_a_scan_is_closed_recorded_and_erased_with_the_signers(
    app: Flask, client: Client, petition: str
) -> None:
    add(scan=b"RIFF")
    address = parse_address("viewer@example.org")
    access.invite(address, role=Role.VIEWER, slug=None, language="en", now=now())
    viewer = enter(app, address)
    assert viewer.get(LIST).status_code == 403
    assert viewer.get(f"{LIST}/1/scan").status_code == 403
    assert client.get(f"{LIST}/1/scan").status_code == 303
    inside = enter(app)
    scan = inside.get(f"{LIST}/1/scan")
    assert (scan.data, scan.mimetype) == (b"RIFF", "image/webp")
    assert "paper.scan_show" in {entry[0] for entry in trail()}
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    day = timedelta(days=1)
    assert paper.erase_scans(anonymise_days=180, now=TODAY + 179 * day) == 0
    assert paper.erase_scans(anonymise_days=180, now=TODAY + 180 * day) == 1
    assert stored() == 20
    assert inside.get(f"{LIST}/1/scan").status_code == 404


def test_a_scan_goes_alone(app: Flask, petition: str) -> None:
    add(scan=b"RIFF")
    inside = enter(app)
    token = csrf_of(inside.get(f"{LIST}/1"))
    assert inside.post(f"{LIST}/1/scan/delete", data={"csrf_token": token}).status_code == 303
    assert "Delete the scan" not in text_of(inside.get(f"{LIST}/1"))
    db.session.rollback()
    assert db.session.scalars(select(PaperSheet.scan)).all() == [None]


def test_two_who_change_at_once_keep_the_sum(app: Flask, petition: str) -> None:
    organiser_id = invite()

    def add_one(number: int) -> None:
        form = SHEET._replace(label=f"Stockholm {number}")
        paper.add(1, form, organiser_id=organiser_id, now=TODAY)

    in_threads(app, 8, add_one)
    assert stored() == 160

    def change_one(number: int) -> str:
        try:
            form = SHEET._replace(label=f"Lund {number}", names=number + 1)
            paper.change(1, 1, form, version=1, organiser_id=organiser_id, now=TODAY)
        except SheetChanged:
            return "changed"
        return "saved"

    assert sorted(map(str, in_threads(app, 4, change_one))) == ["changed"] * 3 + ["saved"]
    names = db.session.scalars(select(PaperSheet.names)).all()
    assert stored() == sum(names)


def test_a_sheet_belongs_to_its_petition(app: Flask, petition: str) -> None:
    sheet_id = add()
    with pytest.raises(SheetLabelTaken):
        paper.add(1, SHEET, organiser_id=1, now=TODAY)
    with pytest.raises(ItemNotFound):
        paper.get_sheet(2, sheet_id)
    with pytest.raises(SheetChanged):
        paper.remove(2, sheet_id, version=1, organiser_id=1, now=TODAY)
    assert stored() == 20
