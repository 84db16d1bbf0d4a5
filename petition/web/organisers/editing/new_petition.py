"""A new petition in three steps: demand and target; letter; who we are. Each step is saved."""

from typing import Any

from flask import current_app, flash, g, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Regexp

from petition.core import i18n
from petition.core.clock import now
from petition.core.config import site_url
from petition.core.errors import ChangedMeanwhile, PetitionFileInvalid, SlugTaken
from petition.models.enums import AuditAction, PetitionState
from petition.petitions import queries
from petition.petitions.editing import addresses, drafts, petition_file, settings, texts
from petition.petitions.editing.replacement import Change
from petition.web.organisers.editing.text_form import LABELS, refuse_all
from petition.web.organisers.forms import OrganiserForm, TidyField, TidyTextArea, required
from petition.web.organisers.guard import get_frame, pages
from petition.web.support.memo import forget
from petition.web.support.responses import render_page, see_other


class DemandForm(OrganiserForm):
    """Step 1: the demand and the target, in the language of the petition."""

    language = SelectField(_("Language of the original"))
    title = TidyField(LABELS["title"], required())
    target = TidyField(LABELS["target"])
    demands = TidyTextArea(LABELS["demands"])
    lede = TidyTextArea(LABELS["lede"])


class LetterForm(OrganiserForm):
    """Step 2: the letter, the case and the text that people share."""

    letter = TidyTextArea(LABELS["letter"])
    story = TidyTextArea(LABELS["story"])
    share = TidyTextArea(LABELS["share"])


_PLAIN = Regexp(
    rf"^{petition_file.SLUG}$", message=_("Use small Latin letters, digits and hyphens only.")
)


class SlugForm(OrganiserForm):
    """The address of a petition's page."""

    slug = TidyField(_("Address of the page"), [_PLAIN])


class OrganiserNameForm(OrganiserForm):
    """Step 3: who runs the petition, and at which address it is found."""

    organiser = TidyField(LABELS["organiser"])
    contact = TidyField(_("Contact address"))
    slug = TidyField(_("Address of the page"), [_PLAIN])


@pages.route("/new", methods=["GET", "POST"])
def new_petition() -> AnyResponse:
    """Step 1: create a draft from its first words."""
    form = DemandForm(data={"language": g.language})
    languages = current_app.config["LANGUAGES"]
    form.language.choices = [SelectChoice(code, i18n.language_name(code)) for code in languages]
    if request.method == "POST" and form.validate():
        fields = {name: form[name].data or "" for name in ("title", "target", "lede")}
        demands = [line for line in (form.demands.data or "").split("\n") if line.strip()]
        try:
            slug = drafts.create_draft(
                form.language.data,
                fields | {"demands": demands},
                organiser_id=g.organiser.id,
                site=site_url(current_app.config),
                now=now(),
            )
            return see_other(url_for("organisers.new_letter", slug=slug))
        except PetitionFileInvalid as error:
            refuse_all(form, error.errors, f"text.{form.language.data}.")
    return _render(1, form)


@pages.route("/p/<slug>/new/letter", methods=["GET", "POST"])
def new_letter(slug: str) -> AnyResponse:
    """Step 2: write the letter of a draft."""
    if (elsewhere := _leave(slug)) is not None:
        return elsewhere
    text = _get_source(slug)
    form = LetterForm(data=text.fields)
    if request.method == "POST" and form.validate():
        typed = {field.name: field.data or "" for field in form}
        if _save_text(slug, text, form, typed):
            return see_other(url_for("organisers.new_organiser", slug=slug))
    return _render(2, form, slug=slug, code=text.language)


@pages.route("/p/<slug>/new/organiser", methods=["GET", "POST"])
def new_organiser(slug: str) -> AnyResponse:
    """Step 3: say who runs the petition, and name its address. The preview follows."""
    if (elsewhere := _leave(slug)) is not None:
        return elsewhere
    text = _get_source(slug)
    stored = settings.get_settings(slug, ("contact",))
    data = {"organiser": text.fields["organiser"], "contact": stored.values.get("contact", "")}
    form = OrganiserNameForm(data=data | {"slug": slug})
    if request.method == "POST" and form.validate():
        new_slug = str(form.slug.data)
        try:
            drafts.finish(
                slug,
                text,
                organiser=form.organiser.data or "",
                contact=form.contact.data,
                seen=stored.seen,
                new_slug=new_slug,
                organiser_id=g.organiser.id,
                site=site_url(current_app.config),
                now=now(),
            )
        except PetitionFileInvalid as error:
            if any(one.path == "contact" for one in error.errors):
                form.refuse("contact", _("Write an email address, such as name@example.org."))
            others = [one for one in error.errors if one.path != "contact"]
            refuse_all(form, others, f"text.{text.language}.")
        except ChangedMeanwhile:
            form.refuse("organiser", _("This text was changed meanwhile. Nothing is saved yet."))
        except SlugTaken:
            form.refuse("slug", _("Another petition has this address."))
        if not form.wrong_fields:
            flash(gettext("The draft is saved. Only organisers see it until you open it."))
            return see_other(url_for("organisers.previews", slug=new_slug))
    return _render(3, form, slug=slug, code=text.language)


@pages.route("/p/<slug>/settings/address", methods=["GET", "POST"])
def address(slug: str) -> AnyResponse:
    """Change the address of a petition; the one before leads to it."""
    form = SlugForm(data={"slug": slug})
    if request.method == "POST" and form.validate():
        new_slug, site = str(form.slug.data), site_url(current_app.config)
        try:
            by = g.organiser.id
            addresses.change_slug(slug, new_slug, organiser_id=by, site=site, now=now())
        except SlugTaken:
            form.refuse("slug", _("Another petition has this address."))
        except PetitionFileInvalid as error:
            refuse_all(form, error.errors, "")
        else:
            forget()
            flash(gettext("The settings are saved."))
            return see_other(url_for("organisers.settings", slug=new_slug))
    return render_page(
        "organisers/address.html",
        status=422 if form.wrong_fields else 200,
        slug=slug,
        tab="organisers.settings",
        form=form,
    )


@pages.post("/p/<slug>/duplicate")
def duplicate(slug: str) -> AnyResponse:
    """Create a draft with the same content, and go on with its address."""
    copy = drafts.duplicate(
        slug, organiser_id=g.organiser.id, site=site_url(current_app.config), now=now()
    )
    flash(gettext("This is a copy. Give it an address of its own."))
    return see_other(url_for("organisers.new_organiser", slug=copy))


def _leave(slug: str) -> AnyResponse | None:
    """Return a redirect to the settings for a petition that is no draft any more."""
    if get_frame().state == PetitionState.DRAFT:
        return None
    return see_other(url_for("organisers.settings", slug=slug))


def _get_source(slug: str) -> texts.WorkingText:
    """Return the text in the petition's own language."""
    petition = queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True)
    return texts.get_text(slug, petition.text.language, ())


def _save_text(
    slug: str, text: texts.WorkingText, form: OrganiserForm, typed: dict[str, str]
) -> bool:
    """Save some fields of the draft's text; add what is wrong to the form, and say if it is not."""
    change = Change(organiser_id=g.organiser.id, action=AuditAction.PETITION_TEXT)
    try:
        texts.save_text(
            slug,
            text.language,
            text.fields | typed,
            revision=text.revision,
            change=change,
            site=site_url(current_app.config),
            now=now(),
        )
    except PetitionFileInvalid as error:
        refuse_all(form, error.errors, f"text.{text.language}.")
    except ChangedMeanwhile:
        first = next(field.name for field in form)
        form.refuse(first, _("This text was changed meanwhile. Nothing is saved yet."))
    return not form.wrong_fields


def _render(step: int, form: OrganiserForm, **values: Any) -> AnyResponse:
    status = 422 if form.wrong_fields else 200
    return render_page(
        "organisers/new_petition.html", status=status, step=step, form=form, **values
    )
