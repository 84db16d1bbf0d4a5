"""Markdown as plain text, for mail programs and link previews."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("js-default", {"html": False, "linkify": False})


def to_plain_text(text: str) -> str:
    """Return Markdown without its marks.

    Paragraphs are separated by blank lines, list items begin with a hyphen or a number, and the URL
    of a link follows its text.
    """
    paragraphs: list[str] = []
    bullet = ""
    for token in _MARKDOWN.parse(text):
        if token.type == "list_item_open":
            bullet = f"{token.info}{token.markup} " if token.info else "- "
        elif token.type in {"inline", "fence", "code_block"}:
            content = _inline_text(token.children) if token.children else token.content.strip()
            paragraphs.append(bullet + content)
            bullet = ""
    return "\n\n".join(paragraphs)


def excerpt(text: str, *, most: int = 200) -> str:
    """Return the beginning of a text in one line of at most `most` characters, in whole words."""
    line = " ".join(to_plain_text(text).split())
    return line if len(line) <= most else line[: most - 1].rpartition(" ")[0] + "…"


def _inline_text(tokens: list[Token]) -> str:
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
