"""Telling signers of a hand-over: a draft of news, in the languages of the petition."""

from datetime import date

from flask import flash, g, url_for
from flask_babel import force_locale, format_date, format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core import i18n
from petition.core.clock import now
from petition.models import Handover
from petition.organisers.handover import packs
from petition.organisers.news import writing
from petition.organisers.news.reading import NewsText
from petition.petitions import queries
from petition.web.organisers.guard import pages
from petition.web.support.responses import see_other


@pages.post("/p/<slug>/handover/packs/<int:handover_id>/news")
def draft_handover_news(slug: str, handover_id: int) -> AnyResponse:
    """Write a draft of news about a hand-over, once, and lead to it: nobody is told before."""
    found = packs.get_pack(g.petition_id, handover_id)
    on = found.handed_over_on
    if on is None:
        flash(_("First say when and to whom it was handed over."))
        return see_other(url_for("organisers.pack", slug=slug, handover_id=handover_id))
    languages = queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True).languages
    texts = [_write(slug, language, found, on) for language in languages]
    update_id = writing.create(
        g.petition_id,
        writing.NewsForm("", texts, {}),
        publish_at=None,
        handover_id=handover_id,
        organiser_id=g.organiser.id,
        now=now(),
    )
    return see_other(url_for("organisers.edit_news", slug=slug, update_id=update_id))


def _write(slug: str, language: str, pack: Handover, on: date) -> NewsText:
    """Return the news in a language. What organisers typed is as they typed it."""
    target = queries.get_petition(slug, language, drafts=True).text.target
    with force_locale(i18n.format_locale(language)):
        number = {"number": format_decimal(pack.rows)}
        sentences = [
            ngettext(
                "On %(day)s we handed over %(number)s name.",
                "On %(day)s we handed over %(number)s names.",
                pack.rows,
                day=format_date(on, "long", rebase=False),
                **number,
            ),
            _("Addressed to: %(target)s.", target=target),
            _("Received by: %(place)s.", place=pack.place),
        ]
        agreed = _("The list has only the names of those who agreed, and no email address.")
        title = ngettext(
            "%(number)s name was handed over", "%(number)s names were handed over", pack.rows,
            **number,
        )  # fmt: skip
    return NewsText(language, title, " ".join(sentences) + "\n\n" + agreed)
