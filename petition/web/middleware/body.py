"""Read whole request bodies, of bounded length and time."""

import asyncio
from collections.abc import Callable
from io import BytesIO
from wsgiref.types import WSGIEnvironment

from petition.web.middleware.asgi import Receive

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0  # until a whole body has arrived
# Organisers' forms have letters in all languages, and pictures.
MAX_LONG_BODY_BYTES = 8 * 1024 * 1024
LONG_BODY_SECONDS = 60.0
MAX_LONG_BODIES = 4  # read at a time, by a process: 32 MiB


class RequestRefused(Exception):
    """Raised for a request that is not passed on; `status` is that of the response."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class BodyReader:
    """Reads the bodies of a process: short ones, and a few long ones where `may_be_long`."""

    def __init__(self, seconds: float, may_be_long: Callable[[WSGIEnvironment], bool]) -> None:
        self._seconds, self._may_be_long = seconds, may_be_long
        self._long_bodies = 0

    async def read(self, environ: WSGIEnvironment, receive: Receive) -> None:
        """Read the body into the environ. Raises: RequestRefused for a long or a late one."""
        length = environ.get("CONTENT_LENGTH", "")
        if not length and "HTTP_TRANSFER_ENCODING" not in environ:
            return
        if length.isdecimal() and int(length) > MAX_BODY_BYTES:
            body = await self._read_long(environ, receive)
        else:
            body = await _receive(receive, MAX_BODY_BYTES, self._seconds)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = BytesIO(body)

    async def _read_long(self, environ: WSGIEnvironment, receive: Receive) -> bytes:
        length = int(environ["CONTENT_LENGTH"])
        if length > MAX_LONG_BODY_BYTES or not self._may_be_long(environ):
            raise RequestRefused(413)
        if self._long_bodies == MAX_LONG_BODIES:
            raise RequestRefused(503)
        self._long_bodies += 1
        try:
            return await _receive(receive, MAX_LONG_BODY_BYTES, LONG_BODY_SECONDS)
        finally:
            self._long_bodies -= 1


async def _receive(receive: Receive, most: int, seconds: float) -> bytes:
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RequestRefused(400)
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > most:
                    raise RequestRefused(413)
    except TimeoutError:
        raise RequestRefused(408) from None
    return bytes(body)
