"""Every setting, declared once with its kind, default and meaning; wrong ones stop the start with a
line each.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from petition.errors import SettingsError

PREFIX = "PETITION_"
LOCAL_SITE = "http://127.0.0.1:5000"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a whole number")
    try:
        number = int(value)
    except ValueError:
        raise ValueError("a whole number") from None
    if number < 0:
        raise ValueError("a whole number, 0 or more")
    return number


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _YES | _NO:
        return value.lower() in _YES
    raise ValueError("true or false")


def _list(value: object) -> list[str]:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    raise ValueError("a list of texts, separated by commas")


def _site(value: object) -> str:
    text = _text(value).rstrip("/")
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("an address such as https://petition.example.org, with no path")
    return text


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `read` turns what was written into the value or raises ValueError saying what is
    wanted.
    """

    name: str
    read: Callable[[object], object]
    default: object
    meaning: str


SETTINGS = (
    Setting("SECRET_KEY", _text, None, "signs links and organisers' sessions; keep it secret, keep it the same"),
    Setting("SECRET_KEY_FALLBACKS", _list, [], "earlier secret keys whose links still work"),
    Setting("SITE_URL", _site, "", "the site's address in every mail and share link; by default http://127.0.0.1:5000, for trying out"),
    Setting("SQLALCHEMY_DATABASE_URI", _text, "sqlite:///petition.db", "the database: SQLite in the instance folder, or postgresql+psycopg://user@host/name"),
    Setting("MAIL_SERVER", _text, "", "the SMTP server; without one, mails are kept and shown at /dev/mail, on this machine only"),
    Setting("MAIL_PORT", _number, 25, "the SMTP server's port"),
    Setting("MAIL_USERNAME", _text, None, "sign-in name at the SMTP server"),
    Setting("MAIL_PASSWORD", _text, None, "password at the SMTP server"),
    Setting("MAIL_USE_TLS", _truth, False, "STARTTLS, with the server's certificate checked"),
    Setting("MAIL_USE_SSL", _truth, False, "TLS from the first byte, with the server's certificate checked"),
    Setting("MAIL_DEFAULT_SENDER", _text, "", "the From of every mail; by default petition@ the site's host"),
    Setting("INSTANCE_PATH", _text, "", "the folder of secret, settings and SQLite file; by default instance/ of the checkout"),
    Setting("TRUSTED_PROXIES", _number, 0, "how many proxies in front of the site set X-Forwarded-For and -Proto"),
    Setting("LANGUAGES", _list, ["en", "ru"], "languages offered, the first one when a reader's is not among them"),
    Setting("FEATURED", _text, "", "slug of the petition shown at /; by default the only open one, or a list"),
    Setting("CONFIRM_LINK_DAYS", _number, 7, "days for which a confirmation link works"),
    Setting("RATELIMIT_ENABLED", _truth, True, "accepted for later: limits per network are not in force yet"),
    Setting("MIN_FORM_SECONDS", _number, 2, "accepted for later: the time trap of the form is not in force yet"),
    Setting("PURGE_UNCONFIRMED_DAYS", _number, 14, "accepted for later: nothing is purged yet"),
    Setting("ANONYMISE_AFTER_DAYS", _number, 180, "accepted for later: nothing is anonymised yet"),
)  # fmt: skip
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def instance_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the instance folder: `PETITION_INSTANCE_PATH`, or `instance/` beside the package."""
    given = environment.get(f"{PREFIX}INSTANCE_PATH")
    return Path(given).resolve() if given else Path(__file__).parent.parent / "instance"


def load(instance: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return every setting, from `config.toml` in the instance folder and the environment, which
    wins.

    Raises SettingsError with a line for every unknown name and every value of the wrong kind.
    """
    complaints: list[str] = []
    file = instance / "config.toml"
    written: dict[str, object] = {}
    if file.exists():
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file.name} cannot be read: {error}") from error
    named = [(name, name, value) for name, value in written.items()]
    named += [
        (name.removeprefix(PREFIX), name, value)
        for name, value in environment.items()
        if name.startswith(PREFIX)
    ]
    values = {setting.name: setting.default for setting in SETTINGS}
    for name, shown, value in named:
        setting = _BY_NAME.get(name)
        if setting is None:
            complaints.append(f"{shown} is not a setting of this site")
            continue
        try:
            values[name] = setting.read(value)
        except ValueError as error:
            complaints.append(f"{shown} must be {error}")
    complaints += _contradictions(values)
    if complaints:
        raise SettingsError(*complaints)
    return values


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    complaints = []
    if values["MAIL_USE_TLS"] and values["MAIL_USE_SSL"]:
        complaints.append("MAIL_USE_TLS and MAIL_USE_SSL exclude each other")
    if not values["LANGUAGES"]:
        complaints.append("LANGUAGES must name at least one language")
    return complaints


def missing_for_service(values: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting without which the site must not be served to the public."""
    lines = []
    if not values["SECRET_KEY"]:
        lines.append("SECRET_KEY is not set: links and sessions could not be signed")
    if not values["SITE_URL"]:
        lines.append("SITE_URL is not set: mails would carry links that lead nowhere")
    if not values["MAIL_SERVER"]:
        lines.append("MAIL_SERVER is not set: nobody could confirm a signature")
    return lines


def site_url(values: Mapping[str, Any]) -> str:
    """Return the address of the site, with no slash at its end."""
    return str(values["SITE_URL"] or LOCAL_SITE)


def trusted_hosts(values: Mapping[str, Any]) -> list[str]:
    """Return the host names under which requests are answered: the site's own, and this machine's
    for probes.
    """
    return [str(urlsplit(site_url(values)).hostname), *LOOPBACK]


def is_local(values: Mapping[str, Any]) -> bool:
    """Say whether the site is tried out on this machine: its address is the loopback's."""
    return urlsplit(site_url(values)).hostname in {"127.0.0.1", "localhost", "::1"}
