"""flask retention, bounces, abuse: what is erased, what came back, what looks wrong."""

import mailbox
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from email import message_from_bytes
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from petition import bounces as came_back
from petition import bursts, figures
from petition import retention as erasing
from petition.clock import now

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

    Reports are left where they are: reading them twice changes nothing more.
    """
    keys = current_app.extensions["tokens"]
    known = unknown = 0
    for written in _messages(source):
        try:
            message = message_from_bytes(written)
            found = came_back.read(message, lambda number: keys.marks("message", str(number)))
        except RecursionError:  # thousands of parts in each other: nobody's honest report
            found = []
        for bounce in found:
            if came_back.take(bounce, mark=keys.mark, now=now()):
                known += 1
            else:
                unknown += 1
        unknown += not found
    click.echo(f"{known} about letters of ours, {unknown} not")


def _messages(source: Path | None) -> Iterator[bytes]:
    if source is None:
        yield sys.stdin.buffer.read()
    elif source.is_dir():
        folder = mailbox.Maildir(source, create=False)
        yield from map(folder.get_bytes, folder.keys())
    elif _is_mbox(source):
        with closing(mailbox.mbox(source, create=False)) as box:
            yield from map(box.get_bytes, box.keys())
    else:
        yield source.read_bytes()


def _is_mbox(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(5) == b"From "


@abuse.command()
def report() -> None:
    """Print bursts, mails held, pace, busy domains and throw-away addresses of the last day."""
    for pace in figures.pace(now=now()):
        click.echo(
            f"pace\t{pace.slug}\t{pace.entries} entries, "
            f"{pace.in_busiest} in the minute of {pace.busiest:%H:%M}"
        )
    for burst in bursts.seen():
        click.echo(
            f"burst {burst.id}\t{burst.slug}\t{burst.kind} {burst.source or '-'}\t{burst.verdict}\t"
            f"seen {burst.seen}, usual {burst.usual}, held {burst.held}\t"
            f"{burst.began_at:%Y-%m-%d %H:%M}"
        )
    for found in figures.domains(now=now()):
        click.echo(
            f"domain\t{found.slug}\t{found.domain}\t{found.entries} entries, "
            f"{found.confirmed} confirmed{', throw-away' if found.disposable else ''}"
        )
