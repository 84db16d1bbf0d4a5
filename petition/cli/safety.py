"""flask retention, bounces, abuse: what is erased, what came back, what looks wrong."""

import logging
import mailbox
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from petition.core.clock import now
from petition.core.log_safety import safe_traceback
from petition.mail import bounces as came_back
from petition.operations import retention as erasing
from petition.organisers import burst_review
from petition.petitions import statistics

log = logging.getLogger(__name__)

retention = AppGroup("retention", help="Erase what is past its date.")
abuse = AppGroup("abuse", help="See what looks like an attack.")


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
def run(dry_run: bool) -> None:
    """Erase what is past its date, and say how much that was. The mail worker does so once a
    day.
    """
    erased = erasing.run(
        purge_days=current_app.config["PURGE_UNCONFIRMED_DAYS"],
        anonymise_days=current_app.config["ANONYMISE_AFTER_DAYS"],
        now=now(),
        dry_run=dry_run,
    )
    for what, number in asdict(erased).items():
        click.echo(f"{number}\t{what.replace('_', ' ')}{' (not done)' if dry_run else ''}")


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path), required=False)
@with_appcontext
def bounces(source: Path | None) -> None:
    """Read delivery reports (RFC 3464) from SOURCE, a Maildir, an mbox or one message, or from
    standard input.

    Reports are left where they are: reading them twice changes nothing more. One that cannot be
    read or acted on holds up no other, and makes the exit status 1.
    """
    keys = current_app.extensions["tokens"]
    known = unknown = faults = 0
    for read in _messages(source):
        try:
            found = came_back.parse_report(
                read(), lambda number: keys.keyed_hashes("message", str(number))
            )
            for bounce in found:
                if came_back.record_bounce(bounce, mark=keys.keyed_hash, now=now()):
                    known += 1
                else:
                    unknown += 1
            unknown += not found
        except Exception as error:  # noqa: BLE001 (one message holds up no other)
            log.error("a message could not be read or acted on: %s", safe_traceback(error))
            unknown += 1
            faults += 1
    click.echo(f"{known} about letters of ours, {unknown} not")
    if faults:  # so that a mail server that hands one over knows that it was not taken
        sys.exit(1)


def _messages(source: Path | None) -> Iterator[Callable[[], bytes]]:
    """Yield what reads each message, so that a fault in one leaves the later ones."""
    if source is None:
        yield sys.stdin.buffer.read
    elif source.is_dir():
        folder = mailbox.Maildir(source, create=False)
        for key in folder.keys():  # noqa: SIM118 (iterating over it gives messages)
            yield partial(folder.get_bytes, key)
    elif _is_mbox(source):
        with closing(mailbox.mbox(source, create=False)) as box:
            for key in box.keys():  # noqa: SIM118
                yield partial(box.get_bytes, key)
    else:
        yield source.read_bytes


def _is_mbox(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(5) == b"From "


@abuse.command()
def report() -> None:
    """Print bursts, mails held, pace, busy domains and throw-away addresses of the last day."""
    for pace in statistics.signing_pace(now=now()):
        click.echo(
            f"pace\t{pace.slug}\t{pace.entries} entries, "
            f"{pace.in_busiest} in the minute of {pace.busiest:%H:%M}"
        )
    for burst in burst_review.list_bursts():
        click.echo(
            f"burst {burst.id}\t{burst.slug}\t{burst.kind} {burst.source or '-'}\t{burst.state}\t"
            f"seen {burst.seen}, usual {burst.usual}, held {burst.held}\t"
            f"{burst.began_at:%Y-%m-%d %H:%M}"
        )
    for found in statistics.domain_activity(now=now()):
        click.echo(
            f"domain\t{found.slug}\t{found.domain}\t{found.entries} entries, "
            f"{found.confirmed} confirmed{', throw-away' if found.disposable else ''}"
        )
