"""The form of the petition's page: its order, its choices, and the switch to another language."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Signature
from petition.models.sums import SignatureSum, SumKind
from petition.petitions import queries
from tests.browsing import Client, deliver, filled, my_page, path_of, text_of
from tests.factories import make_petition
from tests.post_office import PostOffice


def test_the_letter_comes_first_and_the_fields_in_order(client: Client, petition: str) -> None:
    page = client.get(f"/en/p/{petition}").text
    pieces = (
        *('href="#sign"', '"languages"', "<h1", 'id="letter"', 'id="sign"', 'name="name"'),
        *('name="email"', 'name="country"', 'name="handover" value="no" checked'),
        *('name="handover" value="yes"', 'name="display"', 'name="organisation"'),
        *('name="consent"', 'name="updates"', '<button class="button" type="submit">Sign<'),
    )
    places = [page.index(piece) for piece in pieces]
    assert places == sorted(places)
    assert "Put my name on the list for the Government:" in page
    assert "Read the letter first" in page.partition('id="letter"')[0]
    folded = page.partition('<details class="display">')[2].partition("</details>")[0]
    assert folded.count('name="display"') == 3, "folded while the name is hidden"


def test_the_five_commonest_countries_come_first(app: Flask, client: Client, petition: str) -> None:
    assert "<hr>" not in client.get(f"/en/p/{petition}").text
    petition_id = queries.get_id(petition)
    counts = {"DE": 70, "SE": 60, "KZ": 50, "FR": 40, "CA": 30, "GB": 20, "IN": 4}
    with transaction() as connection:
        for code, confirmed in counts.items():
            values = {"petition_id": petition_id, "kind": SumKind.COUNTRY, "key": code}
            connection.execute(SignatureSum.table().insert(), values | {"confirmed": confirmed})
    app.extensions["page_cache"].clear()
    page = client.get(f"/en/p/{petition}").text
    first, _, rest = page.partition("<hr>")
    assert re.findall(r'<option value="(\w+)"', first) == ["DE", "SE", "KZ", "FR", "CA"]
    assert '<option value="DE">Germany' in rest, "among all, too"
    chosen = client.post(f"/p/{petition}/sign", data=filled(country="DE", name="")).text
    assert chosen.count('value="DE" selected') == 1


@pytest.mark.parametrize(("show_again", "has_errors"), [("checked", True), ("unchecked", False)])
def test_the_switch_shows_the_form_in_another_language_and_signs_nothing(
    client: Client, petition: str, show_again: str, has_errors: bool
) -> None:
    form = filled(name="Anna Ö.", consent=None, comment="Why.", handover="yes")
    refused = client.post(f"/p/{petition}/sign", data=form)
    button = r'formaction="([^"]+)" name="show_again" value="checked" lang="ru"'
    buttons = re.findall(button, refused.text)
    assert buttons == [f"/ru/p/{petition}/sign"]
    for fields in (form, filled(name="Anna Ö.", comment="Why.", handover="yes")):
        page = client.post(buttons[0], data=fields | {"show_again": show_again, "language": "en"})
        assert page.status_code == 422
        assert '<html lang="ru"' in page.text
        for kept in ('value="Anna Ö."', 'value="yes" checked', ">Why.</textarea>"):
            assert kept in page.text
        assert ('id="consent-error"' in page.text) is (has_errors and "consent" not in fields)
    for model in (Signature, Email):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0


def test_every_public_page_has_the_switch(client: Client, petition: str) -> None:
    for path in (f"/p/{petition}/updates", "/my", "/privacy"):
        assert f'<a href="/ru{path}" hreflang="ru" lang="ru">Русский</a>' in client.get(path).text
    assert 'hreflang="kk" lang="kk">Қазақша</a>' in client.get("/en/my").text
    answered = client.post("/my", data={"email": "nothing"})
    assert 'formaction="/ru/my" name="show_again" value="checked" lang="ru"' in answered.text
    assert '<a href="/ru/" hreflang="ru" lang="ru">' in client.get("/nothing").text
    assert "hreflang" not in client.get("/organisers/").text


def test_a_reader_in_danger_gets_one_line_and_the_warning_in_each_language(client: Client) -> None:
    slug = make_petition("danger", regime={"country": "KZ", "languages": ["kk", "ru"]})
    page = client.get(f"/en/p/{slug}").text
    line = page.partition('<p class="warnings">')[2].partition("</p>")[0]
    assert re.findall(r'href="#danger-(\w+)"', line) == ["en", "kk", "ru"]
    assert "In Kazakhstan, or at risk there? Read this first" in line
    assert page.count('value="KZ" data-concerned') == 1
    assert '<div class="danger" ' in page
    page = client.post(f"/en/p/{slug}/sign", data=filled(country="KZ", name="")).text
    assert '<div class="danger concerned" ' in page


def test_the_consent_names_organiser_target_and_purpose(client: Client, petition: str) -> None:
    said = text_of(client.get(f"/en/p/{petition}"))
    assert (
        "I sign this letter to the Government. The committee may keep my details, which show a"
        " political opinion, to count my signature and hand in the letter."
    ) in said


def test_every_other_form_keeps_what_was_typed_in_another_language(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(client.application)
    confirm = path_of(post_office.arrived[0].link)
    own = my_page(client, petition, post_office, email="bo@example.org")
    entry = filled(name="Eva Maria Lund")
    forms: list[tuple[str, dict[str, str], str]] = [
        (f"{pending}/address", {"email": "new@example.org"}, "new@example.org"),
        (f"{confirm}/entry", entry, "Eva Maria Lund"),
        (own, entry, "Eva Maria Lund"),
        ("/my", {"email": "new@example.org"}, "new@example.org"),
    ]
    before = stored_rows()
    for path, fields, typed in forms:
        asked = client.post(path, data=fields | {"show_again": "checked"})
        button = r'form="([^"]+)" formaction="([^"]+)" name="show_again" value="checked" lang="ru"'
        ((form, action),) = re.findall(button, asked.text)
        assert f'id="{form}"' in asked.text
        assert action == f"/ru{path}"
        page = client.post(action, data=fields | {"show_again": "checked"})
        assert 'lang="ru"' in page.text
        assert f'value="{typed}"' in page.text, path
    assert stored_rows() == before


def stored_rows() -> list[object]:
    """Return what signing, correcting and confirming write."""
    signatures = select(Signature.id, Signature.name, Signature.confirmed_at, Signature.entries)
    db.session.rollback()
    rows = db.session.execute(signatures.order_by(Signature.id)).all()
    return [*map(tuple, rows), db.session.scalar(select(func.count()).select_from(Email))]
