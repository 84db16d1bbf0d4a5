"""Every error's status and page, in one table. Rules are broken below; here they are put in
words.
"""

import logging
from types import TracebackType

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from petition.core.errors import (
    BurstNotFound,
    ChallengeFailed,
    ChallengeRequired,
    CrossSiteForm,
    ItemNotFound,
    PermissionDenied,
    PetitionNotFound,
    PetitionNotOpen,
    RateLimited,
    SignatureGone,
    SignInLinkUsed,
    TokenExpired,
    TokenInvalid,
)
from petition.core.log_safety import safe_traceback
from petition.models.enums import PetitionState
from petition.petitions import queries
from petition.web.middleware.headers import come_back
from petition.web.middleware.language import set_language
from petition.web.support import abuse_checks
from petition.web.support.page_context import get_page_context

log = logging.getLogger(__name__)

# Error -> status and template in templates/failures/
_PAGES: dict[type[Exception], tuple[int, str]] = {
    CrossSiteForm: (403, "cross_site"),
    CSRFError: (400, "form_expired"),
    PermissionDenied: (403, "not_allowed"),
    BurstNotFound: (404, "not_found"),
    ItemNotFound: (404, "not_found"),
    PetitionNotFound: (404, "not_found"),
    SignatureGone: (410, "link_gone"),
    SignInLinkUsed: (410, "sign_in_spent"),
    TokenExpired: (410, "link_gone"),
    TokenInvalid: (404, "link_broken"),
}
_HTTP_PAGES = {404: "not_found", 405: "not_found", 413: "too_large", 503: "busy"}


def prepare(app: Flask) -> None:
    """Register the table."""
    for error in _PAGES:
        app.register_error_handler(error, _page)
    app.register_error_handler(PetitionNotOpen, _not_open)
    app.register_error_handler(ChallengeRequired, _one_more_step)
    app.register_error_handler(ChallengeFailed, _one_more_step)
    app.register_error_handler(RateLimited, _too_many)
    app.register_error_handler(HTTPException, _http)
    app.log_exception = _log_exception  # type: ignore[method-assign]


def _page(error: Exception) -> Response:
    status, template = _PAGES[type(error)]
    return make_response(render_template(f"errors/{template}.html"), status)


def _not_open(error: Exception) -> Response:
    assert isinstance(error, PetitionNotOpen)  # noqa: S101 (registered for it alone)
    petition = queries.get_petition(error.slug, g.language)
    status = 410 if error.state in {PetitionState.CLOSED, PetitionState.VICTORY} else 409
    page = render_template("petition/page.html", petition=petition, **get_page_context(petition))
    return make_response(page, status)


def _one_more_step(error: Exception) -> Response:
    """Ask for the extra step before a form that stands on no page of its own is taken: a page with
    all its fields, that sends them once more.
    """
    _speak_as_the_form()
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in {"ticket", "proof"}
    ]
    if isinstance(error, ChallengeFailed):  # the same step goes on
        step = abuse_checks.issue_challenge(request.form["ticket"])
        page = render_template("errors/step.html", step=step, fields=fields)
        return come_back(make_response(page, 429), error.wait)
    page = render_template("errors/step.html", step=abuse_checks.issue_challenge(), fields=fields)
    return make_response(page, 422)


def _speak_as_the_form() -> None:
    set_language(request.form.get("language", g.language))


def _too_many(error: Exception) -> Response:
    assert isinstance(error, RateLimited)  # noqa: S101 (registered for it alone)
    _speak_as_the_form()
    return come_back(make_response(render_template("errors/too_many.html"), 429), error.wait)


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    answer = error.get_response()
    if code < 400:
        return make_response(answer)
    if isinstance(error, SecurityError):  # not our host: there is no address to link to
        return Response("This is not an address of this site.\n", code, mimetype="text/plain")
    page = make_response(
        render_template(f"errors/{_HTTP_PAGES.get(code, 'fault')}.html", code=code), code
    )
    for name in ("Allow", "Retry-After"):
        if name in answer.headers:
            page.headers[name] = answer.headers[name]
    return page


def _log_exception(
    exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
) -> None:
    """Log a fault by the name of its page: Flask's own line would carry the path, and with it a
    token.
    """
    error = exc_info[1]
    where = safe_traceback(error) if error is not None else ""
    log.error("fault in %s %s: %s", request.method, request.endpoint, where)
