"""The tab "Text": a petition's languages, and the text in each beside its source."""

import hashlib
from typing import Any

from flask import current_app, flash, g, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.config import site_url
from petition.core.errors import (
    ChangedMeanwhile,
    PetitionFileInvalid,
    PetitionUnfinished,
    ReasonMissing,
)
from petition.models.enums import AuditAction
from petition.organisers import audit_trail
from petition.organisers.news import text_questions
from petition.petitions.editing import texts as working_texts
from petition.petitions.editing.replacement import Change
from petition.petitions.editing.texts import FIELDS, PORTRAIT_FIELDS, WorkingText
from petition.petitions.editing.versions import FieldChange, compare_fields
from petition.web.organisers import audit_words
from petition.web.organisers.editing.text_form import LABELS, MARKDOWN_FIELDS, TextForm, refuse_all
from petition.web.organisers.guard import pages
from petition.web.support.memo import forget
from petition.web.support.responses import render_page, see_other


@pages.get("/p/<slug>/text")
def texts(slug: str) -> AnyResponse:
    """List the languages: complete, with what is missing, older than the source."""
    states = working_texts.list_states(slug, current_app.config["LANGUAGES"])
    return render_page(
        "organisers/texts.html",
        slug=slug,
        states=states,
        question=text_questions.get_question(g.petition_id, now=now()),
        name_fields=lambda names: ", ".join(str(LABELS[name]) for name in names),
    )


@pages.route("/p/<slug>/text/<code>", methods=["GET", "POST"])
def edit_text(slug: str, code: str) -> AnyResponse:
    """Change the text in a language, after a preview and the difference if they are asked for."""
    text = working_texts.get_text(slug, code, current_app.config["LANGUAGES"])
    form = TextForm(data=text.fields | {"revision": text.revision})
    if request.method != "POST":
        return _render(slug, text, form)
    if not form.validate():
        return _render(slug, text, form, status=422)
    if form.step.data == "preview":
        return _render(slug, text, form, previews=True)
    digest = _digest(form)
    is_correction = bool(text.asks_reason and form.correction.data)
    if is_correction and (form.step.data, form.shown.data) != ("confirm", digest):
        changes = _compare(text, form)
        return _render(slug, text, form, changes=changes, shown=digest)
    reason = form.reason.data or ""
    change = Change(reason, is_correction, g.organiser.id, AuditAction.PETITION_TEXT)
    try:
        site = site_url(current_app.config)
        working_texts.save_text(
            slug,
            code,
            form.fields,
            revision=form.revision.data,
            change=change,
            site=site,
            now=now(),
        )
    except PetitionFileInvalid as error:
        refuse_all(form, error.errors, f"text.{code}.")
    except PetitionUnfinished:
        form.refuse("title", _("A petition that is open needs all fields of every text."))
    except ReasonMissing:
        reason_missing = _(
            "People have signed this text. Say why it changes, or that this is a small correction."
        )
        form.refuse("reason", reason_missing)
    except ChangedMeanwhile:
        return _render_conflict(slug, code, form)
    if form.wrong_fields:
        return _render(slug, text, form, status=422)
    forget()
    flash(_("The text is saved."))
    return see_other(url_for("organisers.texts", slug=slug))


def _render_conflict(slug: str, code: str, form: TextForm) -> AnyResponse:
    """Say who changed the text meanwhile, and show how theirs differs; nothing is lost."""
    text = working_texts.get_text(slug, code, current_app.config["LANGUAGES"])
    form.revision.data = text.revision
    entry = audit_trail.find_change(g.petition_id, code)
    return _render(
        slug,
        text,
        form,
        status=409,
        is_conflict=True,
        changes=_compare(text, form),
        changed_by=audit_words.actor(entry, g.organiser) if entry else "",
        changed_at=entry["at"] if entry else None,
    )


def _render(
    slug: str,
    text: WorkingText,
    form: TextForm,
    *,
    status: int = 200,
    changes: list[FieldChange] | None = None,
    **values: Any,
) -> AnyResponse:
    shown = [name for name in FIELDS if text.has_portrait or name not in PORTRAIT_FIELDS]
    return render_page(
        "organisers/edit_text.html",
        status=status,
        slug=slug,
        tab="organisers.texts",
        working=text,
        form=form,
        names=shown,
        labels=LABELS,
        markdown_fields=MARKDOWN_FIELDS,
        changes=changes,
        **values,
    )


def _compare(text: WorkingText, form: TextForm) -> list[FieldChange]:
    """Return how what was typed differs from what is stored."""
    typed = form.fields
    return compare_fields({name: (text.fields.get(name, ""), typed[name]) for name in FIELDS})


def _digest(form: TextForm) -> str:
    """Return a hash of what was typed: a correction is saved as it was shown."""
    typed = "\0".join(form.fields.values())
    return hashlib.sha256(typed.encode("utf-8", "surrogatepass")).hexdigest()
