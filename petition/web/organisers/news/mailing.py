"""Email an update to those who asked for news: test, start, progress, pause, stop."""

from flask import flash, g, render_template, url_for
from flask_babel import format_datetime
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.organiser_errors import MailingTooSoon, UpdateNotReady
from petition.models.enums import Role
from petition.organisers.news import mailings, reading
from petition.web.organisers.forms import pressed
from petition.web.organisers.guard import pages
from petition.web.organisers.news.forms import StartForm
from petition.web.support.responses import see_other

_CHANGES = {"pause": mailings.pause, "resume": mailings.resume, "stop": mailings.stop}


@pages.get("/p/<slug>/news/<int:update_id>/email")
def mailing(slug: str, update_id: int) -> str:
    """Show how many readers there are, what is still to do, and then the progress."""
    news = reading.get_news(g.petition_id, update_id, now=now())
    progress = mailings.get_progress(update_id, now=now())
    next_start = mailings.next_start(g.petition_id)
    return render_template(
        "organisers/news/mailing.html",
        slug=slug,
        tab="organisers.news",
        news=news,
        progress=progress,
        readers={} if progress else mailings.count_readers(g.petition_id),
        too_soon=next_start if next_start and next_start > now() else None,
        may_insist=_may_insist(),
        form=StartForm(formdata=None),
    )


@pages.post("/p/<slug>/news/<int:update_id>/test")
def test_mailing(slug: str, update_id: int) -> AnyResponse:
    """Email an update to the organiser."""
    number = mailings.send_test(g.petition_id, update_id, organiser_id=g.organiser.id, now=now())
    on_the_way = _("The test is on its way to your address.")
    flash(on_the_way if number else _("The test is still on its way. Wait a minute."))
    return _back(slug, update_id)


@pages.post("/p/<slug>/news/<int:update_id>/start")
def start_mailing(slug: str, update_id: int) -> AnyResponse:
    """Start to email an update."""
    insist = StartForm().insist.data and _may_insist()
    try:
        mailings.start(
            g.petition_id, update_id, insist=insist, organiser_id=g.organiser.id, now=now()
        )
    except UpdateNotReady:
        flash(_("Not started: the news has changed since your test. Send yourself another one."))
    except MailingTooSoon as error:
        flash(
            _(
                "Not started: readers get news at most every three days. Wait till %(time)s (UTC).",
                time=format_datetime(error.until, "short"),
            )
        )
    return _back(slug, update_id)


@pages.post("/p/<slug>/news/<int:update_id>/mailing")
def change_mailing(slug: str, update_id: int) -> AnyResponse:
    """Pause the emails, go on with them, or stop them for ever."""
    change = _CHANGES[pressed("change", *_CHANGES)]
    change(g.petition_id, update_id, organiser_id=g.organiser.id, now=now())
    return _back(slug, update_id)


def _may_insist() -> bool:
    return bool(g.organiser.role == Role.ADMIN)


def _back(slug: str, update_id: int) -> AnyResponse:
    return see_other(url_for("organisers.mailing", slug=slug, update_id=update_id))
