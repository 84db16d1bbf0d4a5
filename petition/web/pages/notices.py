"""What belongs to the site and to no one petition: privacy, accessibility, what search engines
read.
"""

from datetime import date

from flask import Response, current_app, g, make_response, render_template
from flask_babel import gettext as _

from petition.core import config
from petition.models.enums import PUBLIC_STATES
from petition.petitions import queries, updates
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response
from petition.web.support.page_context import find_featured
from petition.web.support.template_globals import localized_urls

pages = LocalizedBlueprint("notices", __name__)

CACHE = "public, max-age=60"
ACCESSIBILITY_CHECKED = date(2026, 11, 25)  # when the statement was last read against the tests


@pages.get("/privacy")
def privacy() -> Response:
    """What is kept, why, for how long and who sees it, as the settings have it."""
    return _page(
        "privacy.html",
        settings=current_app.config,
        petitions=queries.list_petitions(g.language, states=PUBLIC_STATES),
    )


@pages.get("/accessibility")
def accessibility() -> Response:
    """What the tests check, and what they cannot."""
    return _page("accessibility.html", checked=ACCESSIBILITY_CHECKED, checks=checks())


def checks() -> list[tuple[str, str]]:
    """Return what is tested with every change, each with the name of the test that does it."""
    return [
        (
            _(
                "The petition and the pages around it, in every language, with the rules of axe,"
                " and in dark mode with those about contrast: no fault found."
            ),
            "test_axe_finds_no_barrier_on_any_page_in_any_language_light_or_dark",
        ),
        (
            _(
                "A form with errors, and a petition that is paused, closed or won, with the rules"
                " of axe: no fault found."
            ),
            "test_axe_finds_no_barrier_in_a_form_with_errors_or_any_state",
        ),
        (
            _("The whole way from the petition to the thank-you page with the keyboard alone."),
            "test_the_whole_way_by_keyboard_alone",
        ),
        (
            _("The whole way without JavaScript."),
            "test_the_way_from_the_letter_to_thanks",
        ),
        (
            _("No sideways scrolling on a screen 320 pixels wide, or with text at 200 percent."),
            "test_nothing_is_cut_off_at_320_pixels_with_text_twice_as_large",
        ),
        (
            _(
                "Nothing moves for readers who ask for less motion, and buttons keep their edges"
                " in forced colours."
            ),
            "test_nothing_is_lost_in_forced_colours_and_nothing_moves_unasked",
        ),
        (
            _("The counter is read out at round numbers alone, not at every signature."),
            "test_the_counter_speaks_at_round_numbers_alone",
        ),
        (
            _(
                "Every error is said in words, at the field and in a list above the form, and"
                " everything typed is kept."
            ),
            "test_errors_are_summed_up_focused_and_lead_to_their_fields",
        ),
    ]


@pages.get("/robots.txt")
def robots() -> Response:
    """What search engines are asked to leave alone."""
    cache_response()
    lines = ["User-agent: *", "Disallow: /organisers/", f"Sitemap: {_site()}/sitemap.xml", ""]
    return _file("\n".join(lines), "text/plain")


@pages.get("/sitemap.xml")
def sitemap() -> Response:
    """Every public page, in every language."""
    cache_response()
    listed = queries.list_petitions(g.language, states=PUBLIC_STATES)
    pages = [localized_urls("notices.privacy"), localized_urls("notices.accessibility")]
    if find_featured(listed) is None:  # else what stands at `/` is the page of a petition
        pages.append(localized_urls("petition.index"))
    for found in listed:
        of_it = ("petition.show", "updates.listed", "share.kit", "embassy.write")
        pages += [localized_urls(endpoint, slug=found.slug) for endpoint in of_it]
        pages += [
            localized_urls("updates.piece", slug=found.slug, update_id=update_id)
            for update_id in updates.published_ids(found.id)
        ]
    return _file(render_template("sitemap.xml", pages=pages), "application/xml")


def _site() -> str:
    return config.site_url(current_app.config)


def _page(template: str, **values: object) -> Response:
    cache_response()
    page = make_response(render_template(template, **values))
    page.headers["Cache-Control"] = CACHE
    return page


def _file(text: str, kind: str) -> Response:
    answer = Response(text, mimetype=kind)
    answer.headers["Cache-Control"] = CACHE
    return answer
