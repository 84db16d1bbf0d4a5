"""/organisers: closed by default; `guard` lists what is open."""

from petition.web.organiser import bursts, comments, entrance, petitions
from petition.web.organiser.guard import SessionForOrganisers, pages

__all__ = ["SessionForOrganisers", "bursts", "comments", "entrance", "pages", "petitions"]
