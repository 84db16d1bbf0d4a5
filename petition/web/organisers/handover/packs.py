"""Packs on the organisers' pages: make one, record what became of it, a link for the target."""

from pathlib import Path

from flask import Response, current_app, flash, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core import tokens
from petition.core.clock import now
from petition.core.config import site_url
from petition.core.errors import PictureInvalid
from petition.core.organiser_errors import DownloadGone, HandoverChanged
from petition.models import Handover
from petition.organisers.export import FileOptions, Format, Profile
from petition.organisers.handover import downloads, jobs, packs
from petition.petitions import queries
from petition.petitions.pictures import make_picture
from petition.web.organisers.guard import pages
from petition.web.organisers.handover.forms import HandoverForm, PackForm
from petition.web.support.responses import see_other
from petition.web.support.tokens import get_tokens


@pages.get("/p/<slug>/handover/pack")
def pack_form(slug: str) -> AnyResponse:
    """Show the form that asks for a pack."""
    return _render_form(slug, _pack_form(slug))


@pages.post("/p/<slug>/handover/pack")
def ask_pack(slug: str) -> AnyResponse:
    """Ask for a pack, which a job writes."""
    form = _pack_form(slug)
    if not form.validate():
        return _render_form(slug, form, status=422)
    downloads.ask(
        g.petition_id,
        FileOptions(Format.PDF, Profile.HANDOVER, language=form.language.data),
        organiser_id=g.organiser.id,
        reason=form.reason.data,
        keep_until=None,
        now=now(),
    )
    return see_other(url_for("organisers.handover", slug=slug, _anchor="files"))


@pages.get("/p/<slug>/handover/packs/<int:handover_id>")
def pack(slug: str, handover_id: int) -> AnyResponse:
    """Show a pack, what became of it, and the link for the target."""
    found = packs.get_pack(g.petition_id, handover_id)
    return _render(slug, found, HandoverForm(today=now().date(), obj=found))


@pages.post("/p/<slug>/handover/packs/<int:handover_id>")
def record_handover(slug: str, handover_id: int) -> AnyResponse:
    """Record what became of a pack."""
    found = packs.get_pack(g.petition_id, handover_id)
    form = HandoverForm(today=now().date())
    photo = None
    if form.validate():
        try:
            photo = make_picture(form.photo.data.read()) if form.photo.data else None
        except PictureInvalid:
            form.refuse("photo", _("This file cannot be read as a picture. Choose a JPEG or PNG."))
    if form.wrong_fields:
        return _render(slug, found, form, status=422)
    try:
        packs.record(
            g.petition_id,
            handover_id,
            form.values(),
            photo=photo,
            version=form.seen_version,
            organiser_id=g.organiser.id,
            now=now(),
        )
    except HandoverChanged:
        newest = packs.get_pack(g.petition_id, handover_id)
        form.version.data = str(newest.version)
        return _render(slug, newest, form, status=409, changed=newest)
    current_app.extensions["page_cache"].clear()
    flash(_("Saved. The page of the petition shows it."))
    return see_other(url_for("organisers.pack", slug=slug, handover_id=handover_id))


@pages.post("/p/<slug>/handover/packs/<int:handover_id>/link")
def make_handover_link(slug: str, handover_id: int) -> AnyResponse:
    """Make a link for the target; the earlier one ends."""
    packs.make_link(g.petition_id, handover_id, organiser_id=g.organiser.id, now=now())
    return see_other(url_for("organisers.pack", slug=slug, handover_id=handover_id, _anchor="link"))


@pages.get("/p/<slug>/handover/packs/<int:handover_id>/<any(pdf, csv):kind>")
def fetch_pack(slug: str, handover_id: int, kind: str) -> Response:
    """Send a pack, or its list, recorded before the first byte leaves; HEAD is not recorded."""
    found = packs.get_pack(g.petition_id, handover_id)
    if found.erased_at is not None:
        raise DownloadGone
    path = pack_path(found, kind)
    if not path.exists():
        raise DownloadGone
    if request.method != "HEAD":
        packs.record_fetch(found, kind, organiser_id=g.organiser.id, now=now())
    return send_pack(path, slug, kind, found)


def pack_path(found: Handover, kind: str) -> Path:
    """Return the file of a pack or of its list."""
    return Path(current_app.instance_path) / jobs.FOLDER / f"{found.download_id}.{kind}"


def send_pack(path: Path, slug: str, kind: str, found: Handover) -> Response:
    """Send a pack or its list, in pieces."""
    name = f"{slug}-handover-{found.made_at:%Y-%m-%d}.{kind}"
    return Response(
        jobs.read_path(path),
        mimetype="application/pdf" if kind == "pdf" else "text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(path.stat().st_size),
        },
    )


def _pack_form(slug: str) -> PackForm:
    petition = queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True)
    return PackForm(languages=petition.languages, language=petition.text.language)


def _render_form(slug: str, form: PackForm, *, status: int = 200) -> AnyResponse:
    page = render_template(
        "organisers/pack_form.html", slug=slug, tab="organisers.handover", form=form
    )
    return make_response(page, status)


def _render(
    slug: str,
    found: Handover,
    form: HandoverForm,
    *,
    status: int = 200,
    changed: Handover | None = None,
) -> AnyResponse:
    page = render_template(
        "organisers/pack.html",
        slug=slug,
        tab="organisers.handover",
        pack=found,
        form=form,
        link=_link(found),
        link_days=tokens.HANDOVER.lifetime.days,
        link_until=found.link_made_at and found.link_made_at + tokens.HANDOVER.lifetime,
        changed=changed,
    )
    return make_response(page, status)


def _link(found: Handover) -> str:
    """Return the link for the target, or "" without one that works."""
    at = found.link_made_at
    if at is None or found.link_used_at or now() - at > tokens.HANDOVER.lifetime:
        return ""
    token = get_tokens().make(tokens.HANDOVER, found.id, found.link_serial, now=at)
    return f"{site_url(current_app.config)}/handover/{token}"
