"""Privacy that can be shown: the whole way with every log and every table searched for the person;
what is said about it; what consent leaves behind.
"""

import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from petition import tokens
from petition.clock import now
from petition.extensions import db
from petition.models import Signature
from tests.conftest import (
    Client,
    MakeApp,
    browser,
    deliver,
    filled,
    make_petition,
    path_of,
    text_of,
)
from tests.post_office import PostOffice
from tests.test_journey import sign_in

NAME, EMAIL, NETWORK = "Ulbolsyn Ospanova", "ulbolsyn.ospanova@example.org", "203.0.113.77"
WHERE = {
    "name": {("signature", "name"), ("attempt", "name")},
    "email": {("signature", "mailbox_key")}
    | {(table, name) for table in ("signature", "attempt") for name in ("email", "address_key")},
    "network": set(),
}


@pytest.fixture
def watched(make_app: MakeApp) -> Flask:
    """Return an application with everything in force, as out of the box behind a proxy."""
    return make_app(RATELIMIT_ENABLED=True, TRUSTED_PROXIES=1)


def whole_way(app: Flask, post_office: PostOffice) -> None:
    """Go everywhere a signer, a robot and an organiser go, with mistakes."""
    client = browser(app, use_cookies=False)
    client.environ_base["HTTP_X_FORWARDED_FOR"] = NETWORK
    slug = make_petition()
    fields = filled(name=NAME, email=EMAIL)
    client.get("/")
    client.post(f"/p/{slug}/sign", data=fields | {"country": "XX"})
    pending = client.post(f"/p/{slug}/sign", data=fields).location
    client.get(pending)
    deliver(app)
    client.post(f"/p/{slug}/sign", data=fields | {"name": f"{NAME} again"})
    post_office.answers[EMAIL] = f"451 4.7.1 <{EMAIL}> greylisted"
    deliver(app)
    del post_office.answers[EMAIL]
    mail = post_office.wait_for(1)[-1]
    link = path_of(mail.link)
    client.post(f"{pending}/code", data={"code": "000000"})
    client.get(link)
    client.post(link, data={"entry": "2"})
    client.post(f"{link}x")
    deliver(app)
    mine = path_of(post_office.arrived[-1].link_to("my"))
    client.get(mine)
    client.post("/my", data={"email": EMAIL})
    client.get(f"/my?email={EMAIL}")
    inside = sign_in(app, client)
    inside.get(f"/organisers/p/{slug}")
    inside.get(f"/organisers/p/{slug}/signatures.csv")
    deliver(app)


def test_no_log_and_no_table_knows_more_than_it_must(
    watched: Flask, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    with watched.app_context(), caplog.at_level(logging.DEBUG):
        whole_way(watched, post_office)
        found: dict[str, set[tuple[str, str]]] = {"name": set(), "email": set(), "network": set()}
        with db.engine.connect() as connection:
            for table in db.metadata.sorted_tables:
                for row in connection.execute(select(table)).mappings():
                    for column, value in row.items():
                        for what, text in (
                            ("name", "Ospanova"),
                            ("email", "ospanova@"),
                            ("network", NETWORK),
                        ):
                            if text in str(value):
                                found[what].add((table.name, str(column)))
    assert found["name"] == WHERE["name"], "and it is there, so the search can find it"
    assert found["email"] == WHERE["email"]
    assert found["network"] == WHERE["network"]
    logged = "\n".join(record.getMessage() for record in caplog.records if _ours(record))
    assert "letter 1" in logged, "there is a log"
    for person in ("Ospanova", "ospanova", NETWORK, "203.0.113"):
        assert person not in logged
    for token in re.findall(r"/(?:my|confirm|pending|not-me)/([\w.-]{30,})", _mails(post_office)):
        assert token not in logged


def _ours(record: logging.LogRecord) -> bool:
    """Leave out the test's own SMTP server, which is somebody else's machine."""
    return not record.name.startswith(("mail.log", "asyncio"))


def _mails(post_office: PostOffice) -> str:
    return "\n".join(mail.text for mail in post_office.arrived)


def test_an_error_with_a_person_in_it_is_logged_without(
    app: Flask, client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> int:
        raise RuntimeError(f"a fault about {EMAIL}")

    make_petition()
    monkeypatch.setattr("petition.signing.sign", broken)
    assert client.post("/p/free-them/sign", data=filled(email=EMAIL)).status_code == 500
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "RuntimeError" in logged
    assert "ospanova" not in logged


def test_consent_is_kept_as_it_was_given(app: Flask, client: Client, petition: str) -> None:
    client.post(f"/ru/p/{petition}/sign", data=filled(language="ru"))
    kept = db.session.scalars(select(Signature)).one()
    assert (kept.text_language, kept.text_version, kept.language) == ("ru", 1, "ru")
    assert now() - kept.signed_at < timedelta(minutes=1)


def test_nothing_is_ticked_or_given_away_beforehand(client: Client, petition: str) -> None:
    page = client.get(f"/p/{petition}").text
    for box in ("consent", "updates"):
        (field,) = re.findall(rf'<input type="checkbox" id="{box}"[^>]*>', page)
        assert "checked" not in field
    ticked = re.findall(r'<input type="radio"[^>]*value="(\w+)"[^>]* checked', page)
    assert ticked == ["hidden", "no"], "names hidden, not handed over"
    for named in ("The committee", "the Government", "political opinion", "/privacy"):
        assert named in page


def test_signers_of_the_country_concerned_are_warned_in_their_language_above_the_form(
    app: Flask, client: Client
) -> None:
    make_petition("plain")
    make_petition("regime", regime={"country": "KZ", "languages": ["kk", "ru"]})
    assert "Tor or a VPN" not in client.get("/en/p/plain").text
    page = client.get("/en/p/regime").text
    assert page.index("Tor or a VPN") < page.index('id="name"')
    assert "Казахстан: вы там" in page
    assert 'lang="ru"' in page


def test_mail_subjects_name_no_petition(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(app)
    client.post(path_of(post_office.arrived[0].link))
    client.post(f"/p/{petition}/sign", data=filled())
    client.post("/my", data={"email": "anna@example.org"})
    deliver(app)
    client.post(path_of(post_office.arrived[-1].link_to("my")), data={"action": "withdraw"})
    deliver(app)
    subjects = {str(mail.message["Subject"]) for mail in post_office.arrived}
    assert len(subjects) == 5
    for subject in subjects:
        assert "free" not in subject.lower()
        assert "petition" not in subject.lower()


def test_the_privacy_notice_is_made_from_the_settings(make_app: MakeApp) -> None:
    app = make_app(
        PURGE_UNCONFIRMED_DAYS=9,
        ANONYMISE_AFTER_DAYS=77,
        CONTROLLER="Committee, 1 Main Street",
        PRIVACY_CONTACT="data@example.org",
    )
    with app.app_context():
        make_petition()
        page = text_of(browser(app, use_cookies=False).get("/en/privacy"))
    for said in (
        "9 days",
        "77 days",
        "Committee, 1 Main Street",
        "data@example.org",
        "The committee",
        "within 30 days",
    ):
        assert said in page, said


def test_public_pages_show_days_and_never_minutes(
    app: Flask, client: Client, petition: str
) -> None:
    for path in ("/", f"/p/{petition}", "/privacy", "/my"):
        assert not re.search(r"\b\d{1,2}:\d{2}\b", text_of(client.get(path))), path


def test_docs_say_what_is_processed() -> None:
    written = (Path(__file__).parent.parent / "docs" / "privacy.md").read_text(encoding="utf-8")
    for heading in ("Record of processing", "Impact assessment", "Complaints"):
        assert heading in written
    for table in (table.name for table in db.metadata.sorted_tables):
        assert f"`{table}`" in written, f"{table} holds something, so it is told what"


def test_tokens_of_one_purpose_open_nothing_else(app: Flask, client: Client, petition: str) -> None:
    client.post(f"/p/{petition}/sign", data=filled())
    keys: tokens.Tokens = app.extensions["tokens"]
    purposes = {
        "pending": (tokens.PENDING, (1,)),
        "confirm": (tokens.confirm(7), (1, 1)),
        "my": (tokens.MY_PAGE, (1,)),
        "not-me": (tokens.NOT_ME, (1, 1)),
    }
    for page in purposes:
        for other, (purpose, ids) in purposes.items():
            token = keys.make(purpose, *ids, now=now())
            status = client.get(f"/{page}/{token}").status_code
            assert (status == 200) == (page == other), (page, other)
