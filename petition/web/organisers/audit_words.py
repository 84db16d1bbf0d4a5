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
    AuditAction.PETITION_DELETE: _("Deleted the draft"),
    AuditAction.PETITION_UPDATE: _("Added news, pictures or addresses"),
    AuditAction.PETITION_OPEN: _("Opened the petition"),
    AuditAction.PETITION_PAUSE: _("Paused the petition"),
    AuditAction.PETITION_CLOSE: _("Closed the petition"),
    AuditAction.PETITION_VICTORY: _("Said that the petition is won"),
    AuditAction.PETITION_RECOUNT: _("Counted the signatures again"),
    AuditAction.ORGANISER_INVITE: _("Invited an organiser"),
    AuditAction.ORGANISER_REMOVE: _("Removed an organiser"),
    AuditAction.ORGANISER_LINK: _("Made a sign-in link for an organiser"),
    AuditAction.ORGANISER_SIGN_IN: _("Signed in"),
    AuditAction.ORGANISER_SIGN_OUT: _("Signed out everywhere"),
    AuditAction.BURST_RELEASED: _("Sent the emails of a burst"),
    AuditAction.BURST_DISCARDED: _("Deleted the entries of a burst"),
    AuditAction.COMMENT_SHOWN: _("Chose to show a comment"),
    AuditAction.COMMENT_REFUSED: _("Chose not to show a comment"),
    AuditAction.COMMENT_WAITING: _("Put a comment back among the unread ones"),
    AuditAction.NAME_HIDE: _("Hid a name"),
    AuditAction.SIGNATURES_SEARCH: _("Searched the signatures"),
    AuditAction.SIGNATURE_SHOW: _("Looked at a signature"),
    AuditAction.SIGNATURE_RESEND: _("Sent an email to a signer again"),
    AuditAction.SIGNATURE_INVALIDATE: _("Took a signature out of the count"),
    AuditAction.SIGNATURE_RESTORE: _("Counted a signature again"),
    AuditAction.SIGNATURES_INVALIDATE: _("Took several signatures out of the count"),
    AuditAction.SIGNATURES_RESTORE: _("Counted several signatures again"),
    AuditAction.SIGNATURES_DOWNLOAD: _("Downloaded the confirmed signatures"),
    AuditAction.SIGNATURES_HANDOVER: _("Downloaded the list to hand over"),
    AuditAction.SIGNATURES_DOWNLOAD_END: _("Finished a download"),
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


def actor(entry: Mapping[str, Any], reader: Organiser) -> str:
    """Return who did it. Only admins see the addresses of other organisers."""
    if entry["organiser_id"] is None:
        return str(_("The person who runs the server"))
    if entry["organiser_id"] == reader.id:
        return str(_("You"))
    if reader.role == Role.ADMIN and entry["email"]:
        return str(entry["email"])
    return str(_("Organiser %(number)s", number=entry["organiser_id"]))
