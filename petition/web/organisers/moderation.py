"""Moderation: comments are read before they show, names can be hidden, bursts are decided."""

from flask import current_app, g, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.errors import ItemNotFound
from petition.core.text import has_forbidden
from petition.models import PetitionText
from petition.models.enums import BurstState, CommentState
from petition.organisers import burst_review, moderation
from petition.petitions import queries, supporters
from petition.web.organisers.guard import pages
from petition.web.support.pagination import get_before
from petition.web.support.responses import see_other


@pages.get("/p/<slug>/comments")
def comments(slug: str) -> str:
    """List the comments that wait, then those that show."""
    petition_id = g.petition_id
    shown = moderation.list_shown(petition_id, before=get_before())
    return render_template(
        "organisers/comments.html",
        slug=slug,
        text=_text(slug),
        waiting=moderation.list_waiting(petition_id),
        waiting_count=moderation.count_waiting(petition_id),
        shown=shown,
        next_before=shown[-1].number if len(shown) == moderation.PAGE_SIZE else None,
    )


@pages.post("/p/<slug>/comments/<int:signature_id>")
def decide_comment(slug: str, signature_id: int) -> AnyResponse:
    """Show or refuse a comment."""
    comment = request.form.get("comment", "")
    if has_forbidden(comment, lines=True):  # no stored comment has any; PostgreSQL rejects NUL
        raise ItemNotFound
    shows = request.form.get("show") == "yes"
    state = CommentState.SHOWN if shows else CommentState.REFUSED
    moderation.decide_comment(
        g.petition_id, signature_id, comment, state, organiser_id=g.organiser.id, now=now()
    )
    current_app.extensions["page_cache"].clear()
    return see_other(url_for("organisers.comments", slug=slug))


@pages.get("/p/<slug>/names")
def names(slug: str) -> str:
    """List the names that show, newest first."""
    people = supporters.list_shown(g.petition_id, before=get_before())
    return render_template(
        "organisers/names.html",
        slug=slug,
        text=_text(slug),
        supporters=people,
        tab="organisers.signatures",
        next_before=people[-1].number if len(people) == supporters.PAGE_SIZE else None,
    )


@pages.post("/p/<slug>/names/<int:number>")
def hide_name(slug: str, number: int) -> AnyResponse:
    """Hide a name."""
    moderation.hide_name(g.petition_id, number, organiser_id=g.organiser.id, now=now())
    current_app.extensions["page_cache"].clear()
    return see_other(url_for("organisers.names", slug=slug))


@pages.post("/p/<slug>/bursts/<int:burst_id>")
def decide_burst(slug: str, burst_id: int) -> AnyResponse:
    """Release the emails of a burst, or discard its entries."""
    if (state := request.form.get("state")) not in (BurstState.RELEASED, BurstState.DISCARDED):
        raise BadRequest
    burst_review.decide_burst(
        g.petition_id, burst_id, BurstState(state), organiser_id=g.organiser.id, now=now()
    )
    return see_other(url_for("organisers.petition", slug=slug))


def _text(slug: str) -> PetitionText:
    return queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True).text
