"""/organisers: closed by default; `guard` lists what is open."""

from petition.web.organiser import entrance, petitions
from petition.web.organiser.guard import pages

__all__ = ["entrance", "pages", "petitions"]
