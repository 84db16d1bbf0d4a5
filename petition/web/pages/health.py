"""Probes for whatever watches the site. Neither touches a session."""

from functools import cache

from alembic.script import ScriptDirectory
from flask import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from petition.core.config import PACKAGE
from petition.database.base import db

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> Response:
    """Answer `ok`: the process serves."""
    return _plain("ok", 200)


@pages.get("/readyz")
def ready() -> Response:
    """Answer 200 when the database is reached and has the migrations of this code."""
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return _plain("the database cannot be read", 503)
    if found != _newest_migration():
        return _plain("the database is not migrated: run `flask db upgrade`", 503)
    return _plain("ready", 200)


@cache
def _newest_migration() -> str | None:
    return ScriptDirectory(str(PACKAGE / "migrations")).get_current_head()


def _plain(words: str, status: int) -> Response:
    return Response(
        f"{words}\n", status, mimetype="text/plain", headers={"Cache-Control": "no-store"}
    )
