"""flask organiser …: who may sign in to the organisers' pages."""

from contextlib import suppress

import click
from flask import current_app

from petition.cli.refusal import CommandGroup, ReadingCommand
from petition.core.clock import now
from petition.core.config import site_url
from petition.core.organiser_errors import OrganiserExists
from petition.core.tokens import SIGN_IN
from petition.models.enums import Role
from petition.organisers import access, second_factor
from petition.signatures.identity import Address, AddressInvalid, parse_address

organiser = CommandGroup(
    "organiser", help="Invite, list and remove organisers, print sign-in links."
)


def _email(value: str) -> Address:
    """Read an argument. Organisers are found by mailbox key, so no SECRET_KEY is needed."""
    try:
        return parse_address(value, lambda _mailbox: "")
    except AddressInvalid as error:
        raise click.BadParameter(f"{value} is not an email address") from error


_TRIAL_ADMIN = _email("trial@example.org")


@organiser.command()
@click.argument("email", type=_email)
@click.option(
    "--role", type=click.Choice(list(map(str, Role))), default=str(Role.EDITOR), show_default=True
)
@click.option("--petition", "slug", help="Only this petition; by default all.")
@click.option("--language", help="Of the emails; by default the site's first.")
def invite(email: Address, role: str, slug: str | None, language: str | None) -> None:
    """Add EMAIL as an organiser and send the first sign-in link.

    \b
    viewer  sees the figures of the petition and its preview
    editor  also reads comments and names, decides about bursts and
            downloads the signatures
    admin   does everything and manages the people: of the petition, or
            of all petitions and the site
    """
    languages = current_app.config["LANGUAGES"]
    if language is not None and language not in languages:
        raise click.BadParameter(f"one of {', '.join(languages)}", param_hint="--language")
    access.invite(email, role=Role(role), slug=slug, language=language or languages[0], now=now())
    click.echo(f"{email.email} is invited as {role}; a sign-in link is on its way")


@organiser.command("list", cls=ReadingCommand)
def list_organisers() -> None:
    """List all organisers with role, petition and language of their emails."""
    for invited in access.list_organisers():
        reach = invited.slug or "all petitions"
        click.echo(f"{invited.email}\t{invited.role}\t{reach}\t{invited.language}")


@organiser.command()
@click.argument("email", type=_email)
def remove(email: Address) -> None:
    """Remove EMAIL, whose sessions end at once. The last admin is kept: invite another first."""
    access.remove(email, now=now())


@organiser.command("sign-out")
@click.argument("email", type=_email)
def sign_out(email: Address) -> None:
    """End all sessions of EMAIL, for a lost device. Sign-in links go on working."""
    access.end_sessions(email, now=now())


@organiser.command("reset-second-factor")
@click.argument("email", type=_email)
def reset_second_factor(email: Address) -> None:
    """Switch off the second factor of EMAIL, who has lost phone and recovery codes."""
    second_factor.reset(access.get_sign_in_link(email).organiser_id, now=now())


@organiser.command("link")
@click.argument("email", type=_email)
def print_link(email: Address) -> None:
    """Print a one-time sign-in link for EMAIL, valid for 15 minutes."""
    click.echo(_make_link(email))


def make_trial_link() -> str:
    """Return a sign-in link of the admin of a trial site, who is added if need be."""
    with suppress(OrganiserExists):
        language = current_app.config["LANGUAGES"][0]
        access.invite(
            _TRIAL_ADMIN, role=Role.ADMIN, slug=None, language=language, silently=True, now=now()
        )
    return _make_link(_TRIAL_ADMIN)


def _make_link(email: Address) -> str:
    link = access.issue_link(email, now=now())
    tokens = current_app.extensions["tokens"]
    token = tokens.make(SIGN_IN, link.organiser_id, link.serial, now=now())
    return f"{site_url(current_app.config)}/organisers/enter/{token}"
