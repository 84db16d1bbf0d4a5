"""flask petition …, flask export: petitions without the browser."""

import sys
import tomllib
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from petition.artwork import fonts
from petition.cli.refusal import refusing
from petition.core.clock import now
from petition.models.enums import PetitionState
from petition.organisers import access
from petition.organisers import export as exporting
from petition.petitions import lifecycle, petition_file, queries, updates

petition = AppGroup("petition", help="Create, list, open, pause, close and recount petitions.")


@petition.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Keep the petition written in FILE (TOML, see docs/petition-file.md)."""
    written = _toml(file)
    with refusing():
        kept = petition_file.parse(written, file.parent)
        lifecycle.create(kept, now=now())
    _tell_unseen(kept)
    click.echo(f"/p/{kept.slug}")


@petition.command()
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def add(slug: str, file: Path) -> None:
    """Add the news, pictures and targets written in FILE to SLUG (see docs/petition-file.md)."""
    written = _toml(file)
    with refusing():
        updates.import_updates(slug, petition_file.parse_updates(written, file.parent), now=now())


def _tell_unseen(kept: petition_file.PetitionFile) -> None:
    """Say in a line which letters of the pictures and papers no font of this machine has."""
    unseen = {
        text["language"]: letters
        for text in kept.texts
        if (letters := fonts.missing("".join(text[piece] for piece in petition_file.DRAWN_FIELDS)))
    }
    if unseen:
        named = "; ".join(f"{language}: {' '.join(of)}" for language, of in unseen.items())
        click.echo(
            "no font on this machine has these letters; pictures and papers show a dot for them"
            f" until one is installed: {named}",
            err=True,
        )


def _toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file.name} is not TOML: {error}") from error


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
@click.option("--share", prompt="The text that people pass on")
def create(slug: str, language: str, organiser: str, contact: str, **text: str) -> None:
    """Write a petition as a draft, piece by piece."""
    with refusing():
        kept = petition_file.parse(
            {
                "slug": slug,
                "source_language": language,
                "organiser": organiser,
                "contact": contact,
                "text": {language: text},
            }
        )
        lifecycle.create(kept, now=now())
    _tell_unseen(kept)
    click.echo(f"draft /p/{kept.slug}; open it with: flask petition open {kept.slug}")


@petition.command("list")
def list_petitions() -> None:
    """List all petitions with state and confirmed signatures."""
    for found in queries.list_petitions(current_app.config["LANGUAGES"][0]):
        click.echo(f"{found.slug}\t{found.state}\t{found.count}\t{found.title}")


@petition.command("open")
@click.argument("slug")
def open_petition(slug: str) -> None:
    """Let SLUG take signatures."""
    with refusing():
        lifecycle.change_state(slug, PetitionState.OPEN, now=now())


@petition.command()
@click.argument("slug")
def pause(slug: str) -> None:
    """Stop SLUG from taking signatures for a while."""
    with refusing():
        lifecycle.change_state(slug, PetitionState.PAUSED, now=now())


@petition.command()
@click.argument("slug")
def close(slug: str) -> None:
    """Close SLUG; signatures made before can be confirmed for 24 hours."""
    with refusing():
        lifecycle.change_state(slug, PetitionState.CLOSED, now=now())


@petition.command()
@click.argument("slug")
def victory(slug: str) -> None:
    """Close SLUG as won: its page says so."""
    with refusing():
        lifecycle.change_state(slug, PetitionState.VICTORY, now=now())


@petition.command()
@click.argument("slug")
def recount(slug: str) -> None:
    """Count the signatures of SLUG one by one and put the counter right."""
    with refusing():
        before, after = lifecycle.recount(slug, now=now())
    click.echo(f"{after}" if before == after else f"{after} (the counter said {before})")


@click.command()
@click.argument("slug")
@click.option("--format", "kind", type=click.Choice(["csv"]), default="csv", show_default=True)
@with_appcontext
def export(slug: str, kind: str) -> None:
    """Write the confirmed signatures of SLUG to standard output, as the organisers' download
    does.
    """
    with refusing():
        petition_id = access.record_export(slug, what=f"{kind} by command", now=now())
    for piece in exporting.csv_lines(petition_id):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
