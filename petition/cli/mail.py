"""flask outbox, flask bounces: deliver emails, see what waits, read delivery reports."""

import logging
import mailbox
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from petition.cli.refusal import Command, CommandGroup, ReadingCommand, name_site
from petition.core import config
from petition.core.clock import now
from petition.core.errors import MailServerUnreachable, SenderRefused
from petition.core.faults import log_fault, set_up_log
from petition.mail import compose, refusals, transports
from petition.mail.bounces import parse_report, record_bounce
from petition.mail.context import MailContext
from petition.mail.mx import MailDomains
from petition.mail.worker import Worker
from petition.operations import scheduler
from petition.operations.file_writer import FileWriter
from petition.organisers.handover import jobs
from petition.organisers.news import refill
from petition.organisers.overview import site_problems
from petition.outbox import delivery, pausing
from petition.web.email_templates import EmailTemplates
from petition.web.organisers import downloads

log = logging.getLogger(__name__)

outbox = CommandGroup("outbox", help="Deliver emails; see what waits.")


@outbox.command()
@click.option("--once", is_flag=True, help="Deliver what is due, then end.")
def run(once: bool) -> None:
    """Deliver due emails until SIGTERM or SIGINT."""
    if not config.is_local(current_app.config) and not current_app.config["MAIL_SERVER"]:
        # Nobody reads the folder there, and the emails would count as sent.
        raise click.ClickException("MAIL_SERVER is not set: the emails wait until it is")
    if not once:
        name_site()
        run_worker(current_app)
        return
    set_up_log(stacks=current_app.config["LOG_STACKS"])
    worker = worker_for(current_app)
    try:
        worker.deliver_due()
    except MailServerUnreachable as error:
        raise type(error)(f"{worker.server}: {error}") from error
    if (pause := pausing.get_pause()) is not None:
        raise SenderRefused(f"{worker.server}: {pause.reason}")


def run_worker(app: Flask) -> None:
    """Deliver due emails in the application's context until SIGTERM or SIGINT."""
    set_up_log(stacks=app.config["LOG_STACKS"])
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    log.info("mail worker started, version %s", config.version())
    worker_for(app).run(stop)
    log.info("mail worker stopped")


@outbox.command(cls=ReadingCommand)
def status() -> None:
    """Print how many emails are in which state, and how long the oldest has waited."""
    if (pause := pausing.get_pause()) is not None:
        click.echo(
            f"paused since {pause.since:%Y-%m-%d %H:%M} UTC: the mail server refuses our emails "
            f"({pause.reason}); next try at {pause.probe_at:%H:%M:%S} UTC"
        )
    counts = delivery.status()
    waiting = f"{counts.due} waiting"
    if counts.oldest:
        waiting += f", the oldest for {(now() - counts.oldest).total_seconds():.0f} s"
    click.echo(waiting)
    click.echo(
        f"{counts.sent} sent, {counts.refused} refused, {counts.withheld} withheld, "
        f"{counts.held} held in bursts"
    )


@outbox.command()
@click.option("--refused", is_flag=True, help="Also emails that were given up as refused.")
def retry(refused: bool) -> None:
    """Try emails again now that wait for their next try, as after the mail server was repaired.

    In a pause one email is tried first; when it is accepted, the others follow.
    """
    waiting, given_up = refusals.retry(refused=refused, now=now())
    again = f", {given_up} refused ones are due again" if refused else ""
    click.echo(f"{waiting} deferred emails are due now{again}")


@click.command(cls=Command)
@click.argument("source", type=click.Path(exists=True, path_type=Path), required=False)
@with_appcontext
def bounces(source: Path | None) -> None:
    """Read delivery reports (RFC 3464) from SOURCE (Maildir, mbox or a message) or standard input.

    Reports are not moved or deleted; reading them again changes nothing. The exit status is 1 if a
    message could not be read or acted on.
    """
    tokens = current_app.extensions["tokens"]
    known = others = errors = 0
    for read in _messages(source):
        try:
            reports = parse_report(read(), tokens)
            recorded = sum(record_bounce(report, tokens=tokens, now=now()) for report in reports)
            known += recorded
            others += len(reports) - recorded if reports else 1
        except Exception as error:  # noqa: BLE001 (one message delays no other)
            log_fault(log, error, "a message could not be read or acted on")
            others += 1
            errors += 1
    click.echo(f"{known} about our emails, {others} not")
    if errors:  # so that a mail server that pipes a message in keeps it
        sys.exit(1)


def _messages(source: Path | None) -> Iterator[Callable[[], bytes]]:
    """Yield a function that reads each message, so that one error does not end the others."""
    if source is None:
        yield sys.stdin.buffer.read
    elif source.is_dir() or _is_mbox(source):
        opened = mailbox.Maildir if source.is_dir() else mailbox.mbox
        with closing(opened(source, create=False)) as box:
            for key in box.keys():  # noqa: SIM118 (iterating over it gives messages)
                yield partial(box.get_bytes, key)
    else:
        yield source.read_bytes


def _is_mbox(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(5) == b"From "


def worker_for(app: Flask) -> Worker:
    """Return the mail worker of the settings: to the SMTP server or, without one, a folder."""
    settings = app.config
    instance = Path(app.instance_path)
    tokens = app.extensions["tokens"]
    connect = partial(transports.open_folder, instance / "mail")
    if settings["MAIL_SERVER"]:
        connect = partial(transports.connect, app.extensions["mail"], settings["BOUNCE_ADDRESS"])
    context = MailContext(
        site_url=config.site_url(settings),
        sender=settings["MAIL_DEFAULT_SENDER"],
        tokens=tokens,
        confirm_days=settings["CONFIRM_LINK_DAYS"],
        purge_days=settings["PURGE_UNCONFIRMED_DAYS"],
        render=EmailTemplates(app).render,
        mail_domains=MailDomains() if settings["MAIL_SERVER"] and settings["CHECK_MX"] else None,
        languages=tuple(settings["LANGUAGES"]),
        find_site_problems=lambda: site_problems.find(instance),
    )
    tasks = scheduler.build_tasks(settings, instance)
    files = FileWriter(partial(write_next_file, app))

    def run_background(at: datetime) -> None:
        files.start_if_due(at)
        scheduler.run_due(tasks, at)

    return Worker(
        connect,
        lambda email_id: compose.compose(email_id, context, now=now()),
        now,
        tokens,
        refill=lambda at: refill.refill(now=at),
        background=run_background,
        emails_per_minute=settings["RATELIMIT_MAILS"],
        server=f"{settings['MAIL_SERVER']}:{settings['MAIL_PORT']}",
    )


def write_next_file(app: Flask) -> bool:
    """Write the next file that an organiser asked for; return whether there was one."""
    folder = Path(app.instance_path) / jobs.FOLDER
    with app.app_context():
        return jobs.write_next(folder, partial(downloads.make_asked_file, app, folder), now)
