"""Downloads of the confirmed signatures, for browsers and for the command line alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

from babel.numbers import format_decimal
from flask import Flask, Response, current_app, g, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.i18n import format_locale
from petition.models.enums import AuditAction
from petition.organisers import access
from petition.organisers.export import SEPARATORS, Export, FileOptions, Format, Profile
from petition.petitions import queries
from petition.web.middleware.translations import get_catalogue
from petition.web.organisers.guard import pages
from petition.web.support.responses import see_other

_MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSONL: "application/jsonl",
}
TEMPORARY_FOLDER = "tmp"  # of the instance folder
_FILE_NAMES = {Profile.ORGANISER: "signatures", Profile.HANDOVER: "handover"}
_ACTIONS = {
    Profile.ORGANISER: AuditAction.SIGNATURES_DOWNLOAD,
    Profile.HANDOVER: AuditAction.SIGNATURES_HANDOVER,
}


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
    filename = f"{slug}-{_FILE_NAMES[options.profile]}-{now():%Y-%m-%d}.{kind}"
    return Response(
        content,
        mimetype=_MEDIA_TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


@pages.post("/p/<slug>/separator")
def set_separator(slug: str) -> AnyResponse:
    """Remember the separator of this organiser's CSV files, and redirect to the file."""
    separator = "semicolon" if request.form.get("separator") == "semicolon" else "comma"
    access.set_csv_separator(g.organiser.id, separator)
    is_handover = request.form.get("profile") == Profile.HANDOVER
    profile = Profile.HANDOVER if is_handover else None
    return see_other(url_for("organisers.signatures_csv", slug=slug, profile=profile))


def read(slug: str, options: FileOptions, *, organiser_id: int | None) -> Iterator[bytes]:
    """Record a download and return the pieces of the file, as `Export` does.

    When the last one was read, rows and hash are recorded, too; not if the reader goes away before.
    `organiser_id` is None for the command line. Raises: PetitionNotFound.
    """
    petition = queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True)
    folder = Path(current_app.instance_path) / TEMPORARY_FOLDER
    export = Export(petition.id, options, _withheld_words(petition.text.language), folder)
    detail = f"{options.format}, {options.profile}"
    detail += "" if organiser_id else ", by command"

    def record(action: AuditAction, detail: str) -> None:
        access.record_download(
            petition.id, organiser_id=organiser_id, detail=detail, now=now(), action=action
        )

    record(_ACTIONS[options.profile], detail)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001

    def pieces() -> Iterator[bytes]:
        yield from export
        with app.app_context():
            ended = f"{detail}, {export.rows} rows, SHA-256 {export.sha256}"
            record(AuditAction.SIGNATURES_DOWNLOAD_END, ended)

    return pieces()


def _withheld_words(language: str) -> Callable[[int], str]:
    """Return the function for the end of a hand-over file, in a language of the site."""
    languages = current_app.config["LANGUAGES"]
    language = language if language in languages else languages[0]
    catalogue, locale = get_catalogue(current_app, language), format_locale(language)

    def words(count: int) -> str:
        return catalogue.ngettext(
            "and %(number)s person whose name is withheld for their safety",
            "and %(number)s people whose names are withheld for their safety",
            count,
        ) % {"number": format_decimal(count, locale=locale)}

    return words
