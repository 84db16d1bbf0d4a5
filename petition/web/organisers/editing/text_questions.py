"""Ask earlier signers by email whether they support the new text: test, start, progress, stop."""

from flask import flash, g, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import UpdateNotReady
from petition.organisers.news import text_questions
from petition.web.organisers.forms import pressed
from petition.web.organisers.guard import pages
from petition.web.support.responses import render_page, see_other

_CHANGES = {
    "pause": text_questions.pause,
    "resume": text_questions.resume,
    "stop": text_questions.stop,
}


@pages.get("/p/<slug>/text-question")
def text_question(slug: str) -> AnyResponse:
    """Show how many earlier signers there are, what is still to do, and then the progress."""
    question = text_questions.get_question(g.petition_id, now=now())
    if question is None:
        raise ItemNotFound
    return render_page(
        "organisers/text_question.html", slug=slug, tab="organisers.texts", question=question
    )


@pages.post("/p/<slug>/text-question/test")
def test_text_question(slug: str) -> AnyResponse:
    """Email the question to the organiser."""
    number = text_questions.send_test(g.petition_id, organiser_id=g.organiser.id, now=now())
    on_the_way = _("The test is on its way to your address.")
    flash(on_the_way if number else _("The test is still on its way. Wait a minute."))
    return _back(slug)


@pages.post("/p/<slug>/text-question/start")
def start_text_question(slug: str) -> AnyResponse:
    """Start to ask earlier signers."""
    try:
        text_questions.start(g.petition_id, organiser_id=g.organiser.id, now=now())
    except UpdateNotReady:
        flash(_("Not started: the text has changed since your test. Send yourself another one."))
    return _back(slug)


@pages.post("/p/<slug>/text-question/change")
def change_text_question(slug: str) -> AnyResponse:
    """Pause the emails, go on with them, or stop them for ever."""
    change = _CHANGES[pressed("change", *_CHANGES)]
    change(g.petition_id, organiser_id=g.organiser.id, now=now())
    return _back(slug)


def _back(slug: str) -> AnyResponse:
    return see_other(url_for("organisers.text_question", slug=slug))
