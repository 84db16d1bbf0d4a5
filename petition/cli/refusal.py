"""How commands are refused: exit status 1 and one line on standard error."""

from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from petition.core import errors, faults
from petition.database import schema

_MESSAGES: dict[type[errors.PetitionError], str] = {
    errors.AdminOfOnePetition: (
        "an admin reaches all petitions: leave out --petition or invite an editor"
    ),
    errors.AlreadyServed: "the site of this instance folder is being served already",
    errors.MailServerUnreachable: "the mail server cannot be reached",
    errors.OrganiserExists: "an organiser with this address exists already",
    errors.OrganiserNotFound: "there is no organiser with this address",
    errors.PetitionFileInvalid: "the petition file is not valid",
    errors.PetitionNotFound: "there is no such petition",
    errors.PortUnavailable: "this address cannot be listened on",
    errors.SlugTaken: "a petition with this slug exists already",
    errors.TransitionNotAllowed: "a petition may not change its state like this",
}


NOT_MIGRATED = "the database has no tables or is older than this version: run `flask db upgrade`"


class Command(click.Command):
    """A command that is refused with one line: PetitionError, database not migrated or away."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except errors.SettingsError as error:
            raise click.ClickException("; ".join(error.args)) from error
        except errors.PetitionError as error:
            message = _MESSAGES.get(type(error), type(error).__name__)
            detail = f": {error}" if str(error) else ""
            raise click.ClickException(f"{message}{detail}") from error
        except Exception as error:
            _refuse(error)
            raise


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
