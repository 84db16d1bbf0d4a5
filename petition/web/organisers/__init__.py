"""Pages under /organisers, closed by default. Only `web` registers them.

Begin with `guard` and its table of actions.
"""

from petition.web.organisers import (
    account,
    audit_trail,
    downloads,
    moderation,
    news,
    people,
    petitions,
    review,
    second_factor,
    sign_in,
)
from petition.web.organisers.editing import (
    new_petition,
    previews,
    settings,
    states,
    text_questions,
    texts,
)
from petition.web.organisers.guard import OrganiserSession, may_be_long, pages
from petition.web.organisers.handover import news_draft, packs, tab

__all__ = [
    "OrganiserSession",
    "account",
    "audit_trail",
    "downloads",
    "may_be_long",
    "moderation",
    "new_petition",
    "news",
    "news_draft",
    "packs",
    "pages",
    "people",
    "petitions",
    "previews",
    "review",
    "second_factor",
    "settings",
    "sign_in",
    "states",
    "tab",
    "text_questions",
    "texts",
]
