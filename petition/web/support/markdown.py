"""Markdown as safe HTML: no raw HTML, few tags, no images but the petition's own."""

from collections.abc import Callable, Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from petition.models import Picture

# No typographer: it would put English quotation marks into every language, and © for the paragraph
# 5(c) of a law.
_MARKDOWN = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False})
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "h2", "h3", "a", "hr", "img"}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height", "loading"}}

# Returns a picture and its URL by its name in the text, or None.
FindPicture = Callable[[str], tuple[Picture, str] | None]


def markdown(text: str, find_picture: FindPicture | None = None) -> Markup:
    """Return a text as HTML. An image that `find_picture` does not find becomes its alt text."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.children:
            token.children = [_resolve_image(child, find_picture) for child in token.children]
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704 (nh3 has just cleaned it)
        nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, link_rel="noopener noreferrer")
    )


def _resolve_image(token: Token, find_picture: FindPicture | None) -> Token:
    if token.type != "image":
        return token
    found = find_picture(str(token.attrs.get("src", ""))) if find_picture else None
    if found is None:
        return Token("text", "", 0, content=_alt_text(token.children or ()))
    picture, url = found
    token.attrs = {
        "src": url,
        "alt": "",  # the renderer writes it from the children
        "width": picture.width,
        "height": picture.height,
        "loading": "lazy",
    }
    return token


def _alt_text(tokens: Sequence[Token]) -> str:
    return "".join(token.content for token in tokens)
