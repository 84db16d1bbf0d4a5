"""flask backup, flask restore: everything a site needs in one file, and back again."""

import re
from datetime import datetime
from pathlib import Path

import click
from flask import current_app

from petition.cli.refusal import (
    CheckingCommand,
    CommandGroup,
    PreparingCommand,
    database_name,
    name_site,
)
from petition.core.clock import now
from petition.operations import supervisor
from petition.operations.backup import encryption, journal, reading, restoring, writing

IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FILE = click.Path(path_type=Path)
IDENTITY = click.option(
    "--identity", type=IN_FILE, help="The file of the secret key (age), if it is encrypted."
)


class _BackupGroup(CommandGroup):
    """A group whose first word is a file, unless it is a command of it."""

    command_class = CheckingCommand

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["write", *args]
        return super().parse_args(ctx, args)


backup = _BackupGroup(
    "backup",
    help="Write a backup: flask backup FILE. Check one: flask backup verify FILE.",
    subcommand_metavar="FILE | verify FILE",
)


@backup.command()
@click.argument("file", type=OUT_FILE)
@click.option("--with-secrets", is_flag=True, help="Put the secret key and the settings into it.")
@click.option("--force", is_flag=True, help="Replace FILE.")
def write(file: Path, with_secrets: bool, force: bool) -> None:
    """Write everything that the site has stored into FILE, while it runs.

    It is encrypted if BACKUP_RECIPIENT is set. See docs/backup.md.
    """
    recipient = current_app.config["BACKUP_RECIPIENT"]
    if with_secrets and not recipient:
        click.echo(
            "the secret key is in it, and it is not encrypted: set BACKUP_RECIPIENT", err=True
        )
    instance = Path(current_app.instance_path)
    source = writing.Source(
        instance,
        logo=current_app.config["BRAND_LOGO"],
        secrets=_read_settings(instance) if with_secrets else None,
    )
    own = encryption.Key() if recipient else None
    manifest = writing.write(file, source, now=now(), recipient=recipient, own=own, force=force)
    _tell(manifest.tables["signature"]["rows"], len(manifest.files), now())
    name_site()


def _read_settings(instance: Path) -> bytes:
    """Return the settings file; with the secret key, also where that comes from elsewhere."""
    file = instance / writing.SETTINGS_FILE
    settings = file.read_text(encoding="utf-8-sig") if file.exists() else ""
    settings = re.sub(r"^\s*SECRET_KEY\s*=.*\n?", "", settings, flags=re.MULTILINE)
    key = current_app.config["SECRET_KEY"]
    return (f'SECRET_KEY = "{key}"\n{settings}' if key else settings).encode()


@backup.command()
@click.argument("file", type=IN_FILE)
@IDENTITY
def verify(file: Path, identity: Path | None) -> None:
    """Check everything in FILE without restoring it."""
    found = reading.read(file, identities=encryption.read_identities(identity) if identity else ())
    _tell(found.rows["signature"], len(found.sizes), found.header.at)


@click.command(cls=PreparingCommand)
@click.argument("file", type=IN_FILE)
@click.option("--verify", is_flag=True, help="Read the rows back and compare them with FILE.")
@click.option(
    "--journal",
    "journals",
    type=IN_FILE,
    multiple=True,
    help="A journal of erasures, besides those beside FILE and in the instance folder.",
)
@IDENTITY
def restore(file: Path, verify: bool, journals: tuple[Path, ...], identity: Path | None) -> None:
    """Restore FILE into an instance without rows. Who was erased since is erased again."""
    instance = Path(current_app.instance_path)
    found = [folder / journal.FILE for folder in (file.parent, instance)]
    chosen = [*journals, *(path for path in found if path.is_file())]
    with supervisor.exclusive(instance, database_name()):
        restored = restoring.restore(
            file,
            instance,
            journals=chosen,
            identities=encryption.read_identities(identity) if identity else (),
            verify=verify,
            anonymise_days=current_app.config["ANONYMISE_AFTER_DAYS"],
            now=now(),
        )
    summary = restored.summary
    _tell(summary.rows["signature"], len(summary.sizes), summary.header.at)
    if restored.recounted:
        click.echo(f"tallies put right: {restored.recounted}")
    click.echo(f"erased since, and again: {restored.erased}")
    if not chosen:
        click.echo(
            f"no journal found: people who were erased since are back ({journal.FILE})", err=True
        )


def _tell(signatures: int, files: int, at: datetime) -> None:
    click.echo(f"{signatures} signatures, {files} files, as of {at:%Y-%m-%d %H:%M:%S} UTC")
