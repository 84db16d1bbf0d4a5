"""A petition's own questions: checked as its file has them, and answers that are erased."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Text, case, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from petition.core.field_errors import FieldProblem
from petition.models import AlternateEntry, Signature
from petition.petitions.editing.file_fields import FieldReader, FileField
from petition.petitions.questions import MAX_OPTIONS, MAX_QUESTIONS, MIN_OPTIONS, QuestionKind

MAX_WORDS, MAX_OPTION = 300, 100  # characters
ID = FileField(r"[a-z][a-z0-9]{0,19}", "a short name of small letters a-z and digits")
_QUESTION = {
    "id": ID,
    "kind": FileField("|".join(QuestionKind), "text, choice or tick"),
    "required": FileField(bool, "true or false", False),
    "text": FileField(Mapping, "at least one language"),
    "options": FileField([Mapping], "tables, each with id and text", []),
}
_OPTION = {"id": ID, "text": _QUESTION["text"]}


def read(reader: FieldReader, petition: dict[str, Any]) -> None:
    """Check the questions, and replace them by what is stored."""
    source = petition["source_language"]
    read_ones: list[dict[str, Any]] = []
    given = petition["questions"] or ()
    if len(given) > MAX_QUESTIONS:
        reason = f"one too many: at most {MAX_QUESTIONS}"
        reader.refuse(f"questions {MAX_QUESTIONS + 1}", reason)
    for number, table in enumerate(given, start=1):
        path = f"questions {number}."
        question = reader.read(table, _QUESTION, path)
        _refuse_same(reader, f"{path}id", question["id"], read_ones)
        question["text"] = _read_words(reader, question["text"], MAX_WORDS, f"{path}text.", source)
        options = question.pop("options") or []
        if question["kind"] == QuestionKind.CHOICE:
            question["options"] = _read_options(reader, options, path, source)
        elif options:
            reader.refuse(f"{path}options", "only a choice has options")
        read_ones.append(question)
    petition["questions"] = read_ones


def _read_options(
    reader: FieldReader, tables: Iterable[Mapping[str, Any]], path: str, source: str
) -> list[dict[str, Any]]:
    options: list[dict[str, Any]] = []
    for number, table in enumerate(tables, start=1):
        at = f"{path}options {number}."
        option = reader.read(table, _OPTION, at)
        _refuse_same(reader, f"{at}id", option["id"], options)
        option["text"] = _read_words(reader, option["text"], MAX_OPTION, f"{at}text.", source)
        options.append(option)
    if not MIN_OPTIONS <= len(options) <= MAX_OPTIONS:
        reader.refuse(f"{path}options", f"{MIN_OPTIONS} to {MAX_OPTIONS} tables")
    return options


def _refuse_same(
    reader: FieldReader, path: str, one_id: str, others: Iterable[Mapping[str, Any]]
) -> None:
    if one_id and any(one_id == other["id"] for other in others):
        reader.refuse(path, f"{one_id}: another one has the same")


def _read_words(
    reader: FieldReader, words: Mapping[str, Any] | None, length: int, path: str, source: str
) -> dict[str, Any]:
    read_words = reader.read_words(words or {}, length, path)
    read_words = {code: " ".join((text or "").split()) for code, text in read_words.items()}
    if words is not None and source and source not in read_words:
        reader.refuse(f"{path}{source}", "this in the source language", FieldProblem.MISSING)
    return read_words


def removed(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Return the ids of questions that are gone, or asked in another way, and of options.

    As pairs of a question and an option; the option is empty when all answers are meant.
    """
    stay = {one["id"]: one for one in after}
    gone = []
    for question in before:
        other = stay.get(question["id"])
        if other is None or other["kind"] != question["kind"]:
            gone.append((question["id"], ""))
            continue
        options = {option["id"] for option in other.get("options", [])}
        missing = (option["id"] for option in question.get("options", []))
        gone += [(question["id"], option) for option in missing if option not in options]
    return gone


def erase_answers(
    connection: Connection, petition_id: int, gone: Iterable[tuple[str, str]]
) -> None:
    """Erase answers to what is not asked any more, in the caller's transaction. Idempotent."""
    signature, alternate = Signature.table(), AlternateEntry.table()
    is_own = signature.c.petition_id == petition_id
    ids = select(signature.c.id).where(is_own).scalar_subquery()
    for table, is_of_petition in (
        (signature, is_own),
        (alternate, alternate.c.signature_id.in_(ids)),
    ):
        for question, option in gone:
            given, rest = _given_and_rest(connection, table.c.answers, question)
            matches = given == option if option else given.is_not(None)
            connection.execute(
                update(table)
                .where(is_of_petition, table.c.answers != "", matches)
                .values(answers=case((rest == "{}", ""), else_=rest))
            )


def _given_and_rest(connection: Connection, answers: Any, question: str) -> tuple[Any, Any]:
    """Return the answer to a question, and the answers without it, as SQL."""
    stored = func.nullif(answers, "")  # no JSON
    if connection.dialect.name == "sqlite":
        path = f'$."{question}"'
        return func.json_extract(stored, path), func.json_remove(stored, path)
    table = cast(stored, JSONB)
    return table[question].astext, cast(table.op("-")(literal(question, Text)), Text)
