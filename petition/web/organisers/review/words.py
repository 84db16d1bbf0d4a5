"""What the pages of signatures say of emails, choices and likenesses."""

from flask_babel import lazy_gettext as _

from petition.models.enums import Display, EmailKind, EmailState
from petition.organisers.review.duplicates import Likeness

EMAIL_KINDS = {
    EmailKind.CONFIRM: _("Please confirm"),
    EmailKind.REMINDER: _("Reminder"),
    EmailKind.THANKS: _("Thanks"),
    EmailKind.MY_PAGE: _("Link to the signer’s page"),
    EmailKind.NEWS: _("News"),
    EmailKind.NEW_TEXT: _("Question about the new text"),
}
EMAIL_STATES = {
    EmailState.DUE: _("waits to be sent"),
    EmailState.SENT: _("sent"),
    EmailState.REFUSED: _("came back"),
    EmailState.WITHHELD: _("not sent"),
    EmailState.HELD: _("waits for your decision on a burst"),
}
LIKENESSES = {
    Likeness.NAME_AND_COUNTRY: _("The same name and country"),
    Likeness.NAME_AND_POSTCODE: _("The same name and postcode"),
    Likeness.ORGANISATION_AND_NAME: _("The same organisation, a similar name"),
    Likeness.ADDRESS: _("The same address, but for dots and tags"),
}
DISPLAYS = {
    Display.FULL: _("Name and country show in public."),
    Display.INITIALS: _("Initials and country show in public."),
    Display.HIDDEN: _("Nothing shows in public."),
}
