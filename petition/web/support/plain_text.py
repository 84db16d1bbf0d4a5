"""Markdown as plain words: for a mail program, and for what previews of a link say."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("js-default", {"html": False, "linkify": False})


def to_plain_text(text: str) -> str:
    """Return what a text says without any marks: a blank line between paragraphs, lists with
    hyphens or numbers, the address of a link behind its words.
    """
    paragraphs: list[str] = []
    mark = ""
    for token in _MARKDOWN.parse(text):
        if token.type == "list_item_open":
            mark = f"{token.info}{token.markup} " if token.info else "- "
        elif token.type in {"inline", "fence", "code_block"}:
            words = _words(token.children) if token.children else token.content.strip()
            paragraphs.append(mark + words)
            mark = ""
    return "\n\n".join(paragraphs)


def excerpt(text: str, *, most: int = 200) -> str:
    """Return how a text begins, in one line that ends with a word."""
    words = " ".join(to_plain_text(text).split())
    if len(words) <= most:
        return words
    return words[: most - 1].rpartition(" ")[0] + "…"


def _words(tokens: list[Token]) -> str:
    said, address = "", ""
    for token in tokens:
        if token.type == "softbreak":
            said += " "
        elif token.type == "hardbreak":
            said += "\n"
        elif token.type == "link_open":
            address = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            said += "" if said.endswith(address) else f" ({address})"
        else:  # a picture's words are its children
            said += _words(token.children) if token.children else token.content
    return said
