"""The keys that this application signs links and marks mailboxes with."""

from flask import current_app

from petition.core.tokens import Tokens


def keys() -> Tokens:
    """Return them."""
    found: Tokens = current_app.extensions["tokens"]
    return found
