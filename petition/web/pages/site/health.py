"""Probes for monitoring. Neither reads a session."""

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from petition.database import schema
from petition.database.base import db

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> Response:
    """Answer `ok`: the process serves."""
    return _plain("ok", 200)


@pages.get("/readyz")
def ready() -> Response:
    """Answer 200 when the database can be read and has the migrations and columns of this code."""
    try:
        if not schema.is_migrated(db.engine):
            return _plain("the database is not migrated: run `flask db upgrade`", 503)
        column = schema.missing_column(db.engine)
    except SQLAlchemyError:
        return _plain("the database cannot be read", 503)
    if column is not None:
        return _plain(f"the database has no column {column}", 503)
    return _plain("ready", 200)


def _plain(line: str, status: int) -> Response:
    return Response(f"{line}\n", status, {"Cache-Control": "no-store"}, mimetype="text/plain")
