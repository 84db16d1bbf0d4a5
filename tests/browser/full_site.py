"""A running site with content on all pages.

Signatures from several countries, organisations, a comment, a portrait, a logo, pictures in
updates, petitions in every state and one in a language that the site does not offer.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask, render_template
from PIL import Image, ImageFilter

from petition.abuse import challenge
from petition.abuse.rate_limits import FormSender
from petition.core import tokens
from petition.core.clock import now
from petition.core.config import ROOT
from petition.database.base import db
from petition.models import Email
from petition.models.enums import Display, PetitionState, Role
from petition.organisers import access, second_factor, sessions
from petition.organisers.browsers import Browser
from petition.petitions import lifecycle, queries, signing_terms, updates, visits
from petition.petitions.editing import petition_file
from petition.signatures import confirmation, signing
from petition.signatures.entries import Entry, EntryContext, EntryRef
from tests import databases
from tests.browser.site import Site, run_site
from tests.browsing import token_for
from tests.factories import change_text, parse_address
from tests.signatures import show_comment

LANGUAGES = ("en", "kk", "ru", "de", "sv", "fr")
LONG_NAME = "Maximilian Ferdinand Konstantin " * 3 + "Xyz."  # 100 characters, the maximum
UKRAINIAN = "ukrainian"  # slug; its language is not offered
STATES = {
    "paused": PetitionState.PAUSED,
    "closed": PetitionState.CLOSED,
    "won": PetitionState.VICTORY,
}  # by slug
VICTORY_WORDS = {
    "sentence": "He is free, and so are all who were arrested in May.",
    "won": "The sentence was **lifted**.",
    "next": "Write to him.",
}
DRAFT = "draft"
# By country; one with fewer than five signatures is not named.
SIGNATURES = {"DE": 14, "SE": 13, "KZ": 3}
ORGANISER = parse_address("organiser@example.org")
COLLEAGUES = (
    ("maximiliane.ferdinande@friends-of-the-prisoners.example.org", Role.EDITOR, None),
    ("viewer@example.org", Role.VIEWER, "kuramshin"),
    ("admin.of.one@example.org", Role.ADMIN, "kuramshin"),
)
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32">'
    '<path fill="#8c1d18" d="M0 0h120v32H0z"/></svg>'
)
SAMPLES = ROOT / "petition" / "petitions" / "samples"


@dataclass(frozen=True)
class Signer:
    """A person who signed: the entry and the id of the email about it."""

    entry: EntryRef
    email_id: int


@dataclass(frozen=True)
class FullSite(Site):
    """A running site, with an application on its database for what no browser can do."""

    app: Flask

    def sign(self, email: str, **changes: Any) -> Signer:
        """Sign the sample petition, by default with confirmation."""
        with self.app.app_context():
            return _sign(self.app, email, **changes)

    def change_text(self, language: str) -> None:
        """Publish a new version of the sample petition's text in a language."""
        with self.app.app_context():
            change_text("kuramshin", language, reason="He has been in prison for a month longer.")

    def token(self, purpose: tokens.Purpose, *ids: int, at: datetime | None = None) -> str:
        """Return a token made at a given time, by default now."""
        return token_for(self.app, purpose, *ids, at=at)

    def error_page(self, name: str, language: str) -> str:
        """Return a page of templates/errors as the site sends it."""
        with self.app.test_request_context(f"/{language}/failed"):
            self.app.preprocess_request()
            step = challenge.issue(
                self.app.extensions["tokens"], "a", delay=timedelta(seconds=10), now=now()
            )
            return render_template(f"errors/{name}", challenge=step, fields=[("name", "Anna")])

    def sign_in_link(self) -> str:
        """Return the path of a sign-in link of the organiser."""
        with self.app.app_context():
            link = access.get_sign_in_link(ORGANISER)
            db.session.remove()
        return f"/organisers/enter/{self.token(tokens.SIGN_IN, link.organiser_id, link.serial)}"


@contextmanager
def run_full_site(
    instance: Path, settings: Mapping[str, str] | None = None, text: Mapping[str, Any] | None = None
) -> Iterator[FullSite]:
    """Run a site with content on all pages.

    `text` adds texts to the sample petition, by language.
    """
    apps: list[Flask] = []

    def prepare(site: Site) -> None:
        app = closing.enter_context(databases.disconnecting(site.create_app()))
        with app.app_context():
            _fill(app, site.instance, text or {})
        apps.append(app)

    (instance / "logo.svg").write_text(LOGO, encoding="utf-8")
    brand = {"BRAND_NAME": "Petitions for prisoners", "BRAND_LOGO": "logo.svg"}
    with (
        ExitStack() as closing,
        run_site(instance, prepare=prepare, **brand, **(settings or {})) as site,
    ):
        yield FullSite(site.url, site.instance, site.environment, site.post_office, apps[0])


def _fill(app: Flask, folder: Path, more_text: Mapping[str, Any]) -> None:
    flask_migrate.upgrade()
    for name, size in (("face.jpg", (480, 320)), ("queue.jpg", (1280, 853))):
        (folder / name).write_bytes(photograph(size))
    petition = _read("kuramshin.toml")
    petition["text"] |= more_text
    face = {"face": "Vadim Kuramshin at a table", "face_caption": "Vadim Kuramshin in 2012"}
    texts = {language: text | face for language, text in petition["text"].items()}
    pictured = petition | {"face": "face.jpg", "face_credit": "Anna Berg", "text": texts}
    lifecycle.create(petition_file.parse(pictured, folder), now=now())
    updates.import_updates(
        "kuramshin", petition_file.parse_updates(_read("kuramshin-news.toml")), now=now()
    )
    with_picture = petition_file.parse_updates(_update_with_picture(), folder)
    updates.import_updates("kuramshin", with_picture, now=now())
    lifecycle.create(petition_file.parse(petition | {"slug": DRAFT, "state": "draft"}), now=now())
    for slug, state in STATES.items():
        words = {"en": VICTORY_WORDS, "kk": VICTORY_WORDS}  # others have those of the original
        written = petition | {"slug": slug, "victory": words}
        lifecycle.create(petition_file.parse(written), now=now())
        lifecycle.change_state(slug, state, now=now())
    lifecycle.create(petition_file.parse(_petition_in_ukrainian()), now=now())
    access.invite(ORGANISER, role=Role.ADMIN, slug=None, language="en", now=now())
    for email, role, reach in COLLEAGUES:
        access.invite(parse_address(email), role=role, slug=reach, language="en", now=now())
    _start_second_factor(app)
    _sign_many(app)
    change_text("kuramshin", "en", reason="He has been in prison for a month longer.")
    opened = {(now().date(), "", "en"): 3_000, (now().date(), "wa", "de"): 1_200}
    views = {("kuramshin", *key): number for key, number in opened.items()}
    visits.add_visits(views, {("kuramshin", now().date()): 40})
    db.session.remove()


def _start_second_factor(app: Flask) -> None:
    """Begin to set up a second factor in a session elsewhere, so that its page shows all."""
    browser = Browser("Samsung Internet", "Android")
    key = access.use_link(access.get_sign_in_link(ORGANISER), browser=browser, now=now())
    signed_in = sessions.get(key, now=now())
    assert signed_in is not None
    organiser, session = signed_in
    second_factor.start(organiser.id, session, app.extensions["tokens"], now=now())


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((SAMPLES / name).read_text(encoding="utf-8"))


def photograph(size: tuple[int, int]) -> bytes:
    """Return a picture of about the largest size that a portrait may have."""
    file = BytesIO()
    noise = Image.effect_noise(size, 60).filter(ImageFilter.GaussianBlur(1))
    noise.convert("RGB").save(file, "JPEG")
    return file.getvalue()


def _update_with_picture() -> dict[str, Any]:
    text = {
        "title": "Letters handed in",
        "body": "At six embassies.\n\n![People in a queue](queue.jpg)\n\n> Let him go.",
    }
    update = {"day": date(2016, 5, 30), "author": "Anna of the committee", "text": {"en": text}}
    return {"pictures": ["queue.jpg"], "update": [update]}


def _petition_in_ukrainian() -> dict[str, Any]:
    names = ("title", "target", "lede", "letter", "story", "share")
    text = dict.fromkeys(names, "Звільніть людей, яких заарештували за слово")
    return {
        "slug": UKRAINIAN,
        "state": "open",
        "source_language": "uk",
        "organiser": "Комітет",
        "contact": "committee@example.org",
        "text": {"uk": text},
    }


def _sign_many(app: Flask) -> None:
    countries = [country for country, number in SIGNATURES.items() for _ in range(number)]
    for number, country in enumerate(countries):
        # Each has its own domain: many from one domain would be held as a burst.
        _sign(app, f"signer@{number}.example.org", name=f"Anna Berg {number}", country=country)
    comment = "Because he spoke for those who could not.\nHe should not be where they are."
    signer = _sign(app, "shown@example.com", name=LONG_NAME, display=Display.FULL, comment=comment)
    assert show_comment(queries.get_id("kuramshin"), signer.entry.signature_id, comment)
    _sign(
        app,
        "union@example.com",
        name="Айгүл Ә.",
        country="DE",
        organisation="Union of the long names",
        role="Secretary of the branch",
        display=Display.FULL,
    )
    _sign(app, "initials@example.com", country="DE", display=Display.INITIALS)


def _sign(
    app: Flask,
    email: str,
    *,
    name: str = "Anna Berg",
    country: str = "SE",
    language: str = "en",
    organisation: str = "",
    role: str = "",
    comment: str = "",
    display: Display = Display.HIDDEN,
    confirmed: bool = True,
) -> Signer:
    terms = signing_terms.get_signing_terms("kuramshin", language)
    entry = Entry(
        name=name,
        country=country,
        postcode="",
        organisation=organisation,
        role=role,
        comment=comment,
        display=display,
        handover=False,
        updates=False,
    )
    email_id = signing.sign(
        terms.id,
        entry,
        parse_address(email),
        EntryContext(language, "", terms.text_language, terms.text_version),
        sender=FormSender(),
        now=now(),
    )
    email_row = db.session.get_one(Email, email_id)
    entry_ref = EntryRef(email_row.signature_id or 0, email_row.entry or 0)
    db.session.remove()
    if confirmed:
        confirmation.confirm(entry_ref, now=now())
    return Signer(entry_ref, email_id)
