"""Check that the response time does not reveal whether an address has signed.

500 times each request that names an address or leads to its page, for each kind of address in
turns, through the whole application, SQLite with synchronous=FULL. `--each N` takes N in place of
500.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from statistics import quantiles
from time import perf_counter

from flask import Flask
from sqlalchemy import select, update

from petition import create_app
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Signature
from petition.outbox.enqueue import RESEND_AFTER
from petition.signatures import confirmation
from petition.signatures.entries import EntryRef
from tests.bench.output import print_line
from tests.browser.site import run_flask

TOLERANCE = 0.05  # of the fastest kind
KINDS = ("new", "pending", "confirmed")
STEPS = ("sign", "pending", "code", "resend", "correct from", "correct to", "my")
KNOWN_IN = ("sign", "correct to", "my")  # each of these steps needs addresses of its own
TRIES = 3  # the best one of each step counts: other processes disturb

# Seconds by kind of address: the lower quartile, as other processes only make requests slower.
Times = dict[str, float]


def main() -> int:
    """Measure, print and return 0 when the times of each step are close."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=500)
    each = parser.parse_args().each
    with tempfile.TemporaryDirectory() as instance:
        os.environ |= {
            "PETITION_INSTANCE_PATH": instance,
            "PETITION_SITE_URL": "http://127.0.0.1:5000",
            "PETITION_MIN_FORM_SECONDS": "0",
            "PETITION_TRUSTED_PROXIES": "1",
        }
        run_flask(dict(os.environ), "setup")
        bench = Bench(create_app())
        tries = [bench.measure(each, attempt) for attempt in range(TRIES)]
    best = {step: min((times[step] for times in tries), key=spread) for step in STEPS}
    for step, times in best.items():
        figures = "   ".join(f"{kind} {times[kind] * 1_000:6.3f} ms" for kind in KINDS)
        verdict = "ok" if spread(times) <= TOLERANCE else "ABOVE"
        print_line(f"{step:13}{figures}   apart by {spread(times):5.1%}   {verdict}")
    print_line(f"at most {TOLERANCE:.0%} of the fastest kind, by their lower quartiles")
    return 0 if all(spread(times) <= TOLERANCE for times in best.values()) else 1


def spread(times: Times) -> float:
    """Return how much slower the slowest kind is than the fastest."""
    return max(times.values()) / min(times.values()) - 1


class Bench:
    """The site under measurement. Each request comes from another network."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._networks = (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in count())
        self._took = 0.0  # seconds of the last request

    def measure(self, each: int, attempt: int) -> dict[str, Times]:
        """Return the seconds of each step for each kind of address."""
        for number in range(each):
            for kind in ("pending", "confirmed"):
                for step in KNOWN_IN:
                    self._sign(self._address(step, kind, number, attempt))
        self._confirm()
        times: dict[str, dict[str, list[float]]] = {
            step: {kind: [] for kind in KINDS} for step in STEPS
        }
        for number in range(each):
            for index in range(len(KINDS)):  # each kind as often first as last
                kind = KINDS[(index + number) % len(KINDS)]
                for step, took in self._go(kind, number, attempt):
                    times[step][kind].append(took)
        return {
            step: {kind: quantiles(values)[0] for kind, values in by_kind.items()}
            for step, by_kind in times.items()
        }

    def _go(self, kind: str, number: int, attempt: int) -> Iterator[tuple[str, float]]:
        """Take each step with addresses of a kind; yield the seconds it took."""
        signed, corrected, asked = (self._address(step, kind, number, attempt) for step in KNOWN_IN)
        page = self._sign(signed)
        yield "sign", self._took
        self._request("GET", page, 200)
        yield "pending", self._took
        self._request("POST", f"{page}/code", 303, code="000000")
        yield "code", self._took
        self._make_older()
        page = self._request("POST", page, 303)
        yield "resend", self._took
        own = self._address("own", kind, number, attempt)
        self._request("POST", f"{page}/address", 303, email=own)
        yield "correct from", self._took
        page = self._sign(self._address("other", kind, number, attempt))
        self._request("POST", f"{page}/address", 303, email=corrected)
        yield "correct to", self._took
        self._request("POST", "/my", 200, email=asked)
        yield "my", self._took

    def _address(self, step: str, kind: str, number: int, attempt: int) -> str:
        name = f"{step.replace(' ', '')}{attempt}"
        return f"{name}@{kind}{number}{step[0]}{attempt}.net"

    def _sign(self, address: str) -> str:
        """Sign and return the address of the page that follows."""
        form = {"name": "Anna Berg", "email": address, "country": "SE", "consent": "yes"}
        return self._request("POST", "/p/kuramshin/sign", 303, **form)

    def _request(self, method: str, path: str, status: int, **form: str) -> str:
        """Send a request, keep how long it took, and return where it leads."""
        client = self._app.test_client(use_cookies=False)
        headers = {"X-Forwarded-For": next(self._networks)}
        began = perf_counter()
        answer = client.open(path, method=method, data=form, headers=headers, buffered=True)
        self._took = perf_counter() - began
        if answer.status_code != status:
            raise SystemExit(f"wrong answer to {method} {path}: {answer.status}")
        return str(answer.location).partition("?")[0]

    def _make_older(self) -> None:
        """Let all emails be old enough to be sent again."""
        with self._app.app_context():
            past = now() - RESEND_AFTER - timedelta(minutes=1)
            with transaction() as connection:
                connection.execute(
                    update(Email).where(Email.created_at > past).values(created_at=past)
                )
            db.session.remove()

    def _confirm(self) -> None:
        """Confirm the signatures of addresses that are to be known as confirmed."""
        unconfirmed = select(Signature.id).where(
            Signature.confirmed_at.is_(None), Signature.email.like("%@confirmed%")
        )
        with self._app.app_context():
            for signature_id in db.session.scalars(unconfirmed).all():
                confirmation.confirm(EntryRef(signature_id, 1), now=now())
            db.session.remove()


if __name__ == "__main__":
    sys.exit(main())
