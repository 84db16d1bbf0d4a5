"""Sessions of organisers: listed, ended singly, idle; a new browser is told of by email."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import TimestampSigner
from sqlalchemy import select, update

from petition.cli.organisers import make_trial_link
from petition.core import tokens
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import BrowserSession
from petition.organisers import access, people, sessions
from petition.organisers.browsers import Browser, read_browser
from tests.browsing import (
    ORGANISER,
    Client,
    browser,
    csrf_of,
    deliver,
    enter,
    invite,
    path_of,
    press,
    text_of,
    token_for,
    trail,
)
from tests.factories import MakeApp, tasks_of
from tests.post_office import PostOffice

FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def ask_and_enter(app: Flask, client: Client, post_office: PostOffice, user_agent: str) -> None:
    """Ask for a link by the form, and use it in the same browser."""
    assert press(client, "/organisers/sign-in", email=ORGANISER.email).status_code == 200
    deliver(app)
    mail = post_office.arrived[-1]
    assert mail.message["Subject"] == "Your sign-in link"
    link = path_of(mail.link)
    form, headers = {"csrf_token": csrf_of(client.get(link))}, {"User-Agent": user_agent}
    assert client.post(link, data=form, headers=headers).status_code == 303
    deliver(app)


@pytest.mark.parametrize(
    ("user_agent", "names"),
    [
        (FIREFOX, ("Firefox", "Android")),
        (CHROME, ("Chrome", "Windows")),
        (SAFARI, ("Safari", "iPhone")),
        (CHROME + " Edg/140.0", ("Edge", "Windows")),
        ("curl/8.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_has_a_rough_name(user_agent: str, names: tuple[str, str]) -> None:
    assert read_browser(user_agent) == Browser(*names)


def test_a_sign_in_from_a_new_browser_is_mailed_and_from_a_known_one_not(
    app: Flask, post_office: PostOffice
) -> None:
    invite()
    enter(app)  # the first sign-in: the mailbox was proved a moment ago
    deliver(app)
    assert [mail.message["Subject"] for mail in post_office.arrived] == [
        "You are invited to work on a petition"
    ]
    phone = browser(app)
    ask_and_enter(app, phone, post_office, FIREFOX)
    alert = post_office.arrived[-1]
    assert alert.message["Subject"] == "You signed in with a new browser"
    assert "Firefox on Android" in alert.text
    assert "/organisers/enter/" not in alert.text
    press(phone, "/organisers/", "/organisers/sign-out")
    known = len(post_office.arrived)
    ask_and_enter(app, phone, post_office, FIREFOX)
    assert len(post_office.arrived) == known + 1, "the link alone"


def test_the_cookie_of_a_known_browser_is_for_organisers_pages_alone(app: Flask) -> None:
    invite()
    link = access.get_sign_in_link(ORGANISER)
    token = token_for(app, tokens.SIGN_IN, link.organiser_id, link.serial)
    answer = press(browser(app), f"/organisers/enter/{token}")
    (cookie,) = [
        value
        for value in answer.headers.getlist("Set-Cookie")
        if value.startswith("__Secure-known-browser=")
    ]
    for attribute in ("Secure", "HttpOnly", "Path=/organisers", "SameSite=Strict"):
        assert attribute in cookie


def test_an_alert_is_sent_however_many_links_were_asked_for(
    app: Flask, post_office: PostOffice
) -> None:
    invite()
    for _ in range(3):
        access.use_link(access.get_sign_in_link(ORGANISER), now=now())
    for _ in range(9):
        press(browser(app), "/organisers/sign-in", email=ORGANISER.email)
    access.use_link(access.get_sign_in_link(ORGANISER), now=now())
    deliver(app)
    subjects = [mail.message["Subject"] for mail in post_office.arrived]
    assert subjects.count("You signed in with a new browser") == 3


def test_sessions_are_listed_and_ended_singly(app: Flask) -> None:
    organiser_id = invite()
    laptop, phone = enter(app), enter(app)
    page = laptop.get("/organisers/account")
    first, second = sorted(map(int, re.findall(r"/account/sessions/(\d+)/end", page.text)))
    assert text_of(page).count("(this one)") == 1
    ended = press(laptop, "/organisers/account", f"/organisers/account/sessions/{second}/end")
    assert ended.location == "/organisers/account"
    assert "That session has ended." in text_of(laptop.get("/organisers/account"))
    assert phone.get("/organisers/").location == "/organisers/sign-in"
    assert trail()[-1] == ("organiser.session_end", organiser_id, None, "")
    again = press(laptop, "/organisers/account", f"/organisers/account/sessions/{second}/end")
    assert again.status_code == 303
    assert trail()[-1][0] == "organiser.session_end"
    own = press(laptop, "/organisers/account", f"/organisers/account/sessions/{first}/end")
    assert own.location == "/organisers/sign-in?signed_out=here"
    assert "You are signed out." in text_of(laptop.get(own.location))
    assert laptop.get("/organisers/").location == "/organisers/sign-in"


def test_nobody_ends_the_session_of_another(app: Flask) -> None:
    invite()
    inside = enter(app)
    session_id = db.session.scalars(select(BrowserSession.id)).one()
    sessions.end(session_id, organiser_id=99, now=now())
    assert inside.get("/organisers/").status_code == 200


def test_a_session_ends_after_twelve_hours_without_use(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite()
    inside, clock = enter(app), TimestampSigner.get_timestamp
    for hours in (11, 22):  # each page counts as use
        later = hours * 3600
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda one, s=later: clock(one) + s)
        assert inside.get("/organisers/").status_code == 200
    later = 35 * 3600
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda one, s=later: clock(one) + s)
    assert inside.get("/organisers/").location == "/organisers/sign-in"


def test_a_session_ends_after_seven_days_and_is_deleted(app: Flask) -> None:
    invite()
    inside = enter(app)

    def age(**ago: int) -> None:
        with transaction() as connection:
            connection.execute(update(BrowserSession).values(created_at=now() - timedelta(**ago)))

    age(days=6, hours=23)
    assert inside.get("/organisers/").status_code == 200
    age(days=7, minutes=1)
    assert inside.get("/organisers/").location == "/organisers/sign-in"
    (task,) = [task for task in tasks_of(app) if task.name == "old sessions"]
    task.run_if_due(now())
    db.session.rollback()
    assert db.session.scalars(select(BrowserSession.id)).all() == []


def test_reading_writes_nothing_and_a_form_notes_the_use(app: Flask, petition: str) -> None:
    invite()
    inside = enter(app)
    earlier = now() - timedelta(minutes=6)
    with transaction() as connection:
        connection.execute(update(BrowserSession).values(created_at=earlier, used_at=earlier))

    def used_at() -> object:
        db.session.rollback()
        return db.session.scalars(select(BrowserSession.used_at)).one()

    inside.get("/organisers/account")
    assert used_at() == earlier
    page = f"/organisers/p/{petition}"
    press(inside, page, f"{page}/text/en", step="preview")
    noted = used_at()
    assert noted != earlier
    press(inside, page, f"{page}/text/en", step="preview")
    assert used_at() == noted, "every five minutes"
    assert "Last sent something on" in text_of(inside.get("/organisers/account"))


def test_a_made_up_secret_opens_no_session(app: Flask) -> None:
    invite()
    key = access.use_link(access.get_sign_in_link(ORGANISER), now=now())
    assert sessions.get(key, now=now())
    assert sessions.get(key._replace(secret="made up"), now=now()) is None
    assert sessions.get(key._replace(session_id=99), now=now()) is None
    stored = db.session.scalars(select(BrowserSession.secret_hash)).one()
    assert key.secret not in stored


def test_a_trial_prints_a_link_to_the_organisers_pages_that_works_once(make_app: MakeApp) -> None:
    local = "http://127.0.0.1:5000"
    app = make_app(SITE_URL=local, MAIL_SERVER="")
    with app.app_context():
        for _ in range(2):  # each start prints a new one
            path = make_trial_link().removeprefix(local)
            inside = browser(app)
            form = {"csrf_token": csrf_of(inside.get(path, base_url=local))}
            assert inside.post(path, data=form, base_url=local).status_code == 303
            assert "People of the site" in inside.get("/organisers/", base_url=local).text
            assert browser(app).get(path, base_url=local).status_code == 200
            spent = browser(app)
            form = {"csrf_token": csrf_of(spent.get(path, base_url=local))}
            assert spent.post(path, data=form, base_url=local).status_code == 410
        assert [person.email for person in people.list_people(None)] == ["trial@example.org"]
