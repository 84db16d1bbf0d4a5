"""Measure how plain the messages of a language are: their sentences, and phrases to avoid."""

import re
from collections.abc import Iterator
from functools import cache

from babel.messages.extract import extract_from_file

from petition.core.config import ROOT
from petition.core.i18n import MESSAGE_LANGUAGE
from tests import catalogues

TRANSLATIONS = ROOT / "petition/translations"
LANGUAGES = (MESSAGE_LANGUAGE, *sorted(path.parts[-3] for path in TRANSLATIONS.rglob("*.po")))

# The files of messages that are measured apart. All other messages are "rest".
GROUPS = {
    "form": (
        "templates/petition/form.html",
        "templates/petition/*field*.html",
        "templates/petition/choices.html",
        "petition/web/support/forms.py",
        "petition/web/support/messages.py",
    ),
    "errors": ("templates/errors/*",),
    "emails": ("templates/emails/*",),
    "privacy": ("templates/**/*privacy*",),
}
EXTRACTORS = {".py": "python"}  # of all other files: "jinja2"

_NEGATIVE, _EXCEPTION = r"\b(?:not|no|none|never|nothing|nobody)\b", r"\b(?:without|unless)\b"

# Regular expressions: what is stiff, odd, unclear or a double negative. Case is ignored.
FORBIDDEN = {
    "en": (
        r"\bmail(?:s|ed|ing)?\b",  # "email" says what it is
        r"\b(?:prior to|in order to|in the event|in respect of|with regard to|pursuant to)\b",
        r"\b(?:please be advised|hereby|utilise\w*|commence\w*|subsequently)\b",
        r"\b(?:it is won|one signature more|leads to nothing)\b",
        r"\blook(?:ed)?\b(?: it)? over\b",
        r"\b(?:keep|store|count) mine\b",
        r"\bmay not\b",  # a ban or a doubt
        rf"{_NEGATIVE}[^.?!]*{_EXCEPTION}|{_EXCEPTION}[^.?!]*{_NEGATIVE}",
    ),
    "de": (
        r"(?<!-)\bmails?\b",
        r"\b(?:hiermit|mittels|(?:dies)?bezüglich|seitens|zwecks|gemäß|erfolgt|vorliegend\w*)\b",
        r"\bim (?:rahmen|falle)\b",
        r"\bmeine,? (?:speichern|behalten|zählen)\b",
        r"\bohne\b[^.?!]*\bnichts\b",
    ),
    "fr": (
        r"\b(?:afin d|dans le cadre d|au niveau d|procéder à|le cas échéant)",
        r"\b(?:par la présente|susmentionné\w*|courriels?)\b",
        r"\b(?:garder|conserver) la mienne\b",
        r" (?=[:;?!»](?:\s|$))|« ",  # a space that lets a line begin with the sign
    ),
    "kk": (r"жүзеге асыр|болып табыл|мақсатында|аталмыш|тарапынан|пішін", r"менікін сақта"),
    "ru": (
        r"\bданн(?:ый|ая|ое|ого|ой|ому|ую)\b",
        r"осуществ|надлежащ|посредством|\bв целях\b|\bнастоящим\b|\bв случае,? если\b",
        r"\bявля(?:ет|ют)ся\b",
        r"\bхранить мою\b",
    ),
    "sv": (
        r"\b(?:härmed|i syfte att|avseende|vederbörande|ovannämn\w+|i enlighet med)\b",
        r"\b(?:nyttja|erhåll)",
        r"\bspara min\b(?! underskrift)",
    ),
}


@cache
def read_messages(language: str) -> dict[str, tuple[str, ...]]:
    """Return the texts of each message of the template, by msgid: several if it has plurals."""
    template = catalogues.read(TRANSLATIONS / "messages.pot")
    if language == MESSAGE_LANGUAGE:
        return {_forms(message.id)[0]: _forms(message.id) for message in template if message.id}
    catalogue = catalogues.read(TRANSLATIONS / language / "LC_MESSAGES/messages.po")
    return {
        _forms(message.id)[0]: _forms(message.string or "") for message in catalogue if message.id
    }


def _forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@cache
def read_groups() -> dict[str, frozenset[str]]:
    """Return the msgids of each group. A message of several groups is in all of them."""
    groups = {
        name: frozenset(
            _forms(message)[0]
            for pattern in patterns
            for file in ROOT.glob(pattern)
            for _, message, _, _ in extract_from_file(EXTRACTORS.get(file.suffix, "jinja2"), file)
        )
        for name, patterns in GROUPS.items()
    }
    rest = frozenset(read_messages(MESSAGE_LANGUAGE)).difference(*groups.values())
    return groups | {"rest": rest}


def texts_of(group: str, language: str) -> list[str]:
    """Return all texts of a group in a language."""
    messages = read_messages(language)
    return [text for key in sorted(read_groups()[group]) for text in messages.get(key, ())]


def sentences(text: str) -> Iterator[str]:
    """Split a text. A full stop before a small letter ends an abbreviation, not a sentence."""
    start = 0
    for end in re.finditer(r"[.?!][”»“)]?(?=\s|$)", text):
        if not text[end.end() :].lstrip()[:1].islower():
            yield text[start : end.end()].strip()
            start = end.end()
    if rest := text[start:].strip():
        yield rest


def is_whole(sentence: str) -> bool:
    """Return whether it is a sentence, not a label or heading."""
    return sentence.rstrip("”»“)")[-1:] in {".", "?", "!", ":"}


def count_words(sentence: str) -> int:
    """Return the number of words. A placeholder is one."""
    return sum(any(map(str.isalnum, word)) for word in sentence.split())


def find_forbidden(text: str, language: str) -> list[str]:
    """Return the phrases of a text that are to be avoided."""
    return [
        found[0]
        for phrase in FORBIDDEN.get(language, ())
        for found in re.finditer(phrase, text, re.IGNORECASE)
    ]
