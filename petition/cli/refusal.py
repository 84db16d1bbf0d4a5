"""How commands are refused: exit status 1 and one line on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup

from petition.core.errors import (
    AdminOfOnePetition,
    MailServerUnreachable,
    OrganiserExists,
    OrganiserNotFound,
    PetitionError,
    PetitionFileInvalid,
    PetitionNotFound,
    SettingsError,
    SlugTaken,
    TransitionNotAllowed,
)

_MESSAGES: dict[type[PetitionError], str] = {
    AdminOfOnePetition: "an admin reaches all petitions: leave out --petition or invite an editor",
    MailServerUnreachable: "the mail server cannot be reached",
    OrganiserExists: "an organiser with this address exists already",
    OrganiserNotFound: "there is no organiser with this address",
    PetitionFileInvalid: "the petition file is not valid",
    PetitionNotFound: "there is no such petition",
    SlugTaken: "a petition with this slug exists already",
    TransitionNotAllowed: "a petition may not change its state like this",
}


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a PetitionError into a click error with its message and detail in one line."""
    try:
        yield
    except SettingsError as error:
        raise click.ClickException("; ".join(error.args)) from error
    except PetitionError as error:
        message = _MESSAGES.get(type(error), type(error).__name__)
        detail = f": {error}" if str(error) else ""
        raise click.ClickException(f"{message}{detail}") from error


class Command(click.Command):
    """A command that is refused with one line when it raises a PetitionError."""

    def invoke(self, ctx: click.Context) -> Any:
        with refusing():
            return super().invoke(ctx)


class CommandGroup(AppGroup):
    """A group of such commands, which run in the application's context."""

    command_class = Command
