"""What signers show: an organiser reads comments before they do, and hides what is no name."""

from flask import current_app, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.errors import ItemNotFound, PermissionDenied
from petition.core.text import has_forbidden
from petition.models.enums import CommentState, Role
from petition.organisers import access, moderation
from petition.petitions import queries, supporters
from petition.web.organisers.guard import pages, signed_in
from petition.web.pages.supporters import get_before
from petition.web.support.responses import see_other


@pages.get("/p/<slug>/comments")
def comments(slug: str) -> str:
    """List the comments that wait, then those that show."""
    petition_id, title = _reader_of(slug)
    shown = moderation.list_shown(petition_id, before=get_before())
    return render_template(
        "organisers/comments.html",
        slug=slug,
        title=title,
        waiting=moderation.list_waiting(petition_id),
        waiting_count=moderation.count_waiting(petition_id),
        shown=shown,
        further=shown[-1].number if len(shown) == moderation.PAGE_SIZE else None,
    )


@pages.post("/p/<slug>/comments/<int:signature_id>")
def decide_comment(slug: str, signature_id: int) -> AnyResponse:
    """Show a comment, or do not."""
    petition_id, _title = _reader_of(slug)
    show = request.form.get("show") == "yes"
    words = request.form.get("comment", "")
    if has_forbidden(words, lines=True):  # no comment that was taken: PostgreSQL takes no NUL
        raise ItemNotFound
    moderation.decide_comment(
        petition_id,
        signature_id,
        words,
        CommentState.SHOWN if show else CommentState.REFUSED,
        organiser_id=signed_in().id,
        now=now(),
    )
    current_app.extensions["page_cache"].forget()
    return see_other(url_for("organisers.comments", slug=slug))


@pages.get("/p/<slug>/names")
def names(slug: str) -> str:
    """List the names that show, newest first."""
    petition_id, title = _reader_of(slug)
    people = supporters.list_shown(petition_id, before=get_before())
    return render_template(
        "organisers/names.html",
        slug=slug,
        title=title,
        people=people,
        further=people[-1].number if len(people) == supporters.PAGE_SIZE else None,
    )


@pages.post("/p/<slug>/names/<int:number>")
def hide_name(slug: str, number: int) -> AnyResponse:
    """Hide a name."""
    petition_id, _title = _reader_of(slug)
    moderation.hide_name(petition_id, number, organiser_id=signed_in().id, now=now())
    current_app.extensions["page_cache"].forget()
    return see_other(url_for("organisers.names", slug=slug))


def _reader_of(slug: str) -> tuple[int, str]:
    """Return petition and title. Raises NotAllowed for a viewer: comments are signers' words."""
    organiser = signed_in()
    petition_id = access.petition_for(organiser, slug)
    if organiser.role == Role.VIEWER:
        raise PermissionDenied
    shown = queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True)
    return petition_id, shown.text.title
