"""Taking all signatures that match out of the count: shown before, with a reason, undone whole."""

from flask import Response, current_app, flash, g, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.errors import MatchesChanged
from petition.organisers.review import removals as rules
from petition.organisers.review import search
from petition.organisers.review.invalidation import UNDO_WITHIN
from petition.web.organisers.guard import pages
from petition.web.organisers.review.forms import CriteriaForm, RemovalForm, to_number
from petition.web.organisers.review.signatures import read_criteria, write_criteria
from petition.web.support.responses import render_page, see_other


@pages.post("/p/<slug>/signatures/remove")
def preview_removal(slug: str) -> Response:
    """Show how many signatures match, with the newest ones, before any is taken out."""
    form = RemovalForm(None)
    form.criteria.data = CriteriaForm().criteria.data or ""
    return _render_preview(slug, form)


@pages.post("/p/<slug>/removals")
def remove_matching(slug: str) -> AnyResponse:
    """Take the signatures out of the count that match, if they are as many as were shown."""
    form = RemovalForm()
    criteria = read_criteria(form.criteria.data or "")
    if not form.validate():
        return _render_preview(slug, form, status=422)
    seen = to_number(form.seen.data) or 0
    try:
        invalidation_id = rules.start(
            g.petition_id,
            criteria,
            form.get_reason(),
            form.note.data,
            expected=seen,
            organiser_id=g.organiser.id,
            now=now(),
        )
    except MatchesChanged:
        return _render_preview(slug, form, status=409, before=seen)
    _go_on(invalidation_id)
    return see_other(url_for("organisers.removals", slug=slug))


@pages.get("/p/<slug>/removals")
def removals(slug: str) -> Response:
    """List what was taken out of the count, newest first, and how far each removal is."""
    return render_page(
        "organisers/removals.html",
        slug=slug,
        tab="organisers.signatures",
        removals=rules.list_removals(g.petition_id),
        undoable_since=now() - UNDO_WITHIN,
    )


@pages.post("/p/<slug>/removals/<int:invalidation_id>/undo")
def undo_removal(slug: str, invalidation_id: int) -> AnyResponse:
    """Count all signatures of a removal again."""
    rules.undo(g.petition_id, invalidation_id, organiser_id=g.organiser.id, now=now())
    _go_on(invalidation_id)
    flash(_("It is undone. The signatures count again, each with its number."))
    return see_other(url_for("organisers.removals", slug=slug))


def _go_on(invalidation_id: int) -> None:
    """Do what is done at once: up to a thousand signatures. The mail worker does the rest."""
    rules.run_batches(invalidation_id, now=now())
    current_app.extensions["page_cache"].clear()


def _render_preview(
    slug: str, form: RemovalForm, *, status: int = 200, before: int | None = None
) -> Response:
    criteria, number = rules.preview(g.petition_id, read_criteria(form.criteria.data or ""))
    form.criteria.data, form.seen.data = write_criteria(criteria), str(number)
    return render_page(
        "organisers/preview_removal.html",
        status=status,
        slug=slug,
        tab="organisers.signatures",
        form=form,
        number=number,
        before=before,
        sample=search.sample(g.petition_id, criteria),
    )
