"""The letter to an embassy, which readers print, copy or send with their own mail program.

The site sends nothing for them and stores nothing that they enter.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Response, current_app, g, request
from flask_babel import force_locale
from flask_babel import gettext as _

from petition.core.clock import now
from petition.core.i18n import countries
from petition.core.text import has_forbidden, normalise
from petition.models import Office
from petition.petitions import queries, updates
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.support.forms.fields import MAX_NAME
from petition.web.support.markdown import to_plain_text
from petition.web.support.responses import render_page

pages = LocalizedBlueprint("embassy", __name__)

OTHER_COUNTRY = 0  # chosen by readers whose country is not listed


class Choice(NamedTuple):
    """What the reader chose. `office_id` is OTHER_COUNTRY for another country, None before."""

    office_id: int | None
    language: str
    name: str


@pages.route("/p/<slug>/write", methods=["GET", "POST"])
def write(slug: str) -> Response:
    """Show a form for the embassy, the letter's language and the name; below it, the letter.

    Readers whose country has no embassy write to the office without a country, if there is one.
    """
    petition = queries.get_petition(slug, g.language)
    listed = updates.list_offices(petition.id)
    offices = {office.id if office.country else OTHER_COUNTRY: office for office in listed}
    choice = _read_choice(petition, offices)
    embassies = [office for office in listed if office.country]
    values: dict[str, Any] = {"has_offices": bool(listed), "offices": _list_by_country(embassies)}
    if choice.office_id is not None:
        letter = queries.get_petition(slug, choice.language)
        office = offices.get(choice.office_id)
        heading = _demands_heading(choice.language)
        values |= {
            "letter": letter,
            "office": office,
            "name_language": office and _name_language(office, choice.language),
            "own_name_language": office and _name_language(office, g.language),
            "heading": heading,
            "mail_link": _mail_link(letter, office, heading, choice.name),
        }
    values |= {"petition": petition, "choice": choice, "today": now()}
    return render_page("petition/write.html", cache="no-store", **values)


def _read_choice(petition: queries.PetitionView, offices: dict[int, Office]) -> Choice:
    office_id = request.form.get("office", type=int)
    language = request.form.get("letter", petition.text.language)
    name = normalise(request.form.get("name", ""))[:MAX_NAME]
    return Choice(
        office_id if office_id in {OTHER_COUNTRY, *offices} else None,
        language if language in petition.languages else petition.text.language,
        "" if has_forbidden(name) else name,
    )


def _list_by_country(offices: Iterable[Office]) -> list[tuple[int, str, str]]:
    """Return (id, country, name), sorted by country in the reader's language."""
    names = countries(g.language)
    order = {code: position for position, code in enumerate(names)}
    sorted_offices = sorted(offices, key=lambda office: order.get(office.country, len(order)))
    return [
        (
            office.id,
            names.get(office.country, office.country),
            office.names[_name_language(office, g.language)],
        )
        for office in sorted_offices
    ]


def _name_language(office: Office, language: str) -> str:
    """Return this language or, if the office has no name in it, that of its first name."""
    return language if language in office.names else next(iter(office.names))


def _demands_heading(language: str) -> str:
    """Return the heading of the demands in the letter's language, or "" if it has no catalogue."""
    if language not in current_app.config["LANGUAGES"]:
        return ""
    with force_locale(language):
        return str(_("What we ask for"))


def _mail_link(letter: queries.PetitionView, office: Office | None, heading: str, name: str) -> str:
    """Return a `mailto:` link (RFC 6068) with the letter as plain text."""
    text = letter.text
    numbered = enumerate(text.demands.splitlines(), start=1)
    demands = "\n".join(f"{number}. {demand}" for number, demand in numbered)
    paragraphs = [to_plain_text(text.letter), heading if demands else "", demands, name]
    body = quote("\n\n".join(filter(None, paragraphs)).replace("\n", "\r\n"))
    address = quote(office.email, safe="@") if office else ""
    return f"mailto:{address}?subject={quote(text.title)}&body={body}"
