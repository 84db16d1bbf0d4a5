"""Privacy that can be shown: the whole way with every log and every table searched for the person;
what is said about it; what consent leaves behind.
"""

import io
import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from petition.core import tokens
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AuditEntry, Email, Petition, Signature, Suppression
from petition.models.enums import EmailState, Role
from petition.organisers import access
from tests.browsing import (
    CHANGED,
    Client,
    browser,
    confirmed,
    count_of,
    deliver,
    enter,
    filled,
    invite,
    my_page,
    path_of,
    press,
    sign_in,
    signed,
    text_of,
)
from tests.factories import MakeApp, make_petition, parse_address
from tests.post_office import PostOffice
from tests.reports import report

NAME, EMAIL, NETWORK = "Ulbolsyn Ospanova", "ulbolsyn.ospanova@example.org", "203.0.113.77"
LOCAL = EMAIL.partition("@")[0]
WHERE = {
    "name": {("signature", "name"), ("signature", "comment"), ("alternate_entry", "name")},
    "email": {("signature", "mailbox_key")}
    | {
        (table, name)
        for table in ("signature", "alternate_entry")
        for name in ("email", "address_key")
    },
    "network": set(),
}


@pytest.fixture
def watched(make_app: MakeApp) -> Flask:
    """Return an application with everything in force, as out of the box behind a proxy."""
    return make_app(RATELIMIT_ENABLED=True, TRUSTED_PROXIES=1)


def whole_way(app: Flask, post_office: PostOffice) -> None:
    """Go everywhere a signer, a robot, a mail server and an organiser go, with mistakes."""
    client = browser(app, use_cookies=False)
    client.environ_base["HTTP_X_FORWARDED_FOR"] = NETWORK
    slug = make_petition()
    sign_with_mistakes(app, client, post_office, slug)
    take_back(app, client, post_office)
    look_inside(app, client, slug)
    come_back(app, client, post_office)


def sign_with_mistakes(app: Flask, client: Client, post_office: PostOffice, slug: str) -> None:
    """Sign, be asked which name it is, confirm, correct, and ask for the lost link."""
    fields = filled(name=NAME, email=EMAIL)
    client.get("/")
    client.post(f"/p/{slug}/sign", data=fields | {"country": "XX"})
    pending = client.post(f"/p/{slug}/sign", data=fields).location
    client.get(pending)
    deliver(app)
    client.post(f"/p/{slug}/sign", data=fields | {"name": f"{NAME} again"})
    post_office.answers[EMAIL] = f"451 4.7.1 <{EMAIL}> greylisted, {LOCAL}: try again"
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
    corrected = CHANGED | {"name": f"{NAME}-Berg", "comment": f"I am {NAME}.", "display": "full"}
    client.post(mine, data=corrected | {"country": "XX"})
    assert client.post(mine, data=corrected).status_code == 303
    client.get(f"{mine}/data.json")
    client.post("/my", data={"email": EMAIL})
    client.get(f"/my?email={EMAIL}")
    deliver(app)


def take_back(app: Flask, client: Client, post_office: PostOffice) -> None:
    """Sign twice more: take one signature back, and be somebody who did not make the other."""
    for slug in ("withdrawn", "disowned"):
        make_petition(slug)
        link = signed(client, post_office, slug, name=NAME, email=EMAIL)
        not_me = path_of(post_office.arrived[-1].link_to("not-me"))
        if slug == "disowned":
            client.get(not_me)
            assert "removed" in client.post(not_me).text
            continue
        client.post(link)
        deliver(app)
        mine = path_of(post_office.arrived[-1].link_to("my"))
        assert "erased" in client.post(mine, data={"action": "withdraw"}).text
        deliver(app)
        assert post_office.arrived[-1].recipients == [EMAIL], "a last mail says so"
    db.session.rollback()
    again = select(func.count()).where(
        Signature.petition_id.in_(select(Petition.id).where(Petition.slug != "free-them"))
    )
    assert db.session.scalar(again) == 0


def look_inside(app: Flask, client: Client, slug: str) -> None:
    """See what an organiser sees, and show the comment."""
    inside = sign_in(app)
    for page in ("", "/comments", "/names", "/signatures.csv", "/signatures.jsonl"):
        assert NAME in inside.get(f"/organisers/p/{slug}{page}").text or not page
    page = f"/organisers/p/{slug}/comments"
    (chosen,) = re.findall(r'name="chosen" value="([^"]+)"', inside.get(page).text)
    assert press(inside, page, chosen=chosen, decision="shown").status_code == 303
    assert NAME in client.get(f"/p/{slug}").text


def come_back(app: Flask, client: Client, post_office: PostOffice) -> None:
    """Let mails come back: refused at once, and by a report, each in a mail server's own words."""
    make_petition("refused")
    post_office.answers[EMAIL] = f"552 5.2.2 <{LOCAL}>: the mailbox of {LOCAL} is full"
    pending = client.post("/p/refused/sign", data=filled(name=NAME, email=EMAIL)).location
    deliver(app)
    del post_office.answers[EMAIL]
    assert "mailbox is full" in client.get(pending).text
    (*_, last) = [mail for mail in post_office.arrived if mail.recipients == [EMAIL]]
    given = report(last.message).replace(b"anna@example.org", LOCAL.encode())
    result = app.test_cli_runner().invoke(args=["bounces"], input=io.BytesIO(given))
    assert result.stdout == "1 about our emails, 0 not\n"
    client.post("/my", data={"email": EMAIL})
    deliver(app)


def test_no_log_and_no_table_knows_more_than_it_must(
    watched: Flask, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    with watched.app_context(), caplog.at_level(logging.DEBUG):
        whole_way(watched, post_office)
        states = set(db.session.scalars(select(Email.state)))
        assert {EmailState.SENT, EmailState.REFUSED} <= states, "it went all of the way"
        found: dict[str, set[tuple[str, str]]] = {"name": set(), "email": set(), "network": set()}
        with db.engine.connect() as connection:
            for table in db.metadata.sorted_tables:
                for row in connection.execute(select(table)).mappings():
                    for column, value in row.items():
                        for what, text in (
                            ("name", "Ospanova"),
                            ("email", LOCAL),
                            ("network", NETWORK),
                        ):
                            if text in str(value):
                                found[what].add((table.name, str(column)))
    assert found["name"] == WHERE["name"], "and it is there, so the search can find it"
    assert found["email"] == WHERE["email"]
    assert found["network"] == WHERE["network"]
    logged = "\n".join(record.getMessage() for record in caplog.records if _ours(record))
    assert "email 1" in logged, "there is a log"
    for person in ("Ospanova", "ospanova", NETWORK, "203.0.113"):
        assert person not in logged
    sent = re.findall(r"/(?:my|confirm|not-me|enter)/([\w.-]{30,})", _mails(post_office))
    assert len(sent) > 9
    for token in sent:
        assert token not in logged


def _ours(record: logging.LogRecord) -> bool:
    """Leave out the test's own SMTP server, which is somebody else's machine."""
    return not record.name.startswith(("mail.log", "asyncio"))


def _mails(post_office: PostOffice) -> str:
    return "\n".join(mail.text for mail in post_office.arrived)


@pytest.mark.parametrize(
    "said",
    [
        "<{local}@example.org>: no such user",
        "{local}: no such user",
        "<{local}> is not known here",
        "user '{local}' is unknown",
        "No user {LOCAL} here",
        "{Local}@mx.example.net, {local}. Sorry",
        "mailbox of {local}/inbox is disabled",
        "{bare}: no such user",
        "<{bare}@example.org> (for {first}) is unknown",
    ],
)
def test_a_bounce_reason_is_stored_without_the_address(
    app: Flask,
    client: Client,
    petition: str,
    post_office: PostOffice,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def in_words(local: str) -> str:
        return said.format(
            local=local,
            LOCAL=local.upper(),
            Local=local.title(),
            bare=local.replace(".", ""),
            first=local.partition(".")[0],
        )

    caplog.set_level(logging.INFO)

    post_office.answers[EMAIL] = f"550 5.1.1 {in_words(LOCAL)}"
    for email in (EMAIL, "later.person@example.org"):
        client.post(f"/p/{petition}/sign", data=filled(email=email))
        deliver(app)
    given = report(post_office.arrived[0].message).decode()
    given = given.replace("<anna@example.org> is not known here", in_words("later.person"))
    given = given.replace("anna@example.org", "later.person@example.org")
    app.test_cli_runner().invoke(args=["bounces"], input=io.BytesIO(given.encode()))
    db.session.rollback()
    reasons = db.session.scalars(
        select(Email.reason).where(Email.state == EmailState.REFUSED)
    ).all()
    assert set(reasons) == {"550 5.1.1", "5.1.1"}, "which say enough"
    assert set(db.session.scalars(select(Suppression.bounce))) == set(reasons)
    logged = "\n".join(record.getMessage() for record in caplog.records if _ours(record))
    assert "refused: 550 5.1.1" in logged
    for person in ("ospanova", "ulbolsyn", "later", "person"):
        assert person not in logged.lower()


def test_an_error_with_a_person_in_it_is_logged_without(
    app: Flask, client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> int:
        raise RuntimeError(f"a fault about {EMAIL}")

    make_petition()
    monkeypatch.setattr("petition.signatures.signing.sign", broken)
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
    assert ticked == ["no", "hidden"], "names hidden, not handed over"
    for named in ("The committee", "the Government", "political opinion", "/privacy"):
        assert named in page


def test_signers_of_the_country_concerned_are_warned_in_their_language_above_the_form(
    app: Flask, client: Client
) -> None:
    make_petition("plain")
    make_petition("regime", regime={"country": "KZ", "languages": ["kk", "ru"]})
    assert "Tor or a VPN" not in client.get("/en/p/plain").text
    page = client.get("/en/p/regime").text
    assert "Tor or a VPN" in page
    assert page.index('href="#danger-ru"') < page.index('id="name"')
    assert 'id="danger-ru" lang="ru"' in page


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
    client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, display="full", comment="Because.")
    with transaction() as connection:
        connection.execute(update(Signature).values(comment_state="shown"))
    paths = ["/", f"/p/{petition}", f"/p/{petition}/signatures", f"/p/{petition}/embed"]
    for path in (*paths, "/privacy", "/my", f"/p/{petition}/badge.svg"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert not re.search(r"\b\d{1,2}:\d{2}\b", text_of(page)), path
    counter = client.get(f"/p/{petition}/count.json").json
    assert counter is not None
    assert "T00:00:00" in counter["updated"]


def test_docs_say_what_is_processed() -> None:
    written = (Path(__file__).parent.parent / "docs" / "privacy.md").read_text(encoding="utf-8")
    for heading in ("Record of processing", "Impact assessment", "Complaints"):
        assert heading in written
    for table in (table.name for table in db.metadata.sorted_tables):
        assert f"`{table}`" in written, f"{table} holds something, so it is told what"


def test_tokens_of_one_purpose_open_nothing_else(app: Flask, client: Client, petition: str) -> None:
    client.post(f"/p/{petition}/sign", data=filled())
    service: tokens.Tokens = app.extensions["tokens"]
    purposes = {
        "pending": (tokens.PENDING, (1,)),
        "confirm": (tokens.confirm_purpose(7), (1, 1)),
        "my": (tokens.SELF_SERVICE, (1,)),
        "not-me": (tokens.DISOWN, (1,)),
    }
    for page in purposes:
        for other, (purpose, ids) in purposes.items():
            token = service.make(purpose, *ids, now=now())
            status = client.get(f"/{page}/{token}").status_code
            assert (status == 200) == (page == other), (page, other)


# --- browsers without Fetch Metadata, which send no more than `Origin: null` from such pages


def test_who_names_the_page_to_nobody_may_still_correct_take_back_and_disown(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    nameless = {"Origin": "null"}
    mine = my_page(client, petition, post_office)
    for page in (mine, "/my"):
        assert client.get(page).headers["Referrer-Policy"] == "no-referrer", "that is why"
    assert client.post(mine, data=CHANGED, headers=nameless).status_code == 303
    assert db.session.scalars(select(Signature.name)).one() == CHANGED["name"]
    asked = client.post("/my", data={"email": "anna@example.org"}, headers=nameless)
    assert asked.status_code == 200
    assert client.post(mine, data={"action": "withdraw"}, headers=nameless).status_code == 200
    assert count_of(client, petition) == 0

    signed(client, post_office, petition, email="berta@example.org")
    not_me = path_of(post_office.arrived[-1].link_to("not-me"))
    assert client.post(not_me, headers=nameless).status_code == 200
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0


def test_an_organisers_form_that_names_itself_to_nobody_is_known_by_its_csrf_token(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, display="full")
    invite()
    inside = enter(app)
    inside.environ_base["HTTP_ORIGIN"] = "null"
    names, public = f"/organisers/p/{petition}/names", f"/p/{petition}/signatures"
    assert inside.post(f"{names}/1").status_code == 403, "not without"
    assert "Anna Berg" in client.get(public).text
    assert press(inside, names, f"{names}/1").status_code == 303
    assert "Anna Berg" not in client.get(public).text


def test_a_public_form_is_not_sent_by_a_page_that_names_itself_to_nobody(
    client: Client, petition: str
) -> None:
    for page in (f"/p/{petition}/sign", f"/p/{petition}/write"):
        assert client.post(page, data=filled(), headers={"Origin": "null"}).status_code == 403


# --- the organisers' download


def test_what_does_not_leave_is_not_recorded_as_a_download(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    def downloads() -> int:
        db.session.rollback()
        of_lists = select(func.count()).where(AuditEntry.action == "signatures.download")
        return db.session.scalar(of_lists) or 0

    mine = my_page(client, petition, post_office)
    invite()
    inside = enter(app)
    file = f"/organisers/p/{petition}/signatures.csv"
    asked = inside.head(file)
    assert (asked.status_code, asked.data, downloads()) == (200, b"", 0)
    assert "Downloaded by the organisers Not yet." in text_of(client.get(mine))
    got = inside.get(file)
    assert downloads() == 1
    assert b"anna@example.org" in got.data
    for answer in (asked, got):
        answer.headers.remove("Set-Cookie")  # it has the time
    assert asked.headers == got.headers, "what HEAD is for"
    assert "We cannot call that copy back" in text_of(client.get(mine))


def test_asking_for_the_head_of_a_download_reaches_no_further(app: Flask, petition: str) -> None:
    other = make_petition("another")
    address = parse_address("organiser@example.org")
    access.invite(address, role=Role.VIEWER, slug=petition, language="en", now=now())
    inside = enter(app)
    assert inside.head(f"/organisers/p/{petition}/signatures.csv").status_code == 403
    assert inside.head(f"/organisers/p/{other}/signatures.csv").status_code == 404
