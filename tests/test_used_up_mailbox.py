"""A mailbox whose emails strangers have used up: its owner can still sign, and nobody else can."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition.core import tokens
from petition.core.clock import now
from petition.database.base import db
from petition.models import Signature, Suppression
from petition.models.enums import PetitionState
from petition.petitions import lifecycle
from tests.browsing import (
    CHANGED,
    Client,
    count_of,
    deliver,
    filled,
    path_of,
    signed,
    text_of,
    token_for,
)
from tests.factories import earlier, make_petition
from tests.post_office import PostOffice

OWN = CHANGED | {"name": "Anna Berg", "consent": "yes"}


@pytest.fixture
def phantoms(client: Client, petition: str, post_office: PostOffice) -> str:
    """Return the pending page of the last of six entries that a stranger typed."""
    for number in range(6):
        data = filled(name=f"Phantom {number}", display="full", handover="yes")
        pending = client.post(f"/p/{petition}/sign", data=data).location
        earlier(minutes=1)
        deliver(client.application)
    assert len(post_office.arrived) == 5
    return str(pending)


def test_the_owner_signs_with_an_entry_of_their_own_behind_any_link(
    app: Flask, client: Client, petition: str, post_office: PostOffice, phantoms: str
) -> None:
    link = path_of(post_office.arrived[2].link)
    assert f'href="{link}/entry"' in client.get(link).text
    form = client.get(f"{link}/entry")
    assert 'value="Phantom 2"' in form.text
    assert 'value="hidden" checked' in form.text, "a stranger chose to show the name"
    assert 'value="no" checked' in form.text
    assert 'name="consent" value="yes" required>' in form.text
    refused = client.post(f"{link}/entry", data=OWN | {"name": "", "consent": ""})
    assert refused.status_code == 422
    assert "Enter your name." in refused.text
    assert "Tick the box" in refused.text
    assert count_of(client, petition) == 0
    for _ in range(2):
        thanks = client.post(f"{link}/entry", data=OWN).location
        assert "You are number 1." in client.get(thanks).text
    assert count_of(client, petition) == 1
    signature = db.session.scalars(select(Signature)).one()
    assert (signature.name, signature.email, signature.display, signature.comment) == (
        "Anna Berg",
        "anna@example.org",
        "initials",
        "Because.",
    )
    deliver(app)
    assert post_office.arrived[-1].message["Subject"] == "Your email address is confirmed"
    assert client.get(f"{link}/entry").location == link, "it is corrected on the signer's own page"
    late = client.post(f"{link}/entry", data=OWN | {"comment": "Another one."})
    assert late.location == link, "which says that another entry was counted"
    assert client.post(link, data={"entry": "3"}).location == link
    assert client.post(link, data={"entry": "7"}).location.startswith("/thanks/")


def test_behind_an_expired_link_there_is_a_new_link_once_for_each_email(
    app: Flask, client: Client, petition: str, post_office: PostOffice, phantoms: str
) -> None:
    purpose = tokens.confirm_purpose(7)
    old = [
        f"/confirm/{token_for(app, purpose, 1, entry, at=now() - timedelta(days=8))}"
        for entry in (1, 2)
    ]
    earlier(days=8)
    assert client.get(f"{old[0]}/entry").location == old[0]
    assert client.post(f"{old[0]}/entry", data=OWN).location == old[0]
    assert count_of(client, petition) == 0
    for link in (old[0], old[1], old[0]):
        assert client.post(f"{link}/renew").location.startswith("/pending/")
        deliver(app)
    assert len(post_office.arrived) == 6
    for _ in range(9):
        earlier(hours=1)
        client.post(f"{old[0]}/renew")
        deliver(app)
    assert len(post_office.arrived) == 10, "five more"
    client.post(f"{path_of(post_office.arrived[5].link)}/entry", data=OWN)
    assert count_of(client, petition) == 1


def test_the_last_link_of_any_email_lets_an_email_about_another_petition_through_once(
    app: Flask, client: Client, petition: str, post_office: PostOffice, phantoms: str
) -> None:
    other = make_petition("another")
    pending = client.post(f"/p/{other}/sign", data=filled()).location
    deliver(app)
    assert len(post_office.arrived) == 5
    fresh = client.post(f"/p/{other}/sign", data=filled(email="new@example.org")).location
    deliver(app)
    earlier(seconds=3)
    page = text_of(client.get(pending))
    for text in ("Has somebody else typed your address?", "It is sent."):
        assert text in page
        assert text in text_of(client.get(fresh)), "for every address alike"
    earlier(minutes=3)
    made_at = now() - timedelta(minutes=2)
    not_me = f"/not-me/{token_for(app, tokens.DISOWN, 1, at=made_at)}"
    assert f'action="{not_me}/accept"' in client.get(not_me).text
    assert client.get(f"{not_me}/accept").location == not_me
    for _ in range(2):
        answer = client.post(f"{not_me}/accept")
        assert (answer.status_code, "will reach you" in answer.text) == (200, True)
    client.post(pending)
    deliver(app)
    assert post_office.arrived[-1].recipients == ["anna@example.org"]
    client.post(path_of(post_office.arrived[-1].link))
    deliver(app)
    assert count_of(client, other) == 1
    before = len(post_office.arrived)
    for _ in range(7):  # the link has done what it can
        client.post(f"{not_me}/accept")
        client.post(f"/p/{petition}/sign", data=filled())
        deliver(app)
    assert len(post_office.arrived) - before == 5


def test_the_owner_who_wanted_no_email_can_want_some_again(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(app)
    not_me = path_of(post_office.arrived[0].link_to("not-me"))
    client.post(not_me, data={"never": "yes"})
    client.post(f"{not_me}/accept")
    assert db.session.scalar(select(func.count()).select_from(Suppression)) == 0
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(app)
    assert len(post_office.arrived) == 2


def test_a_correction_on_the_signers_own_page_is_mailed_although_others_used_up_the_emails(
    app: Flask, client: Client, petition: str, post_office: PostOffice, phantoms: str
) -> None:
    my_page = path_of(post_office.arrived[0].link_to("my"))
    assert client.post(my_page, data=OWN).location.startswith("/pending/")
    deliver(app)
    assert len(post_office.arrived) == 6
    assert "Anna Berg" in client.get(path_of(post_office.arrived[-1].link)).text


def test_an_own_entry_has_the_limits_of_a_confirmation(
    app: Flask, client: Client, petition: str, post_office: PostOffice, phantoms: str
) -> None:
    links = [path_of(mail.link) for mail in post_office.arrived]
    client.post(path_of(post_office.arrived[0].link_to("not-me")))
    for method in (client.get, client.post):
        assert method(f"{links[0]}/entry", data=OWN).status_code == 410, "removed"
    lifecycle.change_state(petition, PetitionState.CLOSED, now=now() - timedelta(hours=25))
    assert client.post(f"{links[1]}/entry", data=OWN).status_code == 410
    assert count_of(client, petition) == 0


def test_an_own_entry_has_a_postcode_where_the_petition_asks_for_one(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    slug = make_petition("local", asks_postcode=True)
    client.post(f"/p/{slug}/sign", data=filled(postcode="111 11"))
    deliver(app)
    link = path_of(post_office.arrived[0].link)
    answer = client.post(f"{link}/entry", data=OWN | {"postcode": ""})
    assert answer.status_code == 422
    assert "Enter your postcode." in answer.text
    usual = signed(client, post_office, make_petition("usual"), email="usual@example.org")
    assert 'name="postcode"' not in client.get(f"{usual}/entry").text


def test_pages_and_emails_show_the_text_that_the_links_own_entry_signed(
    client: Client, post_office: PostOffice
) -> None:
    names = ("title", "target", "lede", "letter", "story", "share")
    texts = {language: dict.fromkeys(names, f"In {language}") for language in ("en", "ru")}
    slug = make_petition("both", text=texts)
    signed(client, post_office, slug, name="A Stranger")
    earlier(minutes=1)
    link = signed(client, post_office, slug, language="ru")
    assert "In ru" in post_office.arrived[-1].text
    for path in (link, f"{link}/entry"):
        page = client.get(path).text
        assert '<html lang="ru"' in page
        assert "In ru" in page
        assert "In en" not in page
    assert client.post(f"{link}/entry", data=OWN).status_code == 303
    signature = db.session.scalars(select(Signature)).one()
    assert (signature.language, signature.text_language) == ("ru", "ru")
