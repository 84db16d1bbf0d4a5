"""Downloads of the confirmed signatures, for browsers and for the command line alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

from babel.numbers import format_decimal
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import BadRequest

from petition.core.clock import now
from petition.core.i18n import format_locale
from petition.models import Download
from petition.organisers.export import SEPARATORS, Export, FileOptions, Format, Profile
from petition.organisers.handover import downloads, spreadsheet
from petition.petitions import queries
from petition.web.middleware.translations import get_catalogue
from petition.web.organisers.guard import pages

MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSONL: "application/jsonl",
}
FILE_NAMES = {Profile.ORGANISER: "signatures", Profile.HANDOVER: "handover"}


@pages.get("/p/<slug>/signatures.csv", endpoint="signatures_csv", defaults={"kind": Format.CSV})
@pages.get("/p/<slug>/signatures.xlsx", endpoint="signatures_xlsx", defaults={"kind": Format.XLSX})
@pages.get(
    "/p/<slug>/signatures.jsonl", endpoint="signatures_jsonl", defaults={"kind": Format.JSONL}
)
def signatures(slug: str, kind: Format) -> Response:
    """Send the confirmed signatures, recorded in the audit trail before the first byte leaves.

    `?separator=` overrides what the organiser chose. HEAD sends headers only and is not recorded.
    """
    separator = request.args.get("separator", g.organiser.csv_separator)
    profile = request.args.get("profile", Profile.ORGANISER)
    if separator not in SEPARATORS or profile not in {*Profile}:
        raise BadRequest
    options = FileOptions(kind, Profile(profile), separator)
    is_read = request.method != "HEAD"
    content = read(slug, options, organiser_id=g.organiser.id) if is_read else iter(())
    filename = f"{slug}-{FILE_NAMES[options.profile]}-{now():%Y-%m-%d}.{kind}"
    return Response(
        content,
        mimetype=MEDIA_TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def read(slug: str, options: FileOptions, *, organiser_id: int | None) -> Iterator[bytes]:
    """Record a download and return the pieces of the file, as `Export` does.

    When the last one was read, rows and hash are recorded, too; not if the reader goes away before.
    `organiser_id` is None for the command line. Raises: PetitionNotFound.
    """
    petition_id = queries.get_id(slug)
    export = make_file(current_app, petition_id, options)
    download_id = downloads.begin_stream(petition_id, options, organiser_id=organiser_id, now=now())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001

    def pieces() -> Iterator[bytes]:
        yield from export
        with app.app_context():
            downloads.end_stream(download_id, rows=export.rows, sha256=export.sha256, now=now())

    return pieces()


def make_asked_file(app: Flask, download: Download) -> Export:
    """Return a file that an organiser asked for, in the application's context."""
    return make_file(app, download.petition_id, downloads.options_of(download))


def make_file(app: Flask, petition_id: int, options: FileOptions) -> Export:
    """Return a file, in the application's context."""
    language = queries.get_source_language(petition_id)
    folder = Path(app.instance_path) / spreadsheet.FOLDER
    return Export(petition_id, options, _withheld_words(app, language), folder)


def _withheld_words(app: Flask, language: str) -> Callable[[int], str]:
    """Return the function for the end of a hand-over file, in a language of the site."""
    languages = app.config["LANGUAGES"]
    language = language if language in languages else languages[0]
    catalogue, locale = get_catalogue(app, language), format_locale(language)

    def words(count: int) -> str:
        return catalogue.ngettext(
            "and %(number)s person whose name is withheld for their safety",
            "and %(number)s people whose names are withheld for their safety",
            count,
        ) % {"number": format_decimal(count, locale=locale)}

    return words
