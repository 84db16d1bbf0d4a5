"""The WSGI layer that adds up how often passed-on links are followed: by day, channel and language,
in memory, handed in every few seconds. It knows nobody: no address, no cookie, of the browser's
name only whether it is a fetcher's.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from petition.core.clock import now
from petition.core.log_safety import safe_traceback
from petition.petitions import visits
from petition.web.middleware.language import negotiate
from petition.web.middleware.page_cache import channel_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SECONDS = 10.0  # between two times that sums are handed in
MOST = 5_000  # different sums in memory; more are of somebody who makes addresses up

_PAGE = re.compile(r"/(?:([a-z]{2,3})/)?p/([a-z0-9-]{1,60})")
# The networks' own fetchers, which come for the preview of a link, not to read the page.
_FETCHERS = re.compile(r"bot|crawl|spider|preview|facebookexternalhit|whatsapp/", re.IGNORECASE)
_log = logging.getLogger(__name__)


class VisitCounter:
    """The layer. Sums that cannot be handed in are kept and handed in later; those of a process
    that is killed are lost, ten seconds' worth.
    """

    def __init__(self, below: "WSGIApplication", app: Flask) -> None:
        self._below, self._app = below, app
        self._languages = tuple(app.config["LANGUAGES"])
        self._sums: Counter[visits.VisitKey] = Counter()
        self._lock = Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ.get("QUERY_STRING") and environ["REQUEST_METHOD"] == "GET":
            self._count(environ)
        return self._below(environ, start_response)

    def _count(self, environ: "WSGIEnvironment") -> None:
        page = _PAGE.fullmatch(environ["PATH_INFO"])
        channel = channel_in(environ["QUERY_STRING"])
        if page is None or not channel or _FETCHERS.search(environ.get("HTTP_USER_AGENT", "")):
            return
        language, slug = page.groups()
        if language not in self._languages:
            language = negotiate(environ.get("HTTP_ACCEPT_LANGUAGE", ""), self._languages)
        key = (slug, now().date(), channel, language)
        with self._lock:
            if key in self._sums or len(self._sums) < MOST:
                self._sums[key] += 1

    def start(self, *, seconds: float = SECONDS) -> None:
        """Hand the sums in every so often, beside the requests, and when the process ends: a web
        worker runs no `atexit`, being a child of multiprocessing.
        """
        ending = Event()

        def keep_on() -> None:
            while not ending.wait(seconds):
                self.hand_in()

        def end() -> None:
            ending.set()
            self.hand_in()

        Thread(target=keep_on, name="visits", daemon=True).start()
        Finalize(None, end, exitpriority=1)

    def hand_in(self) -> None:
        """Add the sums to those that are kept."""
        with self._lock:
            sums, self._sums = self._sums, Counter()
        if not sums:
            return
        try:
            with self._app.app_context():
                visits.add_visits(sums)
        except SQLAlchemyError as error:
            _log.error(
                "%d sums of visits wait for the database: %s", len(sums), safe_traceback(error)
            )
            with self._lock:
                self._sums += sums
