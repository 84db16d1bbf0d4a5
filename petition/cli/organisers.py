"""flask organiser …: who may enter."""

import click
from flask import current_app
from flask.cli import AppGroup

from petition.cli.refusal import refusing
from petition.core import tokens
from petition.core.clock import now
from petition.core.config import site_url
from petition.models.enums import Role
from petition.organisers import access
from petition.signatures.identity import Address, AddressInvalid, read_address

organiser = AppGroup("organiser", help="Invite and remove organisers, print sign-in links.")


class AddressType(click.ParamType[Address]):
    """An email address on the command line."""

    name = "email"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Address:
        try:
            # An organiser is known by the mailbox itself: no hash is needed, and no secret key.
            return read_address(value, lambda _mailbox: "")
        except AddressInvalid:
            self.fail(f"{value} is not an email address", param, ctx)


ADDRESS = AddressType()


@organiser.command()
@click.argument("email", type=ADDRESS)
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.EDITOR.value,
    show_default=True,
)
@click.option("--petition", "slug", help="Only this petition; by default all.")
@click.option("--language", help="Of the mails; by default the site's first.")
def invite(email: Address, role: str, slug: str | None, language: str | None) -> None:
    """Add EMAIL as an organiser and mail the first sign-in link."""
    languages = current_app.config["LANGUAGES"]
    if language is not None and language not in languages:
        raise click.BadParameter(f"one of {', '.join(languages)}", param_hint="--language")
    with refusing():
        access.invite(
            email, role=Role(role), slug=slug, language=language or languages[0], now=now()
        )
    click.echo(f"{email.email} is invited as {role}; a sign-in link is on its way")


@organiser.command()
@click.argument("email", type=ADDRESS)
def remove(email: Address) -> None:
    """Shut EMAIL out at once."""
    with refusing():
        access.remove(email, now=now())


@organiser.command("link")
@click.argument("email", type=ADDRESS)
def print_link(email: Address) -> None:
    """Print a one-time sign-in link for EMAIL, good for 30 minutes."""
    with refusing():
        link = access.get_sign_in_link(email)
        token = current_app.extensions["tokens"].make(
            tokens.SIGN_IN, link.organiser_id, link.serial, now=now()
        )
    click.echo(f"{site_url(current_app.config)}/organisers/enter/{token}")
