"""A made-up language that is written from right to left, as a catalogue of every message."""

import re
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from petition.web.middleware import translations

LANGUAGE = "ar"  # Arabic script runs from right to left
ALIF = "\u0627"
WORDS = " ".join([ALIF * 5] * 6)
PARTS = ("title", "target", "lede", "letter", "story", "share", "organiser")
TEXT: dict[str, Any] = dict.fromkeys(PARTS, WORDS) | {"demands": [WORDS, WORDS]}


def mirrored(text: str) -> str:
    """Replace every letter of a message with an alif; keep its placeholders."""
    parts = re.split(r"(%\(\w+\)[sd]|\{\w+\})", text)
    return "".join(
        part if index % 2 else re.sub(r"[A-Za-z]", ALIF, part) for index, part in enumerate(parts)
    )


def write_catalogue(instance: Path) -> None:
    """Write the catalogue of the made-up language to an instance folder."""
    with (translations.CATALOGUES / "messages.pot").open("rb") as file:
        template = read_po(file)
    catalogue = Catalog(locale=LANGUAGE)
    for message in template:
        if isinstance(message.id, tuple | list):
            forms = [mirrored(message.id[1])] * catalogue.num_plurals
            catalogue.add(message.id, tuple(forms))
        elif message.id:
            catalogue.add(message.id, mirrored(message.id))
    folder = instance / translations.OWN_CATALOGUES / LANGUAGE / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.po").open("wb") as written:
        write_po(written, catalogue)
    with (folder / "messages.mo").open("wb") as compiled:
        write_mo(compiled, catalogue)
