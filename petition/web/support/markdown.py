"""Markdown as HTML: no raw HTML, a short list of tags, links that name nobody, and no picture but
the petition's own.
"""

from collections.abc import Callable, Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from petition.petitions.updates import PictureView

# Nothing is set as a typographer would: it knows no language, and would put English quotation marks
# into every one, and © for the paragraph 5(c) of a law.
_MARKDOWN = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False})
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "h2", "h3", "a", "hr", "img"}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height", "loading"}}

# Returns a picture and its address by the name that the text calls it, or None.
Find = Callable[[str], tuple[PictureView, str] | None]


def markdown(text: str, find: Find | None = None) -> Markup:
    """Return a text as HTML. A picture is shown when `find` knows it; otherwise its words are."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.children:
            token.children = [_pictured(child, find) for child in token.children]
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704 (nh3 has just cleaned it)
        nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, link_rel="noopener noreferrer")
    )


def _pictured(token: Token, find: Find | None) -> Token:
    if token.type != "image":
        return token
    found = find(str(token.attrs.get("src", ""))) if find else None
    if found is None:
        return Token("text", "", 0, content=_words(token.children or ()))
    picture, address = found
    token.attrs = {
        "src": address,
        "alt": "",  # the renderer writes it from the children
        "width": picture.width,
        "height": picture.height,
        "loading": "lazy",
    }
    return token


def _words(tokens: Sequence[Token]) -> str:
    return "".join(token.content for token in tokens)
