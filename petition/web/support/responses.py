"""Responses that views return: redirects, rendered pages and files, with their headers."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from math import ceil
from typing import Any

from flask import Response, after_this_request, make_response, render_template, request

_METHODS = "GET, HEAD, OPTIONS"
_PREFLIGHT = {
    "Allow": _METHODS,
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
IMMUTABLE = "public, max-age=31536000, immutable"  # for a URL that changes with its content


def see_other(url: str) -> Response:
    """Redirect with 303 and no body: werkzeug's own body is English in every language."""
    response = Response(status=303, headers={"Location": url})
    del response.headers["Content-Type"]
    return response


def render_page(
    template: str,
    *,
    status: int = 200,
    cache: str = "",
    retry_after: timedelta | None = None,
    **values: Any,
) -> Response:
    """Render a template; `cache` is its Cache-Control, `retry_after` its Retry-After."""
    page = make_response(render_template(template, **values), status)
    if cache:
        page.headers["Cache-Control"] = cache
    if retry_after is not None:  # in whole seconds (RFC 9110 §10.2.3), at least one
        page.headers["Retry-After"] = str(max(1, ceil(retry_after.total_seconds())))
    return page


def send_content(content: str | bytes, mimetype: str, *, cache: str) -> Response:
    """Respond with a file made in memory; `cache` is the value of Cache-Control."""
    return Response(content, mimetype=mimetype, headers={"Cache-Control": cache})


def open_to_other_sites(view: Callable[..., Response]) -> Callable[..., Response]:
    """Let pages of other sites read and show what a view returns, and ask first (CORS).

    Put it below the route. The view is not called for OPTIONS.
    """

    @wraps(view)
    def respond(**values: Any) -> Response:
        after_this_request(_allow_other_sites)  # error pages, too
        return _preflight() if request.method == "OPTIONS" else view(**values)

    respond.required_methods = {"OPTIONS"}  # type: ignore[attr-defined]  # Flask reads both
    respond.provide_automatic_options = False  # type: ignore[attr-defined]
    return respond


def _preflight() -> Response:
    response = Response(status=204, headers=_PREFLIGHT)
    del response.headers["Content-Type"]
    return response


def _allow_other_sites(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
