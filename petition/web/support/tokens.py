"""Tokens of links and forms, made and read with this application's keys at the current time."""

from datetime import datetime

from flask import current_app

from petition.core.clock import now
from petition.core.tokens import Purpose, Tokens


def get_tokens() -> Tokens:
    """Return the application's token service."""
    tokens: Tokens = current_app.extensions["tokens"]
    return tokens


def make_token(purpose: Purpose, *ids: int) -> str:
    """Return a new token for these ids."""
    return get_tokens().make(purpose, *ids, now=now())


def made_at(purpose: Purpose, token: str) -> datetime:
    """Return when a token was made. Raises: TokenInvalid."""
    return get_tokens().made_at(purpose, token)


def read_token(purpose: Purpose, token: str) -> tuple[int, ...]:
    """Return the ids of a token. Raises: TokenInvalid or TokenExpired."""
    return get_tokens().read(purpose, token, now=now())
