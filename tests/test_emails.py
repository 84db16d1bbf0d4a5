"""Every email in every language, as it arrives: reviewers read what changes in `tests/mails`.

After a change of an email run `make emails` and read the difference. The HTML part is there as
text, with the addresses of links, and in English as it is.
"""

import re
import tomllib
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select, update

from petition.cli.mail import worker_for
from petition.cli.operations import SAMPLES
from petition.core import clock
from petition.database.transactions import transaction
from petition.models import Email, Signature
from petition.models.enums import EmailKind, InvalidReason, Role
from petition.organisers import access
from petition.organisers.review import invalidation
from petition.petitions import lifecycle, petition_file
from tests import signatures
from tests.factories import TODAY, parse_address

FOLDER = Path(__file__).parent / "mails"
HEADERS = ("From", "Reply-To", "To", "Subject", "Content-Language", "Auto-Submitted")
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
            fields = [f"{n}: {make_header(decode_header(raw[n]))}" for n in HEADERS if n in raw]
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
    organiser = parse_address(f"organiser@{language}.example.org")
    organiser_id = access.invite(
        organiser, role=Role.EDITOR, slug=None, language=language, now=TODAY
    )
    yield "sign_in", make(EmailKind.SIGN_IN, organiser_id=organiser_id)


def _without_tokens(text: str) -> str:
    """Return an email with TOKEN for each token, and with one code for all."""
    text = re.sub(r"/(confirm|my|not-me|enter)/[\w-]+", r"/\1/TOKEN", text.replace("\r\n", "\n"))
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
