"""WSGI middleware that keeps rendered pages for one second and answers before Flask.

A view calls `cache_response()` when its response is the same for every reader of the path in one
language and through one share channel. A reader is at most a second behind; in the process that
changed a count, not at all. While the site cannot render a page, its readers get the last one.
"""

import gzip
import re
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
from werkzeug.sansio.utils import host_is_trusted

from petition.petitions.sharing import channel_of
from petition.web.middleware.language import negotiate

SECONDS = 1.0
STALE_SECONDS = 3_600.0  # for which an expired page is given while it cannot be rendered
RETRY_SECONDS = 5.0  # between two tries to render then
MAX_PAGES = 500  # when there are more, all are dropped

_CACHEABLE = "petition.cacheable"  # key in the WSGI environ
_CHANNEL = re.compile(r"[\W_]*([a-z]+)(?![a-z0-9])", re.ASCII | re.IGNORECASE)
_Key = tuple[str, str, str, bool]  # path, language, channel, gzipped
_HeaderList = list[tuple[str, str]]
_Response = tuple[str, _HeaderList, bytes]  # status line, headers, body


def cache_response() -> None:
    """Allow this response to be cached and given to every reader."""
    request.environ[_CACHEABLE] = True


def channel_in(environ: WSGIEnvironment) -> str:
    """Return the share channel in a query, or "", without what was added when it was passed on.

    Cache key, page and visits call it with the same environ, so they agree.
    """
    query = environ.get("QUERY_STRING", "")
    if not query:
        return ""
    written = parse_qs(query[:500]).get("r", [""])[0]
    found = _CHANNEL.match(written)
    return channel_of(found[1].lower()) if found else ""


@dataclass(frozen=True, slots=True)
class _Page:
    expires: float
    generation: int
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
        self._generation = 0
        self._retry_at = 0.0

    def clear(self) -> None:
        """Let every page expire: a count or a petition has changed in this process."""
        self._generation += 1

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._app(environ, start_response)
        response = self.find(environ)
        if response is not None:
            status, headers, body = response
            start_response(status, headers)
            return [body]
        return self._render(self.key(environ), environ, start_response)

    def find(self, environ: WSGIEnvironment) -> _Response | None:
        """Return the response with a page that has not expired or cannot be rendered, or None."""
        if self._timer() < self._retry_at:
            return self.find_stale(environ)
        page = self._pages.get(self.key(environ))
        if page is None or page.expires <= self._timer() or page.generation != self._generation:
            return None
        return self._respond_to_host(page, environ)

    def find_stale(self, environ: WSGIEnvironment, *, unchanged: bool = False) -> _Response | None:
        """Return the response with the last page, or None.

        With `unchanged`, only if nothing has changed in this process since.
        """
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return None
        page = self._pages.get(self.key(environ))
        if page is None or page.expires + STALE_SECONDS <= self._timer():
            return None
        if unchanged and page.generation != self._generation:
            return None
        return self._respond_to_host(page, environ)

    def _respond_to_host(self, page: _Page, environ: WSGIEnvironment) -> _Response | None:
        is_ours = _is_trusted(environ.get("HTTP_HOST", ""), self._hosts)
        return _respond(page, environ) if is_ours else None

    def was_cached(self, environ: WSGIEnvironment) -> bool:
        """Say whether a page for this reader was cached, even if it has expired."""
        return environ["REQUEST_METHOD"] in {"GET", "HEAD"} and self.key(environ) in self._pages

    def key(self, environ: WSGIEnvironment) -> _Key:
        """Return what identifies a page: two requests with one key get the same page."""
        path = environ["PATH_INFO"]
        accepted = environ.get("HTTP_ACCEPT_LANGUAGE", "")
        has_prefix = path.startswith(self._prefixes)
        language = "" if has_prefix else negotiate(accepted, self._languages)
        gzipped = _accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        return path, language, channel_in(environ), gzipped

    def _render(
        self, key: _Key, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Ask Flask, and cache the response if the view allowed it."""
        generation = self._generation  # a count that changes from here on is not on this page
        is_get = environ["REQUEST_METHOD"] == "GET"
        stale = self.find_stale(environ)
        failed: list[str] = []
        held_back: list[_HeaderList] = []

        def start_or_hold(status: str, headers: _HeaderList, *exc_info: Any) -> Any:
            if is_get and _CACHEABLE in environ and status.startswith("200 "):
                held_back.append(headers)
                return None
            if stale is not None and status.startswith("5"):
                failed.append(status)
                return None
            if is_get:
                self._pages.pop(key, None)  # what was there is gone
            return start_response(status, headers, *exc_info)

        chunks = self._app(environ, start_or_hold)
        if not held_back and not failed:
            return chunks
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        if stale is not None and failed:
            if failed[0].startswith("503"):
                self._retry_at = self._timer() + RETRY_SECONDS
            status, headers, body = stale
            start_response(status, headers)
            return [body]
        page = self._make_page(body, held_back[0], generation, gzipped=key[3])
        if len(self._pages) >= MAX_PAGES:
            self._pages.clear()
        self._pages[key] = page
        status, headers, body = _respond(page, environ)
        start_response(status, headers)
        return [body]

    def _make_page(
        self, body: bytes, headers: _HeaderList, generation: int, *, gzipped: bool
    ) -> _Page:
        vary = [value for name, value in headers if name.lower() == "vary"]
        replaced = {"content-length", "etag", "vary"}
        headers = [(name, value) for name, value in headers if name.lower() not in replaced]
        if gzipped:
            body = gzip.compress(body, 6, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
        headers += [("Vary", ", ".join([*vary, "Accept-Encoding"]))]
        headers += [("ETag", etag), ("Content-Length", str(len(body)))]
        return _Page(self._timer() + SECONDS, generation, etag, headers, body)


@lru_cache(maxsize=256)
def _is_trusted(host: str, hosts: frozenset[str]) -> bool:
    """Check a Host header as Flask does."""
    return host_is_trusted(host, hosts)


@lru_cache(maxsize=256)
def _accepts_gzip(accept_encoding: str) -> bool:
    return parse_accept_header(accept_encoding)["gzip"] > 0


def _respond(page: _Page, environ: WSGIEnvironment) -> _Response:
    known = environ.get("HTTP_IF_NONE_MATCH", "")
    if known == "*" or page.etag in known:
        left_out = {"Content-Length", "Content-Type", "Content-Encoding"}
        headers = [header for header in page.headers if header[0] not in left_out]
        return "304 Not Modified", headers, b""
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    return "200 OK", page.headers.copy(), b"" if is_head else page.body
