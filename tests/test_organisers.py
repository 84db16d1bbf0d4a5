"""The organisers' pages: closed to everybody else, entered by a link that works once, no password
anywhere.
"""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from petition.abuse.rate_limits import FormSender
from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import OrganiserExists, OrganiserNotFound, SignInLinkUsed
from petition.database.base import db
from petition.models import AuditEntry
from petition.models.enums import Role
from petition.organisers import access
from petition.web.organisers.guard import OPEN
from tests.browsing import (
    ORGANISER,
    Client,
    browser,
    confirmed,
    deliver,
    enter,
    invite,
    path_of,
    press,
    signed,
    text_of,
    token_for,
)
from tests.factories import TODAY, make_petition
from tests.post_office import PostOffice


def test_every_route_is_guarded_or_listed_as_open(
    app: Flask, client: Client, petition: str
) -> None:
    walked = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/organisers"):
            assert not rule.endpoint.startswith("organiser."), rule
            continue
        walked += 1
        if rule.endpoint in OPEN:
            continue
        path = re.sub(r"<int:\w+>", "1", rule.rule.replace("<slug>", petition))
        assert "<" not in path, f"teach this test what to fill into {rule.rule}"
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = client.open(path, method=method)
            assert answer.status_code in {303, 400}, (method, path)
            if answer.status_code == 303:
                assert answer.location == "/organisers/sign-in", (method, path)
    assert walked >= len(OPEN) + 3


def test_the_mailed_link_signs_in_once(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    invite()
    deliver(app)
    (mail,) = post_office.arrived
    assert mail.message["Subject"] == "Your sign-in link"
    link = path_of(mail.link)
    inside = browser(app)
    assert "Sign me in" in inside.get(link).text
    assert inside.get("/organisers/").status_code == 303, "opening the link signs nobody in"
    assert press(inside, link).location == "/organisers/"
    assert "Free them" in inside.get("/organisers/").text
    other = browser(app)
    spent = press(other, link)
    assert spent.status_code == 410
    assert "was used or has expired" in spent.text
    assert other.get("/organisers/").status_code == 303


def test_asking_for_a_link_says_the_same_to_organisers_and_strangers(
    app: Flask, post_office: PostOffice
) -> None:
    invite()
    deliver(app)
    pages = []
    for email in ("organiser@example.org", "stranger@example.org"):
        answer = press(browser(app), "/organisers/sign-in", email=email)
        pages.append((answer.status_code, answer.text))
    assert pages[0] == pages[1]
    deliver(app)
    assert [mail.recipients[0] for mail in post_office.arrived] == ["organiser@example.org"] * 2


def test_at_most_five_links_an_hour_are_mailed(app: Flask, post_office: PostOffice) -> None:
    invite()
    for _ in range(9):
        access.request_link(ORGANISER, sender=FormSender(), now=now())
        deliver(app)
    assert len(post_office.arrived) == 5


def test_a_bad_address_is_told(app: Flask) -> None:
    answer = press(browser(app), "/organisers/sign-in", email="nonsense")
    assert answer.status_code == 422
    assert "Enter an email address" in answer.text


def test_an_expired_link_is_told(app: Flask, client: Client) -> None:
    organiser_id = invite()
    old = token_for(app, tokens.SIGN_IN, organiser_id, 0, at=now() - timedelta(minutes=31))
    answer = client.get(f"/organisers/enter/{old}")
    assert answer.status_code == 410
    assert "was used or has expired" in answer.text


def test_a_link_opens_one_session_however_often_it_is_spent(app: Flask) -> None:
    invite()
    link = access.get_sign_in_link(ORGANISER)
    access.use_link(link, now=TODAY)
    with pytest.raises(SignInLinkUsed):
        access.use_link(link, now=TODAY)


def test_forms_need_their_csrf_token(app: Flask, client: Client) -> None:
    organiser_id = invite()
    token = token_for(app, tokens.SIGN_IN, organiser_id, 0)
    answer = browser(app).post(f"/organisers/enter/{token}")
    assert answer.status_code == 400
    assert "This form has expired" in answer.text
    inside = enter(app)
    assert inside.post("/organisers/sign-out").status_code == 400
    assert inside.get("/organisers/").status_code == 200


def test_signing_out_ends_the_session(app: Flask) -> None:
    invite()
    inside = enter(app)
    assert press(inside, "/organisers/", "/organisers/sign-out").status_code == 303
    assert inside.get("/organisers/").status_code == 303


def test_a_removed_organiser_is_out_at_once(app: Flask) -> None:
    invite()
    inside = enter(app)
    access.remove(ORGANISER, now=TODAY)
    assert inside.get("/organisers/").status_code == 303
    with pytest.raises(OrganiserNotFound):
        access.get_sign_in_link(ORGANISER)
    with pytest.raises(OrganiserNotFound):
        access.remove(ORGANISER, now=TODAY)


def test_nobody_is_invited_twice(app: Flask) -> None:
    invite()
    with pytest.raises(OrganiserExists):
        invite()


def test_the_session_cookie_is_for_this_host_over_https_alone(app: Flask) -> None:
    invite()
    inside = browser(app)
    cookie = inside.get("/organisers/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("__Host-organiser=")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Strict"):
        assert attribute in cookie


def test_the_numbers_are_those_of_the_signatures(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    for number, country in enumerate(["SE", "SE", "DE"]):
        confirmed(client, post_office, petition, email=f"s{number}@example.org", country=country)
    signed(client, post_office, petition, email="pending@example.org")
    invite()
    words = text_of(enter(app).get(f"/organisers/p/{petition}"))
    assert "Confirmed 3 Not confirmed yet 1" in words
    assert "Sweden 2 Germany 1" in words
    assert "Signatures" in words
    assert "pending@example.org" not in words


def test_an_organiser_of_one_petition_reaches_no_other(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    other = make_petition("another")
    invite(slug=petition)
    inside = enter(app)
    assert inside.get(f"/organisers/p/{petition}").status_code == 200
    for path in (f"/organisers/p/{other}", f"/organisers/p/{other}/signatures.csv"):
        assert inside.get(path).status_code == 404
    assert "another" not in inside.get("/organisers/").text


def test_a_viewer_sees_numbers_and_no_names(app: Flask, petition: str) -> None:
    invite(Role.VIEWER)
    inside = enter(app)
    page = inside.get(f"/organisers/p/{petition}")
    assert page.status_code == 200
    assert "signatures.csv" not in page.text
    assert inside.get(f"/organisers/p/{petition}/signatures.csv").status_code == 403


def test_every_download_is_recorded_before_it_begins(app: Flask, petition: str) -> None:
    organiser_id = invite()
    inside = enter(app)
    inside.get(f"/organisers/p/{petition}/signatures.csv", buffered=False).close()
    db.session.rollback()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.organiser_id, entry.detail) == (
        "signatures.download",
        organiser_id,
        "csv",
    )


def test_the_pages_are_kept_nowhere_and_found_by_no_search(app: Flask, petition: str) -> None:
    invite()
    inside = enter(app)
    for path in (
        "/organisers/",
        f"/organisers/p/{petition}",
        f"/organisers/p/{petition}/signatures.csv",
    ):
        headers = inside.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]


def test_a_draft_is_seen_by_its_organisers(app: Flask) -> None:
    slug = make_petition("to-be", state="draft")
    invite()
    assert "Draft" in enter(app).get(f"/organisers/p/{slug}").text
