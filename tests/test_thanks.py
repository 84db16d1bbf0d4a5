"""The page after confirming: one thing to do, and nothing that could put a signer at risk."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from petition.core import tokens
from petition.core.clock import now
from petition.petitions import updates
from petition.petitions.editing import petition_file
from tests.browsing import Client, confirmed, deliver, filled, signed, text_of, token_for
from tests.factories import NEWS, make_petition
from tests.post_office import PostOffice

ASKED_OF_OTHERS = ("/poster.pdf", "/write", "/regime/share", "hang it up", "number 1")
FOR_THOSE_AT_RISK = ("Leave no trace on a shared device", "Pass it on only if it is safe for you")


@pytest.fixture
def regime(app: Flask) -> str:
    """Return the slug of a petition that people in Kazakhstan sign at a risk."""
    slug = make_petition("regime", regime={"country": "KZ", "languages": ["kk", "ru"]})
    updates.import_updates(slug, petition_file.parse_updates({"target": NEWS["target"]}), now=now())
    return slug


@pytest.mark.parametrize(
    ("language", "channels"),
    [
        ("en", ["WhatsApp", "Email", "Facebook"]),
        ("kk", ["WhatsApp", "Telegram", "Эл. пошта"]),
        ("ru", ["Telegram", "WhatsApp", "Эл. почта"]),
    ],
)
def test_the_thanks_offer_one_way_to_share_then_two_then_the_rest(
    client: Client, regime: str, post_office: PostOffice, language: str, channels: list[str]
) -> None:
    thanks = confirmed(client, post_office, regime, language=language)
    page = client.get(f"/{language}{thanks}").text
    first, _, rest = page.partition('<ul class="row ways">')[2].partition("</ul>")
    assert re.findall(r">([^<>]+)</a>", first) == channels
    folded = rest.partition("</details>")[0]
    for way in ("Bluesky", "Mastodon", 'id="share-link"', "/regime/share"):
        assert way not in first
        assert way in folded
    if language == "en":
        assert "<title>Thank you. You are number 1.</title>" in page
        later = page.partition("When you have five minutes")[2]
        for wanted in ("/write", "/poster.pdf", "/updates"):
            assert wanted in later
    for warned in FOR_THOSE_AT_RISK:
        assert warned not in page


def test_a_signer_at_risk_is_asked_for_nothing(
    app: Flask, client: Client, regime: str, post_office: PostOffice
) -> None:
    pending = client.post(f"/p/{regime}/sign", data=filled(country="KZ")).location
    deliver(app)
    code = {"code": post_office.arrived[0].code}
    thanks = client.post(f"{pending}/code", data=code).location
    assert thanks.startswith("/thanks/")
    for path in (pending, thanks):
        page = client.get(path)
        assert [asked for asked in ASKED_OF_OTHERS if asked in page.text] == []
        assert [text for text in FOR_THOSE_AT_RISK if text not in page.text] == []
    assert "You are counted" in text_of(client.get(thanks))
    for who in ("Anna Berg", "/my/", "Kazakhstan"):
        assert who not in client.get(thanks).text
    others = client.post(f"/p/{regime}/sign", data=filled()).location
    for text in FOR_THOSE_AT_RISK:
        assert text not in client.get(others).text


def test_the_address_of_the_thanks_does_not_tell_for_long_that_its_signer_is_at_risk(
    app: Flask, client: Client, regime: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, regime, country="KZ")
    assert "You are counted" in client.get(client.post(link).location).text
    late = token_for(app, tokens.COUNTED, 1, at=now() - timedelta(minutes=31))
    assert client.get(f"/thanks/{late}").location == "/"
    assert client.get(f"/ru/thanks/{late}").location == "/ru/"
    assert client.get(f"/thanks/{token_for(app, tokens.PENDING, 1)}").status_code == 404
