"""Signers who asked for news, and the mail worker that is killed while it emails them."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask
from sqlalchemy import delete, insert, select, update

from petition.core.clock import now
from petition.core.config import ROOT
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Mailing, Signature
from petition.models.enums import EmailState, MailingState, Role
from petition.organisers import access
from petition.organisers.news import mailings, writing
from petition.organisers.news.mailing_states import Progress, get_progress
from petition.organisers.news.reading import NewsText
from petition.organisers.news.writing import NewsForm
from tests.bench.download import FIXED
from tests.factories import parse_address
from tests.post_office import PostOffice
from tests.waiting import PATIENCE, wait_until

TEXTS = (NewsText("en", "Letters", "At **six** embassies."),)


def add_readers(count: int, petition_id: int = 1, *, first: int = 1, **values: object) -> None:
    """Insert so many confirmed signers who asked for news; `values` are those of columns."""
    rows = []
    for one in range(first, first + count):
        address = f"reader{one}@petition{petition_id}.example.org"
        keys = dict.fromkeys(("email", "address_key", "mailbox_key"), address)
        row = {"petition_id": petition_id, "number": one, "name": f"Anna Berg {one}", **keys}
        rows.append(FIXED | row | {"country": "SE", "comment": "", "updates": True} | values)
    with transaction() as connection:
        connection.execute(insert(Signature), rows)


def publish(petition_id: int = 1, *, texts: Sequence[NewsText] = TEXTS) -> int:
    """Publish an update and return its id."""
    return writing.create(petition_id, NewsForm("", texts, {}), publish_at=now(), now=now())


def start(
    petition_id: int = 1, *, texts: Sequence[NewsText] = TEXTS, organiser: str = "writer"
) -> int:
    """Publish an update, test it, start its mailing; return the id of the update.

    The organiser's own emails are dropped.
    """
    update_id = publish(petition_id, texts=texts)
    address = parse_address(f"{organiser}@example.org")
    organiser_id = access.invite(address, role=Role.EDITOR, slug=None, language="en", now=now())
    mailings.send_test(petition_id, update_id, organiser_id=organiser_id, now=now())
    mailings.start(petition_id, update_id, organiser_id=organiser_id, now=now())
    with transaction() as connection:  # neither the test nor a sign-in link
        connection.execute(delete(Email).where(Email.organiser_id == organiser_id))
    db.session.remove()
    return update_id


def _wait_for_some(
    office: PostOffice, is_done: Callable[[], bool], process: subprocess.Popen[bytes]
) -> None:
    """Wait for the next hundred emails or the end: however slow the machine is, it goes on."""
    enough = len(office.arrived) + 100
    wait_until(lambda: len(office.arrived) >= enough or is_done(), "more emails", process=process)


def run_killed(
    app: Flask, office: PostOffice, instance: Path, mailing_id: int, kill_at: Sequence[int]
) -> tuple[Counter[str], Progress]:
    """Send a mailing by a worker process that is killed each time so many emails have arrived.

    Return how many emails each reader got, and the progress at the end.
    """
    environment = {
        "PETITION_INSTANCE_PATH": str(instance),
        "PETITION_SECRET_KEY": app.config["SECRET_KEY"],
        "PETITION_SITE_URL": "https://petition.example.org",
        "PETITION_MAIL_SERVER": "127.0.0.1",
        "PETITION_MAIL_PORT": str(office.port),
        "PETITION_CHECK_MX": "no",
        "PETITION_TOR_EXITS": "",
        "PETITION_RATELIMIT_MAILS": "0",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "flask", "outbox", "run"]

    def is_done() -> bool:
        db.session.remove()
        state = select(Mailing.state).where(Mailing.id == mailing_id)
        return db.session.scalar(state) == MailingState.DONE

    for number in (*kill_at, None):
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            while not is_done() and (number is None or len(office.arrived) < number):
                _wait_for_some(office, is_done, process)
        finally:
            process.send_signal(signal.SIGTERM if number is None else signal.SIGKILL)
            process.wait(PATIENCE)
        with transaction() as connection:  # stands in for waiting until leases end
            leased = update(Email).where(Email.state == EmailState.DUE)
            connection.execute(leased.values(due_at=Email.created_at))
    end = get_progress(Mailing.table().c.id == mailing_id, now=now())
    assert end is not None
    return Counter(mail.recipients[0] for mail in office.arrived), end
