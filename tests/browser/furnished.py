"""The site with all that its pages may show: signatures from several countries, organisations, a
comment, face and logo, pictures in the news, petitions in every state and one in another language.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask, render_template
from PIL import Image, ImageFilter

from petition import create_app
from petition.abuse.rate_limits import FormSender
from petition.core import config, tokens
from petition.core.clock import now
from petition.core.config import ROOT
from petition.database.base import db
from petition.models import Email
from petition.models.enums import CommentState, Display, PetitionState, Role
from petition.organisers import access, moderation
from petition.petitions import lifecycle, petition_file, queries, updates
from petition.signatures import confirmation, signing
from petition.signatures.entries import Entry, EntryContext, EntryRef
from tests.browser.site import Site, running
from tests.factories import read_address
from tests.post_office import PostOffice

LANGUAGES = ("en", "kk", "ru", "de", "sv", "fr")
LONG = "Maximilian Ferdinand Konstantin " * 3 + "Xyz."  # 100 characters, the most
FALLS_BACK = "ukrainian"  # the slug of a petition in no language that is offered
STATES = {
    "paused": PetitionState.PAUSED,
    "closed": PetitionState.CLOSED,
    "won": PetitionState.VICTORY,
}  # by slug
DRAFT = "draft"
FROM = {"DE": 14, "SE": 13, "KZ": 3}  # signatures; a country is named from five on
ORGANISER = read_address("organiser@example.org")
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32">'
    '<path fill="#8c1d18" d="M0 0h120v32H0z"/></svg>'
)
_SAMPLES = ROOT / "petition" / "petitions" / "samples"


@dataclass(frozen=True)
class Signer:
    """Somebody who signed: what was kept, and the letter about it."""

    kept: EntryRef
    letter: int


@dataclass(frozen=True)
class Furnished(Site):
    """A running site with the application on its database, to do what no browser can."""

    app: Flask

    def sign(self, email: str, **changes: Any) -> Signer:
        """Sign the sample petition; `confirmed` by default."""
        with self.app.app_context():
            return _sign(self.app, email, **changes)

    def token(self, purpose: tokens.Purpose, *ids: int, at: datetime | None = None) -> str:
        """Return a token of the site's, made now or at a moment."""
        made: str = self.app.extensions["tokens"].make(purpose, *ids, now=at or now())
        return made

    def failure(self, name: str, language: str) -> str:
        """Return a page of templates/failures as the site would send it."""
        with self.app.test_request_context(f"/{language}/failed"):
            self.app.preprocess_request()
            return render_template(f"errors/{name}", code=500)

    def sign_in_link(self) -> str:
        """Return the address that lets the organiser in, once."""
        with self.app.app_context():
            link = access.get_sign_in_link(ORGANISER)
            db.session.remove()
        return f"/organisers/enter/{self.token(tokens.SIGN_IN, link.organiser_id, link.serial)}"


@contextmanager
def furnished(
    instance: Path,
    settings: Mapping[str, str] | None = None,
    text: Mapping[str, Any] | None = None,
) -> Iterator[Furnished]:
    """Run the site, furnished, with a mail server of its own. `text` adds texts to the sample
    petition, by language.
    """
    made: list[Flask] = []

    def prepare(site: Site) -> None:
        made.append(_application(site))
        with made[0].app_context():
            _furnish(made[0], site.instance, text or {})

    (instance / "logo.svg").write_text(LOGO, encoding="utf-8")
    branded = {"BRAND_NAME": "Petitions for prisoners", "BRAND_LOGO": "logo.svg"}
    office = PostOffice()
    office.start()
    with running(instance, office, prepare=prepare, **branded, **(settings or {})) as site:
        yield Furnished(site.url, site.instance, site.environment, office, made[0])
    office.stop()
    with made[0].app_context():
        db.engine.dispose()


def _application(site: Site) -> Flask:
    settings = config.load(site.instance, site.environment)
    return create_app(settings | {"INSTANCE_PATH": str(site.instance)})


def _furnish(app: Flask, folder: Path, more: Mapping[str, Any]) -> None:
    flask_migrate.upgrade()
    for name, size in (("face.jpg", (480, 320)), ("queue.jpg", (1280, 853))):
        (folder / name).write_bytes(photograph(size))
    written = _read("kuramshin.toml")
    written["text"] |= more
    for text in written["text"].values():
        text["face"] = "Vadim Kuramshin at a table"
    lifecycle.create(petition_file.parse(written | {"face": "face.jpg"}, folder), now=now())
    updates.import_updates(
        "kuramshin", petition_file.parse_updates(_read("kuramshin-news.toml")), now=now()
    )
    updates.import_updates("kuramshin", petition_file.parse_updates(_pictured(), folder), now=now())
    lifecycle.create(petition_file.parse(written | {"slug": DRAFT, "state": "draft"}), now=now())
    for slug, state in STATES.items():
        lifecycle.create(petition_file.parse(written | {"slug": slug}), now=now())
        lifecycle.change_state(slug, state, now=now())
    lifecycle.create(petition_file.parse(_in_ukrainian()), now=now())
    access.invite(ORGANISER, role=Role.ADMIN, slug=None, language="en", now=now())
    _sign_many(app)
    db.session.remove()


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_SAMPLES / name).read_text(encoding="utf-8"))


def photograph(size: tuple[int, int]) -> bytes:
    """Return a picture that takes about as many bytes as a face may have."""
    file = BytesIO()
    noise = Image.effect_noise(size, 60).filter(ImageFilter.GaussianBlur(1))
    noise.convert("RGB").save(file, "JPEG")
    return file.getvalue()


def _pictured() -> dict[str, Any]:
    text = {
        "title": "Letters handed in",
        "body": "At six embassies.\n\n![People in a queue](queue.jpg)\n\n> Let him go.",
    }
    update = {"day": date(2016, 5, 30), "author": "Anna of the committee", "text": {"en": text}}
    return {"pictures": ["queue.jpg"], "update": [update]}


def _in_ukrainian() -> dict[str, Any]:
    names = ("title", "target", "lede", "letter", "story", "share")
    text = dict.fromkeys(names, "Звільніть людей, яких заарештували за слово")
    return {
        "slug": FALLS_BACK,
        "state": "open",
        "source_language": "uk",
        "organiser": "Комітет",
        "contact": "committee@example.org",
        "text": {"uk": text},
    }


def _sign_many(app: Flask) -> None:
    countries = [country for country, times in FROM.items() for _ in range(times)]
    for number, country in enumerate(countries):
        # Domains of their own: many from one would be a flood.
        _sign(app, f"signer@{number}.example.org", name=f"Anna Berg {number}", country=country)
    said = "Because he spoke for those who could not.\nHe should not be where they are."
    shown = _sign(app, "shown@example.com", name=LONG, display=Display.FULL, comment=said)
    moderation.decide_comment(
        queries.get_id("kuramshin"), shown.kept.signature_id, said, CommentState.SHOWN, now=now()
    )
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
    moment = now()
    signable = queries.get_signing_terms("kuramshin", language)
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
    letter = signing.sign(
        signable.id,
        entry,
        read_address(email),
        EntryContext(language, "", signable.text_language, signable.text_version),
        sender=FormSender(),
        now=moment,
    )
    written = db.session.get_one(Email, letter)
    kept = EntryRef(written.signature_id or 0, written.entry or 0)
    db.session.remove()
    if confirmed:
        confirmation.confirm(kept, now=now())
    return Signer(kept, letter)
