"""How commands are refused: exit status 1 and one line on standard error; and what they work on."""

import shlex
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, ScriptInfo

from petition.core import errors, faults, organiser_errors
from petition.core.files import is_readable_by_others
from petition.database import schema
from petition.database.base import db
from petition.operations import supervisor

_MESSAGES: dict[type[errors.PetitionError], str] = {
    errors.AlreadyServed: "the site of this instance folder is being served already",
    errors.BackupInvalid: "the backup cannot be used",
    errors.BackupRefused: "no backup is written",
    organiser_errors.LastAdmin: "this is the last admin: invite another one first",
    errors.MailServerUnreachable: "the mail server cannot be reached",
    organiser_errors.OrganiserExists: "an organiser with this address exists already",
    organiser_errors.OrganiserNotFound: "there is no organiser with this address",
    errors.PetitionFileInvalid: "the petition file is not valid",
    errors.PetitionNotDraft: "only a draft can be deleted, and the state of this petition is",
    errors.PetitionNotFound: "there is no such petition",
    errors.PetitionUnfinished: "a petition that is open needs all its texts, and this lacks",
    errors.PortUnavailable: "this address cannot be listened on",
    errors.ReasonMissing: (
        "people have signed: say why the text changes with --reason, or that the change is a small"
        " --correction of"
    ),
    errors.RestoreRefused: "nothing is restored",
    errors.SenderRefused: "the mail server refuses our emails, which wait",
    errors.SlugTaken: "a petition with this slug exists already",
    errors.TransitionNotAllowed: "a petition may not change its state like this",
}


NOT_MIGRATED = "the database has no tables or is older than this version: run `flask db upgrade`"


class Command(click.Command):
    """A command that is refused with one line: by a rule, or by a database that is not ready.

    When it has succeeded, it names the site that it changed.
    """

    changes_site = True
    needs_database = True

    def invoke(self, ctx: click.Context) -> Any:
        try:
            if not current_app:
                ctx.with_resource(ctx.ensure_object(ScriptInfo).load_app().app_context())
            refuse_other_database()
            if self.needs_database:
                _check_database()
            result = super().invoke(ctx)
        except errors.SettingsError as error:
            raise click.ClickException("; ".join(error.args)) from error
        except errors.PetitionError as error:
            message = _MESSAGES.get(type(error), type(error).__name__)
            detail = f": {error}" if str(error) else ""
            raise click.ClickException(f"{message}{detail}") from error
        except Exception as error:
            _refuse(error)
            raise
        if self.changes_site:
            name_site()
        return result


class ReadingCommand(Command):
    """A command that changes nothing."""

    changes_site = False


def database_name() -> str:
    """Return the address of the database, without user and password."""
    url = db.engine.url
    return url.set(username=None, password=None, query={}).render_as_string()


def name_site() -> None:
    """Name the instance folder and the database on standard error."""
    click.echo(f"instance {current_app.instance_path}, database {database_name()}", err=True)


def refuse_other_database() -> None:
    """Refuse a shell whose settings name another database than the running site's."""
    instance = Path(current_app.instance_path)
    served = supervisor.served_database(instance)
    if served and served != database_name():
        raise click.ClickException(
            f"the running site uses the database {served}, this shell {database_name()}: put the"
            f" settings into {instance / 'config.toml'}, where both find them"
        )


def find_readable_folder() -> str:
    """Return a line about personal data that other users of this machine can read, or ""."""
    instance, database = Path(current_app.instance_path), db.engine.url.database or ""
    file = Path(database)
    if is_readable_by_others(instance):
        return _line_about(instance)
    is_elsewhere = db.engine.dialect.name == "sqlite" and instance not in file.parents
    if (
        is_elsewhere
        and file.is_file()
        and is_readable_by_others(file)
        and is_readable_by_others(file.parent)
    ):
        return _line_about(file)
    return ""


def _line_about(path: Path) -> str:
    return f"other users of this machine can read {path}: chmod -R go= {shlex.quote(str(path))}"


class CheckingCommand(ReadingCommand):
    """A command that itself tells what is wrong with the database."""

    needs_database = False


class PreparingCommand(Command):
    """A command that migrates the database itself."""

    needs_database = False


def _check_database() -> None:
    """Refuse the command before it begins: the mail worker would log errors and try again."""
    if not schema.is_migrated(db.engine):
        raise click.ClickException(NOT_MIGRATED)


def _refuse(error: Exception) -> None:
    """Raise the refusal for a fault of the database, if the error is one."""
    if schema.is_about_schema(error):
        raise click.ClickException(NOT_MIGRATED) from error
    outage = faults.find_outage(error)
    if outage is not None and not current_app.config["LOG_STACKS"]:
        raise click.ClickException(outage) from error


def in_one_line(command: click.Command) -> None:
    """Let a command of an extension be refused like ours."""
    callback = command.callback

    def call(*args: Any, **values: Any) -> Any:
        try:
            return callback and callback(*args, **values)
        except Exception as error:
            _refuse(error)
            raise

    command.callback = call


class CommandGroup(AppGroup):
    """A group of such commands, which run in the application's context."""

    command_class = Command
