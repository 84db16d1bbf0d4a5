"""The download of 100,000 signatures as an organiser gets it: rows per second, and memory."""

import http.client
import re
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.bench.load import WrongAnswerError
from tests.bench.servers import Server

ROWS = 100_000
NAMES = ("Anna Berg", "Айгүл Ерғали", "=Ali Baba", "Jean-Luc de la Tour", "Мария Иванова", "李雷")
MOMENT = "2016-05-26 12:00:00.000000"
_FIXED = {
    "postcode": "",
    "organisation": "",
    "role": "",
    "channel": "",
    "display": "hidden",
    "handover": 0,
    "updates": 0,
    "language": "en",
    "text_language": "en",
    "text_version": 1,
    "entry": 1,
    "entries": 1,
    "disposable": 0,
    "signed_at": MOMENT,
    "confirmed_at": MOMENT,
}


@dataclass(frozen=True)
class Download:
    """What a download cost; `megabytes` above what the process held before, None without /proc."""

    rows_per_second: float
    megabytes: float | None


def fill(file: Path, petition_id: int) -> None:
    """Put 100,000 confirmed signatures into the database, as a long campaign would."""
    rows = [
        _FIXED
        | {"petition_id": petition_id, "number": n, "name": NAMES[n % len(NAMES)]}
        | dict.fromkeys(("email", "address_key", "mailbox_key"), f"signer{n}@example.org")
        | {"country": "SE" if n % 3 else "KZ", "comment": "" if n % 10 else "I was there."}
        for n in range(1, ROWS + 1)
    ]
    columns = list(rows[0])
    marks = ", ".join(f":{column}" for column in columns)
    statement = f"INSERT INTO signature ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    with sqlite3.connect(file, timeout=30) as connection:
        connection.executemany(statement, rows)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # old signatures are in the file itself
    connection.close()


def measure(site: Server, link: str, slug: str) -> Download:
    """Sign in with the link and download the file, reading as it comes; the better of three."""
    cookie = _sign_in(site, urlsplit(link).path)
    path = f"/organisers/p/{slug}/signatures.csv"
    _download(site, path, cookie)  # the first one warms what every later one finds warm
    idle = {process: _memory(process, "VmRSS") for process in site.processes()}
    for process in idle:
        Path(f"/proc/{process}/clear_refs").write_text("5")
    took = min(_download(site, path, cookie) for _ in range(3))
    above = [_memory(process, "VmHWM") - before for process, before in idle.items()]
    return Download(ROWS / took, max(above) if above else None)


def _download(site: Server, path: str, cookie: str) -> float:
    """Return the seconds of a whole download, after counting its rows."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    lines = 0
    while piece := answer.read(1 << 20):
        lines += piece.count(b"\n")
    took = time.perf_counter() - began
    connection.close()
    if answer.status != 200 or lines != ROWS + 1:
        raise WrongAnswerError(f"the download: {answer.status}, {lines} lines")
    return took


def _sign_in(site: Server, path: str) -> str:
    """Return the cookie of a session, from the page and the button of a sign-in link."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("GET", path)
    page = connection.getresponse()
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"csrf_token": found.group(1) if found else ""})
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 303:
        raise WrongAnswerError(f"signing in: {answer.status}")
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


def _memory(process: int, what: str) -> float:
    """Return a figure of /proc/<pid>/status in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0
