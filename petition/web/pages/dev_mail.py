"""/dev/mail: the mails of a site that is tried out on this machine. Not there on any other."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

from flask import Blueprint, abort, current_app, render_template, request

_KEY = re.compile(r"[0-9a-z-]{1,60}")

pages = Blueprint("dev_mail", __name__, url_prefix="/dev/mail")


@pages.before_request
def only_from_here() -> None:
    """Answer nobody on another machine, should the site be served to them: mails hold keys."""
    if not ip_address(request.remote_addr or "::").is_loopback:
        abort(404)


@pages.get("")
def inbox() -> str:
    """List the mails kept, newest first."""
    files = sorted(_folder().glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)
    return render_template(
        "dev/inbox.html", mails=[(file.stem, _read(file)) for file in files[:100]]
    )


@pages.get("/<key>")
def mail(key: str) -> str:
    """Show one mail as text, its links to be clicked, and its HTML part."""
    file = _folder() / f"{key}.eml"
    if not _KEY.fullmatch(key) or not file.exists():
        abort(404)
    message = _read(file)
    parts = {part.get_content_subtype(): part.get_content() for part in message.iter_parts()}
    return render_template("dev/mail.html", mail=message, text=parts["plain"], html=parts["html"])


def _folder() -> Path:
    return Path(current_app.instance_path) / "mail"


def _read(file: Path) -> EmailMessage:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 (what this policy makes)
    return message
