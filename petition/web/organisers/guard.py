"""The guard of the organisers' pages: session, CSRF token, petition within reach, permission."""

from typing import NamedTuple, cast
from wsgiref.types import WSGIEnvironment

from flask import Blueprint, Flask, Request, Response, current_app, g, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.errors import PetitionNotFound
from petition.core.organiser_errors import PermissionDenied
from petition.extensions import csrf
from petition.models.enums import PetitionState
from petition.organisers import permissions, second_factor, sessions
from petition.organisers.permissions import Action
from petition.organisers.sessions import SessionKey
from petition.outbox import pausing
from petition.petitions import queries
from petition.web.middleware.body import MAX_LONG_BODY_BYTES
from petition.web.organisers.actions import ACTIONS, TABS
from petition.web.organisers.forms import CODE_FIELD, CodeForm
from petition.web.support.responses import render_page, see_other

pages = Blueprint("organisers", __name__, url_prefix="/organisers")


class Frame(NamedTuple):
    """A petition as every page about it names it, and the tabs that the organiser's role allows.

    The title is in the organiser's language, else in the petition's own; `language` says which.
    A tab is an endpoint and its label.
    """

    slug: str
    state: PetitionState
    title: str
    language: str
    tabs: list[tuple[str, str]]


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
    cookie = request.cookies.get(interface.get_cookie_name(app), "")
    try:
        # Whoever has only seen the sign-in page has a signed cookie, too, without a secret.
        return serializer is not None and "secret" in serializer.loads(cookie)
    except BadSignature:
        return False


@pages.before_request
def guard() -> AnyResponse | None:
    """Let an organiser in whose role allows the action of the endpoint.

    Sets `g.organiser`, `g.browser_session` and, for addresses with a slug, `g.petition_id`. Without
    a session the answer leads to the sign-in page. Every form needs its CSRF token; a form without
    a session, or with the token of an ended one, is shown as a page that keeps what was typed.
    Downloads may need a code of the second factor before.
    Raises: PetitionNotFound beyond the organiser's reach, PermissionDenied.
    """
    if request.path.startswith(f"{pages.url_prefix}/p/"):
        request.max_content_length = request.max_form_memory_size = MAX_LONG_BODY_BYTES
    g.organiser = g.browser_session = None
    if "secret" in session:  # a session of an earlier release has none
        key = SessionKey(session["id"], session["secret"])
        g.organiser, g.browser_session = sessions.get(key, now=now()) or (None, None)
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
    if request.method == "POST":
        sessions.note_use(g.browser_session, now=now())
    slug = (request.view_args or {}).get("slug")
    if slug is not None:
        g.petition_id = queries.get_id(slug)
        if not permissions.reaches(g.organiser, g.petition_id):
            raise PetitionNotFound
    if action is None or not permissions.may(g.organiser, action):
        raise PermissionDenied
    return ask_code() if action == Action.DOWNLOAD else None


def ask_code() -> AnyResponse | None:
    """Lead to the page that asks for a code, where the petition's downloads need one.

    A form is kept on a page with a field for the code, and goes on when it comes with a right one.
    Who has no second factor is led to the page that sets it up.
    """
    if not second_factor.is_needed(g.petition_id, g.browser_session, now=now()):
        return None
    is_on = second_factor.get_status(g.organiser.id).confirmed_at is not None
    if request.method != "POST":
        session["download"] = request.full_path
        return see_other(url_for("organisers.ask_code" if is_on else "organisers.second_factor"))
    if not is_on:
        return _keep_form(needs_second_factor=True)
    form, tokens = CodeForm(), current_app.extensions["tokens"]
    if CODE_FIELD in request.form and form.accepted(
        lambda code: second_factor.accept_code(g.browser_session, code, tokens, now=now())
    ):
        return None
    kept = _sent_fields(CODE_FIELD)
    return render_page("organisers/code.html", status=form.status, form=form, fields=kept)


def _keep_form(*, needs_second_factor: bool = False) -> Response:
    """Show a page that sends the same fields again. Files have to be chosen again.

    Only for forms of this site: `headers` has refused those of others.
    """
    return render_page(
        "organisers/kept_form.html",
        status=403,
        fields=_sent_fields(),
        has_files=bool(request.files),
        needs_second_factor=needs_second_factor,
    )


def _sent_fields(*left_out: str) -> list[tuple[str, str]]:
    left_out = (*left_out, "csrf_token")
    return [(name, value) for name, value in request.form.items(multi=True) if name not in left_out]


@pages.context_processor
def add_functions() -> dict[str, object]:
    """Give the templates `may("action")`, `get_pause()` and `get_frame()`."""
    return {
        "get_frame": get_frame,
        "may": lambda action: permissions.may(g.organiser, Action(action)),
        "get_pause": pausing.get_pause,
    }


def get_frame() -> Frame:
    """Return what stands around every page of the petition that the request is about.

    Call it after the guard: the address has a slug.
    """
    if "frame" not in g:
        (found,) = queries.list_petitions(g.language, only=g.petition_id)
        g.frame = Frame(found.slug, found.state, found.title, found.language, _tabs())
    frame: Frame = g.frame
    return frame


def _tabs() -> list[tuple[str, str]]:
    return [
        (endpoint, str(label))
        for endpoint, label in TABS
        if (action := ACTIONS.get(endpoint)) and permissions.may(g.organiser, action)
    ]
