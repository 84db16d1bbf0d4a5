"""flask petition …, flask export: petitions without the browser."""

import sys
import tomllib
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from petition.artwork import fonts
from petition.cli.refusal import Command, CommandGroup, ReadingCommand
from petition.core.clock import now
from petition.core.config import site_url
from petition.models.enums import PetitionState
from petition.organisers import petition_export
from petition.organisers.export import SEPARATORS, FileOptions, Format, Profile
from petition.petitions import lifecycle, queries, updates
from petition.petitions.editing import petition_file, replacement, story
from petition.petitions.editing.toml_lines import find_lines
from petition.web.organisers import downloads

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEXT_STEPS = {
    PetitionState.DRAFT: "open it with: flask petition open {slug}",
    PetitionState.OPEN: "share {url}",
    PetitionState.PAUSED: "open it again with: flask petition open {slug}",
    PetitionState.CLOSED: "download the signatures with: flask export {slug}",
    PetitionState.VICTORY: "tell people at {url}",
}

petition = CommandGroup(
    "petition",
    help="Create, change, export, list, open, pause, close, recount and delete petitions.",
)


@petition.command("import")
@click.argument("file", type=FILE)
@click.option("--replace", is_flag=True, help="Change the petition that has the file's slug.")
@click.option("--reason", default="", help="Why its text changes. The public reads it.")
@click.option("--correction", is_flag=True, help="The change is small and makes no new version.")
def import_file(file: Path, replace: bool, reason: str, correction: bool) -> None:
    """Create a petition from FILE (TOML, see docs/petition-file.md)."""
    content, lines = _read_toml(file)
    site = site_url(current_app.config)
    parsed = petition_file.parse(content, file.parent, lines, site=site)
    if replace:
        change = replacement.Change(reason.strip()[: replacement.MAX_REASON], correction)
        state = replacement.replace(parsed, change=change, now=now())
    else:
        state = lifecycle.create(parsed, now=now(), imported=True)
    _warn_of_missing_glyphs(parsed)
    _tell_state(parsed.petition["slug"], state)


def _tell_state(slug: str, state: PetitionState) -> None:
    """Print the state of a petition, its path and the next step."""
    url = f"{site_url(current_app.config)}/p/{slug}"
    click.echo(f"{state} /p/{slug}; {_NEXT_STEPS[state].format(slug=slug, url=url)}")


@petition.command("export", cls=ReadingCommand)
@click.argument("slug")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), required=False)
def export_file(slug: str, directory: Path | None) -> None:
    """Write the file of SLUG, which `import` takes: to standard output, or into DIRECTORY.

    Only there with its picture. Files that are there already are left alone.
    """
    exported = petition_export.export_petition(slug)
    if directory is None:
        sys.stdout.buffer.write(exported.file.encode())
        sys.stdout.buffer.flush()
        if exported.picture:
            click.echo(f"name a directory to get {exported.picture_name}, too", err=True)
        return
    files = {f"{slug}.toml": exported.file.encode(), exported.picture_name: exported.picture}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            if content is not None:
                with (directory / name).open("xb") as file:
                    file.write(content)
                click.echo(directory / name)
    except FileExistsError as error:
        raise click.ClickException(f"{error.filename} is there already") from error
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be written") from error


@petition.command()
@click.argument("slug")
def delete(slug: str) -> None:
    """Delete SLUG, a draft. Other petitions are refused: close them."""
    lifecycle.delete_draft(slug, now=now())
    click.echo(f"deleted /p/{slug}; a new petition can have this slug")


@petition.command()
@click.argument("slug")
@click.argument("file", type=FILE)
def add(slug: str, file: Path) -> None:
    """Add the news, pictures and targets of FILE to SLUG (see docs/petition-file.md)."""
    content, lines = _read_toml(file)
    parsed = petition_file.parse_updates(content, file.parent, lines)
    updates.import_updates(slug, parsed, now=now())
    numbers = (
        f"{len(parsed.updates)}, pictures: {len(parsed.pictures)}, targets: {len(parsed.offices)}"
    )
    click.echo(f"added to /p/{slug}; updates: {numbers}")


@petition.command()
@click.option("--slug", prompt=True)
@click.option("--language", prompt=True, default=lambda: current_app.config["LANGUAGES"][0])
@click.option("--organiser", prompt="Who runs it")
@click.option("--contact", prompt="Contact address")
@click.option("--title", prompt="The demand, as a headline")
@click.option("--target", prompt="To whom it is addressed")
@click.option("--lede", prompt="One sentence: why now")
@click.option("--letter", prompt="The letter")
@click.option("--story", prompt="The case")
@click.option("--share", prompt="The text that people share")
def create(slug: str, language: str, organiser: str, contact: str, **text: str) -> None:
    """Create a petition as a draft, asking for each text."""
    values = {"slug": slug, "source_language": language, "organiser": organiser, "contact": contact}
    parsed = petition_file.parse(
        values | {"text": {language: text}}, site=site_url(current_app.config)
    )
    state = lifecycle.create(parsed, now=now())
    _warn_of_missing_glyphs(parsed)
    _tell_state(slug, state)


def _read_toml(file: Path) -> tuple[dict[str, object], dict[str, int]]:
    """Return the content of a file, and the lines of its fields."""
    try:
        content = file.read_text(encoding="utf-8-sig")
        return tomllib.loads(content), find_lines(content)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not UTF-8: save it so") from error
    except tomllib.TOMLDecodeError as error:
        raise click.ClickException(f"{file.name} is not TOML: {error}") from error


def _warn_of_missing_glyphs(parsed: petition_file.PetitionFile) -> None:
    """Name the characters of the pictures and PDFs that no font of this machine has."""
    missing = [
        f"{text['language']}: {' '.join(characters)}"
        for text in parsed.texts
        if (characters := fonts.missing("".join(text[key] for key in petition_file.DRAWN_FIELDS)))
    ]
    if missing:
        click.echo(
            "no font on this machine has these characters; pictures and PDFs show a dot for them"
            f" until one is installed: {'; '.join(missing)}",
            err=True,
        )


@petition.command("list", cls=ReadingCommand)
def list_petitions() -> None:
    """List all petitions with state and confirmed signatures."""
    for summary in queries.list_petitions(current_app.config["LANGUAGES"][0]):
        click.echo(f"{summary.slug}\t{summary.state}\t{summary.counted}\t{summary.title}")


def _add_transition(name: str, state: PetitionState, description: str) -> None:
    @petition.command(name, help=description)
    @click.argument("slug")
    def change_state(slug: str) -> None:
        lifecycle.change_state(slug, state, now=now())
        _tell_state(slug, state)


_add_transition("open", PetitionState.OPEN, "Let SLUG, a draft, paused or closed, take signatures.")
_add_transition("pause", PetitionState.PAUSED, "Stop SLUG from taking signatures for a while.")
_add_transition(
    "close",
    PetitionState.CLOSED,
    "Close SLUG, or take its victory back; earlier signatures can be confirmed for 24 hours.",
)


@petition.command()
@click.argument("slug")
@click.argument("file", type=FILE, required=False)
def victory(slug: str, file: Path | None) -> None:
    """Close SLUG as won: its page says so, in the words of FILE (see docs/petition-file.md)."""
    words = story.parse_victory(*_read_toml(file)) if file else {}
    lifecycle.declare_victory(slug, words, now=now())
    _tell_state(slug, PetitionState.VICTORY)


@petition.command()
@click.argument("slug")
def recount(slug: str) -> None:
    """Count the signatures of SLUG one by one and correct the counter."""
    before, after = lifecycle.recount(slug, now=now())
    click.echo(f"{after}" if before == after else f"{after} (the counter was {before})")


@click.command(cls=Command)
@click.argument("slug")
@click.option(
    "--format",
    "kind",
    type=click.Choice([*map(str, Format)]),
    default=str(Format.CSV),
    show_default=True,
)
@click.option(
    "--profile",
    type=click.Choice([*map(str, Profile)]),
    help="The default is organiser; of a PDF, handover.",
)
@click.option(
    "--separator",
    type=click.Choice(list(SEPARATORS)),
    default="comma",
    show_default=True,
    help="Of a CSV file.",
)
@click.option("--language", default="", help="Of a PDF; the default is the petition's own.")
@with_appcontext
def export(slug: str, kind: str, profile: str | None, separator: str, language: str) -> None:
    """Write the confirmed signatures of SLUG to standard output, like the organisers' download.

    \b
    organiser  everybody, with email addresses
    handover   only people who agreed, without addresses: for the target
    """
    wanted = Format(kind)
    chosen = Profile(profile) if profile else downloads.usual_profile(wanted)
    if chosen not in downloads.allowed_profiles(wanted):
        raise click.UsageError("a PDF is to hand over: it has no addresses")
    options = FileOptions(wanted, chosen, separator, language=language)
    for content in downloads.read(slug, options, organiser_id=None):
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
