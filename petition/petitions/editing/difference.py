"""The difference between two texts, by words."""

import re
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_WORDS = re.compile(r"\w+|\s+|[^\w\s]+")
_MANY = 4_000  # words and blanks, from which common ones are not compared: it would take seconds


class PieceKind(StrEnum):
    """What happened to a piece of text. A GAP stands for paragraphs that are the same."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    GAP = "gap"


class Piece(NamedTuple):
    """A piece of two texts."""

    kind: PieceKind
    text: str


@lru_cache(maxsize=128)
def compare(before: str, after: str) -> tuple[Piece, ...]:
    """Return the paragraphs in which two texts differ, in pieces; none if they are equal."""
    old, new = _paragraphs(before), _paragraphs(after)
    pieces: list[Piece] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            pieces.append(Piece(PieceKind.GAP, ""))
        else:
            removed, added = "\n".join(old[start:end]), "\n".join(new[new_start:new_end])
            pieces += _compare_words(removed, added)
    return () if all(piece.kind == PieceKind.GAP for piece in pieces) else tuple(pieces)


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _compare_words(before: str, after: str) -> list[Piece]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=max(len(old), len(new)) > _MANY)
    pieces = []
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        removed, added = "".join(old[start:end]), "".join(new[new_start:new_end])
        if kind == "equal":
            pieces.append(Piece(PieceKind.SAME, removed))
            continue
        pieces += [Piece(PieceKind.REMOVED, removed)] if removed else []
        pieces += [Piece(PieceKind.ADDED, added)] if added else []
    return pieces
