"""flask setup, serve, retention, abuse: set the site up, run it, erase, report abuse."""

import os
import re
import secrets
import tomllib
from pathlib import Path

import click
import flask_migrate
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from petition.core import config
from petition.core.clock import now
from petition.operations import retention as retention_rules
from petition.operations import supervisor
from petition.organisers import burst_review
from petition.petitions import lifecycle, petition_file, queries, statistics, updates

SAMPLES = config.PACKAGE / "petitions" / "samples"

retention = AppGroup("retention", help="Erase what is past its date.")
abuse = AppGroup("abuse", help="See what looks like an attack.")


@click.command()
@with_appcontext
def setup() -> None:
    """Prepare the instance folder to try the site out: secret, database, sample petition.

    Idempotent.
    """
    if not current_app.config["SECRET_KEY"]:
        _write_secret(Path(current_app.instance_path) / "config.toml")
    flask_migrate.upgrade()
    sample = tomllib.loads((SAMPLES / "kuramshin.toml").read_text(encoding="utf-8"))
    if sample["slug"] not in {petition.slug for petition in queries.list_petitions("")}:
        lifecycle.create(petition_file.parse(sample), now=now())
    news = tomllib.loads((SAMPLES / "kuramshin-news.toml").read_text(encoding="utf-8"))
    if not updates.list_updates(queries.get_id(sample["slug"]), ""):
        updates.import_updates(sample["slug"], petition_file.parse_updates(news), now=now())


def _write_secret(file: Path) -> None:
    """Write a secret key of 256 bits into the settings file, in place of an empty one.

    Only the file's owner can read it.
    """
    settings = file.read_text(encoding="utf-8") if file.exists() else ""
    settings = re.sub(r"^\s*SECRET_KEY\s*=.*\n?", "", settings, flags=re.MULTILINE)
    line = f'SECRET_KEY = "{secrets.token_hex(32)}"\n'
    temporary = file.with_suffix(".part")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(line + settings)
    temporary.replace(file)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Web processes.")
@click.option("--trial", is_flag=True, help="Try the site out on this machine, without settings.")
@click.pass_context
@with_appcontext
def serve(ctx: click.Context, host: str, port: int, workers: int, trial: bool) -> None:
    """Run the web server and the mail worker. Refuses without a secret key, a site address and a
    mail server.
    """
    missing = [] if trial else config.missing_for_service(current_app.config)
    for line in missing:
        click.echo(line, err=True)
    if missing:
        ctx.exit(1)
    flask_migrate.upgrade()
    site_url = config.site_url(current_app.config)
    click.echo(f"The petition site is at {site_url}/ (Ctrl+C ends it)")
    if not current_app.config["MAIL_SERVER"]:
        click.echo(f"Its emails are kept and shown at {site_url}/dev/mail")
    ctx.exit(supervisor.serve(host, port, workers))


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
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


@abuse.command()
def report() -> None:
    """Print the last day's bursts, held emails, pace, busy and throw-away email domains."""
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
    for activity in statistics.domain_activity(now=now()):
        click.echo(
            f"domain\t{activity.slug}\t{activity.domain}\t{activity.entries} entries, "
            f"{activity.confirmed} confirmed{', throw-away' if activity.disposable else ''}"
        )
