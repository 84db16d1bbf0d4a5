"""WSGI middleware that counts how often the pages of petitions are opened.

Counts are by day, petition, share channel and language; of forms sent, by day. They are saved every
few seconds. No address and no cookie is read; the User-Agent header only tells robots from readers.
"""

import logging
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from multiprocessing.util import Finalize
from threading import Lock, Thread
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from petition.core.clock import now
from petition.core.faults import log_fault
from petition.petitions import visits
from petition.web.middleware.language import negotiate
from petition.web.middleware.page_cache import channel_in

SAVE_SECONDS = 10.0
MAX_KEYS = 5_000  # further ones are dropped: somebody makes addresses up

_PETITION_PATH = re.compile(r"/(?:([a-z]{2,3})/)?(?:p/([a-z0-9-]{1,60}))?")
_FIRST_PAGE = ""  # in place of a slug, until counts are saved
# Robots that fetch the preview of a link.
_ROBOTS = re.compile(r"bot|crawl|spider|preview|facebookexternalhit|whatsapp/", re.IGNORECASE)
_log = logging.getLogger(__name__)


@lru_cache(maxsize=500)  # many browsers send the same, and every page is counted
def _is_robot(user_agent: str) -> bool:
    return _ROBOTS.search(user_agent) is not None


class VisitCounter:
    """The middleware. Counts that cannot be saved are kept; a killed process loses some.

    `find_featured` returns the slug of the petition that is on the first page of the site, or "".
    """

    def __init__(
        self, wsgi_app: WSGIApplication, app: Flask, *, find_featured: Callable[[], str]
    ) -> None:
        self._wsgi_app, self._app, self._find_featured = wsgi_app, app, find_featured
        self._languages = tuple(app.config["LANGUAGES"])
        self._counts: Counter[visits.VisitKey] = Counter()
        self._forms: Counter[visits.FormKey] = Counter()
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.count(environ)
        return self._wsgi_app(environ, start_response)

    def count(self, environ: WSGIEnvironment) -> None:
        """Count a request if it opens the page of a petition, and its share channel if it has one.

        A robot is not counted.
        """
        if environ["REQUEST_METHOD"] != "GET":
            return
        page = _PETITION_PATH.fullmatch(environ["PATH_INFO"])
        if page is None or _is_robot(environ.get("HTTP_USER_AGENT", "")[:500]):
            return
        channel = channel_in(environ)
        language, slug = page.groups()
        if not slug and language and language not in self._languages:
            return  # no page of the site
        if language not in self._languages:
            language = negotiate(environ.get("HTTP_ACCEPT_LANGUAGE", ""), self._languages)
        key = (slug or _FIRST_PAGE, now().date(), channel, language)
        with self._lock:
            if key in self._counts or len(self._counts) < MAX_KEYS:
                self._counts[key] += 1

    def count_form(self, slug: str) -> None:
        """Count a form that was accepted, whoever sent it."""
        with self._lock:
            self._forms[slug, now().date()] += 1

    def start(self) -> None:
        """Save the counts regularly in a thread, and when the process ends."""

        def save_regularly() -> None:
            while True:
                time.sleep(SAVE_SECONDS)
                self.save()

        Thread(target=save_regularly, name="visits", daemon=True).start()
        # Not `atexit`: a web worker is a child of multiprocessing, which does not run it.
        Finalize(None, self.save, exitpriority=1)

    def save(self) -> None:
        """Add the counts to those in the database."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            forms, self._forms = self._forms, Counter()
        if not counts and not forms:
            return
        try:
            with self._app.app_context():
                visits.add_visits(self._name_petitions(counts), forms)
        except (SQLAlchemyError, sqlite3.Error) as error:
            log_fault(_log, error, "%d visit counts wait for the database", len(counts))
            with self._lock:
                self._counts += counts
                self._forms += forms

    def _name_petitions(self, counts: Counter[visits.VisitKey]) -> Counter[visits.VisitKey]:
        """Return the counts with those of the first page under the petition that is there."""
        if all(slug != _FIRST_PAGE for slug, *_ in counts):
            return counts
        featured = self._find_featured()
        named: Counter[visits.VisitKey] = Counter()
        for (slug, day, channel, language), number in counts.items():
            named[slug or featured, day, channel, language] += number
        return named
