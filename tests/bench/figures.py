"""Measure the figures of a petition with 1,000,000 signatures: `python -m tests.bench.figures`.

On SQLite and on PostgreSQL: the page and the figures alone. Printed are the best and the median of
twenty: time that passed, and processor time of this process, in which the server of PostgreSQL has
no part. On a busy machine only the processor time says something about the code.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import insert, update

from petition import create_app
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Activity, Signature, Tally, Visit
from petition.models.sums import ActivityKind
from petition.organisers.overview.figures import get_figures
from petition.petitions import lifecycle, queries
from petition.petitions.sharing import CHANNELS
from tests import databases
from tests.bench.download import FIXED
from tests.browsing import sign_in
from tests.factories import SITE, make_petition

ROWS = 1_000_000
DAYS = 365
COUNTRIES = 60
ORGANISATIONS = 50_000
PENDING = 20_000
ROUNDS = 20
LANGUAGES = ("en", "de", "ru", "kk", "fr", "sv")


def fill(slug: str, at: datetime) -> None:
    """Store a year of signatures, visits and activity, spread evenly."""
    petition_id, chance = queries.get_id(slug), random.Random(1)  # noqa: S311 (no secret)
    rows = _rows(petition_id, at, chance)
    with transaction() as connection:
        while piece := list(islice(rows, 10_000)):
            connection.execute(insert(Signature), piece)
        connection.execute(update(Tally).values(counted=ROWS, last_number=ROWS))
        for days in range(DAYS):
            day = (at - timedelta(days=days)).date()
            of_day = {"petition_id": petition_id, "day": day}
            visits = [
                of_day | {"channel": channel, "language": language, "visits": 9}
                for channel in ("", *CHANNELS)
                for language in LANGUAGES
            ]
            connection.execute(insert(Visit), visits)
            activity = [of_day | {"kind": kind, "number": 9} for kind in ActivityKind]
            connection.execute(insert(Activity), activity)
    lifecycle.recount(slug, now=at)


def _rows(petition_id: int, at: datetime, chance: random.Random) -> Iterator[dict[str, Any]]:
    codes = [f"{a}{b}" for a in "ABCDEFGH" for b in "ABCDEFGH"][:COUNTRIES]
    for n in range(1, ROWS + PENDING + 1):
        signed_at = at - timedelta(seconds=DAYS * 86_400 * (1 - n / (ROWS + PENDING)))
        is_counted = n <= ROWS
        mailbox = f"signer{n}@example.org"
        yield FIXED | {
            "petition_id": petition_id,
            "number": n if is_counted else None,
            "name": "Anna Berg",
            **dict.fromkeys(("email", "address_key", "mailbox_key"), mailbox),
            "mailbox_hash": "",
            "comment": "",
            "country": chance.choice(codes),
            "language": chance.choice(LANGUAGES),
            "channel": chance.choice(("", *CHANNELS)),
            "organisation": f"Union {n % ORGANISATIONS}" if n % 3 == 0 else "",
            "signed_at": signed_at,
            "confirmed_at": signed_at if is_counted else None,
        }


def measure(app: Flask) -> None:
    """Print the times of the page and of its figures, in milliseconds."""
    at = now()
    slug = make_petition()
    fill(slug, at)
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
        else:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    petition_id, client = queries.get_id(slug), sign_in(app)

    def read_figures() -> None:
        db.session.rollback()
        get_figures(petition_id, now=at)

    def read(path: str) -> None:
        if client.get(path).status_code != 200:
            raise SystemExit(path)

    for name, action in (
        ("figures", read_figures),
        ("page", lambda: read(f"/organisers/p/{slug}")),
        ("list", lambda: read("/organisers/")),
        ("CSV", lambda: read(f"/organisers/p/{slug}/figures.csv")),
    ):
        seconds, busy = [], []
        for _ in range(ROUNDS):
            start, begun = time.perf_counter(), time.process_time()
            action()
            seconds.append(time.perf_counter() - start)
            busy.append(time.process_time() - begun)
        print(  # noqa: T201
            f"{db.engine.dialect.name}: {name}: elapsed {_best_and_median(seconds)},"
            f" of a processor {_best_and_median(busy)}"
        )


def _best_and_median(seconds: list[float]) -> str:
    return f"{1000 * min(seconds):.0f} ms (median {1000 * median(seconds):.0f})"


def main() -> int:
    """Measure on both databases and return the exit status."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as closing:
        sources: list[databases.Source] = [databases.SQLiteFiles(Path(folder))]
        sources.append(closing.enter_context(databases.postgresql(Path(folder))))
        for number, source in enumerate(sources):
            instance = Path(folder) / str(number)
            instance.mkdir()
            app = create_app(
                {
                    "INSTANCE_PATH": str(instance),
                    "SECRET_KEY": databases.SECRET_KEY,
                    "SITE_URL": SITE,
                    "SQLALCHEMY_DATABASE_URI": source.new(instance),
                }
            )
            with closing.enter_context(databases.disconnecting(app)).app_context():
                measure(app)
    return 0


if __name__ == "__main__":
    sys.exit(main())
