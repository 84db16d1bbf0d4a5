"""flask audit …: read the audit trail, and check that it is whole."""

import re

import click
from flask_babel import force_locale

from petition.cli.refusal import CommandGroup, ReadingCommand
from petition.core import i18n
from petition.organisers import audit_trail
from petition.organisers.audit_trail import Fault, FaultKind, Head
from petition.petitions import queries
from petition.web.organisers import audit_words

audit = CommandGroup("audit", help="Read the audit trail, and check that it is whole.")

_FAULTS = {
    FaultKind.CHANGED: "{} changed",
    FaultKind.MISSING: "{} missing",
    FaultKind.ADDED: "{} added",
    FaultKind.SWAPPED: "entries {first} and {last} swapped",
    FaultKind.REPLACED: "{} replaced, with a new hash",
    FaultKind.HEAD_MISSING: "the record of the newest entry is missing, and others may be, too",
    FaultKind.NOT_AS_KEPT: "{} is not as in the copy of the head: it, or one before, was replaced",
}


def _head(value: str) -> Head:
    """Read ID:HASH, as `verify` prints it."""
    found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", value)
    if found is None:
        raise click.BadParameter("ID:HASH, as this command prints it")
    return Head(int(found[1]), found[2])


@audit.command(cls=ReadingCommand)
@click.option("--head", type=_head, metavar="ID:HASH", help="The head that you have kept.")
def verify(head: Head | None) -> None:
    """Find entries that were changed, removed, added or swapped; then the status is 1.

    Prints the head, which proves all entries up to it. Keep a copy elsewhere: whoever can write to
    the database could replace the newest entries with their hashes, and only the copy shows it.
    """
    found = audit_trail.verify(head)
    for fault in found.faults:
        click.echo(_describe(fault))
    if len(found.faults) >= audit_trail.MAX_FAULTS:
        click.echo("the rest was not read")
    if found.faults:
        raise click.ClickException("the audit trail is not whole")
    click.echo(f"whole, entries: {found.entries}")
    click.echo(f"head {found.head.entry_id}:{found.head.hash}")


def _describe(fault: Fault) -> str:
    entries = f"entry {fault.first}"
    if fault.last > fault.first:
        entries = f"entries {fault.first} to {fault.last}"
    return _FAULTS[fault.kind].format(entries, first=fault.first, last=fault.last)


@audit.command("list", cls=ReadingCommand)
@click.option("--petition", "slug", help="Only this petition; by default all.")
def list_entries(slug: str | None) -> None:
    """List what organisers and the command line did, oldest first: id, time, who, what, where."""
    petition_id = None if slug is None else queries.get_id(slug)
    with force_locale(i18n.format_locale(i18n.MESSAGE_LANGUAGE)):
        for entry in audit_trail.read_entries(petition_id):
            organiser, petition = entry["organiser_id"], entry["petition_id"]
            actor = "command line" if organiser is None else f"organiser {organiser}"
            place = "" if petition is None else entry["slug"] or f"petition {petition}, deleted"
            detail = f" ({entry['detail']})" if entry["detail"] else ""
            fields = (
                *(str(entry["id"]), f"{entry['at']:%Y-%m-%d %H:%M:%S} UTC"),
                *(f"{actor} {entry['email'] or ''}".rstrip(), audit_words.action(entry) + detail),
                *((place,) if place else ()),
            )
            click.echo("\t".join(fields))
