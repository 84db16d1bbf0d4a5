"""Every email in every language, as it arrives: reviewers read what changes in `tests/mails`.

After a change of an email run `make emails` and read the difference. The HTML part is there as
text, with the addresses of links, and in English as it is.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, insert, select, update

from petition.abuse import bursts
from petition.cli.mail import worker_for
from petition.cli.operations import SAMPLES
from petition.core import clock
from petition.database.transactions import transaction
from petition.models import Burst, Download, Email, Mailing, Signature, SignatureSum, Tally
from petition.models.enums import EmailKind, InvalidReason, MailingState, Role
from petition.models.sums import SumKind
from petition.organisers import access, people
from petition.organisers.browsers import Browser
from petition.organisers.export import FileOptions, Profile
from petition.organisers.handover import downloads
from petition.organisers.news import writing
from petition.organisers.news.reading import NewsText
from petition.organisers.news.writing import NewsForm
from petition.organisers.overview import morning
from petition.organisers.review import invalidation
from petition.petitions import counts, lifecycle, pictures, updates
from petition.petitions.editing import petition_file
from tests import signatures
from tests.factories import FLOOD, TODAY, change_text, parse_address, photo

FOLDER = Path(__file__).parent / "mails"
HEADERS = (
    *("From", "Reply-To", "To", "Subject", "Content-Language", "Auto-Submitted"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),
)
CODE = "123\N{NO-BREAK SPACE}456"


@pytest.fixture
def snapshots(app: Flask, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return every email by the name of its file."""
    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=lambda _zone: TODAY))
    sample = tomllib.loads((SAMPLES / "kuramshin.toml").read_text(encoding="utf-8"))
    lifecycle.create(petition_file.parse(sample), now=TODAY)
    found = {}
    for number, language in enumerate(app.config["LANGUAGES"], start=1):
        for name, email in _compose_all(app, language, number):
            text, html = (part.get_content() for part in email.iter_parts())
            # Not `email[name]`: Python 3.11 puts blanks between encoded words.
            raw = dict(email.raw_items())
            fields = [
                _without_tokens(f"{n}: {make_header(decode_header(raw[n]))}")
                for n in HEADERS
                if n in raw
            ]
            text, html = _without_tokens(text), _without_tokens(html)
            read = f"HTML\n----\n\n{_text_of(html).strip()}\n"
            found[f"{language}/{name}.txt"] = "\n\n".join(("\n".join(fields), text.strip(), read))
            if language == "en":
                found[f"{language}/{name}.html"] = html
    return found


def _compose_all(app: Flask, language: str, number: int) -> Iterator[tuple[str, EmailMessage]]:
    """Yield the name and the message of every email to a signer and to an organiser."""
    address = f"anna@{language}.example.org"
    email_id = signatures.sign(address, "kuramshin", language=language, at=TODAY)
    compose = worker_for(app).compose

    def make(kind: EmailKind, **values: object) -> EmailMessage:
        with transaction() as connection:
            connection.execute(
                update(Email).where(Email.id == email_id).values(kind=kind, **values)
            )
        message = message_from_bytes(compose(email_id).as_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def change_signature(**values: object) -> None:
        with transaction() as connection:
            connection.execute(update(Signature).where(Signature.email == address).values(values))

    yield "confirm", make(EmailKind.CONFIRM)
    yield "reminder", make(EmailKind.REMINDER)
    change_signature(confirmed_at=TODAY, number=12_479 + number)
    yield "already_signed", make(EmailKind.CONFIRM)
    yield "thanks", make(EmailKind.THANKS)
    with transaction() as connection:
        signature_id = connection.scalar(select(Signature.id).where(Signature.email == address))
    invalidation.invalidate(1, signature_id or 0, InvalidReason.DUPLICATE, now=TODAY)
    yield "not_counted", make(EmailKind.CONFIRM)
    invalidation.restore(1, signature_id or 0, now=TODAY)
    yield "my_page", make(EmailKind.MY_PAGE)
    change_signature(country="KZ")
    yield "thanks_at_risk", make(EmailKind.THANKS)
    erased = {"petition_id": 1, "address": address, "language": language}
    yield "withdrawn", make(EmailKind.WITHDRAWN, list_downloaded=False, **erased)
    yield "withdrawn_after_download", make(EmailKind.WITHDRAWN, list_downloaded=True)
    news = {"update_id": _publish(language)}
    change_signature(updates=True)
    yield "news_at_risk", make(EmailKind.NEWS, **news)
    change_signature(country="SE")
    yield "news", make(EmailKind.NEWS)
    change_text("kuramshin", language, reason="They were moved to another prison.")
    texts = counts.get_versions(1)
    with transaction() as connection:
        mailing = insert(Mailing).values(
            petition_id=1,
            versions=f"{language}-{texts[language]}",
            state=MailingState.RUNNING,
            started_at=TODAY,
            insisted=False,
            readers=1,
            last_signature_id=1,
        )
        mailing_id = connection.scalar(mailing.returning(Mailing.id))
    yield "new_text", make(EmailKind.NEW_TEXT, mailing_id=mailing_id)
    change_signature(country="KZ")
    yield "new_text_at_risk", make(EmailKind.NEW_TEXT)
    change_signature(country="SE")
    yield from _compose_for_organisers(make, language)


def _compose_for_organisers(
    make: Callable[..., EmailMessage], language: str
) -> Iterator[tuple[str, EmailMessage]]:
    slugs = {Role.ADMIN: None, Role.EDITOR: "kuramshin", Role.VIEWER: "kuramshin"}
    for role, slug in slugs.items():
        address = parse_address(f"{role}@{language}.example.org")
        organiser_id = access.invite(address, role=role, slug=slug, language=language, now=TODAY)
        yield f"invitation_{role}", make(EmailKind.INVITATION, organiser_id=organiser_id)
        if role == Role.EDITOR:
            editor_id = organiser_id
            test = {"organiser_id": organiser_id, "petition_id": 1, "language": language}
            yield "news_test", make(EmailKind.NEWS_TEST, **test)
            yield "new_text_test", make(EmailKind.NEW_TEXT_TEST)
    yield "sign_in", make(EmailKind.SIGN_IN, organiser_id=organiser_id)
    for profile in Profile:
        options = FileOptions(profile=profile)
        file: dict[str, Any] = {"reason": "For the embassy", "keep_until": None, "now": TODAY}
        download_id = downloads.ask(1, options, organiser_id=3, **file)
        with transaction() as connection:
            connection.execute(update(Download).values(rows=12_480, state="ready"))
        about = {"organiser_id": organiser_id, "download_id": download_id}
        yield f"download_{profile}", make(EmailKind.DOWNLOAD, **about)
    link = access.get_sign_in_link(address)
    key = access.use_link(link, browser=Browser("Firefox", "Android"), now=TODAY)
    yield "new_browser", make(EmailKind.NEW_BROWSER, session_id=key.session_id)
    change: dict[str, Any] = {"petition_id": 1, "by": None, "now": TODAY}
    people.change_role(editor_id, Role.VIEWER, was=Role.EDITOR, **change)
    yield "role", make(EmailKind.ROLE, organiser_id=editor_id)
    people.change_role(editor_id, Role.EDITOR, was=Role.VIEWER, **change)
    gone = parse_address(f"gone@{language}.example.org")
    by = access.invite(gone, role=Role.ADMIN, slug=None, language=language, now=TODAY)
    at = TODAY + timedelta(minutes=by)
    people.remove(organiser_id, petition_id=1, by=by, now=at)
    removed: dict[str, Any] = {"petition_id": 1, "address": address.email, "language": language}
    yield "removed", make(EmailKind.REMOVED, created_at=at, **removed)
    morning.choose(editor_id, wanted=True, now=TODAY)
    yield "morning_calm", make(EmailKind.MORNING, organiser_id=editor_id, created_at=TODAY)
    with transaction() as connection:
        _store_numbers(connection)
    yield "morning", make(EmailKind.MORNING)
    with transaction() as connection:
        connection.execute(delete(Burst))
        connection.execute(delete(SignatureSum))


def _store_numbers(connection: Connection) -> None:
    """Store the numbers of a day, and what waits for an organiser."""
    connection.execute(update(Tally).values(counted=12_480))
    yesterday = f"{TODAY - timedelta(days=1):%Y-%m-%d}"
    numbers = {"petition_id": 1, "kind": SumKind.DAY, "key": yesterday}
    connection.execute(insert(SignatureSum).values(confirmed=321, **numbers))
    bursts.record(connection, 1, FLOOD, now=TODAY)


def _publish(language: str) -> int:
    """Publish an update in one language, with a picture, and return its id."""
    if not updates.list_pictures(1):
        picture = pictures.make_picture(photo())
        with transaction() as connection:
            updates.upsert_picture(connection, 1, "queue.webp", picture)
    body = (
        "They were **free** at ten: [the report](https://example.org/report).\n\n"
        "## What comes next\n\n- a hearing\n- an appeal\n\n> Let him go.\n\n"
        "![A queue before an embassy](queue.webp)"
    )
    text = NewsText(language, "Free at last", body)
    return writing.create(1, NewsForm("", [text], {}), publish_at=TODAY, now=TODAY)


def _without_tokens(text: str) -> str:
    """Return an email with TOKEN for each token, and with one code for all."""
    text = re.sub(
        r"/(confirm|my|not-me|unsubscribe|enter)/[\w-]+", r"/\1/TOKEN", text.replace("\r\n", "\n")
    )
    text = re.sub(r"/pictures/[0-9a-f]{24}", "/pictures/DIGEST", text)
    return re.sub("\\b\\d{3}\N{NO-BREAK SPACE}\\d{3}\\b", CODE, text)


def _text_of(html: str) -> str:
    """Return what is read of an HTML part, with the addresses of links that are words."""
    text = re.sub(r"(?s)<!--.*?-->|<head>.*?</head>", "", html)
    text = re.sub(r'<a href="([^"]+)"[^>]*>\1</a>', r"\1", text)
    text = re.sub(r'<a href="([^"]+)"[^>]*>([^<]*)</a>', r"[\2](\1)", text)
    text = re.sub(r"<(?:br|/p)>", "\n", text)
    return re.sub(r"\n\s*\n", "\n\n", unescape(re.sub(r"<[^>]+>", "", text)))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_email_is_as_its_snapshot(
    snapshots: dict[str, str], request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("write_emails"):
        for path in FOLDER.rglob("*.*"):
            path.unlink()
        for name, text in snapshots.items():
            (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
            (FOLDER / name).write_text(text, encoding="utf-8")
    stored = {
        path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for path in FOLDER.rglob("*.*")
    }
    names = snapshots.keys() | stored.keys()
    changed = sorted(name for name in names if snapshots.get(name) != stored.get(name))
    assert changed == [], "run `make emails` and read the difference"


@pytest.mark.parametrize("name", ["confirm", "reminder"])
def test_at_most_seventy_words_stand_before_the_code(name: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.glob(f"*/{name}.txt")]
    before = [text.partition("\n\n")[2].partition(CODE)[0] for text in texts]
    assert len(before) >= 6
    assert max(len(text.split()) for text in before) <= 70


def test_no_layout_of_an_email_needs_what_words_engine_lacks() -> None:
    # Outlook draws with Word: no flex and grid, no floats and positions, no padding of links.
    files = list(FOLDER.glob("en/*.html"))
    assert len(files) > 5
    for file in files:
        html = file.read_text(encoding="utf-8")
        assert not re.search(r"flex|grid|float:|position:|background-image|<div[^>]*padding", html)
        assert "<table" in html, file.name
        for link in re.finditer(r'<td class="button"[^>]*>\s*<a', html):
            assert 'bgcolor="#' in link[0]
            assert "mso-padding-alt:" in link[0]
        assert html.count('class="button"') == html.count("mso-padding-alt"), file.name
