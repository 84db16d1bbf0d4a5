"""Find the lines of a TOML file's fields, which `tomllib` does not tell."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any


def find_lines(content: str) -> dict[str, int]:
    """Return the first line of every table and key of a valid TOML file by its path.

    A path is as `text.en.title`; tables of an array are numbered, as `update 2.day`.
    """
    lines: dict[str, int] = {}
    numbers: Counter[str] = Counter()
    table = ""
    for line, statement, parsed in _statements(content.replace("\r\n", "\n").split("\n")):
        if not statement.startswith("["):
            found = _paths(parsed, table)
        else:
            table, *found = _header(parsed, is_item=statement.startswith("[["), numbers=numbers)
            found.append(table)
        for path in found:
            lines.setdefault(path, line)
    return lines


def _statements(lines: list[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield each statement with its first line and what it says alone.

    It is the shortest sequence of lines that is valid TOML: one inside a text or list is not.
    """
    start = 0
    for end in range(1, len(lines) + 1):
        statement = "\n".join(lines[start:end])
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        yield start + 1, statement.lstrip(), parsed
        start = end


def _header(parsed: Mapping[str, Any], *, is_item: bool, numbers: Counter[str]) -> list[str]:
    """Return the path of a table from its header, then those of the tables that it is in."""
    paths: list[str] = []
    inner: Any = parsed
    while inner and isinstance(inner, Mapping):
        ((name, inner),) = inner.items()
        path = f"{paths[0]}.{name}" if paths else name
        if is_item and isinstance(inner, list):
            numbers[path] += 1
        paths.insert(0, f"{path} {numbers[path]}" if path in numbers else path)
    return paths


def _paths(table: Mapping[str, Any], path: str) -> list[str]:
    """Return the paths of all keys of a table, those of its inner tables too."""
    paths = []
    for name, value in table.items():
        inner = f"{path}.{name}" if path else name
        paths.append(inner)
        if isinstance(value, Mapping):
            paths += _paths(value, inner)
        elif isinstance(value, list):
            for number, item in enumerate(value, start=1):
                if isinstance(item, Mapping):
                    paths += [f"{inner} {number}", *_paths(item, f"{inner} {number}")]
    return paths
