"""Log errors without their messages, which may hold personal data.

A database says "Key (mailbox_key)=(anna@example.org) already exists"; a codec quotes its input.
"""

from traceback import extract_tb


def safe_traceback(error: BaseException) -> str:
    """Return the type and stack of an error and then of its causes, without their messages."""
    lines = []
    cause: BaseException | None = error
    while cause is not None:
        lines.append(type(cause).__name__)
        frames = extract_tb(cause.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        cause = cause.__cause__
    return "\n".join(lines)
