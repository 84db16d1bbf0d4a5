"""/organisers: closed by default; `guard` lists what is open."""

from petition.web.organisers import bursts, comments, petitions, sign_in
from petition.web.organisers.guard import SessionForOrganisers, pages

__all__ = ["SessionForOrganisers", "bursts", "comments", "pages", "petitions", "sign_in"]
