"""How a fault is told in a log: what kind and where, never the message, which may hold persons.

A database says "Key (mailbox_key)=(anna@example.org) already exists", a codec shows what it could
not encode.
"""

from traceback import extract_tb


def safe_traceback(error: BaseException) -> str:
    """Return the error's kind and the lines that led to it, its causes after it."""
    lines = []
    seen: BaseException | None = error
    while seen is not None:
        lines.append(type(seen).__name__)
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in extract_tb(seen.__traceback__)
        ]
        seen = seen.__cause__
    return "\n".join(lines)
