"""The closed lists: states, roles and kinds, by the words that stand in the database."""

from enum import StrEnum


class PetitionState(StrEnum):
    """Where a petition stands. Drafts are seen by organisers only; only an open one takes
    signatures; a won one is closed, too.
    """

    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"
    VICTORY = "victory"


PUBLIC_STATES = tuple(state for state in PetitionState if state != PetitionState.DRAFT)


class CommentState(StrEnum):
    """Whether a signer's comment may be shown: an organiser reads it first."""

    WAITING = "waiting"
    SHOWN = "shown"
    REFUSED = "refused"


class Display(StrEnum):
    """How a signer's name shows in public."""

    HIDDEN = "hidden"
    INITIALS = "initials"
    FULL = "full"


class Role(StrEnum):
    """How far an organiser reaches: a viewer sees numbers, an editor also names and files, an admin
    all petitions.
    """

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class EmailKind(StrEnum):
    """What a letter is about; one function in `letters` and three templates each."""

    CONFIRM = "confirm"
    REMINDER = "reminder"
    THANKS = "thanks"
    MY_PAGE = "my_page"
    WITHDRAWN = "withdrawn"
    SIGN_IN = "sign_in"


class EmailState(StrEnum):
    """Due until the mail server took it (sent) or refused it for good. A withheld one went through
    the box like any other and was not mailed; a held one waits for an organiser's word on a burst.
    """

    DUE = "due"
    SENT = "sent"
    REFUSED = "refused"
    WITHHELD = "withheld"
    HELD = "held"


class BurstState(StrEnum):
    """What became of a burst of signatures: open until an organiser or the figures decide."""

    OPEN = "open"
    PLAUSIBLE = "plausible"
    RELEASED = "released"
    DISCARDED = "discarded"
