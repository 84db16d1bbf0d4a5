"""WSGI middleware that keeps rendered pages for one second and answers before Flask.

A view calls `cache_response()` when its response is the same for every reader of the path in one
language and through one share channel. A reader is at most a second behind; in the process that
changed a count, not at all.
"""

import gzip
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import request
from werkzeug.http import parse_accept_header

from petition.petitions.sharing import channel_of
from petition.web.middleware.language import negotiate

SECONDS = 1.0
MAX_PAGES = 500  # when there are more, all are dropped

_CACHEABLE = "petition.cacheable"  # key in the WSGI environ
_Key = tuple[str, str, str, bool]  # path, language, channel, gzipped
_HeaderList = list[tuple[str, str]]


def cache_response() -> None:
    """Allow this response to be cached and given to every reader."""
    request.environ[_CACHEABLE] = True


def channel_in(query: str) -> str:
    """Return the share channel in a query string, or "". Both the cache key and the page use it."""
    return channel_of(parse_qs(query[:500]).get("r", [""])[0])


@dataclass(frozen=True, slots=True)
class _Page:
    expires: float
    etag: str
    headers: _HeaderList
    body: bytes


class PageCache:
    """The middleware. It knows the `languages` offered and the `hosts` that the site answers to."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        languages: tuple[str, ...],
        hosts: Iterable[str],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._languages = languages
        self._prefixes = tuple(f"/{language}/" for language in languages)
        self._hosts = frozenset(hosts)
        self._timer = timer
        self._pages: dict[_Key, _Page] = {}

    def clear(self) -> None:
        """Drop every page: a count or a petition has changed in this process."""
        self._pages.clear()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._app(environ, start_response)
        key = self._key(environ)
        page = self._pages.get(key)
        host = environ.get("HTTP_HOST", "").partition(":")[0]  # of IPv6 addresses none is trusted
        if page is not None and page.expires > self._timer() and host in self._hosts:
            return _send(page, environ, start_response)
        return self._render(key, environ, start_response)

    def _key(self, environ: WSGIEnvironment) -> _Key:
        path = environ["PATH_INFO"]
        accepted, query = environ.get("HTTP_ACCEPT_LANGUAGE", ""), environ.get("QUERY_STRING", "")
        has_prefix = path.startswith(self._prefixes)
        language = "" if has_prefix else negotiate(accepted, self._languages)
        gzipped = _accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        return path, language, channel_in(query) if query else "", gzipped

    def _render(
        self, key: _Key, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Ask Flask, and cache the response if the view allowed it."""
        is_get = environ["REQUEST_METHOD"] == "GET"
        held_back: list[_HeaderList] = []

        def start_or_hold(status: str, headers: _HeaderList, *exc_info: Any) -> Any:
            if is_get and _CACHEABLE in environ and status.startswith("200 "):
                held_back.append(headers)
                return None
            return start_response(status, headers, *exc_info)

        chunks = self._app(environ, start_or_hold)
        if not held_back:
            return chunks
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        page = self._make_page(body, held_back[0], gzipped=key[3])
        if len(self._pages) >= MAX_PAGES:
            self.clear()
        self._pages[key] = page
        return _send(page, environ, start_response)

    def _make_page(self, body: bytes, headers: _HeaderList, *, gzipped: bool) -> _Page:
        vary = [value for name, value in headers if name.lower() == "vary"]
        replaced = {"content-length", "etag", "vary"}
        headers = [(name, value) for name, value in headers if name.lower() not in replaced]
        if gzipped:
            body = gzip.compress(body, 6, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
        headers += [("Vary", ", ".join([*vary, "Accept-Encoding"]))]
        headers += [("ETag", etag), ("Content-Length", str(len(body)))]
        return _Page(self._timer() + SECONDS, etag, headers, body)


@lru_cache(maxsize=256)
def _accepts_gzip(accept_encoding: str) -> bool:
    return parse_accept_header(accept_encoding)["gzip"] > 0


def _send(page: _Page, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    known = environ.get("HTTP_IF_NONE_MATCH", "")
    if known == "*" or page.etag in known:
        left_out = {"Content-Length", "Content-Type", "Content-Encoding"}
        headers = [header for header in page.headers if header[0] not in left_out]
        start_response("304 Not Modified", headers)
        return []
    start_response("200 OK", page.headers.copy())
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]
