"""The page of the link in emails with news, and the address to which inboxes post (RFC 8058)."""

from flask import Response, g

from petition.core import tokens
from petition.petitions import queries
from petition.signatures import unsubscribing
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.support.responses import render_page
from petition.web.support.tokens import read_token

pages = LocalizedBlueprint("unsubscribe", __name__)


@pages.get("/unsubscribe/<token>")
def show(token: str) -> Response:
    """Show one button. Changes nothing: mail scanners open links."""
    (signature_id,) = read_token(tokens.UNSUBSCRIBE, token)
    slug = unsubscribing.get_petition(signature_id).slug
    petition = queries.get_petition(slug, g.language, drafts=True)
    return render_page("self_service/unsubscribe.html", petition=petition, token=token)


@pages.post("/unsubscribe/<token>")
def submit(token: str) -> Response:
    """Unsubscribe at once, whoever posts: the token is the authority. 200 each time."""
    (signature_id,) = read_token(tokens.UNSUBSCRIBE, token)
    unsubscribing.unsubscribe(signature_id)
    return render_page("self_service/unsubscribed.html")
