"""The front: an ASGI application that runs the WSGI application in threads.

It reads requests and writes responses in the event loop, so a client that sends or reads slowly
holds no thread. It answers cached pages itself. Threads get whole requests.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from petition.core.faults import log_fault
from petition.web.middleware.asgi import (
    Receive,
    Send,
    body_message,
    drop,
    send_page,
    send_whole,
    start,
    wait_for_disconnect,
)
from petition.web.middleware.body import BODY_SECONDS, BodyReader, RequestRefused
from petition.web.middleware.language import choose
from petition.web.middleware.page_cache import PageCache
from petition.web.middleware.visits import VisitCounter
from petition.web.middleware.wsgi_call import Scope, WSGICall, build_environ, encode

THREADS = 32  # of a process, for forms: so many share a commit on SQLite
POSTGRESQL_THREADS = 16  # each has a connection, of which a server allows 100
READERS = 8  # further ones for GET and HEAD: forms that wait for the database hold up no page
LATE_SECONDS = 3.0  # after which a reader gets the last page, unless it is known to have changed
PIECE_SECONDS = 60.0  # until a reader has taken a piece of a streamed response
MESSAGE_BYTES = 8 * 1024  # Granian keeps 32 messages for a reader who takes none
REST = 1.5  # of the time that a piece took, where several readers want pieces
MAX_REQUESTS = 500  # in threads or waiting for one; further ones are refused

# Renders the page of a refused request, given its status and a language.
RenderRefusal = Callable[[int, str], tuple[list[tuple[str, str]], bytes]]


_log = logging.getLogger(__name__)


class Front:
    """The ASGI application. A request body has at most 64 KiB and arrives within ten seconds.

    Where `may_be_long`, it may have 8 MiB within a minute, a few at a time.
    """

    def __init__(
        self,
        wsgi: WSGIApplication,
        *,
        cache: PageCache,
        visits: VisitCounter,
        render_refusal: RenderRefusal,
        languages: tuple[str, ...],
        threads: int,
        may_be_long: Callable[[WSGIEnvironment], bool] = lambda _environ: False,
        body_seconds: float = BODY_SECONDS,
        max_requests: int = MAX_REQUESTS,
        late_seconds: float = LATE_SECONDS,
    ) -> None:
        self._wsgi, self._cache, self._visits = wsgi, cache, visits
        self._render_refusal, self._languages = render_refusal, languages
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._bodies, self._max_requests = BodyReader(body_seconds, may_be_long), max_requests
        self._late_seconds = late_seconds
        self._requests = self._streams = 0
        self._puller = ThreadPoolExecutor(1, thread_name_prefix="pieces")
        self._pulling = asyncio.Semaphore(1)
        self._rendering: dict[object, asyncio.Future[None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        environ = build_environ(scope)
        reads = environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        if reads and await self._send_cached(environ, send):
            return
        try:
            await self._bodies.read(environ, receive)
            if self._requests >= self._max_requests:
                raise RequestRefused(503)
        except RequestRefused as error:
            await self._send_refusal(error.status, environ, send)
            return
        self._requests += 1
        try:
            if reads and await self._wait_for_rendering(environ, send):
                return
            await self._run(environ, receive, send)
        finally:
            self._requests -= 1

    async def wait_until_idle(self, seconds: float) -> None:
        """Wait until no request is in a thread or being answered, at most so long."""
        end = asyncio.get_running_loop().time() + seconds
        while self._requests and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)

    async def _send_cached(self, environ: WSGIEnvironment, send: Send) -> bool:
        """Send a cached page if there is one; return whether there was."""
        response = self._cache.find(environ)
        if response is None:
            return False
        self._visits.count(environ)
        await send_page(response, send)
        return True

    async def _send_refusal(self, status: int, environ: WSGIEnvironment, send: Send) -> None:
        accepted = environ.get("HTTP_ACCEPT_LANGUAGE", "")
        language = choose(environ["PATH_INFO"], accepted, self._languages)
        headers, body = self._render_refusal(status, language)
        await send_whole(status, encode([*headers, ("Connection", "close")]), body, send)

    async def _wait_for_rendering(self, environ: WSGIEnvironment, send: Send) -> bool:
        """Wait while another request renders the same page; return whether that one was sent."""
        rendering = self._rendering.get(self._cache.key(environ))
        if rendering is None:
            return False
        await asyncio.wait({rendering}, timeout=self._late_seconds)
        stale = self._cache.find_stale(environ, unchanged=True)
        if not rendering.done() and stale is not None:
            self._visits.count(environ)
            await send_page(stale, send)
            return True
        await asyncio.shield(rendering)
        return await self._send_cached(environ, send)

    async def _run(self, environ: WSGIEnvironment, receive: Receive, send: Send) -> None:
        call = WSGICall(self._wsgi, environ)
        stale = self._cache.find_stale(environ, unchanged=True)
        pool = self._readers if environ["REQUEST_METHOD"] in {"GET", "HEAD"} else self._pool
        try:
            with self._announced(environ):
                starting = asyncio.ensure_future(self._in_thread(call, call.start, pool))
                if stale is not None:
                    await asyncio.wait({starting}, timeout=self._late_seconds)
                    if not starting.done():
                        await send_page(stale, send)
                        send = drop  # what is rendered now is for the next reader
                body = await starting
        except Exception as error:  # noqa: BLE001 (Flask handles its own; the log names no person)
            log_fault(_log, error, "fault outside Flask")
            await self._send_refusal(500, environ, send)
            return
        if call.complete:
            await send_whole(call.status, call.headers, body, send)
            return
        try:
            await self._stream(call, receive, send)
        except TimeoutError:
            return  # the server closes the connection of a response that is not complete
        finally:
            await self._in_thread(call, call.close)

    @contextmanager
    def _announced(self, environ: WSGIEnvironment) -> Iterator[None]:
        """Let other requests wait while a page that was cached before is rendered anew."""
        key = self._cache.key(environ)
        if not self._cache.was_cached(environ) or key in self._rendering:
            yield
            return
        rendering = self._rendering[key] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._rendering[key]
            rendering.set_result(None)

    async def _stream(self, call: WSGICall, receive: Receive, send: Send) -> None:
        """Send a response in pieces, the next when the reader has taken the last."""
        await send(start(call.status, call.headers))
        self._streams += 1
        gone = asyncio.ensure_future(wait_for_disconnect(receive))
        try:
            while not gone.done():
                piece = await self._pull(call)
                async with asyncio.timeout(PIECE_SECONDS):
                    for at in range(0, len(piece), MESSAGE_BYTES):
                        await send(body_message(piece[at : at + MESSAGE_BYTES], more=True))
                if call.complete:
                    await send(body_message(b""))
                    return
        finally:
            gone.cancel()
            self._streams -= 1

    async def _pull(self, call: WSGICall) -> bytes:
        """Return the next piece of a long response; one is made at a time.

        With several readers it rests between two, so that most of the time is left for pages.
        """
        clock = asyncio.get_running_loop().time
        async with self._pulling:
            began = clock()
            piece: bytes = await self._in_thread(call, call.next_piece, self._puller)
            if self._streams > 1:
                await asyncio.sleep(REST * (clock() - began))
        return piece

    async def _in_thread(
        self, call: WSGICall, function: Callable[[], Any], pool: ThreadPoolExecutor | None = None
    ) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool or self._pool, call.context.run, function)
