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
    NEWS = "news"
    NEWS_TEST = "news_test"  # to an organiser


class MailingState(StrEnum):
    """State of a mailing. STOPPED and DONE are final."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class EmailState(StrEnum):
    """State of an email: due until the mail server accepts (sent) or refuses it.

    WITHHELD was processed like others and not sent. HELD waits for the decision on a burst, or for
    its mailing to be resumed. News is SENT before it is given to the mail server, and has no
    `sent_at` until that has accepted it.
    """

    DUE = "due"
    SENT = "sent"
    REFUSED = "refused"
    WITHHELD = "withheld"
    HELD = "held"


class BurstKind(StrEnum):
    """What the signatures of a burst have in common."""

    DOMAIN = "domain"
    NETWORK = "network"
    MINUTE = "minute"
    HONEYPOT = "trap"  # the stored value is older than the name


class BurstState(StrEnum):
    """State of a burst: open until an organiser or the numbers decide."""

    OPEN = "open"
    PLAUSIBLE = "plausible"
    RELEASED = "released"
    DISCARDED = "discarded"


class AuditAction(StrEnum):
    """What an organiser or the command line did."""

    PETITION_CREATE = "petition.create"
    PETITION_IMPORT = "petition.import"
    PETITION_REPLACE = "petition.replace"
    PETITION_DELETE = "petition.delete"
    PETITION_UPDATE = "petition.update"
    PETITION_OPEN = "petition.open"
    PETITION_PAUSE = "petition.pause"
    PETITION_CLOSE = "petition.close"
    PETITION_VICTORY = "petition.victory"
    PETITION_RECOUNT = "petition.recount"
    ORGANISER_INVITE = "organiser.invite"
    ORGANISER_REMOVE = "organiser.remove"
    ORGANISER_LINK = "organiser.link"
    ORGANISER_SIGN_IN = "organiser.sign_in"
    ORGANISER_SIGN_OUT = "organiser.sign_out"
    BURST_RELEASED = "burst.released"
    BURST_DISCARDED = "burst.discarded"
    COMMENT_SHOWN = "comment.shown"
    COMMENT_REFUSED = "comment.refused"
    NAME_HIDE = "name.hide"
    NEWS_SAVE = "news.save"
    NEWS_PUBLISH = "news.publish"
    NEWS_CORRECT = "news.correct"
    NEWS_TAKE_DOWN = "news.take_down"
    NEWS_PUT_BACK = "news.put_back"
    NEWS_DELETE = "news.delete"
    PICTURE_ADD = "picture.add"
    MAILING_TEST = "mailing.test"
    MAILING_START = "mailing.start"
    MAILING_PAUSE = "mailing.pause"
    MAILING_RESUME = "mailing.resume"
    MAILING_STOP = "mailing.stop"
    SIGNATURES_DOWNLOAD = "signatures.download"  # signers see when it was recorded
    SIGNATURES_HANDOVER = "signatures.handover"  # so do those whose name may be handed over
    SIGNATURES_DOWNLOAD_END = "signatures.download_end"  # with rows and hash of the file
