"""Read tables of a file field by field, and collect everything that is wrong with them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from petition.core.errors import PetitionFileInvalid, PictureInvalid
from petition.core.field_errors import FieldError, FieldProblem
from petition.petitions.pictures import WebPicture

LANGUAGE = r"[a-z]{2,3}"
FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
NO_LINES: Mapping[str, int] = MappingProxyType({})
# In Markdown: a tag or comment, but no address in angle brackets; a picture. A backslash escapes.
_MARKUP = re.compile(
    r"(?<!\\)(?:</?[A-Za-z][A-Za-z\d-]*(?:\s[^<>]*)?/?>|<!--|!\[[^\]\n]{0,300}\][(\[])"
)


# Pages and emails cannot show them, and PostgreSQL stores no NUL.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class FileField(NamedTuple):
    """A field's kind (see `_is_valid`), in words too. Without a default it may not be empty."""

    kind: Any
    expected: str = ""
    default: Any = None


class FieldReader:
    """Reads the tables of a file and collects what is wrong with them."""

    def __init__(self, folder: Path | None, lines: Mapping[str, int]) -> None:
        self._folder, self._lines = folder, lines
        self._errors: list[tuple[int, str, FieldError]] = []

    def refuse(
        self, path: str, reason: str, problem: FieldProblem = FieldProblem.OTHER, detail: str = ""
    ) -> None:
        """Note what is wrong with a field, with its line or that of the table that lacks it.

        `problem` and `detail` say the same for a form.
        """
        known = path
        while known and known not in self._lines:
            known = known.rpartition(".")[0]
        line = self._lines.get(known, 1)
        place = f"line {line}: " if self._lines else ""
        error = FieldError(path, problem, detail)
        self._errors.append((line, f"{place}{path}: {reason}", error))

    def refuse_markup(self, path: str, text: str) -> None:
        """Note the first HTML tag or picture of a Markdown text, which its page shows as text."""
        if match := _MARKUP.search(text):
            reason = f"no HTML and no pictures, but {match[0]}"
            self.refuse(path, reason, FieldProblem.MARKUP, match[0])

    def finish(self) -> None:
        """Raise PetitionFileInvalid with all errors in the order of the file, if there are any."""
        if self._errors:
            in_order = sorted(self._errors, key=lambda error: error[0])
            message = "; ".join(text for _, text, _ in in_order)
            raise PetitionFileInvalid(message, tuple(error for _, _, error in in_order))

    def read(
        self, table: Mapping[str, Any], fields: Mapping[str, FileField], path: str = ""
    ) -> dict[str, Any]:
        """Return the fields of a table, None for a wrong one, texts without white space around.

        `path` is that of the table, with a full stop after it.
        """
        for name in table.keys() - fields.keys():
            self.refuse(f"{path}{name}", "there is no such field")
        values: dict[str, Any] = {}
        for name, (kind, expected, default) in fields.items():
            value = table.get(name, default)
            is_missing = default is None and not value
            if is_missing or (name in table and not _is_valid(value, kind)):
                is_long = isinstance(value, str) and isinstance(kind, int) and len(value) > kind
                problem = FieldProblem.TOO_LONG if is_long else FieldProblem.OTHER
                problem = FieldProblem.MISSING if is_missing else problem
                reason = expected or f"a text of 1 to {kind} characters"
                self.refuse(f"{path}{name}", reason, problem, str(kind) if is_long else "")
                value = None
            elif _has_control(value):
                self.refuse(f"{path}{name}", "no control characters", FieldProblem.CONTROL)
            values[name] = value.strip() if isinstance(value, str) else value
        return values

    def read_by_language(
        self, tables: Mapping[str, Any] | None, fields: Mapping[str, FileField], path: str
    ) -> dict[str, dict[str, Any]]:
        """Return the tables that are named by language codes."""
        by_language = {}
        for name, table in (tables or {}).items():
            if re.fullmatch(LANGUAGE, name) and isinstance(table, Mapping):
                by_language[name] = self.read(table, fields, f"{path}{name}.")
            else:
                self.refuse(f"{path}{name}", "a table named by a language code")
        return by_language

    def read_texts(
        self, tables: Mapping[str, Any] | None, fields: Mapping[str, FileField], path: str
    ) -> list[dict[str, Any]]:
        """Return the tables that are named by language codes, each with its `language`."""
        by_language = self.read_by_language(tables, fields, path)
        return [{"language": name, **text} for name, text in by_language.items()]

    def read_words(self, table: Mapping[str, Any], length: int, path: str) -> dict[str, Any]:
        """Return the texts of a table by language code, each of at most `length` characters."""
        codes = [name for name in table if re.fullmatch(LANGUAGE, name)]
        return self.read(table, dict.fromkeys(codes, FileField(length)), path)

    def read_picture(
        self, path: str, name: object, make: Callable[[bytes], WebPicture]
    ) -> WebPicture | None:
        """Re-encode a picture from the folder of the file that names it, and from nowhere else."""
        if self._folder is None or not _is_valid(name, FILE_NAME):
            self.refuse(path, f"{name}: the name of a picture in the same folder")
            return None
        try:
            return make((self._folder / str(name)).read_bytes())
        except FileNotFoundError:
            self.refuse(path, f"{name}: there is no such file in the same folder")
        except PictureInvalid as error:
            self.refuse(path, f"{name}: {error}")
        return None


def _has_control(value: object) -> bool:
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and _CONTROL.search(text) for text in texts)


def _is_valid(value: object, kind: Any) -> bool:
    """Return whether a value is of a kind: a text of at most so many characters or that matches a
    pattern, a number in a range, a list of one kind, one of several kinds, or an instance of a
    class.
    """
    match kind:
        case int():
            return isinstance(value, str) and bool(value.strip()) and len(value) <= kind
        case str():
            return isinstance(value, str) and bool(re.fullmatch(kind, value))
        case range():
            return type(value) is int and value in kind
        case tuple():
            return any(_is_valid(value, one) for one in kind)
        case [item]:
            return isinstance(value, list) and all(_is_valid(one, item) for one in value)
    return isinstance(value, kind)
