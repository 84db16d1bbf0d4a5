"""Joining the spellings of organisations: variants, the number before, undone at any time."""

from flask import Response, current_app, flash, g, request, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as AnyResponse
from wtforms import HiddenField, SelectMultipleField

from petition.core.clock import now
from petition.core.organiser_errors import OrganisationsChanged
from petition.core.text import has_forbidden
from petition.organisers.review import organisations as rules
from petition.web.organisers.forms import OrganiserForm, TidyField, at_most, required
from petition.web.organisers.guard import pages
from petition.web.organisers.review.forms import to_number
from petition.web.support.responses import render_page, see_other


class ChosenForm(OrganiserForm):
    """The spellings that were ticked."""

    written = SelectMultipleField(validate_choice=False)

    def chosen(self) -> list[str]:
        """Return the spellings that a stored one can be equal to; at most `MAX_CHOSEN`."""
        written = [one for one in self.written.data or [] if not has_forbidden(one)]
        return written[: rules.MAX_CHOSEN]


class MergeForm(ChosenForm):
    """What was ticked, what it showed as, and the one name."""

    seen = HiddenField()
    shown = TidyField(_("The one name"), [*required(), at_most(200)])


@pages.get("/p/<slug>/organisations")
def organisations(slug: str) -> Response:
    """List the spellings, likely variants beside each other, and what was joined."""
    listed = rules.list_spellings(g.petition_id)
    start = min(to_number(request.args.get("start")) or 0, rules.LISTED)
    end = start + rules.PAGE_SIZE
    return render_page(
        "organisers/organisations.html",
        slug=slug,
        tab="organisers.signatures",
        variants=listed.variants[: rules.PAGE_SIZE] if not start else [],
        others=listed.others[start:end],
        next_start=end if len(listed.others) > end else None,
        most=rules.LISTED if listed.is_more else None,
        joined=rules.list_joined(g.petition_id) if not start else [],
    )


@pages.post("/p/<slug>/organisations")
def preview_organisations(slug: str) -> AnyResponse:
    """Show what would be joined, on how many signatures, and ask for the one name."""
    choice = rules.choose(g.petition_id, ChosenForm().chosen())
    if not choice.spellings:
        flash(str(_("Tick some organisations first.")))
        return see_other(url_for("organisers.organisations", slug=slug))
    form = MergeForm(None)
    form.shown.data = choice.spellings[0].shown
    return _render_preview(slug, form, choice)


@pages.post("/p/<slug>/organisations/merge")
def merge_organisations(slug: str) -> AnyResponse:
    """Show one name for the spellings, unless somebody else changed them meanwhile."""
    form = MergeForm()
    if not form.validate():
        return _render_preview(slug, form, rules.choose(g.petition_id, form.chosen()), status=422)
    try:
        number = rules.merge(
            g.petition_id,
            form.chosen(),
            form.shown.data,
            seen=form.seen.data or "",
            organiser_id=g.organiser.id,
            now=now(),
        )
    except OrganisationsChanged:
        return _render_preview(slug, form, rules.choose(g.petition_id, form.chosen()), status=409)
    said = ngettext(
        "%(number)s signature shows this name now.",
        "%(number)s signatures show this name now.",
        number,
        number=format_decimal(number),
    )
    return _done(slug, said)


@pages.post("/p/<slug>/organisations/<int:name_id>/undo")
def undo_organisations(slug: str, name_id: int) -> AnyResponse:
    """Show what signers wrote again."""
    rules.undo(g.petition_id, name_id, organiser_id=g.organiser.id, now=now())
    return _done(slug, str(_("What the signers wrote shows again.")))


def _done(slug: str, message: str) -> AnyResponse:
    current_app.extensions["page_cache"].clear()
    flash(message)
    return see_other(url_for("organisers.organisations", slug=slug))


def _render_preview(
    slug: str, form: MergeForm, choice: rules.SpellingChoice, *, status: int = 200
) -> Response:
    form.seen.data = choice.seen
    return render_page(
        "organisers/merge_organisations.html",
        status=status,
        slug=slug,
        tab="organisers.signatures",
        form=form,
        choice=choice,
        is_changed=status == 409,
    )
