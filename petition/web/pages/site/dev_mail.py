"""/dev/mail: the emails of a site that is tried out on this machine, without a mail server."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

from flask import Blueprint, abort, current_app, render_template, request

_KEY = re.compile(r"[0-9a-z-]{1,60}")

pages = Blueprint("dev_mail", __name__, url_prefix="/dev/mail")


@pages.before_request
def require_loopback() -> None:
    """Refuse requests from other machines: emails hold tokens."""
    if not ip_address(request.remote_addr or "::").is_loopback:
        abort(404)


@pages.get("")
def inbox() -> str:
    """List the newest emails."""
    files = sorted(_folder().glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)
    emails = [(file.stem, _read(file)) for file in files[:100]]
    return render_template("dev/inbox.html", emails=emails)


@pages.get("/<key>")
def show(key: str) -> str:
    """Show the text of an email with links, and the source of its HTML."""
    file = _folder() / f"{key}.eml"
    if not _KEY.fullmatch(key) or not file.exists():
        abort(404)
    email = _read(file)
    parts = {part.get_content_subtype(): part.get_content() for part in email.iter_parts()}
    return render_template("dev/mail.html", email=email, text=parts["plain"], html=parts["html"])


def _folder() -> Path:
    return Path(current_app.instance_path) / "mail"


def _read(file: Path) -> EmailMessage:
    return message_from_bytes(file.read_bytes(), policy=policy.default)
