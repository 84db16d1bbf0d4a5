"""The letter to the embassy near the reader: to be printed, copied, or sent by the reader's own
mail program. The site sends nothing in anybody's name, and keeps nothing of what is typed here.
"""

from typing import NamedTuple
from urllib.parse import quote

from flask import Response, current_app, g, make_response, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _

from petition.core.clock import now
from petition.core.i18n import countries
from petition.core.text import has_forbidden, normalise
from petition.models import Target
from petition.petitions import queries, updates
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.support.forms import NAME_MOST
from petition.web.support.plain_text import to_plain_text

pages = LocalizedBlueprint("embassy", __name__)

NO_OFFICE = 0  # chosen by readers in whose country there is none


class Choice(NamedTuple):
    """What the reader chose: the number of the office, NO_OFFICE, or None before choosing; the
    letter's language; and the name.
    """

    office: int | None
    language: str
    name: str


class Office(NamedTuple):
    """An office as the letter addresses it: `language` is that of its name."""

    name: str
    language: str
    postal: str
    email: str
    checked: int


@pages.get("/p/<slug>/write")
def write(slug: str) -> Response:
    """Ask for the country, the letter's language and the name."""
    return _page(slug)


@pages.post("/p/<slug>/write")
def written(slug: str) -> Response:
    """Show the letter. Its words come with the form and go with the answer: nothing is kept."""
    return _page(slug)


def _page(slug: str) -> Response:
    shown = queries.get_petition(slug, g.language)
    offices = {target.id: target for target in updates.list_targets(shown.id)}
    choice = _choice(shown, offices)
    values: dict[str, object] = {}
    if choice.office is not None:
        letter = queries.get_petition(slug, choice.language)
        target = offices.get(choice.office)
        office = _office(target, choice.language) if target else None
        heading = _heading(choice.language)
        values = {
            "letter": letter,
            "office": office,
            "heading": heading,
            "mail_link": _mail_link(letter, office, heading, choice.name),
        }
    page = make_response(
        render_template(
            "petition/write.html",
            petition=shown,
            offices=_by_country(offices),
            choice=choice,
            today=now(),
            **values,
        )
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _choice(shown: queries.PetitionView, offices: dict[int, Target]) -> Choice:
    office = request.form.get("office", type=int)
    language = request.form.get("letter", shown.text.language)
    name = normalise(request.form.get("name", ""))[:NAME_MOST]
    return Choice(
        office if office in {NO_OFFICE, *offices} else None,
        language if language in shown.languages else shown.text.language,
        "" if has_forbidden(name) else name,
    )


def _by_country(offices: dict[int, Target]) -> list[tuple[int, str, str]]:
    """Return the offices by number, country and name, as the reader's language sorts countries."""
    names = countries(g.language)
    order = {code: at for at, code in enumerate(names)}
    listed = sorted(offices.values(), key=lambda target: order.get(target.country, len(order)))
    return [
        (target.id, names.get(target.country, target.country), _office(target, g.language).name)
        for target in listed
    ]


def _office(target: Target, language: str) -> Office:
    """Return an office named in a language or, where it has no name in that, in its first one."""
    named = language if language in target.office else next(iter(target.office))
    return Office(target.office[named], named, target.postal, target.email, target.checked)


def _heading(language: str) -> str:
    """Return what stands above the demands, in the language of the letter if this site speaks
    it.
    """
    if language not in current_app.config["LANGUAGES"]:
        return ""
    with force_locale(language):
        return str(_("What we ask"))


def _mail_link(letter: queries.PetitionView, office: Office | None, heading: str, name: str) -> str:
    """Return the link that opens the reader's own mail program with the letter in it (RFC 6068)."""
    text = letter.text
    demands = [
        f"{number}. {demand}" for number, demand in enumerate(text.demands.splitlines(), start=1)
    ]
    paragraphs = [
        to_plain_text(text.letter),
        *([heading] if demands else []),
        "\n".join(demands),
        name,
    ]
    body = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    address = quote(office.email, safe="@") if office else ""
    body = quote(body.replace("\n", "\r\n"))
    return f"mailto:{address}?subject={quote(text.title)}&body={body}"
