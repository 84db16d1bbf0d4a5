"""Moderation: comments are read before they show, names can be hidden, bursts are decided."""

from flask import current_app, flash, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectMultipleField, StringField

from petition.core.clock import now
from petition.models.enums import BurstState, CommentState
from petition.organisers import burst_review, moderation
from petition.petitions import supporters
from petition.web.organisers.forms import OrganiserForm, pressed
from petition.web.organisers.guard import pages
from petition.web.organisers.review.forms import to_number
from petition.web.support.pagination import get_before
from petition.web.support.responses import see_other


class CommentsForm(OrganiserForm):
    """Comments that were ticked, and what becomes of them."""

    chosen = SelectMultipleField(validate_choice=False)
    decision = StringField()

    def read(self) -> dict[int, str]:
        """Return the hash of each comment as it was read, by the id of its signature."""
        parts = (choice.partition(":") for choice in self.chosen.data or [])
        return {number: seen for one, _colon, seen in parts if (number := to_number(one))}


@pages.get("/p/<slug>/comments")
def comments(slug: str) -> str:
    """List the bursts and the comments that wait, then those that show; or the refused ones."""
    petition_id, before = g.petition_id, get_before()
    refused = request.args.get("state") == CommentState.REFUSED
    waiting = [] if refused else moderation.list_waiting(petition_id)
    list_others = moderation.list_refused if refused else moderation.list_shown
    others = list_others(petition_id, before=before)
    return render_template(
        "organisers/comments.html",
        slug=slug,
        refused=refused,
        bursts=[] if refused or before else burst_review.list_bursts(petition_id),
        waiting=waiting,
        waiting_count=moderation.count_waiting(petition_id),
        others=others,
        shown_name=moderation.shown_name,
        hash_comment=moderation.hash_comment,
        next_before=others[-1].number if len(others) == moderation.PAGE_SIZE else None,
    )


@pages.post("/p/<slug>/comments")
def decide_comments(slug: str) -> AnyResponse:
    """Show, refuse or put back the comments that were ticked."""
    form = CommentsForm()
    if form.decision.data not in {*CommentState}:
        raise BadRequest
    read = form.read()
    decided = moderation.decide_comments(
        g.petition_id,
        read,
        CommentState(form.decision.data),
        organiser_id=g.organiser.id,
        now=now(),
    )
    current_app.extensions["page_cache"].clear()
    if not read:
        flash(_("Tick some comments first."))
    elif decided < len(read):
        flash(_("Some comments have changed since you read them. Read them again."))
    state = CommentState.REFUSED if request.args.get("state") == CommentState.REFUSED else None
    return see_other(url_for("organisers.comments", slug=slug, state=state))


@pages.get("/p/<slug>/names")
def names(slug: str) -> str:
    """List the names that show, newest first."""
    people = supporters.list_shown(g.petition_id, before=get_before())
    return render_template(
        "organisers/names.html",
        slug=slug,
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
    state = BurstState(pressed("state", BurstState.RELEASED, BurstState.DISCARDED))
    burst_review.decide_burst(
        g.petition_id, burst_id, state, organiser_id=g.organiser.id, now=now()
    )
    return see_other(url_for("organisers.comments", slug=slug))
