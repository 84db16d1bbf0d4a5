"""Security and caching headers of every response, and the refusal of cross-site forms."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, current_app, g, request

from petition.core import config
from petition.core.errors import CrossSiteForm
from petition.web.middleware.language import is_negotiated

CONTENT_SECURITY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The one page that other sites may frame: a counter and a link, no form.
EMBEDDED_POLICY = CONTENT_SECURITY.replace("frame-ancestors 'none'", "frame-ancestors *").replace(
    "form-action 'self'", "form-action 'none'"
)
# Pages may use web-share by default. It is not named: browsers without it warn of an unknown name.
PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
    "fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
    "payment=(), usb=(), picture-in-picture=(), screen-wake-lock=(), sync-xhr=(), "
    "clipboard-write=(self)"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
# First path segments of pages that hold a token or belong to organisers.
_PRIVATE = {"pending", "confirm", "thanks", "my", "not-me", "handover", "organisers"}
# Blueprints whose forms are authorised by a token.
_WITH_TOKENS = {"pending", "confirmation", "self_service", "handed_over", "organisers"}
_UNSAFE_METHODS = {"POST", "PUT", "PATCH", "DELETE"}


class SecurityHeaders:
    """WSGI middleware that adds the security headers that a response does not set itself."""

    def __init__(self, app: WSGIApplication, *, https: bool) -> None:
        headers = {**SECURITY_HEADERS, **(HSTS if https else {})}
        self._app = app
        self._headers = [(name.lower(), name, value) for name, value in headers.items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def add_headers(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            if "content-security-policy" in present:
                present.add("x-frame-options")  # its own policy says who may frame the page
            added = [(name, value) for lower, name, value in self._headers if lower not in present]
            return start_response(status, headers + added, *exc_info)

        return self._app(environ, add_headers)


def init_app(app: Flask) -> None:
    """Set caching headers on every response and refuse cross-site forms."""
    app.before_request(_refuse_cross_site)
    app.after_request(_set_caching_headers)


def _set_caching_headers(response: Response) -> Response:
    if _is_private():
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if response.status_code == 303:
        return response  # it has no body, so no language, and answers a form
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Content-Language", g.get("language", ""))
    if is_negotiated():
        response.vary.add("Accept-Language")
    return response


def _is_private() -> bool:
    """Say whether the path may hold a token or is an organiser's, even if it leads to no page."""
    segments = [segment for segment in request.path.split("/") if segment]
    return not _PRIVATE.isdisjoint(segments[:2] if g.get("prefix") else segments[:1])


def _refuse_cross_site() -> None:
    """Raise CrossSiteForm for a form of another site, by Fetch Metadata or else by Origin.

    Pages with `Referrer-Policy: no-referrer` (signers' and organisers') send `Origin: null`. There
    a token in the path or in the form is the authority, and no other site has one.
    """
    if request.method not in _UNSAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    elif origin == "null":
        own = request.blueprint in _WITH_TOKENS
    else:
        own_hosts = {request.host, urlsplit(config.site_url(current_app.config)).netloc}
        own = origin is None or origin.partition("://")[2] in own_hosts
    if not own:
        raise CrossSiteForm
