"""What goes with every answer, and where a form may come from."""

from collections.abc import Iterable
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from petition.core import config
from petition.core.errors import CrossSiteForm
from petition.web.middleware.language import is_negotiated

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_SECURITY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Nothing of the device, but passing a link on and copying it.
PERMISSIONS = ", ".join(
    [f"{feature}=()" for feature in ("accelerometer", "autoplay", "camera", "display-capture")]
    + [f"{feature}=()" for feature in ("encrypted-media", "fullscreen", "geolocation", "gyroscope")]
    + [f"{feature}=()" for feature in ("magnetometer", "microphone", "midi", "payment", "usb")]
    + [f"{feature}=()" for feature in ("picture-in-picture", "screen-wake-lock", "sync-xhr")]
    + [f"{feature}=(self)" for feature in ("web-share", "clipboard-write")]
)
# The one page that other sites may show inside theirs: a counter and a link, never a form.
EMBEDDED_POLICY = CONTENT_SECURITY.replace("frame-ancestors 'none'", "frame-ancestors *").replace(
    "form-action 'self'", "form-action 'none'"
)
# How addresses begin that hold a token, or lie behind the organisers' door.
_PRIVATE = {"pending", "confirm", "thanks", "my", "not-me", "organisers"}
_CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def security_headers(secure: bool) -> dict[str, str]:
    """Return the headers of every answer; `secure` says whether the site is under https."""
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


class SecurityHeaders:
    """The WSGI layer that puts the headers of every answer on, whoever below gives the answer."""

    def __init__(self, app: "WSGIApplication", *, secure: bool) -> None:
        self._app = app
        self._always = [
            (name.lower(), name, value) for name, value in security_headers(secure).items()
        ]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def dress(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            if "content-security-policy" in present:
                present.add("x-frame-options")  # its own policy says who may frame the page
            added = [(name, value) for lower, name, value in self._always if lower not in present]
            return start_response(status, headers + added, *exc_info)

        return self._app(environ, dress)


def prepare(app: Flask) -> None:
    """Say of each page who may keep it, and refuse forms sent from other sites."""
    app.before_request(_refuse_cross_site)

    @app.after_request
    def tell(response: Response) -> Response:
        if _is_private():
            _keep_private(response)
        if response.status_code == 303:
            return response  # of a form: in no words, and kept by nobody
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("Content-Language", g.get("language", ""))
        if is_negotiated():
            response.vary.add("Accept-Language")
        return response


def see_other(address: str) -> Response:
    """Lead on with GET (303), in no words: werkzeug's own would be English in every language."""
    response = Response(status=303, headers={"Location": address})
    del response.headers["Content-Type"]  # of nothing
    return response


def come_back(response: Response, wait: timedelta) -> Response:
    """Say when to come back (RFC 9110 §10.2.3), in whole seconds from one up."""
    response.headers["Retry-After"] = str(max(1, ceil(wait.total_seconds())))
    return response


def for_all_sites(response: Response) -> Response:
    """Let other sites show what is public anyway: a picture, a count."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _is_private() -> bool:
    """Say whether the address holds a token, or is an organiser's: whatever answers there, be it
    that there is no such page.
    """
    parts = [part for part in request.path.split("/") if part]
    return not _PRIVATE.isdisjoint(parts[:2] if g.get("prefix") else parts[:1])


def _keep_private(response: Response) -> None:
    """Mark a page as kept nowhere, named to nobody, found by no search."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"


def _refuse_cross_site() -> None:
    """Raise CrossSite for a form of another site, by Fetch Metadata or, from browsers without it,
    by Origin.

    A browser sends `Origin: null` from a page that names itself to nobody, as signers' pages and
    organisers' do. There a token in the address is the authority, or one in the form, and no other
    site has either.
    """
    if request.method not in _CHANGING:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise CrossSiteForm
        return
    origin = request.headers.get("Origin")
    if origin is None or (
        origin == "null" and request.blueprint in {"confirmation", "self_service", "organisers"}
    ):
        return
    ours = {request.host, urlsplit(config.site_url(current_app.config)).netloc}
    try:
        host = urlsplit(origin).netloc
    except ValueError as error:  # no address at all, as `http://[`
        raise CrossSiteForm from error
    if host not in ours:
        raise CrossSiteForm
