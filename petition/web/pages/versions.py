"""The versions of a petition's text: when it changed, why, and how."""

from flask import Response, g

from petition.petitions import queries
from petition.petitions.editing.versions import list_versions
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response
from petition.web.support.responses import render_page

pages = LocalizedBlueprint("versions", __name__)

CACHE = "public, max-age=60"


@pages.get("/p/<slug>/versions")
def index(slug: str) -> Response:
    """List the versions of the text that the reader gets, newest first."""
    cache_response()
    petition = queries.get_petition(slug, g.language)
    versions = list_versions(petition.id, petition.text.language)
    return render_page("petition/versions.html", cache=CACHE, petition=petition, versions=versions)
