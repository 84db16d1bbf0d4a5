"""Markdown as safe HTML (few tags, no images but the petition's own) and as plain text."""

from collections.abc import Callable, Iterable, Mapping

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
        return Token("text", "", 0, content=_inline_text(token.children or ()))
    picture, url = found
    size = {"width": picture.width, "height": picture.height}
    # The renderer writes `alt` from the children.
    token.attrs = {"src": url, "alt": "", **size, "loading": "lazy"}
    return token


def email_html(text: str, pictures: Mapping[str, str]) -> Markup:
    """Return a text as HTML of an email. `pictures` are addresses by name, which become links.

    A picture that an email loads would tell the server when it was read, and from where.
    """
    tokens = _link_pictures(text, pictures)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704 (nh3 has just cleaned it)
        nh3.clean(html, tags=_TAGS - {"img"}, attributes={"a": {"href"}}, link_rel=None)
    )


def email_text(text: str, pictures: Mapping[str, str]) -> str:
    """Return a text as the plain part of an email, with the addresses of its pictures."""
    return _to_plain_text(_link_pictures(text, pictures))


def _link_pictures(text: str, pictures: Mapping[str, str]) -> list[Token]:
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        children: list[Token] = []
        for child in token.children or ():
            url = pictures.get(str(child.attrs.get("src", ""))) if child.type == "image" else None
            if child.type != "image":
                children.append(child)
                continue
            words = Token("text", "", 0, content=f"[{_inline_text(child.children or ())}]")
            link = Token("link_open", "a", 1, attrs={"href": url}) if url else None
            children += [link, words, Token("link_close", "a", -1)] if link else [words]
        if token.children:
            token.children = children
    return tokens


def find_images(text: str) -> list[tuple[str, str]]:
    """Return the name and the alternative text of each picture in a text."""
    return [
        (str(child.attrs.get("src", "")), _inline_text(child.children or ()).strip())
        for token in _MARKDOWN.parse(text)
        for child in token.children or ()
        if child.type == "image"
    ]


def to_plain_text(text: str) -> str:
    """Return Markdown without its marks.

    Paragraphs are separated by blank lines, list items begin with a hyphen or a number, and the URL
    of a link follows its text.
    """
    return _to_plain_text(_MARKDOWN.parse(text))


def _to_plain_text(tokens: Iterable[Token]) -> str:
    paragraphs: list[str] = []
    bullet = ""
    for token in tokens:
        if token.type == "list_item_open":
            bullet = f"{token.info}{token.markup} " if token.info else "- "
        elif token.type in {"inline", "fence", "code_block"}:
            content = _inline_text(token.children) if token.children else token.content.strip()
            paragraphs.append(bullet + content)
            bullet = ""
    return "\n\n".join(paragraphs)


def excerpt(text: str, *, max_length: int = 200) -> str:
    """Return the first whole words of a text in one line, at most `max_length` characters."""
    line = " ".join(to_plain_text(text).split())
    return line if len(line) <= max_length else line[: max_length - 1].rpartition(" ")[0] + "…"


def _inline_text(tokens: Iterable[Token]) -> str:
    text, url = "", ""
    for token in tokens:
        if token.type == "softbreak":
            text += " "
        elif token.type == "hardbreak":
            text += "\n"
        elif token.type == "link_open":
            url = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            text += "" if text.endswith(url) else f" ({url})"
        else:  # the children of an image are its alternative text
            text += _inline_text(token.children) if token.children else token.content
    return text
