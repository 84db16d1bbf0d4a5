"""The guard of the organisers' pages: session, CSRF token, petition within reach, permission."""

from typing import cast
from wsgiref.types import WSGIEnvironment

from flask import Blueprint, Flask, Request, Response, g, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature
from werkzeug.wrappers import Response as AnyResponse

from petition.core.errors import PermissionDenied, PetitionNotFound
from petition.extensions import csrf
from petition.organisers import access, permissions
from petition.organisers.permissions import Action
from petition.outbox import pausing
from petition.petitions import queries
from petition.web.middleware.body import MAX_LONG_BODY_BYTES
from petition.web.support.responses import render_page, see_other

pages = Blueprint("organisers", __name__, url_prefix="/organisers")

# The tabs of a petition, in order: endpoint and label.
TABS = (
    ("organisers.petition", _("Overview")),
    ("organisers.texts", _("Text")),
    ("organisers.news", _("News")),
    ("organisers.signatures", _("Signatures")),
    ("organisers.comments", _("Comments")),
    ("organisers.handover", _("Hand over")),
    ("organisers.people", _("People")),
    ("organisers.settings", _("Settings")),
)

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
    "organisers.decide_comments": Action.REVIEW_COMMENTS,
    "organisers.names": Action.REVIEW_NAMES,
    "organisers.hide_name": Action.REVIEW_NAMES,
    "organisers.decide_burst": Action.REVIEW_BURSTS,
    "organisers.signatures": Action.REVIEW_SIGNATURES,
    "organisers.search_signatures": Action.REVIEW_SIGNATURES,
    "organisers.signature": Action.REVIEW_SIGNATURES,
    "organisers.show_signature": Action.REVIEW_SIGNATURES,
    "organisers.invalidate": Action.REVIEW_SIGNATURES,
    "organisers.restore": Action.REVIEW_SIGNATURES,
    "organisers.resend": Action.REVIEW_SIGNATURES,
    "organisers.hide_signature_name": Action.REVIEW_SIGNATURES,
    "organisers.preview_removal": Action.REVIEW_SIGNATURES,
    "organisers.remove_matching": Action.REVIEW_SIGNATURES,
    "organisers.removals": Action.REVIEW_SIGNATURES,
    "organisers.undo_removal": Action.REVIEW_SIGNATURES,
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


def may_be_long(app: Flask, environ: WSGIEnvironment) -> bool:
    """Return whether a request may have a long body: a form of a petition, from an organiser.

    The session may have ended: what was typed is kept. Reads nothing but the cookie's signature.
    """
    request = Request(environ)
    if not request.path.startswith(f"{pages.url_prefix}/p/"):
        return False
    interface = cast(OrganiserSession, app.session_interface)
    serializer = interface.get_signing_serializer(app)
    try:
        return bool(
            serializer and serializer.loads(request.cookies.get(interface.get_cookie_name(app), ""))
        )
    except BadSignature:
        return False


@pages.before_request
def guard() -> AnyResponse | None:
    """Let an organiser in whose role allows the action of the endpoint.

    Sets `g.organiser` and, for addresses with a slug, `g.petition_id`. Without a session the answer
    leads to the sign-in page. Every form needs its CSRF token; a form without a session, or with
    the token of an ended one, is shown as a page that keeps what was typed.
    Raises: PetitionNotFound beyond the organiser's reach, PermissionDenied.
    """
    if request.path.startswith(f"{pages.url_prefix}/p/"):
        request.max_content_length = request.max_form_memory_size = MAX_LONG_BODY_BYTES
    g.organiser = None
    if "serial" in session:  # a session of an earlier release has none
        key = access.SessionKey(session["organiser"], session["serial"])
        g.organiser = access.get_organiser(key)
    endpoint = request.endpoint or ""
    action = ACTIONS.get(endpoint)
    if action is None and endpoint in ACTIONS:
        csrf.protect()
        return None
    if g.organiser is None:
        if request.method == "POST":
            return _keep_form()
        return see_other(url_for("organisers.sign_in"))
    try:
        csrf.protect()
    except CSRFError:
        return _keep_form()
    slug = (request.view_args or {}).get("slug")
    if slug is not None:
        g.petition_id = queries.get_id(slug)
        if not permissions.reaches(g.organiser, g.petition_id):
            raise PetitionNotFound
    if action is None or not permissions.may(g.organiser, action):
        raise PermissionDenied
    return None


def _keep_form() -> Response:
    """Show a page that sends the same fields again. Files have to be chosen again.

    Only for forms of this site: `headers` has refused those of others.
    """
    fields = [
        (name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"
    ]
    return render_page(
        "organisers/kept_form.html", status=403, fields=fields, has_files=bool(request.files)
    )


@pages.context_processor
def add_functions() -> dict[str, object]:
    """Give the templates `may("action")`, `get_pause()` and `tabs()`."""
    return {
        "tabs": tabs,
        "may": lambda action: permissions.may(g.organiser, Action(action)),
        "get_pause": pausing.get_pause,
    }


def tabs() -> list[tuple[str, str]]:
    """Return endpoint and label of the tabs that the organiser's role allows."""
    return [
        (endpoint, str(label))
        for endpoint, label in TABS
        if (action := ACTIONS.get(endpoint)) and permissions.may(g.organiser, action)
    ]
