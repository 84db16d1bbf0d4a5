"""Walk through the pages as signers and organisers do, over HTTP and mail."""

import re
from contextvars import Context
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from petition.abuse import challenge
from petition.cli.mail import worker_for
from petition.core import tokens
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AuditEntry
from petition.models.enums import Role
from petition.organisers import access
from petition.signatures import codes
from petition.signatures.identity import Address
from tests.factories import SITE, parse_address
from tests.post_office import PostOffice

ORGANISER = parse_address("organiser@example.org")
CHANGED = {
    "name": "Anna B. Berg",
    "country": "DE",
    "postcode": "10115",
    "organisation": "Union",
    "role": "chair",
    "comment": "Because.",
    "display": "initials",
    "handover": "yes",
}


class Client(FlaskClient):
    """A test client that uses the address of the site."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        """Send a request to the site's own host.

        It runs in a new context, so that it does not see the application context of the test.
        """
        options.setdefault("base_url", SITE)
        options.setdefault("buffered", True)
        return Context().run(super().open, *arguments, **options)


def browser(app: Flask, **options: Any) -> Client:
    """Return a client of the application; it keeps cookies unless `use_cookies` is false."""
    app.test_client_class = Client
    client = app.test_client(**options)
    assert isinstance(client, Client)
    return client


def filled(**changes: str | None) -> dict[str, str]:
    """Return the fields of a valid sign form; None leaves a field out."""
    fields: dict[str, str | None] = {
        "name": "Anna Berg",
        "email": "anna@example.org",
        "country": "SE",
        "consent": "yes",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def post(client: Client, email: str, network: str = "192.0.2.1", **fields: str) -> Any:
    """Sign from a network, with a form that was opened nine seconds ago."""
    opened = token_for(client.application, tokens.FORM, 0, at=now() - timedelta(seconds=9))
    data = filled(email=email) | {"opened": opened} | fields
    headers = {"X-Forwarded-For": network}
    return client.post("/p/free-them/sign", data=data, headers=headers)


def make_ticket(
    app: Flask, scope: str = "sign:1", network: str = "192.0.2.1", *, seconds: float = 11
) -> str:
    """Return the ticket of a challenge that was issued to a network so many seconds ago."""
    subject = f"{scope} {app.extensions['networks'].key(network, now=now())}"
    issued_at, delay = now() - timedelta(seconds=seconds), timedelta(seconds=10)
    return challenge.issue(app.extensions["tokens"], subject, delay=delay, now=issued_at).ticket


def deliver(app: Flask) -> int:
    """Send all due emails over SMTP, as the mail worker does; return how many it settled."""
    db.session.rollback()  # end the snapshot of the test
    return worker_for(app).deliver_due(Event())


def signed(client: FlaskClient, post_office: PostOffice, slug: str, **changes: str | None) -> str:
    """Sign and return the path of the confirmation link in the email."""
    before = len(post_office.arrived)
    answer = client.post(f"/p/{slug}/sign", data=filled(**changes))
    assert answer.status_code == 303, answer.text
    deliver(client.application)
    return path_of(post_office.wait_for(before + 1)[-1].link)


def confirmed(
    client: FlaskClient, post_office: PostOffice, slug: str, **changes: str | None
) -> str:
    """Sign, confirm and return the path of the thank-you page."""
    answer = client.post(signed(client, post_office, slug, **changes))
    assert answer.status_code == 303
    return str(answer.location)


def my_page(client: Client, petition: str, post_office: PostOffice, **changes: str) -> str:
    """Sign, confirm and return the path of the signer's page from the thank-you email."""
    confirmed(client, post_office, petition, **changes)
    deliver(client.application)
    return path_of(post_office.arrived[-1].link_to("my"))


def count_of(client: FlaskClient, slug: str) -> int:
    """Return the public counter."""
    counted = client.get(f"/p/{slug}/count.json").json
    assert counted is not None
    return int(counted["count"])


def path_of(link: str) -> str:
    """Return the path of a link to this site."""
    assert link.startswith(f"{SITE}/")
    return link.removeprefix(SITE)


def token_for(app: Flask, purpose: tokens.Purpose, *ids: int, at: datetime | None = None) -> str:
    """Return a token made at a given time, by default now."""
    token: str = app.extensions["tokens"].make(purpose, *ids, now=at or now())
    return token


def issue_code(app: Flask, email_id: int) -> str:
    """Return the code of an email, stored as the worker does before it sends the email."""
    tokens = app.extensions["tokens"]
    code = codes.make_code(email_id, tokens)
    with transaction() as connection:
        codes.store_hashes(connection, {email_id: codes.hash_code(email_id, code, tokens)})
    return code


def text_of(answer: TestResponse) -> str:
    """Return the text of a page: no tags, single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def invite(role: Role = Role.EDITOR, slug: str | None = None) -> int:
    """Add the organiser."""
    return access.invite(ORGANISER, role=role, slug=slug, language="en", now=now())


def enter(app: Flask, address: Address = ORGANISER) -> Client:
    """Sign in as the organiser with a link and return the client."""
    link = access.get_sign_in_link(address)
    token = token_for(app, tokens.SIGN_IN, link.organiser_id, link.serial)
    client = browser(app)
    answer = press(client, f"/organisers/enter/{token}")
    assert answer.status_code == 303, answer.text
    return client


def sign_in(app: Flask) -> Client:
    """Add the organiser, sign in and return the client."""
    invite()
    return enter(app)


def press(client: Client, path: str, form: str | None = None, **fields: str) -> TestResponse:
    """Open a page and submit a form with the CSRF token of that page."""
    csrf = csrf_of(client.get(path))
    return client.post(form or path, data={"csrf_token": csrf, **fields})


def public_pages(client: FlaskClient, slug: str) -> list[str]:
    """Return the paths of every public page of a petition."""
    pages = ("", "/share", "/updates", "/signatures", "/write", "/mastodon", "/embed", "/versions")
    return ["/", "/privacy", "/accessibility", *(f"/p/{slug}{page}" for page in pages)]


def csrf_of(page: TestResponse) -> str:
    """Return the CSRF token of a page's first form."""
    return page.text.partition('name="csrf_token" value="')[2].partition('"')[0]


def seen_in(client: Client, path: str) -> str:
    """Open a page and return what tells which state its form shows."""
    return client.get(path).text.partition('name="seen" value="')[2].partition('"')[0]


def trail() -> list[tuple[str, int | None, int | None, str]]:
    """Return the audit trail: action, organiser, petition and detail."""
    db.session.rollback()
    rows = db.session.execute(
        select(
            AuditEntry.action, AuditEntry.organiser_id, AuditEntry.petition_id, AuditEntry.detail
        ).order_by(AuditEntry.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
