"""Opening, pausing and closing a petition, and its victory: a question first, then a button."""

from collections.abc import Sequence
from typing import Any

from flask import flash, g, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core import i18n
from petition.core.clock import now
from petition.core.errors import (
    ChangedMeanwhile,
    ItemNotFound,
    PetitionFileInvalid,
    PetitionUnfinished,
    TransitionNotAllowed,
)
from petition.models.enums import PetitionState
from petition.organisers import audit_trail
from petition.petitions import lifecycle, queries
from petition.petitions.editing import story
from petition.petitions.editing.content import without_empty
from petition.petitions.editing.settings import get_victory
from petition.web.organisers import audit_words
from petition.web.organisers.editing.settings_form_base import SeenField
from petition.web.organisers.editing.text_form import say
from petition.web.organisers.forms import OrganiserForm, TidyTextArea
from petition.web.organisers.guard import pages
from petition.web.support.memo import forget
from petition.web.support.responses import render_page, see_other

_FIELDS = {
    "sentence": _("The victory in one sentence (%(language)s)"),
    "won": _("What was won, in Markdown (%(language)s)"),
    "next": _("What supporters can do next, in Markdown (%(language)s)"),
}


MOVE_LABELS = {
    PetitionState.OPEN: _("Open the petition"),
    PetitionState.PAUSED: _("Pause the petition"),
    PetitionState.CLOSED: _("Close the petition"),
    PetitionState.VICTORY: _("Say that the petition is won"),
}


class StateForm(OrganiserForm):
    """The button of a state; that of a victory has words in each language, the source first."""

    languages: Sequence[str] = ()

    @property
    def groups(self) -> list[list[str]]:
        """The names of the fields of each language."""
        return [[f"{code}_{name}" for name in _FIELDS] for code in self.languages]

    def read_victory(self, languages: tuple[str, ...], source: str) -> dict[str, Any]:
        """Return the words of a victory as the petition's file has them, the source among them."""
        words = {
            code: without_empty({name: self[f"{code}_{name}"].data for name in _FIELDS})
            for code in languages
        }
        return {source: words[source]} | without_empty(words)


@pages.route("/p/<slug>/state/<state>", methods=["GET", "POST"])
def change_state(slug: str, state: str) -> AnyResponse:
    """Ask whether a petition is to move to a state, and move it."""
    if state not in {*PetitionState} - {PetitionState.DRAFT}:
        raise ItemNotFound
    wanted = PetitionState(state)
    petition = queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True)
    form = _make_form(slug, petition, wanted)
    problem, status = "", 422
    if request.method == "POST" and form.validate():
        try:
            _move(slug, petition, wanted, form)
        except PetitionFileInvalid as error:
            for one in error.errors:
                name = "_".join(one.path.split(".")[1:])
                form.refuse(name if name in form else f"{name}_sentence", say(one))
        except PetitionUnfinished as error:
            problem = gettext("Some texts are not complete yet: %(fields)s", fields=str(error))
        except ChangedMeanwhile:
            return _render_conflict(petition, form)
        except TransitionNotAllowed:
            status, problem = 409, gettext("Somebody has changed the state meanwhile.")
            petition = queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True)
        else:
            forget()
            flash(gettext("Done."))
            return see_other(url_for("organisers.settings", slug=slug))
    has_failed = bool(problem or form.wrong_fields)
    return _render(petition, wanted, form, status=status if has_failed else 200, problem=problem)


def _render_conflict(petition: queries.PetitionView, form: StateForm) -> AnyResponse:
    """Say who changed the words of the victory meanwhile, and to what; nothing typed is lost."""
    stored = get_victory(petition.slug)
    form["seen"].data = lifecycle.hash_words(stored)
    theirs = [
        (form[f"{code}_{name}"].label.text, stored.get(code, {}).get(name, ""))
        for code in form.languages
        for name in _FIELDS
        if stored.get(code, {}).get(name, "") != form[f"{code}_{name}"].data
    ]
    entry = audit_trail.find_change(petition.id, f"words in {petition.text.language}")
    return _render(
        petition,
        PetitionState.VICTORY,
        form,
        status=409,
        theirs=theirs,
        changed_by=audit_words.actor(entry, g.organiser) if entry else "",
        changed_at=entry["at"] if entry else None,
    )


def _render(
    petition: queries.PetitionView,
    wanted: PetitionState,
    form: StateForm,
    *,
    status: int,
    problem: str = "",
    **values: Any,
) -> AnyResponse:
    return render_page(
        "organisers/state.html",
        status=status,
        petition=petition,
        tab="organisers.settings",
        form=form,
        wanted=wanted,
        move_labels=MOVE_LABELS,
        is_allowed=wanted == petition.state or wanted in lifecycle.TRANSITIONS[petition.state],
        problem=problem,
        **values,
    )


def _make_form(slug: str, petition: queries.PetitionView, wanted: PetitionState) -> StateForm:
    fields: dict[str, Any] = {}
    data: dict[str, str] = {}
    if wanted == PetitionState.VICTORY:
        stored = get_victory(slug)
        fields["languages"] = [*dict.fromkeys([petition.text.language, *petition.languages])]
        for code in fields["languages"]:
            for name, label in _FIELDS.items():
                text = str(label) % {"language": i18n.language_name(code)}
                fields[f"{code}_{name}"] = TidyTextArea(text)
                data[f"{code}_{name}"] = stored.get(code, {}).get(name, "")
        fields["seen"], data["seen"] = SeenField(), lifecycle.hash_words(stored)
    form: StateForm = type("StateForm", (StateForm,), fields)(data=data)
    return form


def _move(
    slug: str, petition: queries.PetitionView, wanted: PetitionState, form: StateForm
) -> None:
    organiser_id = g.organiser.id
    if wanted != PetitionState.VICTORY:
        lifecycle.change_state(slug, wanted, organiser_id=organiser_id, now=now())
        return
    words = story.parse_victory(
        {"victory": form.read_victory(petition.languages, petition.text.language)}
    )
    lifecycle.declare_victory(
        slug, words, seen=form["seen"].data, organiser_id=organiser_id, now=now()
    )
