"""What belongs to the site and to no one petition: privacy, accessibility, what search engines
read.
"""

from datetime import date
from typing import Any

from flask import Response, current_app, g, make_response, render_template, url_for

from petition import config, petitions, updates
from petition.kinds import PUBLIC
from petition.web.kept import keep
from petition.web.language import Prefixed

pages = Prefixed("notices", __name__)

CACHE = "public, max-age=60"
ACCESSIBILITY_CHECKED = date(2026, 11, 24)  # when the statement was last read against the tests


@pages.get("/privacy")
def privacy() -> Response:
    """What is kept, why, for how long and who sees it, as the settings have it."""
    return _page(
        "privacy.html",
        settings=current_app.config,
        petitions=petitions.listed(g.language, states=PUBLIC),
    )


@pages.get("/accessibility")
def accessibility() -> Response:
    """What the tests check, and what they cannot."""
    return _page("accessibility.html", checked=ACCESSIBILITY_CHECKED)


@pages.get("/robots.txt")
def robots() -> Response:
    """What search engines are asked to leave alone."""
    keep()
    lines = ["User-agent: *", "Disallow: /organisers/", f"Sitemap: {_site()}/sitemap.xml", ""]
    return _file("\n".join(lines), "text/plain")


@pages.get("/sitemap.xml")
def sitemap() -> Response:
    """Every public page, in every language."""
    keep()
    languages = current_app.config["LANGUAGES"]
    paths = [_in_each("notices.privacy"), _in_each("notices.accessibility")]
    for found in petitions.listed(g.language, states=PUBLIC):
        of_it = ("public.petition", "news.listed", "passing.kit", "embassy.write")
        paths += [_in_each(endpoint, slug=found.slug) for endpoint in of_it]
        for piece in updates.listed(found.id, g.language):
            paths.append(_in_each("news.piece", slug=found.slug, update_id=piece.id))
    return _file(
        render_template("sitemap.xml", pages=paths, languages=languages), "application/xml"
    )


def _in_each(endpoint: str, **values: Any) -> dict[str, str]:
    """Return a page's address in every language, and under "" the one without."""
    offered = current_app.config["LANGUAGES"]
    addresses = {language: url_for(endpoint, language=language, **values) for language in offered}
    addresses[""] = url_for(endpoint, language=None, **values)
    return {language: _site() + path for language, path in addresses.items()}


def _site() -> str:
    return config.site_url(current_app.config)


def _page(template: str, **values: object) -> Response:
    keep()
    page = make_response(render_template(template, **values))
    page.headers["Cache-Control"] = CACHE
    return page


def _file(text: str, kind: str) -> Response:
    answer = Response(text, mimetype=kind)
    answer.headers["Cache-Control"] = CACHE
    return answer
