"""What people pass the petition on with: links, pictures, QR code, poster, paper sheet."""

from collections.abc import Callable

from flask import Response, abort, current_app, g, make_response, render_template, request, url_for
from flask_babel import force_locale, format_decimal, ngettext
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from petition.artwork import card as cards
from petition.artwork import qr_code
from petition.core import config, i18n
from petition.petitions import goals, queries, sharing, updates
from petition.web.middleware.headers import for_all_sites, see_other
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response
from petition.web.pages.embed import snippet
from petition.web.pages.updates import FOR_EVER
from petition.web.support.image_cache import get_image_cache
from petition.web.support.messages import share_text

pages = LocalizedBlueprint("share", __name__)

CACHE = "public, max-age=60"
MOST_SHEETS = 20  # at once


@pages.get("/p/<slug>/share")
def kit(slug: str) -> Response:
    """Everything to pass the petition on with, on one page."""
    cache_response()
    shown = queries.get_petition(slug, g.language)
    address = _address(slug)
    page = make_response(
        render_template(
            "share/kit.html",
            petition=shown,
            bucket=goals.round_down(shown.count),
            qr=Markup(qr_code.svg(sharing.with_channel(address, "qr"), title=_qr_title(shown))),  # noqa: S704 (drawn by us)
            snippet=snippet(shown),
        )
    )
    page.headers["Cache-Control"] = CACHE
    return page


@pages.get("/p/<slug>/mastodon")
def mastodon(slug: str) -> Response:
    """Ask for the reader's Mastodon server and offer the link there. A link, not a redirect: the
    reader sees where it leads, and the site sends nobody anywhere.
    """
    shown = queries.get_petition(slug, g.language)
    given = request.args.get("server", "")[:253]
    link = sharing.mastodon(given, _address(slug), share_text(shown)) if given else None
    page = make_response(
        render_template(
            "share/mastodon.html",
            petition=shown,
            given=given,
            link=link,
            server=link.split("/")[2] if link else "",
            wrong=bool(given) and link is None,
        ),
        422 if given and link is None else 200,
    )
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex"
    return page


@pages.get("/p/<slug>/card/<code>/<int:count>.png", in_languages=False)
def card(slug: str, code: str, count: int) -> AnyResponse:
    """The picture for previews and posts, 1200 by 630."""
    return _picture(slug, code, count, "card", cards.card)


@pages.get("/p/<slug>/story/<code>/<int:count>.png", in_languages=False)
def story(slug: str, code: str, count: int) -> AnyResponse:
    """The picture for stories, 1080 by 1920."""
    return _picture(slug, code, count, "story", cards.story)


def _picture(
    slug: str, language: str, count: int, kind: str, draw: Callable[..., bytes]
) -> AnyResponse:
    """Send a picture with the rounded count of now. One with an earlier count is sent for as long
    as it is kept, then the newest; one with a count never reached is not drawn.
    """
    if language not in current_app.config["LANGUAGES"]:
        abort(404)
    with force_locale(language):
        shown = queries.get_petition(slug, language)
        newest = goals.round_down(shown.count)
        if shown.text.language != language or goals.round_down(count) != count or count > newest:
            abort(404)
        words = _words(shown, count)
    version = request.args.get("v", type=int)
    how = {"colour": current_app.config["BRAND_COLOUR"], "face": _face(shown)}
    content = None
    if version in {None, shown.text.version}:
        content = (
            get_image_cache().drawn(f"{kind}.png", draw, words, **how)
            if count == newest
            else get_image_cache().found(f"{kind}.png", words, **how)
        )
    if content is None:
        answer = see_other(
            url_for(f"share.{kind}", slug=slug, code=language, count=newest, v=shown.text.version)
        )
        answer.headers["Cache-Control"] = CACHE
        return answer
    answer = Response(content, mimetype="image/png")
    answer.headers["Cache-Control"] = CACHE if version is None else FOR_EVER
    return for_all_sites(answer)


@pages.get("/p/<slug>/qr.svg")
def qr(slug: str) -> Response:
    """The petition's address as a QR code."""
    cache_response()
    shown = queries.get_petition(slug, g.language)
    answer = Response(
        qr_code.svg(sharing.with_channel(_address(slug), "qr"), title=_qr_title(shown)),
        mimetype="image/svg+xml",
    )
    answer.headers["Cache-Control"] = CACHE
    return for_all_sites(answer)


@pages.get("/p/<slug>/poster.pdf")
def poster(slug: str) -> Response:
    """A poster, A4, in the language of the page."""
    from petition.artwork import documents  # imports fpdf2, which takes longer than most pages

    shown = queries.get_petition(slug, g.language)
    words = _words(shown, goals.round_down(shown.count))
    colour, face = current_app.config["BRAND_COLOUR"], _face(shown)
    content = get_image_cache().drawn(
        "poster.pdf",
        documents.poster,
        words,
        colour=colour,
        address=sharing.with_channel(_address(slug), "qr"),
        organiser=_("This petition is run by %(organiser)s.", organiser=shown.text.organiser),
        made=shown.text.created_at,
        face=face,
    )
    return _pdf(content, f"{slug}-poster-{g.language}.pdf")


@pages.get("/p/<slug>/sheet.pdf")
def sheet(slug: str) -> Response:
    """Sheets for signatures on paper, numbered from `first`, up to twenty at once."""
    from petition.artwork import documents

    shown = queries.get_petition(slug, g.language)
    first = max(1, min(request.args.get("first", 1, type=int), 99_999))
    sheets = max(1, min(request.args.get("sheets", 1, type=int), MOST_SHEETS))
    text = shown.text
    words = documents.SheetText(
        language=text.language,
        headline=text.title,
        to=_("To: %(target)s", target=text.target),
        demands=text.demands.splitlines(),
        columns=[_("Name"), _("Country"), _("Email (optional)"), _("Date"), _("Signature")],
        number=_("Sheet %(number)s", number="{number}"),
        organiser=_("This petition is run by %(organiser)s.", organiser=text.organiser),
        privacy=_(
            "These names are for this petition alone: they are counted and handed to the target."
            " Nobody has to fill in the email address."
        ),
        address=_bare(_address(slug)),
        right_to_left=i18n.is_right_to_left(text.language),
    )
    content = get_image_cache().drawn(
        "sheet.pdf",
        documents.sheet,
        words,
        address=sharing.with_channel(_address(slug), "qr"),
        first=first,
        sheets=sheets,
        made=text.created_at,
    )
    return _pdf(content, f"{slug}-sheet-{g.language}.pdf")


def _pdf(content: bytes, name: str) -> Response:
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Cache-Control"] = CACHE
    return answer


def _words(shown: queries.PetitionView, bucket: int) -> cards.CardText:
    """Return what the pictures say, in the language that is spoken now."""
    counted = ""
    if bucket:
        number = format_decimal(bucket) + ("+" if bucket >= 100 else "")
        counted = ngettext("%(count)s signature", "%(count)s signatures", bucket, count=number)
    return cards.CardText(
        language=shown.text.language,
        headline=shown.text.title,
        to=_("To: %(target)s", target=shown.text.target),
        counted=counted,
        call=_("Sign the petition"),
        site=current_app.config["BRAND_NAME"],
        address=_bare(_address(shown.slug)),
        right_to_left=i18n.is_right_to_left(shown.text.language),
    )


def _qr_title(shown: queries.PetitionView) -> str:
    return str(_("QR code: %(title)s", title=shown.text.title))


def _face(shown: queries.PetitionView) -> bytes | None:
    return updates.get_picture(shown.id, shown.face.digest) if shown.face else None


def _address(slug: str) -> str:
    return f"{config.site_url(current_app.config)}/p/{slug}"


def _bare(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://")
