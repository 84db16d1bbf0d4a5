"""People of a petition or, without a slug, of the site: invite, change, remove, hand on."""

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, flash, g, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectField, StringField
from wtforms.validators import AnyOf

from petition.core import i18n
from petition.core.clock import now
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import LastAdmin, OrganiserExists, RoleChanged
from petition.models.enums import Role
from petition.organisers import access, second_factor
from petition.organisers import people as rules
from petition.organisers.people import Person
from petition.web.organisers.forms import OrganiserForm, choice, email_field, to_choices
from petition.web.organisers.guard import pages
from petition.web.support.responses import render_page, see_other

ROLES = {Role.ADMIN: _("Admin"), Role.EDITOR: _("Editor"), Role.VIEWER: _("Viewer")}
_TASKS = {
    Role.ADMIN.value: _("Admin: does everything, and decides who else works on it"),
    Role.EDITOR.value: _("Editor: texts, news, comments and names, downloads of the signatures"),
    Role.VIEWER.value: _("Viewer: figures and a preview"),
}
_LEAVES = "leave"
_AFTERWARDS = {
    Role.EDITOR.value: _("I stay, as an editor"),
    Role.VIEWER.value: _("I stay, as a viewer"),
    _LEAVES: _("I leave, and am signed out at once"),
}
_LAST_ADMIN = _("This is the last admin. Make somebody else an admin first.")


class InvitationForm(OrganiserForm):
    """An invitation; `language` is that of its email."""

    email = email_field(
        _("Email address"),
        missing=_("Enter an email address like name@example.org."),
        autocomplete="off",
    )
    role = choice(_("Role"), _TASKS)
    language = SelectField(_("Language of the emails"), validate_choice=False)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        languages = current_app.config["LANGUAGES"]
        self.language.choices = to_choices({code: i18n.language_name(code) for code in languages})
        self.language.validators = [AnyOf(languages, _("Choose one of the answers."))]


class RoleForm(OrganiserForm):
    """A person's role. The ids are the person's: a page has one form for each."""

    role = choice(_("Role"), _TASKS)
    was = StringField()  # the role that the page showed

    def __init__(self, person: Person | None = None) -> None:
        super().__init__(formdata=None, role=person.role) if person else super().__init__()

    def number(self, person_id: int) -> None:
        """Give the fields the ids of one person's form."""
        self.role.id = self.role.label.field_id = f"role-{person_id}"


class HandOnForm(OrganiserForm):
    """Who becomes admin in whose place."""

    person = SelectField(_("Who becomes admin?"), validate_choice=False, coerce=str)
    then = choice(_("And you?"), _AFTERWARDS)

    def __init__(self, others: Sequence[Person], **values: Any) -> None:
        super().__init__(**values)
        options = {str(person.id): person.email for person in others}
        self.person.choices = to_choices(options)
        self.person.validators = [AnyOf(options, _("Choose one of the answers."))]


@pages.get("/p/<slug>/people", endpoint="people")
@pages.get("/people", endpoint="site_people")
def people(slug: str | None = None) -> Response:
    """List who works on the petition or on all, with what an admin can change."""
    return _show(slug)


@pages.post("/p/<slug>/people", endpoint="invite_person")
@pages.post("/people", endpoint="site_invite_person")
def invite_person(slug: str | None = None) -> AnyResponse:
    """Invite somebody by email."""
    form = InvitationForm()
    if not form.validate():
        return _show(slug, invitation=form)
    try:
        access.invite(
            form.email.address,
            role=Role(form.role.data),
            slug=slug,
            language=form.language.data,
            by=g.organiser.id,
            now=now(),
        )
    except OrganiserExists:
        form.refuse("email", _("This person is an organiser already, perhaps of another petition."))
        return _show(slug, invitation=form)
    flash(gettext("The invitation is on its way."))
    return _to_people(slug)


@pages.post("/p/<slug>/people/<int:organiser_id>/role", endpoint="change_role")
@pages.post("/people/<int:organiser_id>/role", endpoint="site_change_role")
def change_role(organiser_id: int, slug: str | None = None) -> AnyResponse:
    """Give a person another role."""
    form = RoleForm()
    if not form.validate() or form.was.data not in {*Role}:
        return _show(slug, changed=(organiser_id, form))
    try:
        rules.change_role(
            organiser_id,
            Role(form.role.data),
            was=Role(form.was.data),
            petition_id=_petition_id(slug),
            by=g.organiser.id,
            now=now(),
        )
    except LastAdmin:
        form.refuse("role", _LAST_ADMIN)
        return _show(slug, changed=(organiser_id, form))
    except RoleChanged as error:
        form.refuse("role", _changed_meanwhile(error, Role(form.role.data)))
        return _show(slug, changed=(organiser_id, form))
    flash(gettext("The role is changed."))
    return _to_people(slug, unless=organiser_id)


@pages.post("/p/<slug>/people/<int:organiser_id>/remove", endpoint="remove_person")
@pages.post("/people/<int:organiser_id>/remove", endpoint="site_remove_person")
def remove_person(organiser_id: int, slug: str | None = None) -> AnyResponse:
    """Remove a person, whose sessions end at once."""
    try:
        rules.remove(organiser_id, petition_id=_petition_id(slug), by=g.organiser.id, now=now())
    except LastAdmin:
        return _show(slug, last_admin=organiser_id)
    flash(gettext("The person is removed and signed out everywhere."))
    return _to_people(slug, unless=organiser_id)


@pages.post("/p/<slug>/people/hand-on", endpoint="hand_on")
@pages.post("/people/hand-on", endpoint="site_hand_on")
def hand_on(slug: str | None = None) -> AnyResponse:
    """Make another person admin in the organiser's own place."""
    form = HandOnForm(_others(rules.list_people(_petition_id(slug)), _petition_id(slug)))
    if not form.validate():
        return _show(slug, handing_on=form)
    then = None if form.then.data == _LEAVES else Role(form.then.data)
    rules.hand_on(
        int(form.person.data),
        petition_id=_petition_id(slug),
        by=g.organiser.id,
        then=then,
        now=now(),
    )
    flash(gettext("You have handed on. You are no longer an admin here."))
    return see_other(url_for("organisers.dashboard"))


def _show(
    slug: str | None,
    *,
    invitation: InvitationForm | None = None,
    changed: tuple[int, RoleForm] | None = None,
    last_admin: int | None = None,
    handing_on: HandOnForm | None = None,
) -> Response:
    """Show the page, or show it again with the form in which something is wrong."""
    petition_id = _petition_id(slug)
    listed = rules.list_people(petition_id)
    forms = {person.id: RoleForm(person) for person in listed if person.petition_id == petition_id}
    wrong: OrganiserForm | None = invitation or handing_on
    if changed is not None:
        if changed[0] not in forms:
            raise ItemNotFound
        wrong = forms[changed[0]] = changed[1]
    elif last_admin is not None:
        wrong = forms[last_admin]
        wrong.refuse("role", _LAST_ADMIN)
    for number, form in forms.items():
        form.number(number)
    return render_page(
        "organisers/people.html",
        status=422 if wrong else 200,
        slug=slug,
        prefix="organisers." if slug is not None else "organisers.site_",
        people=listed,
        needs_code=slug is not None and second_factor.is_required(g.petition_id),
        roles=ROLES,
        forms=forms,
        wrong=wrong,
        invitation=invitation
        or InvitationForm(formdata=None, role=Role.EDITOR.value, language=g.language),
        handing_on=handing_on or HandOnForm(_others(listed, petition_id), formdata=None),
    )


def _others(listed: Sequence[Person], petition_id: int | None) -> list[Person]:
    """Return who may take the organiser's place: nobody where it is not theirs."""
    if g.organiser.petition_id != petition_id:
        return []
    return [one for one in listed if one.petition_id == petition_id and one.id != g.organiser.id]


def _changed_meanwhile(error: RoleChanged, wanted: Role) -> object:
    values = {"now": ROLES[Role(error.role)], "wanted": ROLES[wanted]}
    if error.by is None:
        return _("The role was changed meanwhile: it is %(now)s. You chose %(wanted)s.", **values)
    return _(
        "%(person)s changed the role meanwhile: it is %(now)s. You chose %(wanted)s.",
        person=error.by,
        **values,
    )


def _petition_id(slug: str | None) -> int | None:
    return None if slug is None else g.petition_id


def _to_people(slug: str | None, *, unless: int | None = None) -> AnyResponse:
    """Redirect to the page, or to the petitions for who is no longer let in there."""
    if unless == g.organiser.id:
        return see_other(url_for("organisers.dashboard"))
    return see_other(
        url_for("organisers.site_people" if slug is None else "organisers.people", slug=slug)
    )
