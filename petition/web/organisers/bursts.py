"""What an organiser sees of bursts, and decides about them."""

from flask import request, url_for
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.errors import PermissionDenied
from petition.models.enums import BurstState, Role
from petition.organisers import access, burst_review
from petition.web.organisers.guard import pages, signed_in
from petition.web.support.responses import see_other


@pages.post("/p/<slug>/bursts/<int:burst_id>")
def decide_burst(slug: str, burst_id: int) -> AnyResponse:
    """Let the mails of a burst go, or erase its entries."""
    organiser = signed_in()
    petition_id = access.petition_for(organiser, slug)
    if organiser.role == Role.VIEWER:
        raise PermissionDenied
    verdict = (
        BurstState.DISCARDED if request.form.get("verdict") == "discard" else BurstState.RELEASED
    )
    burst_review.decide_burst(petition_id, burst_id, verdict, organiser_id=organiser.id, now=now())
    return see_other(url_for("organisers.petition", slug=slug))
