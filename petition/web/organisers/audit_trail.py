"""The audit trail of a petition, in plain words."""

from flask import g, render_template

from petition.organisers import audit_trail as trail
from petition.organisers.handover import listing
from petition.web.organisers import audit_words
from petition.web.organisers.guard import pages
from petition.web.support.pagination import get_before


@pages.get("/p/<slug>/audit")
def audit_trail(slug: str) -> str:
    """List what organisers and the command line did, newest first."""
    entries = trail.list_entries(g.petition_id, before=get_before())
    files = {entry["id"]: audit_words.file_of(entry) for entry in entries}
    reasons = listing.reasons(g.petition_id, [number for number in files.values() if number])
    return render_template(
        "organisers/audit_trail.html",
        slug=slug,
        lines=[
            (
                entry["at"],
                audit_words.actor(entry, g.organiser),
                audit_words.action(entry),
                reasons.get(files[entry["id"]] or 0, ""),
            )
            for entry in entries
        ],
        next_before=entries[-1]["id"] if len(entries) == trail.PAGE_SIZE else None,
    )
