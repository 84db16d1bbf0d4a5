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


class InvalidReason(StrEnum):
    """Why an organiser took a signature out of the count; the page tells how many for each."""

    MADE_UP = "made_up"
    DISOWNED = "disowned"
    DUPLICATE = "duplicate"
    AUTOMATED = "automated"
    ASKED = "asked"
    OTHER = "other"


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
    COMMENT_WAITING = "comment.waiting"  # to be decided later
    NAME_HIDE = "name.hide"
    SIGNATURES_SEARCH = "signatures.search"
    SIGNATURE_SHOW = "signature.show"  # its signer sees when
    SIGNATURE_RESEND = "signature.resend"
    SIGNATURE_INVALIDATE = "signature.invalidate"
    SIGNATURE_RESTORE = "signature.restore"
    SIGNATURES_INVALIDATE = "signatures.invalidate"
    SIGNATURES_RESTORE = "signatures.restore"
    SIGNATURES_DOWNLOAD = "signatures.download"  # signers see when it was recorded
    SIGNATURES_HANDOVER = "signatures.handover"  # so do those whose name may be handed over
    SIGNATURES_DOWNLOAD_END = "signatures.download_end"  # with rows and hash of the file
