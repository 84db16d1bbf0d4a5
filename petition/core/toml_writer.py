"""Write TOML 1.0 as people read and edit it: a text of several lines keeps its lines."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

# What no text of TOML may contain as it is; a line break may stand in one of several lines.
_ESCAPED = re.compile(r'[\0-\x08\n-\x1f\x7f"\\]')
_ESCAPED_IN_LINES = re.compile(r'[\0-\x08\x0b-\x1f\x7f\\]|"""|"\Z')
_SHORT = {"\n": r"\n", "\r": r"\r", '"': r"\"", "\\": r"\\", '"""': r"\"\"\""}


def write_tables(tables: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """Return tables under their headers, as `[text.en]`. Keys must be bare, as `title`."""
    return "\n".join(_table(header, values) for header, values in tables)


def _table(header: str, values: Mapping[str, Any]) -> str:
    lines = [header] if header else []
    lines += [f"{key} = {_value(value)}" for key, value in values.items()]
    return "".join(f"{line}\n" for line in lines)


def _value(value: Any, *, inline: bool = False) -> str:
    """Return a text, number, date, list or table. Inline, a text is in one line."""
    match value:
        case bool():
            return str(value).lower()
        case int() | date():
            return str(value)
        case list():
            return "".join(("[\n", *(f"    {_value(item, inline=True)},\n" for item in value), "]"))
        case Mapping():
            items = ", ".join(f"{key} = {_value(one, inline=True)}" for key, one in value.items())
            return f"{{ {items} }}"
    if "\n" in value and not inline:
        return f'"""\n{_ESCAPED_IN_LINES.sub(_escape, value)}"""'
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}"
