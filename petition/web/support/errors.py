"""Every error's status and page, in one table. Rules are broken below; here they are put in
words.
"""

import logging
from types import TracebackType

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from petition import petitions
from petition.errors import (
    BurstGone,
    CrossSite,
    NotAllowed,
    NotThere,
    PetitionNotFound,
    PetitionNotOpen,
    ProofRefused,
    SignatureGone,
    SignInSpent,
    StepWanted,
    TokenExpired,
    TokenForged,
    TooMany,
)
from petition.faults import told
from petition.kinds import State
from petition.web import doorkeeper
from petition.web.headers import come_back
from petition.web.language import speak
from petition.web.surroundings import around

log = logging.getLogger(__name__)

# Error -> status and template in templates/failures/
_PAGES: dict[type[Exception], tuple[int, str]] = {
    CrossSite: (403, "cross_site"),
    CSRFError: (400, "form_expired"),
    NotAllowed: (403, "not_allowed"),
    BurstGone: (404, "not_found"),
    NotThere: (404, "not_found"),
    PetitionNotFound: (404, "not_found"),
    SignatureGone: (410, "link_gone"),
    SignInSpent: (410, "sign_in_spent"),
    TokenExpired: (410, "link_gone"),
    TokenForged: (404, "link_broken"),
}
_HTTP_PAGES = {404: "not_found", 405: "not_found", 413: "too_large", 503: "busy"}


def prepare(app: Flask) -> None:
    """Register the table."""
    for error in _PAGES:
        app.register_error_handler(error, _page)
    app.register_error_handler(PetitionNotOpen, _not_open)
    app.register_error_handler(StepWanted, _one_more_step)
    app.register_error_handler(ProofRefused, _one_more_step)
    app.register_error_handler(TooMany, _too_many)
    app.register_error_handler(HTTPException, _http)
    app.log_exception = _log_exception  # type: ignore[method-assign]


def _page(error: Exception) -> Response:
    status, template = _PAGES[type(error)]
    return make_response(render_template(f"failures/{template}.html"), status)


def _not_open(error: Exception) -> Response:
    assert isinstance(error, PetitionNotOpen)  # noqa: S101 (registered for it alone)
    petition = petitions.shown(error.slug, g.language)
    status = 410 if error.state in {State.CLOSED, State.VICTORY} else 409
    page = render_template("petition/page.html", petition=petition, **around(petition))
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
    if isinstance(error, ProofRefused):  # the same step goes on
        step = doorkeeper.step(request.form["ticket"])
        page = render_template("failures/step.html", step=step, fields=fields)
        return come_back(make_response(page, 429), error.wait)
    page = render_template("failures/step.html", step=doorkeeper.step(), fields=fields)
    return make_response(page, 422)


def _speak_as_the_form() -> None:
    speak(request.form.get("language", g.language))


def _too_many(error: Exception) -> Response:
    assert isinstance(error, TooMany)  # noqa: S101 (registered for it alone)
    _speak_as_the_form()
    return come_back(make_response(render_template("failures/too_many.html"), 429), error.wait)


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    answer = error.get_response()
    if code < 400:
        return make_response(answer)
    if isinstance(error, SecurityError):  # not our host: there is no address to link to
        return Response("This is not an address of this site.\n", code, mimetype="text/plain")
    page = make_response(
        render_template(f"failures/{_HTTP_PAGES.get(code, 'fault')}.html", code=code), code
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
    where = told(error) if error is not None else ""
    log.error("fault in %s %s: %s", request.method, request.endpoint, where)
