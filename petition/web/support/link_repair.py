"""Links as people pass them on: with a full stop, a bracket or a blank after them, or in capitals.

Only what would be a 404 is repaired, by a redirect within the site.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from flask import request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

from petition.core import tokens
from petition.web.support.tokens import get_tokens

MAX_LENGTH = 1_000  # of a path that is repaired: the site's own have 200 at most
_FOREIGN = re.compile(r"[\0-\x08\x0e-\x1f]|/\.\./")  # what nobody's program adds to a link
_DASHES = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"}


def repaired_url(adapter: MapAdapter) -> str | None:
    """Return the path and query that a link of this request was meant to have, or None.

    None also for a link that needs no repair, or whose repair leads to no page of the site.
    """
    if request.method not in {"GET", "HEAD"} or _FOREIGN.search(request.path):
        return None
    if len(request.path) > MAX_LENGTH:
        return None
    path, _, late_query = request.path.partition("?")  # a "?" here was encoded on the way
    query = request.query_string.decode("latin-1") or quote(late_query, safe="%&+=?")
    for candidate, token in repair_path(path):
        if token is not None and not get_tokens().is_of_link(token):
            continue
        page = _find_page(adapter, candidate, token)
        if page is not None and page != request.environ["PATH_INFO"]:
            return page + (f"?{query}" if query else "")
    return None


def repair_path(path: str) -> Iterator[tuple[str, str | None]]:
    """Yield what a path was probably meant to be, the likeliest first, and its token if any.

    All paths of the site are ASCII and, but for tokens, in lower case.
    """
    plain = path.translate(_DASHES)
    plain = "".join(letter for letter in plain if unicodedata.category(letter) not in {"Cc", "Cf"})
    joined = "".join(plain.split())  # a mail program may have wrapped the line
    for pattern in tokens.FORMATS:
        if token := pattern.search(joined):
            start = f"{_clean(joined[: token.start()]).rstrip('/')}/{token[0]}"
            rest = joined[token.end() :]
            if rest.startswith("/"):
                yield (start + _clean(rest)).rstrip("/"), token[0]
            yield start, token[0]
    yield _clean(plain), None


def _clean(path: str) -> str:
    """Return a path without what cannot be part of one, up to where other text begins."""
    segments = []
    for segment in path.lower().split("/"):
        written = re.sub(r"^[^a-z0-9._-]+", "", segment)
        after = re.match(r"[^a-z0-9]*", written[::-1])  # `+$` would take quadratic time
        written = written[: len(written) - (after.end() if after else 0)]
        name = re.match(r"[a-z0-9._-]*", written)
        segments.append(name[0].rstrip("._-") if name else "")
        if segments[-1] != written:
            break
    return "/" + "/".join(filter(None, segments))


def _find_page(adapter: MapAdapter, path: str, token: str | None) -> str | None:
    """Return the path of the page at `path`, with the slash that its rule has at the end."""
    try:
        _, values = adapter.match(path, method="GET")
    except RequestRedirect:
        return f"{path}/"
    except (NotFound, MethodNotAllowed):
        return None
    return path if values.get("token") == token else None
