"""The letter to the embassy near the reader: to be printed, copied, or sent by the reader's own
mail program. The site sends nothing in anybody's name, and keeps nothing of what is typed here.
"""

from typing import NamedTuple
from urllib.parse import quote

from flask import Response, g, make_response, render_template, request

from petition import petitions, updates
from petition.clock import now
from petition.i18n import countries
from petition.models import Target
from petition.signers import has_forbidden, tidy
from petition.web.forms import NAME_MOST
from petition.web.language import Prefixed

pages = Prefixed("embassy", __name__)


class Choice(NamedTuple):
    """What the reader chose: the number of the office, the letter's language, and the name."""

    office: int
    language: str
    name: str


@pages.get("/p/<slug>/write")
def write(slug: str) -> Response:
    """Ask for the country, the letter's language and the name."""
    return _page(slug)


@pages.post("/p/<slug>/write")
def written(slug: str) -> Response:
    """Show the letter. Its words come with the form and go with the answer: nothing is kept."""
    return _page(slug)


def _page(slug: str) -> Response:
    shown = petitions.shown(slug, g.language)
    offices = {target.id: target for target in updates.targets(shown.id)}
    choice = _choice(shown, offices)
    letter = petitions.shown(slug, choice.language) if choice.office else None
    target = offices.get(choice.office)
    page = make_response(
        render_template(
            "petition/write.html",
            petition=shown,
            offices=_by_country(offices),
            choice=choice,
            letter=letter,
            target=target,
            today=now(),
            mail_link=_mail_link(letter, target, choice) if letter and target else "",
        )
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _choice(shown: petitions.Shown, offices: dict[int, Target]) -> Choice:
    office = request.form.get("office", type=int) or 0
    language = request.form.get("letter", shown.text.language)
    name = tidy(request.form.get("name", ""))[:NAME_MOST]
    return Choice(
        office if office in offices else 0,
        language if language in shown.languages else shown.text.language,
        "" if has_forbidden(name) else name,
    )


def _by_country(offices: dict[int, Target]) -> list[tuple[str, Target]]:
    """Return the offices with the names of their countries, as the reader's language sorts them."""
    names = countries(g.language)
    order = {code: at for at, code in enumerate(names)}
    listed = sorted(offices.values(), key=lambda target: order.get(target.country, len(order)))
    return [(names.get(target.country, target.country), target) for target in listed]


def _mail_link(letter: petitions.Shown, target: Target, choice: Choice) -> str:
    """Return the link that opens the reader's own mail program with the letter in it (RFC 6068)."""
    text = letter.text
    lines = [*text.letter.replace("**", "").strip().splitlines(), "", *text.demands.splitlines()]
    body = quote("\r\n".join([*lines, "", choice.name]))
    return f"mailto:{quote(target.email, safe='@')}?subject={quote(text.title)}&body={body}"
