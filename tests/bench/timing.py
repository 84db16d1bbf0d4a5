"""Check that the response time does not reveal whether an address has signed.

500 requests of each kind in turns, through the whole application, SQLite with synchronous=FULL.
"""

import os
import sys
import tempfile
from statistics import median
from time import perf_counter

from flask import Flask
from sqlalchemy import select

from petition import create_app
from petition.core.clock import now
from petition.database.base import db
from petition.models import Signature
from petition.signatures import confirmation
from petition.signatures.entries import EntryRef
from tests.bench.output import print_line
from tests.browser.site import run_flask

EACH = 500
TOLERANCE = 0.05  # of the fastest median
KINDS = ("new", "pending", "confirmed")
TRIES = 3  # the best one counts: other processes disturb


def main() -> int:
    """Measure, print and return 0 when the medians are close."""
    with tempfile.TemporaryDirectory() as instance:
        os.environ |= {
            "PETITION_INSTANCE_PATH": instance,
            "PETITION_SITE_URL": "http://127.0.0.1:5000",
            "PETITION_MIN_FORM_SECONDS": "0",
            "PETITION_TRUSTED_PROXIES": "1",
        }
        run_flask(dict(os.environ), "setup")
        app = create_app()
        medians = min((measure(app, attempt) for attempt in range(TRIES)), key=spread)
    for kind in KINDS:
        print_line(f"{kind:10} median {medians[kind] * 1_000:6.3f} ms")
    close = spread(medians) <= TOLERANCE
    print_line(
        f"apart by {spread(medians):.1%}   {'ok' if close else 'ABOVE'} (at most {TOLERANCE:.0%})"
    )
    return 0 if close else 1


def spread(medians: dict[str, float]) -> float:
    """Return how much slower the slowest kind is than the fastest."""
    return max(medians.values()) / min(medians.values()) - 1


def measure(app: Flask, attempt: int) -> dict[str, float]:
    """Return the median seconds of an answer to each kind of address."""
    addresses = {
        kind: [f"{kind}{attempt}x{number}@domain{number}.net" for number in range(EACH)]
        for kind in KINDS
    }
    for kind in ("pending", "confirmed"):
        for number, address in enumerate(addresses[kind]):
            sign(app, address, number)
    confirm(app, set(addresses["confirmed"]))
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(EACH):
        for index in range(len(KINDS)):  # each kind as often first as last
            kind = KINDS[(index + number) % len(KINDS)]
            times[kind].append(sign(app, addresses[kind][number], number))
    return {kind: median(values) for kind, values in times.items()}


def sign(app: Flask, address: str, number: int) -> float:
    """Sign once from another network and return the seconds it took."""
    network = f"10.{number >> 8 & 255}.{number & 255}.{hash(address) & 255}"
    form = {"name": "Anna Berg", "email": address, "country": "SE", "consent": "yes"}
    client = app.test_client(use_cookies=False)
    began = perf_counter()
    answer = client.post(
        "/p/kuramshin/sign", data=form, headers={"X-Forwarded-For": network}, buffered=True
    )
    took = perf_counter() - began
    if answer.status_code != 303:
        raise SystemExit(f"wrong answer: {answer.status}")
    return took


def confirm(app: Flask, addresses: set[str]) -> None:
    """Confirm the signatures of these addresses."""
    with app.app_context():
        for signature in db.session.execute(select(Signature.id, Signature.email)).all():
            if signature.email in addresses:
                confirmation.confirm(EntryRef(signature.id, 1), now=now())
        db.session.remove()


if __name__ == "__main__":
    sys.exit(main())
