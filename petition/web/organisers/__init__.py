"""Pages under /organisers, closed by default. Only `web` registers them.

Begin with `guard` and its table of actions.
"""

from petition.web.organisers import audit_trail, downloads, moderation, petitions, review, sign_in
from petition.web.organisers.guard import OrganiserSession, may_be_long, pages

__all__ = [
    "OrganiserSession",
    "audit_trail",
    "downloads",
    "may_be_long",
    "moderation",
    "pages",
    "petitions",
    "review",
    "sign_in",
]
