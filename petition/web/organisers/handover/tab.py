"""The tab: files to ask for, those that are written or ready, and the organisers' own copies."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Response, current_app, flash, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.models import Download
from petition.organisers.export import Format, Profile
from petition.organisers.handover import downloads, jobs, listing, packs
from petition.web.organisers.downloads import FILE_NAMES, MEDIA_TYPES
from petition.web.organisers.guard import pages
from petition.web.organisers.handover.forms import FileForm, OwnListForm
from petition.web.support.responses import see_other


@pages.get("/p/<slug>/handover")
def handover(slug: str) -> AnyResponse:
    """Show the forms, the files of this organiser, and the copies to be deleted."""
    return _render(slug, _list_form(formdata=None), _own_form(formdata=None))


@pages.post("/p/<slug>/handover")
def ask_handover_list(slug: str) -> AnyResponse:
    """Ask for the list to hand over."""
    form = _list_form()
    if not form.validate():
        return _render(slug, form, _own_form(formdata=None), status=422)
    return _ask(slug, form)


@pages.post("/p/<slug>/handover/own")
def ask_own_list(slug: str) -> AnyResponse:
    """Ask for the organisers' list, with addresses."""
    form = _own_form()
    if not form.validate():
        return _render(slug, _list_form(formdata=None), form, status=422)
    return _ask(slug, form)


@pages.get("/p/<slug>/handover/files/<int:download_id>")
def fetch_file(slug: str, download_id: int) -> Response:
    """Send a file to the organiser who asked for it, recorded before the first byte leaves.

    HEAD sends headers only and is not recorded.
    """
    at = now()
    download = downloads.get_ready(g.petition_id, download_id, organiser_id=g.organiser.id, now=at)
    pieces = jobs.read(_folder(), download)
    if request.method != "HEAD":
        downloads.record_fetch(download, now=at)
    kind, profile = Format(download.format), Profile(download.profile)
    filename = f"{slug}-{FILE_NAMES[profile]}-{download.created_at:%Y-%m-%d}.{kind}"
    headers = {
        "Content-Disposition": f'attachment; filename="{filename}"',
        "Content-Length": str(download.size),
    }
    return Response(pieces, mimetype=MEDIA_TYPES[kind], headers=headers)


@pages.post("/p/<slug>/handover/files/<int:download_id>/deleted")
def mark_copy_deleted(slug: str, download_id: int) -> AnyResponse:
    """Record that the organisers' copy of a file is deleted."""
    downloads.mark_deleted(g.petition_id, download_id, organiser_id=g.organiser.id, now=now())
    flash(_("Recorded: this copy is deleted."))
    return see_other(url_for("organisers.handover", slug=slug))


def _list_form(**options: Any) -> FileForm:
    return FileForm(separator=g.organiser.csv_separator, **options)


def _own_form(**options: Any) -> OwnListForm:
    today = now().date()
    return OwnListForm(
        prefix="own-",
        separator=g.organiser.csv_separator,
        keep_until=today + timedelta(days=downloads.COPY_DAYS),
        reader_language=g.language,
        languages=current_app.config["LANGUAGES"],
        today=today,
        **options,
    )


def _ask(slug: str, form: FileForm) -> AnyResponse:
    downloads.ask(
        g.petition_id,
        form.options(),
        organiser_id=g.organiser.id,
        reason=form.reason.data,
        keep_until=form.keep_until.data if isinstance(form, OwnListForm) else None,
        now=now(),
    )
    return see_other(url_for("organisers.handover", slug=slug, _anchor="files"))


def _render(
    slug: str, list_form: FileForm, own_form: OwnListForm, *, status: int = 200
) -> AnyResponse:
    at = now()
    page = render_template(
        "organisers/handover.html",
        slug=slug,
        tab="organisers.handover",
        list_form=list_form,
        own_form=own_form,
        files=listing.list_files(g.petition_id, g.organiser.id, now=at),
        packs=packs.list_packs(g.petition_id),
        copies=[(copy, _is_overdue(copy)) for copy in listing.list_copies(g.petition_id)],
    )
    return make_response(page, status)


def _is_overdue(copy: Download) -> bool:
    return copy.keep_until is not None and copy.keep_until < now().date()


def _folder() -> Path:
    return Path(current_app.instance_path) / jobs.FOLDER
