"""flask doctor: what is wrong with the settings, the folder, the database or the mail server."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from petition.abuse import proxy_headers
from petition.cli.refusal import NOT_MIGRATED, CheckingCommand, find_readable_folder
from petition.core import config, faults
from petition.core.clock import now
from petition.core.errors import MailServerUnreachable, PetitionNotFound
from petition.database import schema
from petition.database.base import db
from petition.mail import transports
from petition.operations.backup import nightly
from petition.outbox import pausing
from petition.petitions import queries


@click.command(cls=CheckingCommand)
@with_appcontext
def doctor() -> None:
    """Check the site, a line for each check. The exit status is 1 if there is a problem."""
    problems = 0
    for name, find_problem in CHECKS.items():
        problem = find_problem()
        problems += bool(problem)
        click.echo(f"problem\t{name}: {problem}" if problem else f"ok\t{name}")
    if problems:
        sys.exit(1)


def _settings() -> str:
    settings = current_app.config
    return "; ".join([*config.missing_for_service(settings), *config.weaknesses(settings)])


def _featured_petition() -> str:
    slug = current_app.config["FEATURED"]
    try:
        if slug:
            queries.get_petition(slug, queries.SOURCE_LANGUAGE)
    except PetitionNotFound:
        return f"FEATURED names {slug}, which is a draft or no petition: see `flask petition list`"
    except SQLAlchemyError:
        return "cannot be read"
    return ""


def _database() -> str:
    try:
        if not schema.is_migrated(db.engine):
            return NOT_MIGRATED
        column = schema.missing_column(db.engine)
    except SQLAlchemyError as error:
        if schema.is_about_schema(error):
            return NOT_MIGRATED
        return faults.find_outage(error) or faults.describe(error)
    return f"has no column {column}" if column else ""


def _mail_server() -> str:
    settings = current_app.config
    if not settings["MAIL_SERVER"]:
        return "none is set"
    try:
        with transports.connect(current_app.extensions["mail"]):
            return ""
    except MailServerUnreachable as error:
        return f"{settings['MAIL_SERVER']}:{settings['MAIL_PORT']}: {error}"


def _outbox() -> str:
    try:
        pause = pausing.get_pause()
    except SQLAlchemyError:
        return "cannot be read"
    return f"paused, the mail server refuses our emails: {pause.reason}" if pause else ""


def _proxy() -> str:
    problems = proxy_headers.find_problems(Path(current_app.instance_path))
    return "; ".join(proxy_headers.WARNINGS[problem] for problem in problems)


def _backups() -> str:
    folder = current_app.config["BACKUP_FOLDER"]
    if not folder:  # they may be made in another way
        return ""
    return nightly.find_problem(Path(folder), Path(current_app.instance_path), now=now())


# By what is checked: each returns the problem in one line, or "".
CHECKS: dict[str, Callable[[], str]] = {
    "settings": _settings,
    "instance folder": find_readable_folder,
    "database": _database,
    "featured petition": _featured_petition,
    "mail server": _mail_server,
    "outbox": _outbox,
    "proxy headers": _proxy,
    "backups": _backups,
}
