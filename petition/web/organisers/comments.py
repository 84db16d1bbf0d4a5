"""What signers show: an organiser reads comments before they do, and hides what is no name."""

from flask import current_app, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from petition import moderation, organisers, petitions, supporters
from petition.clock import now
from petition.errors import NotAllowed, NotThere
from petition.kinds import Remark, Role
from petition.text import has_forbidden
from petition.web.company import number_asked
from petition.web.headers import see_other
from petition.web.organiser.guard import pages, signed_in


@pages.get("/p/<slug>/comments")
def comments(slug: str) -> str:
    """List the comments that wait, then those that show."""
    petition_id, title = _reader_of(slug)
    shown = moderation.shown(petition_id, before=number_asked())
    return render_template(
        "organiser/comments.html",
        slug=slug,
        title=title,
        waiting=moderation.waiting(petition_id),
        waiting_count=moderation.waiting_count(petition_id),
        shown=shown,
        further=shown[-1].number if len(shown) == moderation.PAGE else None,
    )


@pages.post("/p/<slug>/comments/<int:signature_id>")
def decide_comment(slug: str, signature_id: int) -> AnyResponse:
    """Show a comment, or do not."""
    petition_id, _title = _reader_of(slug)
    show = request.form.get("show") == "yes"
    words = request.form.get("comment", "")
    if has_forbidden(words, lines=True):  # no comment that was taken: PostgreSQL takes no NUL
        raise NotThere
    moderation.decide(
        petition_id,
        signature_id,
        words,
        Remark.SHOWN if show else Remark.REFUSED,
        organiser_id=signed_in().id,
        now=now(),
    )
    current_app.extensions["kept"].forget()
    return see_other(url_for("organiser.comments", slug=slug))


@pages.get("/p/<slug>/names")
def names(slug: str) -> str:
    """List the names that show, newest first."""
    petition_id, title = _reader_of(slug)
    people = supporters.page(petition_id, before=number_asked())
    return render_template(
        "organiser/names.html",
        slug=slug,
        title=title,
        people=people,
        further=people[-1].number if len(people) == supporters.PAGE else None,
    )


@pages.post("/p/<slug>/names/<int:number>")
def hide_name(slug: str, number: int) -> AnyResponse:
    """Hide a name."""
    petition_id, _title = _reader_of(slug)
    moderation.hide(petition_id, number, organiser_id=signed_in().id, now=now())
    current_app.extensions["kept"].forget()
    return see_other(url_for("organiser.names", slug=slug))


def _reader_of(slug: str) -> tuple[int, str]:
    """Return petition and title. Raises NotAllowed for a viewer: comments are signers' words."""
    organiser = signed_in()
    petition_id = organisers.petition_for(organiser, slug)
    if organiser.role == Role.VIEWER:
        raise NotAllowed
    shown = petitions.shown(slug, petitions.IN_ITS_OWN, drafts=True)
    return petition_id, shown.text.title
