"""How a command refuses: exit status 1 and one line on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from petition.errors import (
    ImportRefused,
    OrganiserExists,
    OrganiserUnknown,
    PetitionError,
    PetitionNotFound,
    SettingsError,
    SlugTaken,
    Unreachable,
)

_SAID = {
    PetitionNotFound: "there is no such petition",
    SlugTaken: "a petition with this slug exists already",
    ImportRefused: "the petition cannot be kept",
    OrganiserExists: "an organiser with this address exists already",
    OrganiserUnknown: "there is no organiser with this address",
    Unreachable: "the mail server cannot be reached",
}


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a broken rule into the command's refusal."""
    try:
        yield
    except SettingsError as error:
        raise click.ClickException("; ".join(error.lines)) from error
    except PetitionError as error:
        said = _SAID.get(type(error))
        if said is None:
            raise
        detail = f": {error}" if str(error) else ""
        raise click.ClickException(f"{said}{detail}") from error
