"""Kill processes of the site under load and check that nothing acknowledged is lost.

`python -m tests.bench.kills [KILLS] [sqlite|postgresql]`. Exit status 1 if something was.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import func, select, update

from petition import create_app
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Signature, Tally
from petition.models.enums import EmailState
from tests import databases
from tests.bench.output import print_line
from tests.bench.signers import CountedMail, Signers
from tests.supervised_site import SupervisedSite, supervised_site
from tests.waiting import wait_until

KILLS = 200
SEED = 20160526
MOST_SECONDS = 1.5  # between the site's answer and the next kill


@dataclass
class Report:
    """What was killed and what came of it; `faults` has a line for each failed check."""

    kills: Counter[str] = field(default_factory=Counter)
    signed: int = 0
    confirmed: int = 0
    duplicate_emails: int = 0
    silence: dict[str, float] = field(default_factory=dict)  # most seconds until the next answer
    longest_orphan: float = 0.0  # seconds from the supervisor's death to the last process's
    faults: list[str] = field(default_factory=list)


def kill_processes(instance: Path, uri: str, mail: CountedMail, *, kills: int) -> Report:
    """Run the site on a database, sign and confirm, and kill a random process again and again."""
    report = Report()
    with supervised_site(instance, mail, SQLALCHEMY_DATABASE_URI=uri) as site:
        site.wait_until_complete()
        signers = Signers(site.port, mail)
        chance = random.Random(SEED)  # noqa: S311
        for _ in range(kills):
            time.sleep(chance.uniform(0, MOST_SECONDS))
            _kill_one(site, chance, report)
        signers.stop()
        app = create_app(
            {
                "INSTANCE_PATH": str(instance),
                "SECRET_KEY": databases.SECRET_KEY,
                "SQLALCHEMY_DATABASE_URI": uri,
            }
        )
        with databases.disconnecting(app), app.app_context():
            _drain_outbox(site)
            report.faults = [*_find_faults(signers, mail)]
    report.signed, report.confirmed = len(signers.signed), len(signers.confirmed)
    report.duplicate_emails = mail.received.total() - len(mail.received)
    return report


def _kill_one(site: SupervisedSite, chance: random.Random, report: Report) -> None:
    """Kill a process; start the site again if it was the supervisor; wait until it answers."""
    supervisor, web, worker = site.supervisor.pid, site.web_processes(), site.mail_worker()
    victim = chance.choice([supervisor, *sorted(site.children())])
    kinds: dict[int | None, str] = dict.fromkeys(web, "web process")
    kinds |= {supervisor: "supervisor", worker: "mail worker"}
    kind = kinds.get(victim, "process that starts, or mail worker beside one")
    report.kills[kind] += 1
    began = time.monotonic()
    site.kill(victim)
    if victim == supervisor:
        report.longest_orphan = max(report.longest_orphan, time.monotonic() - began)
        site.start()
    wait_until(site.answers, "the site answers", process=site.supervisor)
    report.silence[kind] = max(report.silence.get(kind, 0.0), time.monotonic() - began)


def _drain_outbox(site: SupervisedSite) -> None:
    """End the leases of killed workers, as three minutes would, and wait until all is sent."""
    is_due = Email.state == EmailState.DUE
    with transaction() as connection:
        connection.execute(update(Email).where(is_due).values(due_at=now()))

    def due() -> int:
        with db.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Email).where(is_due)) or 0

    def are_fewer(than: int) -> bool:
        return due() < than

    while left := due():
        fewer = partial(are_fewer, left)
        wait_until(fewer, f"fewer than {left} emails are due", process=site.supervisor)


def _find_faults(signers: Signers, mail: CountedMail) -> list[str]:
    """Compare what was acknowledged with the database and the emails."""
    with db.engine.connect() as connection:
        stored = Counter(connection.scalars(select(Signature.email)))
        is_confirmed = Signature.confirmed_at.is_not(None)
        confirmed = set(connection.scalars(select(Signature.email).where(is_confirmed)))
        counted = connection.scalar(select(func.sum(Tally.counted)))
    numbers = {
        "acknowledged signatures are not stored exactly once": sum(
            stored[address] != 1 for address in signers.signed
        ),
        "addresses are stored more than once": sum(number > 1 for number in stored.values()),
        "acknowledged confirmations are not stored": len(set(signers.confirmed) - confirmed),
        "is how far the kept count is from the confirmed": abs((counted or 0) - len(confirmed)),
        "signers got no email to confirm": sum(not mail.received[a, True] for a in stored),
        "confirmed signers got no thanks": sum(not mail.received[a, False] for a in confirmed),
        f"answers were not 303: {dict(signers.refused)}": signers.refused.total(),
    }
    return [f"{number} {what}" for what, number in numbers.items() if number]


def main(kills: int, kind: str) -> int:
    """Kill, print the figures and return the exit status."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        instance = Path(folder)
        uri = f"sqlite:///{instance / 'petition.db'}"
        if kind == "postgresql":
            uri = stack.enter_context(databases.postgresql(instance)).empty(instance)
        report = kill_processes(instance, uri, stack.enter_context(CountedMail()), kills=kills)
    for victim, number in report.kills.most_common():
        silence = f"the site answered again after at most {report.silence[victim]:.1f} s"
        print_line(f"{number:9,} kills of a {victim}: {silence}")
    print_line(f"{report.signed:9,} acknowledged signatures, {report.confirmed:,} confirmations")
    print_line(f"{report.duplicate_emails:9,} emails sent twice")
    print_line(f"{report.longest_orphan:9.1f} s at most that a process outlived the supervisor")
    for fault in report.faults or ["nothing lost, no signature twice, no process left: ok"]:
        print_line(f"{fault}{' - FAILED' if report.faults else ''}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    arguments = dict(zip(("kills", "kind"), sys.argv[1:], strict=False))
    sys.exit(main(int(arguments.get("kills", KILLS)), arguments.get("kind", "sqlite")))
