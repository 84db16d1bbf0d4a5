"""A WSGI application called on behalf of an ASGI server: its environ, and its body in pieces."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

PIECE_BYTES = 128 * 1024  # at least, but for the last piece

Scope = dict[str, Any]  # of ASGI
Headers = list[tuple[bytes, bytes]]


class WSGICall:
    """A call of the WSGI application. Its methods run in threads, one after the other.

    `start` sets `status` and `headers`; `complete` says whether the whole body was returned.
    """

    def __init__(self, wsgi: WSGIApplication, environ: WSGIEnvironment) -> None:
        self.context = Context()  # an empty one: no request sees what another has set
        self.status = 500
        self.headers: Headers = []
        self.complete = False
        self._wsgi, self._environ = wsgi, environ
        self._chunks: Iterable[bytes] = ()
        self._iterator: Iterator[bytes] = iter(())

    def start(self) -> bytes:
        """Call the application and return the whole body, or "" if it is to be pulled in pieces.

        It is if the response does not say how long it is, and may have a body at all.
        """
        self._chunks = self._wsgi(self._environ, self._start_response)
        self._iterator = iter(self._chunks)
        names = {name.lower() for name, _ in self.headers}
        has_body = self.status not in {204, 304} and self._environ["REQUEST_METHOD"] != "HEAD"
        if has_body and b"content-length" not in names:
            return b""
        try:
            piece = b"".join(self._iterator)
            self.complete = True
        except BaseException:
            self.close()
            raise
        self.close()
        return piece

    def next_piece(self) -> bytes:
        """Return the next piece of the body; `complete` says whether it is the last."""
        piece = bytearray()
        for chunk in self._iterator:
            piece += chunk
            if len(piece) >= PIECE_BYTES:
                return bytes(piece)
        self.complete = True
        return bytes(piece)

    def close(self) -> None:
        """End the call, as WSGI demands."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self.status, self.headers = int(status[:3]), encode(headers)
        return _refuse_write


def _refuse_write(_data: bytes) -> object:
    raise NotImplementedError("the callable `write` of WSGI is not supported")


def build_environ(scope: Scope) -> WSGIEnvironment:
    """Return the WSGI environ (PEP 3333) of a request without its body."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquote(scope["raw_path"]),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = _environ_key(name)
        if key is None:
            continue
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    return environ


def _unquote(path: bytes) -> str:
    return (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")


@lru_cache(maxsize=256)
def _environ_key(name: bytes) -> str | None:
    """Return the environ's key of a header; None for a name that could pass for another's."""
    if b"_" in name:  # X_Forwarded_For would be X-Forwarded-For
        return None
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


def encode(headers: list[tuple[str, str]]) -> Headers:
    """Return headers as ASGI has them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
