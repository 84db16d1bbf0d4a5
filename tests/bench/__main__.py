"""Measure the site beside a bare Flask page on the same server, in turns, and print the ratios."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count, repeat
from pathlib import Path
from statistics import median
from threading import Event, Timer
from time import perf_counter
from urllib.request import urlopen

from petition import create_app
from petition.cli.mail import worker_for
from petition.core import tokens
from petition.core.clock import now
from petition.core.config import ROOT
from petition.database.base import db
from petition.petitions import lifecycle, petition_file, queries
from tests.bench import csv_file
from tests.bench.load import Load, WrongAnswerError, get, post, put_under_load
from tests.bench.servers import Server, mail_sink, running
from tests.browser.site import free_port

ROUNDS = 5
SECONDS = 2.0
MAIL_SECONDS = 8.0
FORM = (
    "name=Anna+Berg&email=s{number}%40domain{domain}.net&country=SE&display=hidden&handover=no"
    "&consent=yes&language=en&channel=&organisation=&role=&comment=&further=&opened={opened}"
)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def in_turns(floor: Callable[[], Load], site: Callable[[], Load], name: str, least: float) -> None:
    """Measure floor and site one after the other, several times, and print the medians."""
    pairs = [(floor(), site()) for _ in range(ROUNDS)]
    ratios = sorted(site.per_second / floor.per_second for floor, site in pairs)
    ratio = median(ratios)
    judged = "" if not least else f"   {'ok' if ratio >= least else 'BELOW'} (at least {least})"
    say(
        f"{name:24} {median(site.per_second for _, site in pairs):9,.0f} /s"
        f"{median(floor.per_second for floor, _ in pairs):9,.0f} /s"
        f"{ratio:8.2f}  [{ratios[0]:.2f} to {ratios[-1]:.2f}]"
        f"  p99 {median(site.p99 for _, site in pairs):5.1f} ms{judged}"
    )


def pages(floor: Server, site: Server) -> None:
    """Measure what visitors load."""

    def bare() -> Load:
        return put_under_load(floor.port, repeat(get("/")), expect=b"200", seconds=SECONDS)

    for name, path in (
        ("GET the petition", "/p/kuramshin"),
        ("GET count.json", "/p/kuramshin/count.json"),
    ):
        requests = repeat(get(path))

        def kept(requests: Iterator[bytes] = requests) -> Load:
            return put_under_load(site.port, requests, expect=b"200", seconds=SECONDS)

        in_turns(bare, kept, name, 0.6)


def filled(path: str, numbers: Iterable[int], opened: str = "") -> Iterator[bytes]:
    """Yield forms, each from another mailbox and another network, and from 5,000 mail domains."""
    for number in numbers:
        body = FORM.format(number=number, domain=number % 5_000, opened=opened)
        network = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        yield post(path, body, network)


def opened_form(site: Server) -> str:
    """Open the page as a browser does, take as long as a person, and return the form's mark."""
    with urlopen(f"http://127.0.0.1:{site.port}/p/kuramshin") as page:
        found = re.search(r'name="opened" value="([^"]+)"', page.read().decode())
    time.sleep(3)
    return found.group(1) if found else ""


def signing(floor: Server, site: Server, environment: dict[str, str]) -> None:
    """Measure signing with a new address each time, and confirming each of those signatures."""
    bare_forms = filled("/", count())
    forms = filled("/p/kuramshin/sign", count(), opened_form(site))

    def bare() -> Load:
        return put_under_load(floor.port, bare_forms, expect=b"303", seconds=SECONDS)

    in_turns(
        bare,
        lambda: put_under_load(site.port, forms, expect=b"303", seconds=SECONDS),
        "POST sign",
        0.12,
    )
    links = _confirmations(environment)
    a_round = len(links) // ROUNDS
    rounds = (iter(links[at : at + a_round]) for at in range(0, len(links), a_round))
    in_turns(
        bare,
        lambda: put_under_load(site.port, next(rounds), expect=b"303", seconds=SECONDS),
        "POST confirm",
        0,
    )


def _confirmations(environment: dict[str, str]) -> list[bytes]:
    """Return a request for each pending signature, as the button under its mailed link sends it."""
    app = create_app({"INSTANCE_PATH": environment["PETITION_INSTANCE_PATH"]})
    file = Path(app.instance_path) / "petition.db"
    with sqlite3.connect(file) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM signature ORDER BY id")]
    connection.close()
    make, purpose = app.extensions["tokens"].make, tokens.confirm_purpose(7)
    return [post(f"/confirm/{make(purpose, number, 1, now=now())}", "entry=1") for number in ids]


def mails(environment: dict[str, str]) -> None:
    """Measure how many of the letters of the signatures leave in eight seconds."""
    with mail_sink() as port:
        app = create_app(
            {
                "INSTANCE_PATH": environment["PETITION_INSTANCE_PATH"],
                "MAIL_SERVER": "127.0.0.1",
                "MAIL_PORT": port,
                "CHECK_MX": False,  # the mailboxes are made up
            }
        )
        with app.app_context():
            stop = Event()
            timer = Timer(MAIL_SECONDS, stop.set)
            timer.start()
            began = perf_counter()
            sent = worker_for(app).deliver_due(stop)
            took = perf_counter() - began
            timer.cancel()
            db.session.remove()
            db.engine.dispose()
    say(f"{'mails over SMTP':24} {sent / took:9,.0f} /s   ({sent} letters)")


def download(site: Server, environment: dict[str, str]) -> None:
    """Measure the CSV."""
    app = create_app({"INSTANCE_PATH": environment["PETITION_INSTANCE_PATH"]})
    text = dict.fromkeys(("title", "target", "lede", "letter", "story", "share"), "Many")
    with app.app_context():
        written = {"slug": "many", "source_language": "en", "organiser": "o", "contact": "c"}
        lifecycle.create(petition_file.parse(written | {"text": {"en": text}}), now=now())
        petition_id = queries.get_id("many")
        db.session.remove()
        db.engine.dispose()
    csv_file.fill(Path(app.instance_path) / "petition.db", petition_id)
    run_flask(environment, "organiser", "invite", "bench@example.org")
    link = run_flask(environment, "organiser", "link", "bench@example.org").strip()
    found = csv_file.measure(site, link, "many")
    rows = f"{'ok' if found.rows_per_second >= 90_000 else 'BELOW'} (at least 90,000)"
    say(f"{'CSV of 100,000 rows':24} {found.rows_per_second:9,.0f} rows/s   {rows}")
    if found.megabytes is None:
        say(f"{'':24} memory: no /proc here to read it from")
    else:
        memory = f"{'ok' if found.megabytes <= 20 else 'ABOVE'} (at most 20)"
        say(f"{'':24} {found.megabytes:9.1f} MB above idle   {memory}")


def run_flask(environment: dict[str, str], *command: str) -> str:
    """Run a command of the site and return what it prints."""
    return subprocess.run(
        [sys.executable, "-m", "flask", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def main() -> int:
    """Run it all and return the exit status."""
    say("Granian, 2 processes of one thread each; 8 connections from one Python process, which")
    say(f"shares the {os.cpu_count()} processors with the server: read ratios, not figures.")
    say(f"Medians of {ROUNDS} rounds of {SECONDS:.0f} s, floor and site in turns.")
    say("SQLite, synchronous=FULL.\n")
    say(f"{'':24} {'site':>12}{'bare Flask':>12}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as instance:
        environment = {
            "PATH": os.environ["PATH"],
            "PETITION_INSTANCE_PATH": instance,
            "PETITION_TRUSTED_PROXIES": "1",  # each form comes from another network
            "PETITION_SITE_URL": f"http://127.0.0.1:{free_port()}",
        }
        run_flask(environment, "setup")
        try:
            with running(environment) as (floor, site):
                pages(floor, site)
                signing(floor, site, environment)
                download(site, environment)
            mails(environment)
        except WrongAnswerError as error:
            say(f"wrong answer: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
