"""List the news, write and correct it, take it down."""

from flask import Response, current_app, flash, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.organiser_errors import NoteRequired, UpdateChanged
from petition.organisers.news import pictures, reading, writing
from petition.organisers.news.reading import News, NewsState
from petition.petitions import updates
from petition.web.organisers import audit_words
from petition.web.organisers.guard import pages
from petition.web.organisers.news.forms import UpdateForm, fields_of, make_form
from petition.web.pages.updates import get_body_renderer
from petition.web.support.responses import render_page, see_other


@pages.get("/p/<slug>/news")
def news(slug: str) -> str:
    """List drafts, scheduled and published news, and what was taken down."""
    found = reading.list_news(g.petition_id, now=now())
    return render_template(
        "organisers/news/list.html",
        slug=slug,
        tab="organisers.news",
        groups=[(state, [one for one in found if one.state == state]) for state in NewsState],
    )


@pages.route("/p/<slug>/news/new", methods=["GET", "POST"])
def write_news(slug: str) -> AnyResponse:
    """Write an update: look at it, save it as a draft, or publish it."""
    form = _make_form(None)
    if request.method != "POST" or not _is_ready(form, slug):
        return _render(slug, form, None)
    at = form.publish_at() or now() if form.action.data == "publish" else None
    writing.create(
        g.petition_id, form.content(), publish_at=at, organiser_id=g.organiser.id, now=now()
    )
    return _done(slug, _("Saved.") if at is None else _("Published."))


@pages.route("/p/<slug>/news/<int:update_id>", methods=["GET", "POST"])
def edit_news(slug: str, update_id: int) -> AnyResponse:
    """Change an update; one that is published is corrected with a note."""
    stored = reading.get_news(g.petition_id, update_id, now=now())
    form = _make_form(stored)
    if request.method != "POST" or not _is_ready(form, slug):
        return _render(slug, form, stored)
    is_publishing = form.action.data == "publish"
    at = form.publish_at() if is_publishing or stored.state == NewsState.SCHEDULED else None
    try:
        writing.save(
            g.petition_id,
            update_id,
            form.content(),
            version=form.version.data or 0,
            publish_at=at or (now() if is_publishing else None),
            organiser_id=g.organiser.id,
            now=now(),
        )
    except NoteRequired as error:
        for code in error.languages:
            form.refuse(f"note_{code}", _("Say what you corrected: the page shows it."))
        return _render(slug, form, stored)
    except UpdateChanged:
        theirs = reading.get_news(g.petition_id, update_id, now=now())
        form.version.data = theirs.version
        return _render(slug, form, theirs, theirs=theirs)
    return _done(slug, _("Published.") if is_publishing else _("Saved."))


@pages.post("/p/<slug>/news/<int:update_id>/take-down")
def take_down_news(slug: str, update_id: int) -> AnyResponse:
    """Hide published news, with its emails that wait; or make scheduled news a draft."""
    writing.take_down(g.petition_id, update_id, organiser_id=g.organiser.id, now=now())
    return _done(slug, _("The public does not see it any more."))


@pages.post("/p/<slug>/news/<int:update_id>/put-back")
def put_back_news(slug: str, update_id: int) -> AnyResponse:
    """Show news again that was taken down."""
    writing.put_back(g.petition_id, update_id, organiser_id=g.organiser.id, now=now())
    return _done(slug, _("The public sees it again."))


@pages.post("/p/<slug>/news/<int:update_id>/delete")
def delete_news(slug: str, update_id: int) -> AnyResponse:
    """Delete a draft."""
    is_deleted = writing.delete_draft(
        g.petition_id, update_id, organiser_id=g.organiser.id, now=now()
    )
    kept = _("It is published by now, so it is not deleted.")
    return _done(slug, _("The draft is deleted.") if is_deleted else kept)


def _make_form(stored: News | None) -> UpdateForm:
    offered = current_app.config["LANGUAGES"]
    written = [text.language for text in stored.texts] if stored else []
    names = updates.list_pictures(g.petition_id)
    languages = [*written, *(code for code in offered if code not in written)]
    data = fields_of(stored) if stored and request.method != "POST" else None
    return make_form(languages, names, data=data)


def _is_ready(form: UpdateForm, slug: str) -> bool:
    """Return whether a form is to be stored. Stores its picture, and puts it into the text."""
    form.validate()
    action = form.action.data
    if action == "picture":
        for field in form.wrong_fields:
            if field not in (form.picture, form.alt):
                field.errors = []
        if form.picture.data is None:
            form.refuse("picture", _("Choose a file."))
    if form.encoded is not None and not form.alt.errors:
        name = pictures.add(
            g.petition_id,
            form.picture.data.filename or "",
            form.encoded,
            organiser_id=g.organiser.id,
            now=now(),
        )
        g.snippet = f"![{form.alt.data}]({name})"
        form.append(g.snippet)
        form.alt.data = ""
    return action in {"save", "publish"} and not form.wrong_fields


def _render(
    slug: str, form: UpdateForm, stored: News | None, theirs: News | None = None
) -> Response:
    status = 422 if form.wrong_fields else 409 if theirs else 200
    is_preview = form.action.data == "preview" and not form.wrong_fields
    changed_by = {}
    if theirs:
        changed_by = {"organiser_id": theirs.changed_by_id, "email": theirs.changed_by}
    return render_page(
        "organisers/news/edit.html",
        status=status,
        slug=slug,
        tab="organisers.news",
        form=form,
        stored=stored,
        theirs=theirs,
        changed_by=audit_words.actor(changed_by, g.organiser) if changed_by else "",
        snippet=g.get("snippet"),
        preview=form.content().texts if is_preview else (),
        render_body=get_body_renderer(g.petition_id, slug),
    )


def _done(slug: str, message: str) -> AnyResponse:
    current_app.extensions["page_cache"].clear()
    flash(message)
    return see_other(url_for("organisers.news", slug=slug))
