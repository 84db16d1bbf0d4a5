"""What an entry of the audit trail says, in the reader's language."""

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import format_decimal
from flask_babel import lazy_gettext as _

from petition.models import Organiser
from petition.models.enums import AuditAction, Role

_ACTIONS = {
    AuditAction.PETITION_CREATE: _("Created the petition"),
    AuditAction.PETITION_IMPORT: _("Created the petition from a file"),
    AuditAction.PETITION_REPLACE: _("Changed the petition"),
    AuditAction.PETITION_TEXT: _("Changed a text"),
    AuditAction.PETITION_SETTINGS: _("Changed the settings"),
    AuditAction.PETITION_DELETE: _("Deleted the draft"),
    AuditAction.PETITION_UPDATE: _("Added news, pictures or addresses"),
    AuditAction.PETITION_OPEN: _("Opened the petition"),
    AuditAction.PETITION_PAUSE: _("Paused the petition"),
    AuditAction.PETITION_CLOSE: _("Closed the petition"),
    AuditAction.PETITION_VICTORY: _("Said that the petition is won"),
    AuditAction.PETITION_FEATURE: _("Chose the first page of the site"),
    AuditAction.PETITION_SECOND_FACTOR: _("Changed whether downloads need a code"),
    AuditAction.PETITION_RECOUNT: _("Counted the signatures again"),
    AuditAction.ORGANISER_INVITE: _("Invited an organiser"),
    AuditAction.ORGANISER_ROLE: _("Changed the role of an organiser"),
    AuditAction.ORGANISER_HAND_ON: _("Handed the role of admin on to another organiser"),
    AuditAction.ORGANISER_REMOVE: _("Removed an organiser"),
    AuditAction.ORGANISER_LINK: _("Made a sign-in link for an organiser"),
    AuditAction.ORGANISER_SIGN_IN: _("Signed in"),
    AuditAction.ORGANISER_SIGN_OUT: _("Signed out everywhere"),
    AuditAction.ORGANISER_SESSION_END: _("Ended a session"),
    AuditAction.SECOND_FACTOR_ON: _("Switched on a second factor"),
    AuditAction.SECOND_FACTOR_OFF: _("Switched off a second factor"),
    AuditAction.RECOVERY_CODE_USE: _("Used a recovery code"),
    AuditAction.BURST_RELEASED: _("Sent the emails of a burst"),
    AuditAction.BURST_DISCARDED: _("Deleted the entries of a burst"),
    AuditAction.COMMENT_SHOWN: _("Chose to show a comment"),
    AuditAction.COMMENT_REFUSED: _("Chose not to show a comment"),
    AuditAction.COMMENT_WAITING: _("Put a comment back among the unread ones"),
    AuditAction.NAME_HIDE: _("Hid a name"),
    AuditAction.ORGANISATIONS_MERGE: _("Joined spellings of an organisation"),
    AuditAction.ORGANISATIONS_UNDO: _("Parted the spellings of an organisation"),
    AuditAction.SIGNATURES_SEARCH: _("Searched the signatures"),
    AuditAction.SIGNATURE_SHOW: _("Looked at a signature"),
    AuditAction.SIGNATURE_RESEND: _("Sent an email to a signer again"),
    AuditAction.SIGNATURE_INVALIDATE: _("Took a signature out of the count"),
    AuditAction.SIGNATURE_RESTORE: _("Counted a signature again"),
    AuditAction.SIGNATURES_INVALIDATE: _("Took several signatures out of the count"),
    AuditAction.SIGNATURES_RESTORE: _("Counted several signatures again"),
    AuditAction.PAPER_ADD: _("Added a paper sheet"),
    AuditAction.PAPER_CHANGE: _("Changed a paper sheet"),
    AuditAction.PAPER_REMOVE: _("Removed a paper sheet"),
    AuditAction.PAPER_SCAN_SHOW: _("Looked at the scan of a paper sheet"),
    AuditAction.PAPER_SCAN_DELETE: _("Deleted the scan of a paper sheet"),
    AuditAction.NEWS_SAVE: _("Saved news"),
    AuditAction.NEWS_PUBLISH: _("Published news"),
    AuditAction.NEWS_CORRECT: _("Corrected news"),
    AuditAction.NEWS_TAKE_DOWN: _("Took news down"),
    AuditAction.NEWS_PUT_BACK: _("Put news back"),
    AuditAction.NEWS_DELETE: _("Deleted a draft of news"),
    AuditAction.PICTURE_ADD: _("Added a picture"),
    AuditAction.MAILING_TEST: _("Emailed news to themselves as a test"),
    AuditAction.MAILING_START: _("Started to email news"),
    AuditAction.MAILING_PAUSE: _("Paused the emails with news"),
    AuditAction.MAILING_RESUME: _("Went on with the emails with news"),
    AuditAction.MAILING_STOP: _("Stopped the emails with news"),
    AuditAction.TEXT_QUESTION_TEST: _("Emailed the question about the new text to themselves"),
    AuditAction.TEXT_QUESTION_START: _("Started to ask earlier signers about the new text"),
    AuditAction.TEXT_QUESTION_PAUSE: _("Paused the emails to earlier signers"),
    AuditAction.TEXT_QUESTION_RESUME: _("Went on with the emails to earlier signers"),
    AuditAction.TEXT_QUESTION_STOP: _("Stopped the emails to earlier signers"),
    AuditAction.SIGNATURES_DOWNLOAD: _("Downloaded the confirmed signatures"),
    AuditAction.SIGNATURES_HANDOVER: _("Downloaded the list to hand over"),
    AuditAction.SIGNATURES_DOWNLOAD_END: _("Finished a download"),
    AuditAction.SIGNATURES_FILE_ASKED: _("Asked for a file of signatures"),
    AuditAction.SIGNATURES_FILE_MADE: _("Wrote a file of signatures"),
    AuditAction.SIGNATURES_COPY_DELETED: _("Deleted the organisers’ copy of a file"),
    AuditAction.HANDOVER_SEALED: _("Made a pack to hand over"),
    AuditAction.HANDOVER_RECORDED: _("Recorded what became of a pack"),
    AuditAction.HANDOVER_LINK_MADE: _("Made a link to a pack for the target"),
    AuditAction.HANDOVER_LINK_USED: _("A pack was fetched with its link"),
}


def action(entry: Mapping[str, Any]) -> str:
    """Return what was done; ids in the entry's detail are left out."""
    if entry["action"] == AuditAction.PETITION_RECOUNT:
        counts = re.fullmatch(r"(\d+) to (\d+)", entry["detail"])
        if counts and counts[1] != counts[2]:
            before, after = (format_decimal(int(count)) for count in counts.groups())
            again = _(
                "Counted the signatures again: %(before)s became %(after)s",
                before=before,
                after=after,
            )
            return str(again)
    return str(_ACTIONS.get(entry["action"], entry["action"]))


def file_of(entry: Mapping[str, Any]) -> int | None:
    """Return the number of the file that an entry is about, if any."""
    found = re.search(r"\bfile (\d{1,9})\b", entry["detail"])
    return int(found[1]) if found else None


def actor(entry: Mapping[str, Any], reader: Organiser) -> str:
    """Return who did it. Only admins see the addresses of other organisers."""
    if entry.get("action") == AuditAction.HANDOVER_LINK_USED:
        return str(_("Whoever had the link"))
    if entry["organiser_id"] is None:
        return str(_("The person who runs the server"))
    if entry["organiser_id"] == reader.id:
        return str(_("You"))
    if reader.role == Role.ADMIN and entry["email"]:
        return str(entry["email"])
    return str(_("Organiser %(number)s", number=entry["organiser_id"]))
