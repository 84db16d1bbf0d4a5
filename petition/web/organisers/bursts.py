"""What an organiser sees of bursts, and decides about them."""

from flask import request, url_for
from werkzeug.wrappers import Response as AnyResponse

from petition import burst_review, organisers
from petition.clock import now
from petition.errors import NotAllowed
from petition.kinds import Role, Verdict
from petition.web.headers import see_other
from petition.web.organiser.guard import pages, signed_in


@pages.post("/p/<slug>/bursts/<int:burst_id>")
def decide_burst(slug: str, burst_id: int) -> AnyResponse:
    """Let the mails of a burst go, or erase its entries."""
    organiser = signed_in()
    petition_id = organisers.petition_for(organiser, slug)
    if organiser.role == Role.VIEWER:
        raise NotAllowed
    verdict = Verdict.DISCARDED if request.form.get("verdict") == "discard" else Verdict.RELEASED
    burst_review.decide(petition_id, burst_id, verdict, organiser_id=organiser.id, now=now())
    return see_other(url_for("organiser.petition", slug=slug))
