"""Paper sheets: the list with their sum, one sheet, its scan."""

from datetime import datetime
from io import BytesIO

from flask import Response, current_app, flash, g, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import SheetChanged, SheetLabelTaken
from petition.models import PaperSheet
from petition.organisers import audit_trail
from petition.organisers import paper as rules
from petition.web.organisers import audit_words
from petition.web.organisers.guard import pages
from petition.web.organisers.review.paper_form import PaperForm, VersionForm
from petition.web.support.responses import render_page, see_other


@pages.get("/p/<slug>/paper")
def paper(slug: str) -> Response:
    """List the sheets, with the form that adds one."""
    return _render_list(slug, PaperForm(today=now().date(), formdata=None))


@pages.post("/p/<slug>/paper")
def add_sheet(slug: str) -> AnyResponse:
    """Add a sheet."""
    form = PaperForm(today=now().date())
    typed = form.read()
    if typed is None:
        return _render_list(slug, form, status=422)
    try:
        rules.add(g.petition_id, typed, organiser_id=g.organiser.id, now=now())
    except SheetLabelTaken:
        form.refuse_label()
        return _render_list(slug, form, status=422)
    return _done(slug, _("The sheet is added."))


@pages.get("/p/<slug>/paper/<int:sheet_id>")
def sheet(slug: str, sheet_id: int) -> Response:
    """Show a sheet with the form that changes it."""
    found = rules.get_sheet(g.petition_id, sheet_id)
    form = PaperForm(today=now().date(), formdata=None, obj=found)
    return _render_sheet(slug, found, form)


@pages.post("/p/<slug>/paper/<int:sheet_id>")
def change_sheet(slug: str, sheet_id: int) -> AnyResponse:
    """Change a sheet, if nobody else has since the form was opened."""
    form = PaperForm(today=now().date())
    typed = form.read()
    try:
        found = rules.get_sheet(g.petition_id, sheet_id)
    except ItemNotFound:
        return _render_removed(slug, sheet_id, form)
    if typed is None:
        return _render_sheet(slug, found, form, status=422)
    version, by = form.version.data or 0, g.organiser.id
    try:
        rules.change(g.petition_id, sheet_id, typed, version=version, organiser_id=by, now=now())
    except SheetLabelTaken:
        form.refuse_label()
        return _render_sheet(slug, found, form, status=422)
    except SheetChanged:
        try:
            newest = rules.get_sheet(g.petition_id, sheet_id)
        except ItemNotFound:
            return _render_removed(slug, sheet_id, form)
        form.version.data = newest.version
        return _render_sheet(slug, newest, form, status=409, changed=newest)
    return _done(slug, _("Saved."))


@pages.post("/p/<slug>/paper/<int:sheet_id>/remove")
def remove_sheet(slug: str, sheet_id: int) -> AnyResponse:
    """Remove a sheet with its scan, if nobody else has changed it since."""
    version, by = VersionForm().version.data or 0, g.organiser.id
    try:
        rules.remove(g.petition_id, sheet_id, version=version, organiser_id=by, now=now())
    except SheetChanged:
        found = rules.get_sheet(g.petition_id, sheet_id)
        form = PaperForm(today=now().date(), formdata=None, obj=found)
        return _render_sheet(slug, found, form, status=409, changed=found)
    return _done(slug, _("The sheet is removed."))


@pages.post("/p/<slug>/paper/<int:sheet_id>/scan/delete")
def delete_scan(slug: str, sheet_id: int) -> AnyResponse:
    """Delete the scan of a sheet."""
    rules.delete_scan(g.petition_id, sheet_id, organiser_id=g.organiser.id, now=now())
    flash(_("The scan is deleted. The number stays."))
    return see_other(url_for("organisers.sheet", slug=slug, sheet_id=sheet_id))


@pages.get("/p/<slug>/paper/<int:sheet_id>/scan")
def fetch_scan(slug: str, sheet_id: int) -> Response:
    """Send the scan of a sheet, recorded before; HEAD is not recorded."""
    if request.method == "HEAD" and rules.get_sheet(g.petition_id, sheet_id).has_scan:
        return Response(mimetype="image/webp")
    scan = rules.show_scan(g.petition_id, sheet_id, organiser_id=g.organiser.id, now=now())
    name = f"{slug}-sheet-{sheet_id}.webp"
    return send_file(BytesIO(scan), "image/webp", as_attachment=True, download_name=name)


def _done(slug: str, message: str) -> AnyResponse:
    current_app.extensions["page_cache"].clear()
    flash(message)
    return see_other(url_for("organisers.paper", slug=slug))


def _render_removed(slug: str, sheet_id: int, form: PaperForm) -> Response:
    """Say who has removed a sheet meanwhile, and keep what was typed in the form that adds one.

    Raises: ItemNotFound, if there was no such sheet.
    """
    if audit_trail.find_change(g.petition_id, f"sheet {sheet_id}") is None:
        raise ItemNotFound
    return _render_list(slug, form, status=409, removed=_last_change(sheet_id))


def _last_change(sheet_id: int) -> tuple[str, datetime] | None:
    """Return who changed a sheet last, and when."""
    entry = audit_trail.find_change(g.petition_id, f"sheet {sheet_id}")
    return (audit_words.actor(entry, g.organiser), entry["at"]) if entry else None


def _render_list(
    slug: str, form: PaperForm, *, status: int = 200, removed: tuple[str, datetime] | None = None
) -> Response:
    return render_page(
        "organisers/paper.html",
        status=status,
        slug=slug,
        tab="organisers.signatures",
        form=form,
        sheets=rules.list_sheets(g.petition_id),
        total=rules.get_sum(g.petition_id),
        removed=removed,
    )


def _render_sheet(
    slug: str,
    found: PaperSheet,
    form: PaperForm,
    *,
    status: int = 200,
    changed: PaperSheet | None = None,
) -> Response:
    return render_page(
        "organisers/sheet.html",
        status=status,
        slug=slug,
        tab="organisers.signatures",
        form=form,
        sheet=found,
        changed=changed,
        by=_last_change(found.id) if changed else None,
    )
