"""flask setup, serve, outbox …: getting the site to run and keeping its mail going."""

import logging
import os
import re
import secrets
import signal
import tomllib
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from types import FrameType

import click
import flask_migrate
from flask import Flask, current_app, render_template
from flask.cli import AppGroup, with_appcontext
from flask_babel import force_locale

from petition.abuse.email_domains import MailDomains
from petition.cli.refusal import refusing
from petition.core import config, i18n
from petition.core.clock import now
from petition.mail import compose
from petition.mail.context import MailContext
from petition.mail.transports import FolderTransport, SmtpTransport, Transport
from petition.mail.worker import Worker
from petition.operations import scheduler, supervisor
from petition.outbox import delivery
from petition.petitions import lifecycle, petition_file, queries, updates

SAMPLES = config.PACKAGE / "petitions" / "samples"

outbox_commands = AppGroup("outbox", help="Deliver mails; see what waits.")


@outbox_commands.command()
@click.option("--once", is_flag=True, help="Deliver what is due, then end.")
def run(once: bool) -> None:
    """Deliver due mails until told to stop (SIGTERM or SIGINT)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    if not config.is_local(current_app.config) and not current_app.config["MAIL_SERVER"]:
        # Into the folder for trials nobody looks, and the letters would count as sent.
        raise click.ClickException("MAIL_SERVER is not set: the letters wait until it is")
    worker = worker_for(current_app)
    if once:
        with refusing():
            worker.work_off()
        return
    stop = Event()

    def told(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    worker.run(stop)


@outbox_commands.command()
def status() -> None:
    """Print how many letters wait, were sent, were refused and were withheld, and the age of the
    oldest waiting.
    """
    found = delivery.status()
    age = f", the oldest for {(now() - found.oldest).total_seconds():.0f} s" if found.oldest else ""
    click.echo(f"{found.due} waiting{age}")
    click.echo(
        f"{found.sent} sent, {found.refused} refused, {found.withheld} withheld, "
        f"{found.held} held in bursts"
    )


def worker_for(app: Flask) -> Worker:
    """Return the mail worker that the settings ask for: to the SMTP server, or into a folder."""
    settings = app.config
    courier: Transport
    domains = None
    if settings["MAIL_SERVER"]:
        courier = SmtpTransport(app.extensions["mail"], settings["BOUNCE_ADDRESS"])
        domains = MailDomains() if settings["CHECK_MX"] else None
    else:
        courier = FolderTransport(Path(app.instance_path) / "mail", settings["MAIL_DEFAULT_SENDER"])
    keys = app.extensions["tokens"]
    stationery = MailContext(
        config.site_url(settings),
        keys,
        settings["CONFIRM_LINK_DAYS"],
        settings["PURGE_UNCONFIRMED_DAYS"],
        render_email,
        domains,
    )
    return Worker(
        courier,
        lambda letter: compose.compose(letter, stationery, now=now()),
        now,
        keys.keyed_hash,
        background=scheduler.build_scheduler(settings, Path(app.instance_path)).run_due,
        mails_a_minute=settings["RATELIMIT_MAILS"],
    )


def render_email(name: str, language: str, values: Mapping[str, object]) -> tuple[str, str, str]:
    """Render the subject, text and HTML of an email in a language."""
    direction = "rtl" if i18n.is_right_to_left(language) else "ltr"

    def part(ending: str) -> str:
        return render_template(
            f"emails/{name}.{ending}", language=language, direction=direction, **values
        )

    with force_locale(language):
        return part("subject"), part("txt"), part("html")


@click.command()
@with_appcontext
def setup() -> None:
    """Make the instance folder ready for trying the site out: secret, database, sample petition.
    Repeatable.
    """
    if not current_app.config["SECRET_KEY"]:
        _write_secret(Path(current_app.instance_path) / "config.toml")
    flask_migrate.upgrade()
    written = tomllib.loads((SAMPLES / "kuramshin.toml").read_text(encoding="utf-8"))
    if written["slug"] not in {found.slug for found in queries.list_petitions("")}:
        lifecycle.create(petition_file.parse(written), now=now())
    news = tomllib.loads((SAMPLES / "kuramshin-news.toml").read_text(encoding="utf-8"))
    petition_id = queries.get_id(written["slug"])
    if not updates.list_updates(petition_id, ""):
        updates.import_updates(written["slug"], petition_file.parse_updates(news), now=now())


def _write_secret(file: Path) -> None:
    """Add a secret key of 256 bits to the settings file, readable by its owner alone, in place of
    an empty one.
    """
    earlier = file.read_text(encoding="utf-8") if file.exists() else ""
    earlier = re.sub(r"^\s*SECRET_KEY\s*=.*\n?", "", earlier, flags=re.MULTILINE)
    line = f'SECRET_KEY = "{secrets.token_hex(32)}"\n'
    unfinished = file.with_suffix(".part")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(line + earlier)
    unfinished.replace(file)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Web processes.")
@click.option("--trial", is_flag=True, help="Try the site out on this machine: no settings wanted.")
@click.pass_context
@with_appcontext
def serve(ctx: click.Context, host: str, port: int, workers: int, trial: bool) -> None:
    """Run the site: web server and mail worker. Refuses without a secret key, a site address and a
    mail server.
    """
    missing = [] if trial else config.missing_for_service(current_app.config)
    for line in missing:
        click.echo(line, err=True)
    if missing:
        ctx.exit(1)
    flask_migrate.upgrade()
    click.echo(f"The petition site is at {config.site_url(current_app.config)}/ (Ctrl+C ends it)")
    if not current_app.config["MAIL_SERVER"]:
        click.echo(
            f"Its mails are kept and shown at {config.site_url(current_app.config)}/dev/mail"
        )
    ctx.exit(supervisor.serve(host, port, workers))
