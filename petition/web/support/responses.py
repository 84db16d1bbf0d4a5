"""Responses that views return: redirects, rendered pages and files, with their headers."""

from datetime import timedelta
from math import ceil
from typing import Any

from flask import Response, make_response, render_template

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


def allow_other_sites(response: Response) -> Response:
    """Let pages of other sites read and show this public response."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
