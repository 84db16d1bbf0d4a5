"""The organisers' handbook names what is on the screen."""

import re

import pytest
from babel.messages.pofile import read_po

from petition.core.config import ROOT

TRANSLATIONS = ROOT / "petition" / "translations"


def labels(name: str) -> set[str]:
    """Return the words in bold of a page of documentation."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return {" ".join(label.split()) for label in re.findall(r"\*\*([^*]+)\*\*", text)}


@pytest.mark.parametrize(
    ("name", "catalogue"),
    [("organisers.md", "messages.pot"), ("organisers.ru.md", "ru/LC_MESSAGES/messages.po")],
)
def test_every_label_of_the_handbook_is_a_message(name: str, catalogue: str) -> None:
    with (TRANSLATIONS / catalogue).open("rb") as file:
        messages = read_po(file)
    translated = catalogue.endswith(".po")
    known = {str(message.string if translated else message.id) for message in messages}
    assert len(labels(name)) > 40
    assert labels(name) - known == set()
