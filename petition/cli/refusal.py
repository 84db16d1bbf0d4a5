"""How a command refuses: exit status 1 and one line on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from petition.core.errors import (
    MailServerUnreachable,
    OrganiserExists,
    OrganiserNotFound,
    PetitionError,
    PetitionFileInvalid,
    PetitionNotFound,
    SettingsError,
    SlugTaken,
)

_SAID = {
    PetitionNotFound: "there is no such petition",
    SlugTaken: "a petition with this slug exists already",
    PetitionFileInvalid: "the petition cannot be kept",
    OrganiserExists: "an organiser with this address exists already",
    OrganiserNotFound: "there is no organiser with this address",
    MailServerUnreachable: "the mail server cannot be reached",
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
