"""flask setup, serve, retention, abuse: set the site up, run it, erase, report abuse."""

import gc
import re
import secrets
import sys
import tomllib
from contextlib import suppress
from functools import partial
from pathlib import Path

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext

from petition.cli import mail
from petition.cli.organisers import make_trial_link
from petition.cli.refusal import (
    CommandGroup,
    PreparingCommand,
    ReadingCommand,
    database_name,
    find_readable_folder,
    name_site,
)
from petition.core import config
from petition.core.clock import now
from petition.core.errors import SlugTaken
from petition.core.faults import set_up_log
from petition.core.files import write_file
from petition.core.tokens import Tokens
from petition.database.base import db
from petition.operations import retention as retention_rules
from petition.operations import supervisor
from petition.organisers import burst_review
from petition.petitions import lifecycle, queries, statistics, updates
from petition.petitions.editing import petition_file
from petition.web import server

SAMPLES = config.PACKAGE / "petitions" / "samples"

retention = CommandGroup("retention", help="Erase what is past its date.")
abuse = CommandGroup("abuse", help="See what looks like an attack.")


@click.command(cls=PreparingCommand)
@with_appcontext
def setup() -> None:
    """Prepare the instance folder for a trial: secret, database, sample petition. Idempotent."""
    if not current_app.config["SECRET_KEY"]:
        key = _write_secret(Path(current_app.instance_path) / "config.toml")
        current_app.extensions["tokens"] = Tokens([key])  # a migration may need it
    flask_migrate.upgrade()
    sample = tomllib.loads((SAMPLES / "kuramshin.toml").read_text(encoding="utf-8"))
    with suppress(SlugTaken):
        lifecycle.create(petition_file.parse(sample), now=now())
    news = tomllib.loads((SAMPLES / "kuramshin-news.toml").read_text(encoding="utf-8"))
    if not updates.list_updates(queries.get_id(sample["slug"]), "", now=now()):
        updates.import_updates(sample["slug"], petition_file.parse_updates(news), now=now())


def _write_secret(file: Path) -> str:
    """Write a 256-bit key into the settings, in place of an empty one, and return it.

    Only the file's owner can read it.
    """
    settings = file.read_text(encoding="utf-8") if file.exists() else ""
    settings = re.sub(r"^\s*SECRET_KEY\s*=.*\n?", "", settings, flags=re.MULTILINE)
    key = secrets.token_hex(32)
    write_file(file, f'SECRET_KEY = "{key}"\n{settings}'.encode())
    return key


@click.command(cls=PreparingCommand)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Web processes.")
@click.option(
    "--mail-worker/--no-mail-worker",
    default=True,
    help="Whether it sends the emails, or another process does, by `flask outbox run`.",
)
@click.option(
    "--trial", is_flag=True, help="Run on this machine without the required settings, as a trial."
)
@with_appcontext
def serve(host: str, port: int, workers: int, mail_worker: bool, trial: bool) -> None:
    """Run the web server and the mail worker; needs a secret key, a site address, a mail server."""
    if not trial and (missing := config.missing_for_service(current_app.config)):
        sys.exit("\n".join(missing))
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    if line := find_readable_folder():
        sys.exit(line)
    alone = supervisor.exclusive(Path(app.instance_path), database_name())
    with alone, supervisor.reserved_port(host, port):
        set_up_log(stacks=app.config["LOG_STACKS"])
        flask_migrate.upgrade()
        is_trial = trial and config.is_local(app.config) and not app.config["MAIL_SERVER"]
        trial_link = make_trial_link() if is_trial else ""
        db.session.remove()
        db.engine.dispose()  # no connection may be open in two processes
        site_url = config.site_url(app.config)
        click.echo(f"The petition site is at {site_url}/ (Ctrl+C ends it)")
        name_site()
        if not app.config["MAIL_SERVER"]:
            click.echo(f"Its emails are stored and shown at {site_url}/dev/mail")
        if trial_link:
            click.echo(f"Sign in as an organiser, once, within 15 minutes: {trial_link}")
        web = {f"web {n}": partial(server.serve, app, host, port) for n in range(1, workers + 1)}
        worker = {"mail worker": partial(mail.run_worker, app)} if mail_worker else {}
        gc.collect()
        gc.freeze()  # so that no collection copies the memory that the processes share
        sys.exit(supervisor.run(web | worker))


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only print what would be erased.")
def run(dry_run: bool) -> None:
    """Erase what is past its date, and print how much. The mail worker does so once a day."""
    erased = retention_rules.run(
        purge_days=current_app.config["PURGE_UNCONFIRMED_DAYS"],
        anonymise_days=current_app.config["ANONYMISE_AFTER_DAYS"],
        now=now(),
        dry_run=dry_run,
    )
    for name, number in erased._asdict().items():
        click.echo(f"{number}\t{name.replace('_', ' ')}{' (not done)' if dry_run else ''}")


@abuse.command(cls=ReadingCommand)
def report() -> None:
    """Print the last day's bursts, held emails, pace, busy and disposable email domains."""
    for pace in statistics.signing_pace(now=now()):
        click.echo(
            f"pace\t{pace.slug}\t{pace.signatures} entries, "
            f"{pace.in_busiest} in the minute of {pace.busiest:%H:%M}"
        )
    for burst in burst_review.list_bursts():
        click.echo(
            f"burst {burst.id}\t{burst.slug}\t{burst.kind} {burst.source or '-'}\t{burst.state}\t"
            f"seen {burst.seen}, usual {burst.usual}, held {burst.held}\t"
            f"{burst.began_at:%Y-%m-%d %H:%M}"
        )
    for activity in statistics.domain_activity(now=now()):
        click.echo(
            f"domain\t{activity.slug}\t{activity.domain}\t{activity.signatures} entries, "
            f"{activity.confirmed} confirmed{', disposable' if activity.disposable else ''}"
        )
