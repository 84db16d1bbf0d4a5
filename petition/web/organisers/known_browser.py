"""The cookie by which a browser is known to the organisers who have signed in with it.

It is sent to /organisers alone, and holds their ids, encrypted.
"""

from contextlib import suppress

from flask import current_app, request
from werkzeug.wrappers import Response

from petition.core.errors import TokenExpired, TokenInvalid
from petition.core.tokens import KNOWN_BROWSER
from petition.web.organisers.guard import pages
from petition.web.support.tokens import make_token, read_token

_MAX_ORGANISERS = 5  # a token holds seven numbers beside its time


def read_organisers() -> tuple[int, ...]:
    """Return the ids of the organisers to whom this browser is known, the latest first."""
    with suppress(TokenInvalid, TokenExpired):
        return read_token(KNOWN_BROWSER, request.cookies.get(_name(), ""))
    return ()


def remember(response: Response, organiser_id: int) -> None:
    """Make this browser known to one more organiser."""
    others = [known for known in read_organisers() if known != organiser_id]
    response.set_cookie(
        _name(),
        make_token(KNOWN_BROWSER, organiser_id, *others[: _MAX_ORGANISERS - 1]),
        max_age=KNOWN_BROWSER.lifetime,
        path=pages.url_prefix,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )


def _name() -> str:
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    return "__Secure-known-browser" if secure else "known-browser"
