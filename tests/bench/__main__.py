"""Compare the site with a bare Flask application on the same server, and print the ratios."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import count, repeat
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from petition import create_app
from petition.core import tokens
from petition.core.clock import now
from petition.petitions import lifecycle, queries
from petition.petitions.editing import petition_file
from tests import databases
from tests.bench import attacks as attack
from tests.bench import download, slow_disk
from tests.bench.load import CONNECTIONS, Load, WrongAnswerError, get, post, put_under_load
from tests.bench.output import print_line
from tests.bench.servers import Server, mail_sink, new_instance, run_servers, run_site
from tests.browser.site import run_flask

ROUNDS = 5
MANY = 64  # connections, as in a rush
SECONDS = 2.0
ATTACKED_ROWS = 600_000  # of the CSV that slow readers ask for
FORM = (
    "name=Anna+Berg&email=s{number}%40domain{domain}.net&country=SE&display=hidden&handover=no"
    "&consent=yes&language=en&channel=&organisation=&role=&comment=&further=&opened={opened}"
)


def compare(bare: Callable[[], Load], site: Callable[[], Load], name: str, least: float) -> None:
    """Measure both in turns, several times, and print the medians and their ratio."""
    pairs = [(bare(), site()) for _ in range(ROUNDS)]
    ratios = sorted(site.per_second / bare.per_second for bare, site in pairs)
    ratio = median(ratios)
    verdict = "" if not least else f"   {'ok' if ratio >= least else 'BELOW'} (at least {least})"
    print_line(
        f"{name:24} {median(site.per_second for _, site in pairs):9,.0f} /s"
        f"{median(bare.per_second for bare, _ in pairs):9,.0f} /s"
        f"{ratio:8.2f}  [{ratios[0]:.2f} to {ratios[-1]:.2f}]"
        f"  p99 {median(site.p99 for _, site in pairs):5.1f} ms{verdict}"
    )


def pages(bare: Server, site: Server) -> None:
    """Measure the pages that visitors load."""

    def bare_page() -> Load:
        return put_under_load(bare.port, repeat(get("/")), expect=b"200", seconds=SECONDS)

    for name, path in (
        ("GET the petition", "/p/kuramshin"),
        ("GET count.json", "/p/kuramshin/count.json"),
    ):
        requests = repeat(get(path))

        def page(requests: Iterator[bytes] = requests) -> Load:
            return put_under_load(site.port, requests, expect=b"200", seconds=SECONDS)

        compare(bare_page, page, name, 0.6)


def filled(path: str, numbers: Iterable[int], opened: str = "") -> Iterator[bytes]:
    """Yield forms, each with another mailbox and network; 5,000 mail domains in all."""
    for number in numbers:
        body = FORM.format(number=number, domain=number % 5_000, opened=opened)
        network = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        yield post(path, body, network)


def opened_form(site: Server) -> str:
    """Return the hidden field `opened` of a form, three seconds after it was opened."""
    with urlopen(f"http://127.0.0.1:{site.port}/p/kuramshin") as page:
        field = re.search(r'name="opened" value="([^"]+)"', page.read().decode())
    time.sleep(3)
    return field.group(1) if field else ""


def signing(bare: Server, site: Server, environment: dict[str, str]) -> None:
    """Measure signing, each time with a new address, and confirming those signatures."""
    bare_forms = filled("/", count())
    forms = filled("/p/kuramshin/sign", count(), opened_form(site))

    def bare_form(connections: int = CONNECTIONS) -> Load:
        return load_forms(bare, bare_forms, connections)

    for connections in (CONNECTIONS, MANY):
        compare(
            partial(bare_form, connections),
            partial(load_forms, site, forms, connections),
            f"POST sign, {connections} at once",
            0.1,
        )
    links = _confirmations(environment)
    size = len(links) // ROUNDS
    rounds = (iter(links[start : start + size]) for start in range(0, len(links), size))
    compare(
        bare_form,
        lambda: put_under_load(site.port, next(rounds), expect=b"303", seconds=SECONDS),
        "POST confirm",
        0,
    )


def load_forms(server: Server, forms: Iterator[bytes], connections: int) -> Load:
    """Submit forms on so many connections."""
    return put_under_load(
        server.port, forms, expect=b"303", seconds=SECONDS, connections=connections
    )


def slow_disks() -> None:
    """Measure signing where every fdatasync takes 5 and 20 ms longer, beside the disk as it is."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        library = slow_disk.build(Path(folder))
        if library is None:
            print_line("slow disks: not measured, there is no C compiler")
            return
        sites = []
        for delay in (0, 5, 20):
            variables = slow_disk.environment(library, delay) if delay else {}
            site = stack.enter_context(run_site(stack.enter_context(new_instance(**variables))))
            sites.append((delay, site, filled("/p/kuramshin/sign", count(), opened_form(site))))
        rates: dict[int, list[float]] = {0: [], 5: [], 20: []}
        for _ in range(ROUNDS):
            for delay, site, forms in sites:
                rates[delay].append(load_forms(site, forms, MANY).per_second)
    for delay in (5, 20):
        pairs = zip(rates[delay], rates[0], strict=True)
        ratio = median(slow / own for slow, own in pairs)
        print_line(
            f"{f'POST sign, fdatasync + {delay} ms':28}{median(rates[delay]):5,.0f} /s   "
            f"{ratio:.2f} of {median(rates[0]):,.0f} /s on the disk as it is"
        )


def attacks(site: Server, environment: dict[str, str], slug: str) -> None:
    """Measure what hostile clients and slow readers of a petition's CSV cost the others."""
    link = run_flask(environment, "organiser", "link", "bench@example.org").strip()
    forms = filled("/p/kuramshin/sign", count(10_000_000), opened_form(site))
    attack.measure(site, link, slug, partial(load_forms, site, forms, CONNECTIONS))


def _confirmations(environment: dict[str, str]) -> list[bytes]:
    """Return the request that confirms each pending signature."""
    app = create_app({"INSTANCE_PATH": environment["PETITION_INSTANCE_PATH"]})
    file = Path(app.instance_path) / "petition.db"
    with closing(sqlite3.connect(file)) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM signature ORDER BY id")]
    make, purpose = app.extensions["tokens"].make, tokens.confirm_purpose(7)
    return [post(f"/confirm/{make(purpose, number, 1, now=now())}", "entry=1") for number in ids]


def emails(environment: dict[str, str]) -> None:
    """Measure how many of the emails about the signatures are sent in a second."""
    with mail_sink() as port, tempfile.TemporaryDirectory() as folder:
        library = slow_disk.build(Path(folder))
        delayed = {} if library is None else slow_disk.environment(library, 5)
        for name, variables in (("", {}), (", fdatasync + 5 ms", delayed)):
            if name and not variables:
                continue
            result = subprocess.run(
                [sys.executable, "-m", "tests.bench.emails", str(port)],
                env=environment | variables,
                check=True,
                capture_output=True,
                text=True,
            )
            sent, seconds = map(float, result.stdout.split())
            verdict = f"{'ok' if sent / seconds >= 300 else 'BELOW'} (at least 300)"
            print_line(f"{f'emails{name}':24} {sent / seconds:9,.0f} /s   {verdict}")


def make_petition(environment: dict[str, str], slug: str, signatures: int) -> None:
    """Create a petition with so many signatures."""
    database = environment.get("PETITION_SQLALCHEMY_DATABASE_URI")
    settings = {"SQLALCHEMY_DATABASE_URI": database} if database else {}
    app = create_app({"INSTANCE_PATH": environment["PETITION_INSTANCE_PATH"], **settings})
    text = dict.fromkeys(("title", "target", "lede", "letter", "story", "share"), "Many")
    with databases.disconnecting(app), app.app_context():
        fields = {"slug": slug, "source_language": "en", "organiser": "o", "contact": "c"}
        lifecycle.create(petition_file.parse(fields | {"text": {"en": text}}), now=now())
        download.fill(queries.get_id(slug), signatures)


def csv_file(site: Server, environment: dict[str, str]) -> None:
    """Measure the download of the CSV file."""
    make_petition(environment, "many", download.ROWS)
    run_flask(environment, "organiser", "invite", "bench@example.org")
    link = run_flask(environment, "organiser", "link", "bench@example.org").strip()
    cost = download.measure(site, link, "many")
    rows = f"{'ok' if cost.rows_per_second >= 90_000 else 'BELOW'} (at least 90,000)"
    print_line(f"{'CSV of 100,000 rows':24} {cost.rows_per_second:9,.0f} rows/s   {rows}")
    if cost.megabytes is None:
        print_line(f"{'':24} memory: unknown without /proc")
    else:
        memory = f"{'ok' if cost.megabytes <= 20 else 'ABOVE'} (at most 20)"
        print_line(f"{'':24} {cost.megabytes:9.1f} MB above idle   {memory}")


def postgresql() -> None:
    """Measure signing and the attacks on PostgreSQL, which waits for the disk as by default."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(databases.postgresql(Path(folder)))
        server.wait_for_disk()
        uri = server.empty(Path(folder))
        variables = {"PETITION_SQLALCHEMY_DATABASE_URI": uri}
        environment = stack.enter_context(new_instance(**variables))
        bare, site = stack.enter_context(run_servers(environment))
        bare_forms = filled("/", count())
        forms = filled("/p/kuramshin/sign", count(), opened_form(site))
        compare(
            partial(load_forms, bare, bare_forms, MANY),
            partial(load_forms, site, forms, MANY),
            f"PostgreSQL, {MANY} at once",
            0.15,
        )
        run_flask(environment, "organiser", "invite", "bench@example.org")
        make_petition(environment, "most", ATTACKED_ROWS)
        attacks(site, environment, "most")


def main() -> int:
    """Run all benchmarks and return the exit status."""
    print_line("Granian, 2 processes; connections (8, or as said) from one Python process, which")
    print_line(f"shares the {os.cpu_count()} processors with the server: read ratios, not figures.")
    print_line(
        f"Medians of {ROUNDS} rounds of {SECONDS:.0f} s, bare application and site in turns."
    )
    print_line("SQLite, synchronous=FULL.\n")
    print_line(f"{'':24} {'site':>12}{'bare Flask':>12}{'ratio':>8}")
    with new_instance() as environment:
        try:
            with run_servers(environment) as (bare, site):
                pages(bare, site)
                signing(bare, site, environment)
                csv_file(site, environment)
                make_petition(environment, "most", ATTACKED_ROWS)
                attacks(site, environment, "most")
            emails(environment)
            slow_disks()
            postgresql()
        except WrongAnswerError as error:
            print_line(f"wrong answer: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
