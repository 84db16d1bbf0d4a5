"""Serve the application in this process: Granian, the front, and threads for the application."""

import asyncio
import gc
import logging
import signal
from contextvars import Context
from functools import cache

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from petition.core import config
from petition.web import organisers
from petition.web.middleware.front import POSTGRESQL_THREADS, THREADS, Front
from petition.web.support.errors import render_refusal

HEAD_MILLISECONDS = 10_000  # until the head of a request has arrived, and between two requests
MAX_HEAD_BYTES = 16 * 1024
MAX_CONNECTIONS = 4_096  # of a process
STOP_SECONDS = 10.0  # for the requests that are being answered

log = logging.getLogger(__name__)


def serve(app: Flask, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests that have begun."""
    app.extensions["visits"].start()
    gc.freeze()  # traversing the objects of the start took a fifth of a signature's time
    gc.set_threshold(50_000, 20, 20)
    log.info("web server started at %s:%d, version %s", host, port, config.version())
    asyncio.run(_serve(app, host, port))
    app.extensions["visits"].save()
    log.info("web server stopped")


def build_front(app: Flask) -> Front:
    """Return the ASGI application of a site."""

    @cache
    def render(status: int, language: str) -> tuple[list[tuple[str, str]], bytes]:
        return Context().run(render_refusal, app, status, language)  # apart from the command's

    sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    return Front(
        app.wsgi_app,
        cache=app.extensions["page_cache"],
        visits=app.extensions["visits"],
        render_refusal=render,
        may_be_long=lambda environ: organisers.may_be_long(app, environ),
        languages=tuple(app.config["LANGUAGES"]),
        threads=THREADS if sqlite else POSTGRESQL_THREADS,
    )


async def _serve(app: Flask, host: str, port: int) -> None:
    front = build_front(app)
    server = Server(
        front,
        host,
        port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2_048,
        backpressure=MAX_CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEAD_MILLISECONDS, max_buffer_size=MAX_HEAD_BYTES
        ),
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve()
    await front.wait_until_idle(STOP_SECONDS)
