"""Commands of the site as a test runs them, and petition files for them."""

from pathlib import Path

from flask import Flask

from petition.database.base import db
from petition.petitions import queries

TEXT = ("title", "target", "lede", "letter", "story", "share")
SAMPLE = Path(queries.__file__).parent / "samples" / "kuramshin.toml"


def run(app: Flask, *command: str) -> str:
    """Run a command that is expected to succeed and return what it prints."""
    result = app.test_cli_runner().invoke(args=command)
    assert result.exit_code == 0, result.output
    db.session.rollback()
    return str(result.stdout)


def refused(app: Flask, *command: str, status: int = 1) -> str:
    """Run a command that is expected to be refused and return the last line it says."""
    result = app.test_cli_runner().invoke(args=command)
    assert result.exit_code == status, result.output
    return str(result.stderr.strip().splitlines()[-1])


def write_file(
    folder: Path, *extra: str, state: str = "open", languages: str = "en", **changes: str
) -> str:
    """Write a petition file, its lines `extra` at the top, and return its path."""
    lines = ['slug = "water"', 'organiser = "Us"', 'contact = "c@example.org"']
    lines += [f'source_language = "{languages[:2]}"', *extra]
    lines += [f'state = "{state}"'] if state else []
    for language in languages.split():
        texts = dict.fromkeys(TEXT, "Water") | changes
        lines += [f"[text.{language}]", *(f'{name} = "{value}"' for name, value in texts.items())]
    file = folder / "water.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return str(file)
