"""Enums: states, roles and kinds, with the values that the database stores."""

from enum import StrEnum


class PetitionState(StrEnum):
    """State of a petition: only an open one takes signatures; VICTORY is closed as won."""

    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"
    VICTORY = "victory"


PUBLIC_STATES = tuple(state for state in PetitionState if state != PetitionState.DRAFT)


class CommentState(StrEnum):
    """Whether a comment is public: an organiser decides."""

    WAITING = "waiting"
    SHOWN = "shown"
    REFUSED = "refused"


class Display(StrEnum):
    """How a signer's name is shown in public."""

    HIDDEN = "hidden"
    INITIALS = "initials"
    FULL = "full"


class Role(StrEnum):
    """A viewer sees numbers, an editor also names and files, an admin all petitions."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class EmailKind(StrEnum):
    """Kind of an email: each has a function in `mail.compose` and three templates."""

    CONFIRM = "confirm"
    REMINDER = "reminder"
    THANKS = "thanks"
    MY_PAGE = "my_page"
    WITHDRAWN = "withdrawn"
    SIGN_IN = "sign_in"


class EmailState(StrEnum):
    """State of an email: due until the mail server accepts (sent) or refuses it.

    WITHHELD was processed like others and not sent. HELD waits for the decision on a burst.
    """

    DUE = "due"
    SENT = "sent"
    REFUSED = "refused"
    WITHHELD = "withheld"
    HELD = "held"


class BurstState(StrEnum):
    """State of a burst: open until an organiser or the numbers decide."""

    OPEN = "open"
    PLAUSIBLE = "plausible"
    RELEASED = "released"
    DISCARDED = "discarded"
