"""Pages of the site as a whole: privacy, accessibility, robots.txt, the sitemap, the icons."""

from datetime import date

from flask import Response, current_app, g, render_template
from flask_babel import lazy_gettext as _

from petition.artwork import icon
from petition.core import config
from petition.models.enums import PUBLIC_STATES
from petition.petitions import queries, updates
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response
from petition.web.support.image_cache import get_image_cache
from petition.web.support.page_context import find_featured
from petition.web.support.responses import render_page, send_content
from petition.web.support.template_globals import localized_urls

pages = LocalizedBlueprint("notices", __name__)

CACHE = "public, max-age=60"
ICON_CACHE = "public, max-age=86400"
CHECKED_ON = date(2026, 11, 25)  # when the accessibility statement was compared with the tests

# What the tests check. Tests name these ids: `@pytest.mark.accessibility_statement("keyboard")`.
ACCESSIBILITY_CHECKS = {
    "axe": _(
        "The petition and the pages around it, in every language, with the rules of axe,"
        " and in dark mode with those about contrast: no fault found."
    ),
    "axe-states": _(
        "A form with errors, and a petition that is paused, closed or won, with the rules"
        " of axe: no fault found."
    ),
    "keyboard": _("The whole way from the petition to the thank-you page with the keyboard alone."),
    "no-javascript": _("The whole way without JavaScript."),
    "narrow": _("No sideways scrolling on a screen 320 pixels wide, or with text at 200 percent."),
    "motion": _(
        "Nothing moves for readers who ask for less motion, and buttons keep their edges"
        " in forced colours."
    ),
    "counter": _("The counter is read out at round numbers alone, not at every signature."),
    "errors": _(
        "Every error is said in words, at the field and in a list above the form, and"
        " everything typed is kept."
    ),
}


@pages.get("/privacy")
def privacy() -> Response:
    """Say what is stored, why, for how long and who sees it, according to the settings."""
    cache_response()
    petitions = queries.list_petitions(g.language, states=PUBLIC_STATES)
    return render_page(
        "privacy.html", cache=CACHE, settings=current_app.config, petitions=petitions
    )


@pages.get("/accessibility")
def accessibility() -> Response:
    """Say what the tests check, and what they cannot."""
    cache_response()
    return render_page(
        "accessibility.html", cache=CACHE, checked_on=CHECKED_ON, checks=ACCESSIBILITY_CHECKS
    )


@pages.get("/robots.txt")
def robots() -> Response:
    """Ask search engines to leave out organisers' pages, and PDFs, which are drawn for each."""
    cache_response()
    site = config.site_url(current_app.config)
    text = f"User-agent: *\nDisallow: /organisers/\nDisallow: /*.pdf\nSitemap: {site}/sitemap.xml\n"
    return send_content(text, "text/plain", cache=CACHE)


@pages.get("/favicon.ico")
def favicon() -> Response:
    """Send the icon to programs that ask for it by name; pages have theirs within."""
    colour = current_app.config["BRAND_COLOUR"]
    content = get_image_cache().get_or_draw("favicon.ico", icon.favicon, colour=colour)
    return send_content(content, "image/x-icon", cache=ICON_CACHE)


@pages.get("/apple-touch-icon.png")
@pages.get("/apple-touch-icon-precomposed.png")
def touch_icon() -> Response:
    """Send the icon for a phone's home screen."""
    colour = current_app.config["BRAND_COLOUR"]
    content = get_image_cache().get_or_draw("touch-icon.png", icon.touch_icon, colour=colour)
    return send_content(content, "image/png", cache=ICON_CACHE)


@pages.get("/sitemap.xml")
def sitemap() -> Response:
    """List every public page in every language."""
    cache_response()
    petitions = queries.list_petitions(g.language, states=PUBLIC_STATES)
    urls = [localized_urls("notices.privacy"), localized_urls("notices.accessibility")]
    if find_featured(petitions) is None:  # else `/` is the page of a petition
        urls.append(localized_urls("petition.index"))
    for petition in petitions:
        endpoints = ("petition.show", "updates.index", "share.kit", "embassy.write")
        urls += [localized_urls(endpoint, slug=petition.slug) for endpoint in endpoints]
        urls += [
            localized_urls("updates.show", slug=petition.slug, update_id=update_id)
            for update_id in updates.published_ids(petition.id)
        ]
    xml = render_template("sitemap.xml", pages=urls)
    return send_content(xml, "application/xml", cache=CACHE)
