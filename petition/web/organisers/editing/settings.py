"""The tab "Settings": what a petition has beside its texts."""

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
    PictureInvalid,
)
from petition.organisers import audit_trail
from petition.petitions import pictures, queries
from petition.petitions.editing.settings import Settings, get_settings, save_settings
from petition.petitions.lifecycle import TRANSITIONS
from petition.web.organisers import audit_words
from petition.web.organisers.editing.question_form import QuestionsForm
from petition.web.organisers.editing.settings_form_base import SettingsForm
from petition.web.organisers.editing.settings_forms import BasicForm, FactsForm, PictureForm
from petition.web.organisers.editing.states import MOVE_LABELS
from petition.web.organisers.guard import pages
from petition.web.support.memo import forget
from petition.web.support.responses import render_page, see_other


@pages.route("/p/<slug>/settings", methods=["GET", "POST"])
def settings(slug: str) -> AnyResponse:
    """Change contact, goal and what signers are asked; lead to the other settings."""
    return _edit(slug, BasicForm, "settings")


@pages.route("/p/<slug>/settings/picture", methods=["GET", "POST"])
def picture(slug: str) -> AnyResponse:
    """Change the picture beside the headline, and the words about it."""
    return _edit(slug, PictureForm, "picture")


@pages.route("/p/<slug>/settings/facts", methods=["GET", "POST"])
def facts(slug: str) -> AnyResponse:
    """Change the facts, and the plan of what happens with the signatures."""
    return _edit(slug, FactsForm, "facts")


@pages.route("/p/<slug>/settings/questions", methods=["GET", "POST"])
def questions(slug: str) -> AnyResponse:
    """Change the questions of the petition's own."""
    return _edit(slug, QuestionsForm, "questions")


def _edit(slug: str, kind: type[SettingsForm], page: str) -> AnyResponse:
    """Show a form of the settings, or save what was typed."""
    stored = get_settings(slug, kind.names)
    form = kind.make(stored)
    if request.method != "POST":
        return _render(slug, page, stored, form)
    upload = form["upload"].data if "upload" in form else None
    photo = upload.stream.read(pictures.MAX_BYTES + 1) if upload else b""
    if form.validate():
        try:
            save_settings(
                slug,
                form.read(stored),
                seen=form["seen"].data or "",
                portrait=pictures.make_portrait(photo) if photo else None,
                organiser_id=g.organiser.id,
                site=site_url(current_app.config),
                now=now(),
            )
        except PetitionFileInvalid as error:
            form.refuse_all(error.errors)
        except PetitionUnfinished:
            needed = _("A petition that is open needs these words in every language.")
            form.refuse(next(field.name for field in form), needed)
        except PictureInvalid:
            form.refuse("upload", _("This picture cannot be used. Choose another one."))
        except ChangedMeanwhile:
            return _render_conflict(slug, kind, page, form)
    if form.wrong_fields:
        return _render(slug, page, stored, form, status=422)
    forget()
    flash(_("The settings are saved."))
    return see_other(url_for("organisers.settings", slug=slug))


def _render_conflict(
    slug: str, kind: type[SettingsForm], page: str, form: SettingsForm
) -> AnyResponse:
    """Say who changed the settings meanwhile, and to what; nothing that was typed is lost."""
    stored = get_settings(slug, kind.names)
    form["seen"].data = stored.seen
    values = kind.data_of(stored.values)
    theirs = [
        (field.label.text, values.get(field.name))
        for field in form
        if field.name not in {"upload", "remove", "erase"}
        and field.type != "HiddenField"
        and (values.get(field.name) or "") != field.data
    ]
    entries = [audit_trail.find_change(g.petition_id, name) for name in kind.names]
    entry = max((one for one in entries if one), key=lambda one: one["id"], default=None)
    return _render(
        slug,
        page,
        stored,
        form,
        status=409,
        theirs=theirs,
        changed_by=audit_words.actor(entry, g.organiser) if entry else "",
        changed_at=entry["at"] if entry else None,
    )


def _render(
    slug: str, page: str, stored: Settings, form: SettingsForm, *, status: int = 200, **values: Any
) -> AnyResponse:
    return render_page(
        f"organisers/{page}.html",
        status=status,
        petition=queries.get_petition(slug, g.language, drafts=True),
        tab="organisers.settings",
        form=form,
        move_labels=MOVE_LABELS,
        moves=[state for state in TRANSITIONS if state in TRANSITIONS[stored.state]],
        **values,
    )
