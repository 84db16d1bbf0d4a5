"""A stored petition as its file has it: exports write it, and changes in the browser start from it.

docs/petition-file.md describes every field.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from petition.core.errors import PetitionNotFound, PetitionUnfinished
from petition.models import Petition, PetitionText, Picture
from petition.models.enums import PetitionState
from petition.petitions.editing.petition_file import find_missing
from petition.petitions.pictures import WebPicture

_IN_FILES = (PetitionState.DRAFT, PetitionState.OPEN)  # the states that a file may name
_TEXT = ("title", "target", "lede", "share", "face", "face_caption")

_petition, _text, _picture = Petition.table(), PetitionText.table(), Picture.table()


class StoredPetition(NamedTuple):
    """A petition and its newest texts by language, all by column name, and its portrait."""

    petition: dict[str, Any]
    texts: dict[str, dict[str, Any]]
    portrait: WebPicture | None

    @property
    def id(self) -> int:
        """The id of the petition."""
        return int(self.petition["id"])

    @property
    def is_draft(self) -> bool:
        """Whether the petition was never opened."""
        return bool(self.petition["state"] == PetitionState.DRAFT)


def read(connection: Connection, slug: str, *, lock: bool = False) -> StoredPetition:
    """Read a petition with its newest texts and its portrait. Raises: PetitionNotFound.

    With `lock`, others that change it wait, and no signature is inserted meanwhile: its foreign key
    waits for the lock.
    """
    query = select(_petition).where(_petition.c.slug == slug)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise PetitionNotFound(slug)
    petition = row._asdict()
    of_petition = select(_text).where(_text.c.petition_id == row.id)
    in_order = connection.execute(of_petition.order_by(_text.c.version, _text.c.id))
    texts = {text.language: text._asdict() for text in in_order}
    portrait = None
    if row.face:
        is_portrait = (_picture.c.petition_id == row.id, _picture.c.name == "face")
        columns = (_picture.c.content, _picture.c.width, _picture.c.height)
        picture = connection.execute(select(*columns).where(*is_portrait)).first()
        portrait = WebPicture(*picture) if picture else None
    return StoredPetition(petition, texts, portrait)


def to_content(stored: StoredPetition) -> dict[str, Any]:
    """Return a petition as `petition_file.parse` takes it, without what is empty.

    A state that no file may name is left out. The portrait is `SLUG.webp`.
    """
    petition, texts = stored.petition, stored.texts
    organiser = texts[petition["source_language"]]["organiser"]
    has_portrait = stored.portrait is not None
    is_unfinished = not petition["contact"] or any(
        find_missing(row, has_portrait=has_portrait) for row in texts.values()
    )
    languages = [code for code in petition["regime_languages"].split(",") if code]
    content = {
        "slug": petition["slug"],
        "state": str(petition["state"]) if petition["state"] in _IN_FILES else "",
        "unfinished": is_unfinished or "",
        "source_language": petition["source_language"],
        "organiser": organiser,
        "contact": petition["contact"],
        "asks_postcode": petition["asks_postcode"],
        "asks_organisation": petition["asks_organisation"],
        "asks_comment": petition["asks_comment"],
        "refuses_disposable": petition["refuses_disposable"],
        "goal": petition["goal"] or "ladder",
        "face": f"{petition['slug']}.webp" if has_portrait else "",
        "face_credit": petition["face_credit"] if has_portrait else "",
        "as_of": _moment(petition["as_of"]),
        "regime": without_empty({"country": petition["regime_country"], "languages": languages}),
        "facts": petition["facts"],
        "plan": [
            without_empty({"date": _moment(step["date"]), "text": step["text"]})
            for step in petition["plan"]
        ],
        "questions": petition["questions"],
        "victory": {code: without_empty(words) for code, words in petition["victory"].items()},
        "text": {code: _text_content(text, organiser) for code, text in texts.items()},
    }
    return without_empty(content)


def _text_content(text: Mapping[str, Any], organiser: str) -> dict[str, Any]:
    """Return a text, with its organiser if that is not the petition's."""
    table = {name: text[name] for name in _TEXT}
    table["organiser"] = "" if text["organiser"] == organiser else text["organiser"]
    table["demands"] = text["demands"].split("\n") if text["demands"] else []
    return without_empty(table | {"letter": text["letter"], "story": text["story"]})


def refuse_unfinished(petition: Mapping[str, Any], texts: Iterable[Mapping[str, Any]]) -> None:
    """Raise PetitionUnfinished, with the fields that lack, if a petition cannot be open."""
    missing = [] if petition["contact"] else ["contact"]
    for text in texts:
        fields = find_missing(text, has_portrait=bool(petition["face"]))
        missing += [f"text.{text['language']}.{field}" for field in fields]
    if missing:
        raise PetitionUnfinished(", ".join(missing))


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not empty: a file leaves those out."""
    return {name: value for name, value in values.items() if value not in ("", [], {}, None)}


def _moment(written: str) -> date | str:
    """Return a day as a date of TOML; a month, or nothing, stays a text."""
    return date.fromisoformat(written) if len(written) == 10 else written
