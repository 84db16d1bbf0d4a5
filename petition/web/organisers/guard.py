"""Who gets in. A page added to this blueprint is closed until it is named in OPEN."""

from flask import Blueprint, Flask, Request, g, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.wrappers import Response as AnyResponse

from petition.extensions import csrf
from petition.models import Organiser
from petition.organisers import access
from petition.web.support.responses import see_other

pages = Blueprint("organisers", __name__, url_prefix="/organisers")

OPEN = frozenset(
    {"organisers.sign_in", "organisers.ask_link", "organisers.arrive", "organisers.enter"}
)


class SessionForOrganisers(SecureCookieSessionInterface):
    """A session, and with it a cookie, under the organisers' addresses alone. Writing to the
    session of a public page is a fault at once, never a cookie for the public.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open the session of an organiser's page; elsewhere None, in which nothing is kept."""
        if not request.path.startswith(f"{pages.url_prefix}/"):
            return None
        return super().open_session(app, request)


@pages.before_request
def guard() -> AnyResponse | None:
    """Let in who has signed in and show everybody else the way to sign in. Every form needs its
    CSRF token.
    """
    organiser_id = session.get("organiser")
    g.organiser = None if organiser_id is None else access.get_organiser(organiser_id)
    csrf.protect()
    if g.organiser is None and request.endpoint not in OPEN:
        return see_other(url_for("organisers.sign_in"))
    return None


def signed_in() -> Organiser:
    """Return the organiser behind this request; there is one, or the guard would have turned it
    away.
    """
    organiser: Organiser = g.organiser
    return organiser
