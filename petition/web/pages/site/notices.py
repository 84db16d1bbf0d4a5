"""Pages of the site as a whole: privacy, accessibility, robots.txt, the sitemap, the icons."""

from datetime import date

from flask import Response, current_app, g, render_template
from flask_babel import lazy_gettext as _

from petition.artwork import icon
from petition.core import config
from petition.core.clock import now
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
CHECKED_ON = date(2026, 11, 27)  # when the statement was compared with docs/accessibility.md

# What the tests check. Tests name these ids: `@pytest.mark.accessibility_statement("keyboard")`.
ACCESSIBILITY_CHECKS = {
    "axe": _(
        "A program called axe checks every page in every language. It finds no fault, in light"
        " colours or in dark ones."
    ),
    "axe-states": _(
        "It also checks the form with errors, and a petition that is paused, closed or won."
    ),
    "keyboard": _("You can sign with the keyboard alone, from the petition to the thank-you page."),
    "focus": _("With the keyboard, you always see where you are. Nothing covers that place."),
    "no-javascript": _("You can sign without JavaScript."),
    "narrow": _("Nothing is cut off on a screen 320 pixels wide, or with text twice as large."),
    "spacing": _("Nothing is cut off with more space between letters, words and lines."),
    "targets": _(
        "Buttons and links are at least 24 pixels high and wide, or have room around them."
        " Only links in a sentence may be smaller."
    ),
    "motion": _(
        "Nothing moves if you ask for less motion. With colours of your own, you still see"
        " buttons, errors and where you are."
    ),
    "counter": _("Screen readers say the count at round numbers only, not at every signature."),
    "errors": _(
        "Every error is explained in words, at the field and in a list above the form."
        " Nothing that you typed is lost."
    ),
    "once": _("On the way to your signature, you enter nothing twice."),
    "paste": _("There is no password. You can copy the code from the email and paste it."),
    "help": _("Help is at the foot of every page, always in the same order."),
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
            for update_id in updates.published_ids(petition.id, now=now())
        ]
    xml = render_template("sitemap.xml", pages=urls)
    return send_content(xml, "application/xml", cache=CACHE)
