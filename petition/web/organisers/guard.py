"""The guard of the organisers' pages: session, CSRF token, petition within reach, permission."""

from flask import Blueprint, Flask, Request, g, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.wrappers import Response as AnyResponse

from petition.core.errors import PermissionDenied, PetitionNotFound
from petition.extensions import csrf
from petition.organisers import access, permissions
from petition.organisers.permissions import Action
from petition.outbox import pausing
from petition.petitions import queries
from petition.web.support.responses import see_other

pages = Blueprint("organisers", __name__, url_prefix="/organisers")

# Endpoint -> the action that it needs, or None when it is open to everybody. An endpoint that is
# missing here is refused.
ACTIONS: dict[str, Action | None] = {
    "organisers.sign_in": None,
    "organisers.ask_link": None,
    "organisers.show_sign_in_button": None,
    "organisers.enter": None,
    "organisers.sign_out": Action.SIGN_OUT,
    "organisers.dashboard": Action.LIST_PETITIONS,
    "organisers.petition": Action.SEE_FIGURES,
    "organisers.preview": Action.PREVIEW,
    "organisers.comments": Action.REVIEW_COMMENTS,
    "organisers.decide_comment": Action.REVIEW_COMMENTS,
    "organisers.names": Action.REVIEW_NAMES,
    "organisers.hide_name": Action.REVIEW_NAMES,
    "organisers.decide_burst": Action.REVIEW_BURSTS,
    "organisers.signatures_csv": Action.DOWNLOAD,
    "organisers.signatures_jsonl": Action.DOWNLOAD,
    "organisers.set_separator": Action.DOWNLOAD,
    "organisers.audit_trail": Action.SEE_AUDIT_TRAIL,
}


class OrganiserSession(SecureCookieSessionInterface):
    """A session, and so a cookie, for these pages only; elsewhere writing to it raises."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if not request.path.startswith(f"{pages.url_prefix}/"):
            return None
        return super().open_session(app, request)


@pages.before_request
def guard() -> AnyResponse | None:
    """Let an organiser in whose role allows the action of the endpoint.

    Sets `g.organiser` and, for addresses with a slug, `g.petition_id`. Without a session the answer
    leads to the sign-in page. Every form needs its CSRF token.
    Raises: PetitionNotFound beyond the organiser's reach, PermissionDenied.
    """
    g.organiser = None
    if "serial" in session:  # a session of an earlier release has none
        key = access.SessionKey(session["organiser"], session["serial"])
        g.organiser = access.get_organiser(key)
    csrf.protect()
    endpoint = request.endpoint or ""
    action = ACTIONS.get(endpoint)
    if action is None and endpoint in ACTIONS:
        return None
    if g.organiser is None:
        return see_other(url_for("organisers.sign_in"))
    slug = (request.view_args or {}).get("slug")
    if slug is not None:
        g.petition_id = queries.get_id(slug)
        if not permissions.reaches(g.organiser, g.petition_id):
            raise PetitionNotFound
    if action is None or not permissions.may(g.organiser, action):
        raise PermissionDenied
    return None


@pages.context_processor
def add_functions() -> dict[str, object]:
    """Give the templates `may("action")` and `get_pause()`."""
    return {
        "may": lambda action: permissions.may(g.organiser, Action(action)),
        "get_pause": pausing.get_pause,
    }
