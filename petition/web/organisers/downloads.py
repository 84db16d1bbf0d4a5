"""Downloads of the confirmed signatures, for browsers and for the command line alike."""

from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import BadRequest

from petition.core.clock import now
from petition.models import Download
from petition.organisers.export import SEPARATORS, Export, FileOptions, Format, Profile
from petition.organisers.handover import downloads, jobs, spreadsheet
from petition.petitions import queries
from petition.web.organisers.guard import pages
from petition.web.organisers.handover.pack import PackFile, PackWords

MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSONL: "application/jsonl",
    Format.PDF: "application/pdf",
}
FILE_NAMES = {Profile.ORGANISER: "signatures", Profile.HANDOVER: "handover"}


@pages.get("/p/<slug>/signatures.csv", endpoint="signatures_csv", defaults={"kind": Format.CSV})
@pages.get("/p/<slug>/signatures.xlsx", endpoint="signatures_xlsx", defaults={"kind": Format.XLSX})
@pages.get(
    "/p/<slug>/signatures.jsonl", endpoint="signatures_jsonl", defaults={"kind": Format.JSONL}
)
@pages.get("/p/<slug>/signatures.pdf", endpoint="signatures_pdf", defaults={"kind": Format.PDF})
def signatures(slug: str, kind: Format) -> Response:
    """Send the confirmed signatures, recorded in the audit trail before the first byte leaves.

    `?separator=` overrides what the organiser chose. A PDF is the pack to hand over, in
    `?language=` if the petition has a text in it. HEAD sends headers only and is not recorded.
    """
    separator = request.args.get("separator", g.organiser.csv_separator)
    profile = request.args.get("profile", usual_profile(kind))
    if separator not in SEPARATORS or profile not in allowed_profiles(kind):
        raise BadRequest
    language = request.args.get("language", "") if kind == Format.PDF else ""
    options = FileOptions(kind, Profile(profile), separator, language=language)
    is_read = request.method != "HEAD"
    content = read(slug, options, organiser_id=g.organiser.id) if is_read else iter(())
    filename = f"{slug}-{FILE_NAMES[options.profile]}-{now():%Y-%m-%d}.{kind}"
    return Response(
        content,
        mimetype=MEDIA_TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def allowed_profiles(kind: Format) -> set[Profile]:
    """Return for whom a file of a format may be: a PDF is to hand over."""
    return {Profile.HANDOVER} if kind == Format.PDF else {*Profile}


def usual_profile(kind: Format) -> Profile:
    """Return for whom a file of a format is, unless said otherwise."""
    return Profile.HANDOVER if kind == Format.PDF else Profile.ORGANISER


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


def make_asked_file(app: Flask, folder: Path, download: Download) -> Export | PackFile:
    """Return a file that an organiser asked for, in the application's context."""
    list_file = jobs.part_of_list(folder, download)
    return make_file(app, download.petition_id, downloads.options_of(download), list_file)


def make_file(
    app: Flask, petition_id: int, options: FileOptions, list_file: Path | None = None
) -> Export | PackFile:
    """Return a file, in the application's context. The list of a pack is kept in `list_file`."""
    folder = Path(app.instance_path) / spreadsheet.FOLDER
    slug = queries.get_slug(petition_id)
    petition = queries.get_petition(slug, options.language, drafts=True)
    words = PackWords(app, petition, now().date())
    if options.format == Format.PDF:
        return PackFile(petition, words, folder=folder, list_file=list_file)
    return Export(petition_id, options, words.withheld, folder)
