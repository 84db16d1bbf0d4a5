"""The difference between two texts, by words."""

import re
from collections import Counter
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_WORDS = re.compile(r"\w+|\s+|[^\w\s]+")
_JUNK_FROM = 200  # words, from which SequenceMatcher leaves out those that are over 1 % of them
# Pairs of equal words, of which SequenceMatcher looks at each, again for every piece it finds:
# from so many on common words are not compared, and from so many on texts are shown whole.
_MANY, _TOO_MANY = 60_000, 20_000


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
    counts, new_counts = Counter(old), Counter(new)
    pairs = {word: number * new_counts[word] for word, number in counts.items()}
    is_long = sum(pairs.values()) > _MANY
    if is_long:
        most = len(new) // 100 + 1 if len(new) >= _JUNK_FROM else len(new)
        rare = sum(number for word, number in pairs.items() if new_counts[word] <= most)
        if rare > _TOO_MANY:
            return [Piece(PieceKind.REMOVED, before), Piece(PieceKind.ADDED, after)]
    matcher = SequenceMatcher(None, old, new, autojunk=is_long)
    pieces = []
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        removed, added = "".join(old[start:end]), "".join(new[new_start:new_end])
        if kind == "equal":
            pieces.append(Piece(PieceKind.SAME, removed))
            continue
        pieces += [Piece(PieceKind.REMOVED, removed)] if removed else []
        pieces += [Piece(PieceKind.ADDED, added)] if added else []
    return pieces
