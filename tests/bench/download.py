"""Measure the download of 100,000 signatures by an organiser: rows per second and memory."""

import http.client
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from sqlalchemy import insert

from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Signature
from tests.bench.load import WrongAnswerError
from tests.bench.servers import Server
from tests.waiting import PATIENCE

ROWS = 100_000
NAMES = ("Anna Berg", "Айгүл Ерғали", "=Ali Baba", "Jean-Luc de la Tour", "Мария Иванова", "李雷")
SIGNED_AT = datetime(2016, 5, 26, 12, tzinfo=UTC)
FIXED = {
    "postcode": "",
    "organisation": "",
    "role": "",
    "channel": "",
    "display": "hidden",
    "handover": False,
    "updates": False,
    "language": "en",
    "text_language": "en",
    "text_version": 1,
    "entry": 1,
    "entries": 1,
    "disposable": False,
    "signed_at": SIGNED_AT,
    "confirmed_at": SIGNED_AT,
}


@dataclass(frozen=True)
class Download:
    """The cost of a download; `megabytes` is the extra memory, None without /proc."""

    rows_per_second: float
    megabytes: float | None


def fill(petition_id: int, number: int) -> None:
    """Insert so many confirmed signatures into the application's database."""
    rows = (
        FIXED
        | {"petition_id": petition_id, "number": n, "name": NAMES[n % len(NAMES)]}
        | dict.fromkeys(("email", "address_key", "mailbox_key"), f"signer{n}@example.org")
        | {"country": "SE" if n % 3 else "KZ", "comment": "" if n % 10 else "I was there."}
        for n in range(1, number + 1)
    )
    with transaction() as connection:
        while piece := list(islice(rows, 10_000)):
            connection.execute(insert(Signature), piece)
    if db.engine.dialect.name == "sqlite":
        # Signatures of earlier days are in the database file, no longer in the log.
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def measure(site: Server, link: str, slug: str) -> Download:
    """Sign in with the link and download the file; return the best of three."""
    cookie = sign_in(site.port, urlsplit(link).path)
    path = f"/organisers/p/{slug}/signatures.csv"
    _download(site, path, cookie)  # fills the caches
    idle = {process: _memory(process, "VmRSS") for process in site.processes()}
    for process in idle:
        Path(f"/proc/{process}/clear_refs").write_text("5")
    seconds = min(_download(site, path, cookie) for _ in range(3))
    extra = [_memory(process, "VmHWM") - before for process, before in idle.items()]
    return Download(ROWS / seconds, max(extra) if extra else None)


def _download(site: Server, path: str, cookie: str) -> float:
    """Download the file, check its rows and return the seconds it took."""
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    lines = 0
    while data := answer.read(1 << 20):
        lines += data.count(b"\n")
    seconds = time.perf_counter() - start
    connection.close()
    if answer.status != 200 or lines != ROWS + 1:
        raise WrongAnswerError(f"the download: {answer.status}, {lines} lines")
    return seconds


def sign_in(port: int, path: str) -> str:
    """Sign in with a link and return the session cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path)
    page = connection.getresponse()
    field = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"csrf_token": field.group(1) if field else ""})
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 303:
        raise WrongAnswerError(f"signing in: {answer.status}")
    name = cookie.partition("=")[0]  # another cookie says that the browser is known
    cookies = [given.partition(";")[0] for given in answer.headers.get_all("Set-Cookie", [])]
    return next(given for given in cookies if given.startswith(f"{name}="))


def _memory(process: int, name: str) -> float:
    """Return a figure of /proc/<pid>/status in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    match = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(match.group(1)) / 1024 if match else 0.0
