"""Keyset pagination: a page begins below the number or id of the last item of the one before."""

from flask import request

from petition.web.middleware.language import MAX_INTEGER


def get_before() -> int | None:
    """Return the `before` parameter, or None if it is no possible number."""
    before = request.args.get("before", type=int)
    return before if before is not None and 0 < before <= MAX_INTEGER else None
