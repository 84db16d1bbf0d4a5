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
    """A viewer sees numbers, an editor also names and files; an admin manages people, too."""

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
    INVITATION = "invitation"
    DOWNLOAD = "download"
    NEW_BROWSER = "new_browser"
    ROLE = "role"  # to an organiser whose role was changed
    REMOVED = "removed"  # to one who was removed
    MORNING = "morning"
    NEWS = "news"
    NEWS_TEST = "news_test"  # to an organiser
    NEW_TEXT = "new_text"  # whether an earlier signer supports it
    NEW_TEXT_TEST = "new_text_test"  # to an organiser


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


class DownloadState(StrEnum):
    """State of a file of signatures. READY can be fetched for an hour; EXPIRED is deleted.

    STREAMED was sent while it was written, and never stored.
    """

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
    STREAMED = "streamed"


class AuditAction(StrEnum):
    """What an organiser or the command line did."""

    PETITION_CREATE = "petition.create"
    PETITION_IMPORT = "petition.import"
    PETITION_REPLACE = "petition.replace"
    PETITION_TEXT = "petition.text"
    PETITION_SETTINGS = "petition.settings"
    PETITION_DELETE = "petition.delete"
    PETITION_UPDATE = "petition.update"
    PETITION_OPEN = "petition.open"
    PETITION_PAUSE = "petition.pause"
    PETITION_CLOSE = "petition.close"
    PETITION_VICTORY = "petition.victory"
    PETITION_FEATURE = "petition.feature"
    PETITION_SECOND_FACTOR = "petition.second_factor"
    PETITION_RECOUNT = "petition.recount"
    ORGANISER_INVITE = "organiser.invite"
    ORGANISER_ROLE = "organiser.role"
    ORGANISER_HAND_ON = "organiser.hand_on"
    ORGANISER_REMOVE = "organiser.remove"
    ORGANISER_LINK = "organiser.link"
    ORGANISER_SIGN_IN = "organiser.sign_in"
    ORGANISER_SIGN_OUT = "organiser.sign_out"
    ORGANISER_SESSION_END = "organiser.session_end"
    SECOND_FACTOR_ON = "second_factor.on"
    SECOND_FACTOR_OFF = "second_factor.off"
    RECOVERY_CODE_USE = "second_factor.recovery_code"
    BURST_RELEASED = "burst.released"
    BURST_DISCARDED = "burst.discarded"
    COMMENT_SHOWN = "comment.shown"
    COMMENT_REFUSED = "comment.refused"
    COMMENT_WAITING = "comment.waiting"  # to be decided later
    NAME_HIDE = "name.hide"
    ORGANISATIONS_MERGE = "organisations.merge"  # spellings are shown under one name
    ORGANISATIONS_UNDO = "organisations.undo"
    SIGNATURES_SEARCH = "signatures.search"
    SIGNATURE_SHOW = "signature.show"  # its signer sees when
    SIGNATURE_RESEND = "signature.resend"
    SIGNATURE_INVALIDATE = "signature.invalidate"
    SIGNATURE_RESTORE = "signature.restore"
    SIGNATURES_INVALIDATE = "signatures.invalidate"
    SIGNATURES_RESTORE = "signatures.restore"
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
    PAPER_ADD = "paper.add"
    PAPER_CHANGE = "paper.change"
    PAPER_REMOVE = "paper.remove"
    PAPER_SCAN_SHOW = "paper.scan_show"
    PAPER_SCAN_DELETE = "paper.scan_delete"
    TEXT_QUESTION_TEST = "text_question.test"
    TEXT_QUESTION_START = "text_question.start"  # earlier signers are asked to confirm a new text
    TEXT_QUESTION_PAUSE = "text_question.pause"
    TEXT_QUESTION_RESUME = "text_question.resume"
    TEXT_QUESTION_STOP = "text_question.stop"
    SIGNATURES_DOWNLOAD = "signatures.download"  # signers see when it was recorded
    SIGNATURES_HANDOVER = "signatures.handover"  # so do those whose name may be handed over
    SIGNATURES_DOWNLOAD_END = "signatures.download_end"  # with rows and hash of the file
    SIGNATURES_FILE_ASKED = "signatures.file_asked"  # it is written off the request
    SIGNATURES_FILE_MADE = "signatures.file_made"  # with rows and hash of the file
    SIGNATURES_COPY_DELETED = "signatures.copy_deleted"  # as an organiser says
    HANDOVER_SEALED = "handover.sealed"  # a pack was made and cannot change
    HANDOVER_RECORDED = "handover.recorded"  # where and when it was handed over, and the answer
    HANDOVER_LINK_MADE = "handover.link_made"  # for the target
    HANDOVER_LINK_USED = "handover.link_used"


class ErasureKind(StrEnum):
    """What was erased: a signature, an entry, what is personal in one, an organiser, a scan."""

    SIGNATURE = "signature"
    ENTRY = "entry"
    ANONYMISED = "anonymised"
    ORGANISER = "organiser"
    SCAN = "scan"  # of a sheet of paper
