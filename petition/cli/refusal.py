"""How commands are refused: exit status 1 and one line on standard error."""

from typing import Any

import click
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy.exc import OperationalError

from petition.core import errors
from petition.database import schema
from petition.database.base import db

_MESSAGES: dict[type[errors.PetitionError], str] = {
    errors.AdminOfOnePetition: (
        "an admin reaches all petitions: leave out --petition or invite an editor"
    ),
    errors.AlreadyServed: "the site of this instance folder is being served already",
    errors.MailServerUnreachable: "the mail server cannot be reached",
    errors.OrganiserExists: "an organiser with this address exists already",
    errors.OrganiserNotFound: "there is no organiser with this address",
    errors.PetitionFileInvalid: "the petition file is not valid",
    errors.PetitionNotDraft: "only a draft can be deleted, and the state of this petition is",
    errors.PetitionNotFound: "there is no such petition",
    errors.PortUnavailable: "this address cannot be listened on",
    errors.SlugTaken: "a petition with this slug exists already",
    errors.TransitionNotAllowed: "a petition may not change its state like this",
}


NOT_MIGRATED = "the database has no tables or is older than this version: run `flask db upgrade`"


class Command(click.Command):
    """A command that is refused with one line: by a rule, or by a database that is not ready."""

    needs_database = True

    def invoke(self, ctx: click.Context) -> Any:
        try:
            if self.needs_database:
                _check_database(ctx)
            return super().invoke(ctx)
        except errors.SettingsError as error:
            raise click.ClickException("; ".join(error.args)) from error
        except errors.PetitionError as error:
            message = _MESSAGES.get(type(error), type(error).__name__)
            detail = f": {error}" if str(error) else ""
            raise click.ClickException(f"{message}{detail}") from error
        except Exception as error:
            if schema.is_about_schema(error):
                raise click.ClickException(NOT_MIGRATED) from error
            if isinstance(error, OperationalError):
                raise click.ClickException(schema.explain(error)) from error
            raise


class PreparingCommand(Command):
    """A command that migrates the database itself."""

    needs_database = False


def _check_database(ctx: click.Context) -> None:
    """Refuse the command before it begins: the mail worker would log errors and try again."""
    with ctx.ensure_object(ScriptInfo).load_app().app_context():
        if not schema.is_migrated(db.engine):
            raise click.ClickException(NOT_MIGRATED)


class CommandGroup(AppGroup):
    """A group of such commands, which run in the application's context."""

    command_class = Command
