"""The form of a petition's text in one language, and its errors in words."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from wtforms import BooleanField, StringField

from petition.core.field_errors import FieldError, FieldProblem
from petition.petitions.editing.replacement import MAX_REASON
from petition.petitions.editing.texts import FIELDS
from petition.web.organisers.forms import (
    OrganiserForm,
    TidyField,
    TidyTextArea,
    VersionField,
    at_most,
)

LABELS = {
    "title": _("Demand, as a headline"),
    "target": _("To whom"),
    "lede": _("Who and why now, in one sentence"),
    "letter": _("Letter"),
    "demands": _("Demands, one in each line"),
    "story": _("The case"),
    "share": _("Text that people share"),
    "organiser": _("Who runs the petition"),
    "face": _("What the picture shows, for those who do not see it"),
    "face_caption": _("Caption below the picture"),
    "questions": _("Questions"),
}
MARKDOWN_FIELDS = ("letter", "story")


class TextForm(OrganiserForm):
    """A text in one language; fields have their names in the petition's file.

    How long each may be, and which must be there, is checked as in a file.
    """

    title = TidyField(LABELS["title"])
    target = TidyField(LABELS["target"])
    lede = TidyTextArea(LABELS["lede"])
    letter = TidyTextArea(LABELS["letter"])
    demands = TidyTextArea(LABELS["demands"])
    story = TidyTextArea(LABELS["story"])
    share = TidyTextArea(LABELS["share"])
    organiser = TidyField(LABELS["organiser"])
    face = TidyField(LABELS["face"])
    face_caption = TidyField(LABELS["face_caption"])
    reason = TidyField(_("Why the text changes"), [at_most(MAX_REASON)])
    correction = BooleanField(_("This is a small correction, such as of a spelling mistake."))
    revision = VersionField(default=0)  # of the text that the form showed; 0 for none
    step = StringField()  # the button that was pressed
    shown = StringField()  # the hash of the correction that the page showed

    @property
    def fields(self) -> dict[str, str]:
        """What was typed, by the names of the file."""
        return {name: self[name].data or "" for name in FIELDS}


def refuse_all(form: OrganiserForm, errors: Iterable[FieldError], prefix: str) -> None:
    """Add the errors of a petition to the fields with their names, after `prefix`; others first."""
    first = next(field.name for field in form)
    for error in errors:
        name = error.path.removeprefix(prefix)
        if error.path.startswith(prefix) and name in form:
            form.refuse(name, say(error))
        else:
            form.refuse(first, f"{error.path}: {say(error)}")


def say(error: FieldError) -> str:
    """Return what is wrong with a field, in the reader's language."""
    match error.problem:
        case FieldProblem.MISSING:
            return str(_("Fill in this field."))
        case FieldProblem.TOO_LONG:
            most = int(error.detail)
            return str(_("This can be at most %(most)d characters long.", most=most))
        case FieldProblem.LONG_SHARE:
            excess = int(error.detail)
            return str(
                ngettext(
                    "Networks take less with the link. Shorten this by %(num)d character.",
                    "Networks take less with the link. Shorten this by %(num)d characters.",
                    excess,
                )
            )
        case FieldProblem.MARKUP:
            return str(_("HTML and pictures cannot be shown here: %(markup)s", markup=error.detail))
        case FieldProblem.CONTROL:
            return str(_("This has characters that we cannot show. Please type it again."))
    return str(_("This is not valid here."))
