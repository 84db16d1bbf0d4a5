"""Pages that are rendered once and kept for a second: answered before Flask, at twice the speed of
a bare Flask page.

A view says with `keep()` that its answer is the same for everybody who asks for this path, in this
language, by this share channel. One second is the longest a reader can be behind; in the process
that changed a count, nothing.
"""

import gzip
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from flask import request
from werkzeug.http import parse_accept_header

from petition.petitions.sharing import channel_of
from petition.web.middleware.language import negotiate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SECONDS = 1.0
MAX_PAGES = 500  # kept answers; beyond them all are forgotten and made anew

_MARK = "petition.keep"
_Key = tuple[str, str, str]
_HeaderList = list[tuple[str, str]]


def channel_in(query: str) -> str:
    """Return the share channel that a query string names, or none: the same for the key of a kept
    page and for what stands in it.
    """
    return channel_of(parse_qs(query[:500]).get("r", [""])[0])


def cache_response() -> None:
    """Say that the answer under way may be kept and given to everybody."""
    request.environ[_MARK] = True


@dataclass(frozen=True, slots=True)
class _Variant:
    etag: str
    headers: _HeaderList
    body: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    until: float
    plain: _Variant
    packed: _Variant


class PageCache:
    """The WSGI layer that keeps answers. `languages` are those offered, `hosts` the names answered
    to.
    """

    def __init__(
        self,
        app: "WSGIApplication",
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
        self._answers: dict[_Key, _Answer] = {}

    def forget(self) -> None:
        """Forget every kept answer: a count or a petition has changed in this process."""
        self._answers.clear()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._app(environ, start_response)
        key = self._key(environ)
        answer = self._answers.get(key)
        if answer is not None and answer.until > self._timer() and self._is_host(environ):
            return _give(answer, environ, start_response)
        return self._ask(key, environ, start_response)

    def _key(self, environ: "WSGIEnvironment") -> _Key:
        path = environ["PATH_INFO"]
        if path.startswith(self._prefixes):
            language = ""
        else:
            language = negotiate(environ.get("HTTP_ACCEPT_LANGUAGE", ""), self._languages)
        query = environ.get("QUERY_STRING", "")
        return path, language, channel_in(query) if query else ""

    def _is_host(self, environ: "WSGIEnvironment") -> bool:
        host = environ.get("HTTP_HOST", "")
        name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
        return name in self._hosts

    def _ask(
        self, key: _Key, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        began: list[tuple[str, _HeaderList]] = []

        def capture(status: str, headers: _HeaderList, exc_info: Any = None, /) -> Any:
            if _MARK in environ and status.startswith("200 "):
                began.append((status, headers))
                return None
            return (
                start_response(status, headers, exc_info)
                if exc_info
                else start_response(status, headers)
            )

        pieces = self._app(environ, capture)
        if not began or environ["REQUEST_METHOD"] != "GET":
            if began:
                start_response(*began[0])
            return pieces
        try:
            body = b"".join(pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        answer = self._make(body, began[0][1])
        if len(self._answers) >= MAX_PAGES:
            self.forget()
        self._answers[key] = answer
        return _give(answer, environ, start_response)

    def _make(self, body: bytes, headers: _HeaderList) -> _Answer:
        vary = [value for name, value in headers if name.lower() == "vary"]
        dropped = {"content-length", "etag", "vary"}
        kept = [(name, value) for name, value in headers if name.lower() not in dropped]
        kept.append(("Vary", ", ".join([*vary, "Accept-Encoding"])))
        digest = blake2b(body, digest_size=12).hexdigest()
        packed = gzip.compress(body, 6, mtime=0)
        return _Answer(
            until=self._timer() + SECONDS,
            plain=_variant(f'"{digest}"', kept, body),
            packed=_variant(f'"{digest}-gz"', [*kept, ("Content-Encoding", "gzip")], packed),
        )


@lru_cache(maxsize=256)
def _takes_gzip(accepted: str) -> bool:
    return parse_accept_header(accepted)["gzip"] > 0


def _variant(etag: str, headers: _HeaderList, body: bytes) -> _Variant:
    return _Variant(etag, [*headers, ("ETag", etag), ("Content-Length", str(len(body)))], body)


def _give(
    answer: _Answer, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    packed = _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
    variant = answer.packed if packed else answer.plain
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and (known == "*" or variant.etag in known):
        start_response(
            "304 Not Modified",
            [
                header
                for header in variant.headers
                if header[0] not in {"Content-Length", "Content-Type", "Content-Encoding"}
            ],
        )
        return []
    start_response("200 OK", variant.headers.copy())
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [variant.body]
