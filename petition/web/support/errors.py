"""The status and page of every error, in one table, and the log line of a fault."""

import logging
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request, url_for
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from petition.core import errors, organiser_errors, tokens
from petition.core.config import site_url
from petition.core.errors import ChallengeFailed, ChallengeRequired, PetitionNotOpen, RateLimited
from petition.core.faults import find_outage, log_fault
from petition.models.enums import PetitionState
from petition.petitions import queries
from petition.web.middleware.language import set_language
from petition.web.support import abuse_checks
from petition.web.support.link_repair import repaired_url
from petition.web.support.page_context import get_page_context
from petition.web.support.responses import render_page, see_other
from petition.web.support.tokens import make_token

_log = logging.getLogger(__name__)

# Error: status and template in templates/errors/
_PAGES: dict[type[Exception], tuple[int, str]] = {
    errors.CrossSiteForm: (403, "cross_site"),
    CSRFError: (400, "form_expired"),
    organiser_errors.PermissionDenied: (403, "not_allowed"),
    errors.BurstNotFound: (404, "not_found"),
    organiser_errors.DownloadGone: (410, "file_gone"),
    organiser_errors.DownloadNotFound: (404, "not_found"),
    organiser_errors.HandoverLinkUsed: (410, "handover_used"),
    errors.ItemNotFound: (404, "not_found"),
    errors.PetitionNotFound: (404, "not_found"),
    errors.SignatureGone: (410, "link_gone"),
    organiser_errors.SignInLinkUsed: (410, "sign_in_used"),
    organiser_errors.UndoTooLate: (409, "too_late"),
    errors.TokenExpired: (410, "link_gone"),
    errors.TokenInvalid: (404, "link_broken"),
}
_HTTP_PAGES = {404: "not_found", 405: "not_found", 413: "too_large", 503: "busy"}
# Of requests that are refused before Flask has them.
_REFUSALS = {400: "fault", 500: "fault", 408: "too_slow", 413: "too_large", 503: "overloaded"}
_REFUSED = "petition.refused"  # key in the WSGI environ: the status
OVERLOADED_RETRY_AFTER = timedelta(seconds=5)
UNAVAILABLE_RETRY_AFTER = timedelta(seconds=10)  # while the database is away


def init_app(app: Flask) -> None:
    """Register a handler for every error of the table and for those with pages of their own."""
    for error in _PAGES:
        app.register_error_handler(error, _error_page)
    app.register_error_handler(errors.EntryMoved, _entry_moved)
    app.register_error_handler(PetitionNotOpen, _not_open)
    app.register_error_handler(errors.SignatureNotCounted, _not_counted)
    app.register_error_handler(ChallengeRequired, _challenge)
    app.register_error_handler(ChallengeFailed, _challenge)
    app.register_error_handler(RateLimited, _challenge)
    app.register_error_handler(HTTPException, _http_error)
    app.before_request(_refuse)
    app.log_exception = _log_exception  # type: ignore[method-assign]


def _error_page(error: Exception) -> Response:
    if isinstance(error, errors.PetitionNotFound) and (renamed := _redirect_renamed()):
        return renamed
    status, template = _PAGES[type(error)]
    return (_repair_link() if status == 404 else None) or render_page(
        f"errors/{template}.html", status=status
    )


def _redirect_renamed() -> Response | None:
    """Redirect from a former address of a petition to the same page at the present one.

    For a minute only: the petition may get its former address back.
    """
    values = request.view_args or {}
    slug = queries.find_renamed(str(values.get("slug", "")))
    if slug is None or request.endpoint is None:
        return None
    query = {name: value for name, value in request.args.items() if name not in values}
    url = url_for(request.endpoint, **{**query, **values, "slug": slug})
    status = 301 if request.method in {"GET", "HEAD"} else 308
    headers = {"Location": url, "Cache-Control": "public, max-age=60"}
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response


def _repair_link() -> Response | None:
    """Redirect a reader whose link was changed when it was passed on.

    Not stored: the link may have a token where no path of ours has one.
    """
    adapter = request_ctx.url_adapter
    url = None if adapter is None else repaired_url(adapter)
    if url is None:
        return None
    response = see_other(url)
    response.headers["Cache-Control"] = "no-store"
    return response


def _entry_moved(error: errors.EntryMoved) -> Response:
    """Redirect to the page of the email to the corrected address."""
    token = make_token(tokens.PENDING, error.email_id)
    return see_other(url_for("pending.show", token=token))


def _not_open(error: PetitionNotOpen) -> Response:
    petition = queries.get_petition(error.slug, g.language)
    status = 410 if error.state in {PetitionState.CLOSED, PetitionState.VICTORY} else 409
    context = get_page_context(petition)
    return render_page("petition/page.html", status=status, petition=petition, **context)


def _not_counted(error: errors.SignatureNotCounted) -> Response:
    """Tell the signer, and whom to ask."""
    set_language(error.language)
    return render_page("confirmation/not_counted.html", status=410, contact=error.contact)


def _challenge(error: ChallengeRequired | ChallengeFailed | RateLimited) -> Response:
    """Show a page that sends all fields again with the challenge; `sign` has a page of its own."""
    set_language(request.form.get("language", g.language))
    challenge = abuse_checks.issue_challenge(error)
    wait = None
    if not isinstance(error, ChallengeRequired):
        wait = abuse_checks.retry_after(error, challenge)
    return render_page(
        f"errors/{'too_many' if isinstance(error, RateLimited) else 'challenge'}.html",
        status=422 if wait is None else 429,
        retry_after=wait,
        challenge=challenge,
        fields=_sent_fields("ticket", "proof"),
    )


def _sent_fields(*left_out: str) -> list[tuple[str, str]]:
    """Return the fields of the form, for a page that sends them again."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in left_out]


def _http_error(error: HTTPException) -> Response:
    code = error.code or 500
    cause = getattr(error, "original_exception", None)
    if cause is not None and find_outage(cause) is not None:
        return _unavailable()
    if isinstance(error, SecurityError):  # not our host: there is no URL to link to
        return Response("This is not an address of this site.\n", code, mimetype="text/plain")
    if error is request.routing_exception and code == 404:
        repaired = _repair_link()
        if repaired is not None:
            return repaired
    page = render_page(f"errors/{_HTTP_PAGES.get(code, 'fault')}.html", status=code)
    kept = {"Allow", "Retry-After"}
    page.headers.extend((name, value) for name, value in error.get_headers() if name in kept)
    return page


def _unavailable() -> Response:
    """Show a page that asks for the same again, or sends the form's fields again."""
    set_language(request.form.get("language", g.language))
    page = render_page(
        "errors/unavailable.html",
        status=503,
        retry_after=UNAVAILABLE_RETRY_AFTER,
        fields=_sent_fields(),
        is_form=request.method == "POST",
    )
    if request.method == "GET":  # without JavaScript, too
        page.headers["Refresh"] = page.headers["Retry-After"]
    return page


def render_refusal(app: Flask, status: int, language: str) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of the page for a request that is refused before Flask has it."""
    builder = EnvironBuilder(f"/{language}/", site_url(app.config))
    environ = builder.get_environ() | {_REFUSED: status}
    chunks, _, headers = run_wsgi_app(app.wsgi_app, environ, buffered=True)
    return list(headers), b"".join(chunks)


def _refuse() -> Response | None:
    """Answer the request of `render_refusal`."""
    status = request.environ.get(_REFUSED)
    if status is None:
        return None
    wait = OVERLOADED_RETRY_AFTER if status == 503 else None
    return render_page(f"errors/{_REFUSALS[status]}.html", status=status, retry_after=wait)


def _log_exception(exc_info: Any) -> None:
    """Log a fault by its endpoint. Flask's own line has the path, which may hold a token."""
    log_fault(_log, exc_info[1], "fault in %s %s", request.method, request.endpoint)
