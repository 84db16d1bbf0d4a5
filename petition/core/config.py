"""Every setting, declared once with its type, default and meaning. Wrong ones stop the start."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from petition.core import setting_types
from petition.core.errors import SettingsError

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent  # the checkout
PREFIX = "PETITION_"
LOCAL_SITE = "http://127.0.0.1:5000"
LOGO_SUFFIXES = {".svg", ".png", ".webp"}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `convert` returns the value of an input. Raises: ValueError (which are valid)."""

    name: str
    convert: Callable[[object], object]
    default: object
    meaning: str


SETTINGS = (
    Setting("SECRET_KEY", setting_types.text, None, "signs links and organisers' sessions; keep it secret and do not change it"),
    Setting("SECRET_KEY_FALLBACKS", setting_types.texts, [], "earlier secret keys whose links still work"),
    Setting("SITE_URL", setting_types.site_address, "", "the site's address in every email and share link; by default http://127.0.0.1:5000, for a trial"),
    Setting("SQLALCHEMY_DATABASE_URI", setting_types.text, "sqlite:///petition.db", "the database: SQLite in the instance folder, or postgresql+psycopg://user@host/name"),
    Setting("MAIL_SERVER", setting_types.text, "", "the SMTP server; without one, emails are shown at /dev/mail, on this machine only"),
    Setting("MAIL_PORT", setting_types.integer, 25, "the SMTP server's port"),
    Setting("MAIL_USERNAME", setting_types.text, None, "user name at the SMTP server"),
    Setting("MAIL_PASSWORD", setting_types.text, None, "password at the SMTP server"),
    Setting("MAIL_USE_TLS", setting_types.boolean, False, "STARTTLS, with the server's certificate checked"),
    Setting("MAIL_USE_SSL", setting_types.boolean, False, "TLS from the start of the connection, with the server's certificate checked"),
    Setting("MAIL_DEFAULT_SENDER", setting_types.text, "", "the From address of every email; by default petition@ the site's host"),
    Setting("INSTANCE_PATH", setting_types.text, "", "the folder of the secret key, config.toml and the SQLite file; by default instance/ of the checkout"),
    Setting("TRUSTED_PROXIES", setting_types.integer, 0, "number of proxies in front of the site that set X-Forwarded-For and X-Forwarded-Proto"),
    Setting("LANGUAGES", setting_types.texts, ["en", "kk", "ru", "de", "sv", "fr"], "languages offered; the first one is for readers who accept none of them"),
    Setting("FEATURED", setting_types.text, "", "slug of the petition shown at /; by default the only open one, or a list of several"),
    Setting("CONFIRM_LINK_DAYS", setting_types.integer, 7, "days for which a confirmation link is valid"),
    Setting("MIN_FORM_SECONDS", setting_types.integer, 2, "a form sent faster than this is shown again, filled in; 0 switches this off"),
    Setting("RATELIMIT_ENABLED", setting_types.boolean, True, "whether forms are counted by network and mail domain"),
    Setting("RATELIMIT_FREE", setting_types.integer, 5, "signatures from one network in ten minutes; each further one takes a challenge"),
    Setting("RATELIMIT_MOST", setting_types.integer, 100, "signatures from one network in ten minutes, with challenges; further ones are refused until later"),
    Setting("RATELIMIT_DOMAIN", setting_types.integer, 60, "signatures from one mail domain in ten minutes before a challenge; well-known domains are not counted"),
    Setting("RATELIMIT_ALLOW", setting_types.networks, [], "networks without limits: a school, an office, a street stall"),
    Setting("RATELIMIT_ALLOW_DOMAINS", setting_types.texts, [], "mail domains that are not counted and never taken for a burst: a school's, a union's"),
    Setting("RATELIMIT_NEVER_REFUSE", setting_types.networks, ["127.0.0.0/8", "::1"], "networks that get challenges and are never refused: an onion service on this machine, a country's mobile network; Tor exits are added by TOR_EXITS"),
    Setting("TOR_EXITS", setting_types.list_address, "https://check.torproject.org/torbulkexitlist", "where the mail worker downloads the list of Tor exits once a day, which are never refused; empty switches this off"),
    Setting("RATELIMIT_MAILS", setting_types.integer, 3000, "emails in a minute, over all processes; further ones wait for the next minute"),
    Setting("BURST_LEAST", setting_types.integer, 20, "fewest signatures that are taken for a burst: in ten minutes from one mail domain or network, in one minute from many domains"),
    Setting("BURST_TIMES", setting_types.integer, 5, "a burst is this many times as many signatures as are usual from one source"),
    Setting("STEP_SECONDS", setting_types.integer, 10, "seconds that a challenge takes without JavaScript"),
    Setting("CHECK_MX", setting_types.boolean, True, "ask the DNS before the first email whether the domain accepts email"),
    Setting("BOUNCE_ADDRESS", setting_types.text, "", "where undeliverable email is returned: bounces@example.org becomes bounces+KEY@example.org (VERP); by default the From address"),
    Setting("PURGE_UNCONFIRMED_DAYS", setting_types.integer, 14, "days after which an unconfirmed entry is erased"),
    Setting("ANONYMISE_AFTER_DAYS", setting_types.integer, 180, "days after closing when all personal data is erased; counts remain"),
    Setting("CONTROLLER", setting_types.text, "", "the controller of the data, in the privacy notice: name and postal address; by default each petition's organiser"),
    Setting("BRAND_NAME", setting_types.text, "", "the site's name at the top of every page and in link previews"),
    Setting("BRAND_COLOUR", setting_types.colour, "#8c1d18", "the colour of buttons, links and pictures; it must be readable on the pages; dark mode has a lighter one"),
    Setting("BRAND_LOGO", setting_types.text, "", "an SVG, PNG or WebP file in the instance folder, shown beside the name"),
    Setting("CONTACT", setting_types.text, "", "the site's email address, at the foot of pages that belong to no petition"),
    Setting("SHARE_MORE", setting_types.boolean, True, "whether VK and OK are among the share links"),
    Setting("PRIVACY_CONTACT", setting_types.text, "", "email address for questions and complaints about data; by default each petition's contact"),
)  # fmt: skip
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def instance_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the instance folder: `PETITION_INSTANCE_PATH`, or `instance/` beside the package."""
    given = environment.get(f"{PREFIX}INSTANCE_PATH")
    return Path(given).resolve() if given else ROOT / "instance"


def load(instance: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return every setting, from the environment, else `config.toml` in the instance folder.

    Raises: SettingsError, with a line for each unknown name and each invalid value.
    """
    errors: list[str] = []
    values = {setting.name: setting.default for setting in SETTINGS}
    inputs = [("", name, value) for name, value in _read_file(instance / "config.toml").items()]
    for variable, text in environment.items():
        if variable.startswith(PREFIX):
            inputs.append((PREFIX, variable.removeprefix(PREFIX), text))
    for prefix, name, value in inputs:
        if name not in _BY_NAME:
            errors.append(f"{prefix}{name} is not a setting of this site")
            continue
        try:
            values[name] = _BY_NAME[name].convert(value)
        except ValueError as error:
            errors.append(f"{prefix}{name} must be {error}")
    errors += _broken_rules(values, instance)
    if errors:
        raise SettingsError(*errors)
    return values


def _read_file(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read: {error}") from error


def _broken_rules(values: Mapping[str, Any], instance: Path) -> list[str]:
    """Return a line for each rule that a setting breaks, alone or together with another."""
    confirm_days, purge_days = values["CONFIRM_LINK_DAYS"], values["PURGE_UNCONFIRMED_DAYS"]
    has_name, has_password = bool(values["MAIL_USERNAME"]), bool(values["MAIL_PASSWORD"])
    logo = instance / values["BRAND_LOGO"]
    is_logo = logo.parent == instance and logo.is_file() and logo.suffix in LOGO_SUFFIXES
    rules = {
        "MAIL_USE_TLS and MAIL_USE_SSL exclude each other": (
            values["MAIL_USE_TLS"] and values["MAIL_USE_SSL"]
        ),
        "MAIL_USERNAME and MAIL_PASSWORD must be set together": has_name != has_password,
        "LANGUAGES must name at least one language": not values["LANGUAGES"],
        "PURGE_UNCONFIRMED_DAYS must be at least CONFIRM_LINK_DAYS": purge_days < confirm_days,
        "CONFIRM_LINK_DAYS must be at most 30: emails are stored for 30 days": confirm_days > 30,
        "STEP_SECONDS must be at most 600": values["STEP_SECONDS"] > 600,
        "BRAND_LOGO must be the name of an SVG, PNG or WebP file in the instance folder": (
            values["BRAND_LOGO"] and not is_logo
        ),
    }
    return [line for line, is_broken in rules.items() if is_broken]


def missing_for_service(values: Mapping[str, Any]) -> list[str]:
    """Return a line for each missing setting that a public site needs."""
    reasons = {
        "SECRET_KEY": "links and sessions cannot be signed",
        "SITE_URL": "links in emails would not work",
        "MAIL_SERVER": "nobody can confirm a signature",
    }
    return [f"{name} is not set: {reason}" for name, reason in reasons.items() if not values[name]]


def site_url(values: Mapping[str, Any]) -> str:
    """Return the address of the site, without a trailing slash."""
    return str(values["SITE_URL"] or LOCAL_SITE)


def trusted_hosts(values: Mapping[str, Any]) -> list[str]:
    """Return the host names of accepted requests: the site's, and loopback for probes."""
    return [str(urlsplit(site_url(values)).hostname), *LOOPBACK]


def is_local(values: Mapping[str, Any]) -> bool:
    """Return whether the address of the site is a loopback address: a trial."""
    return urlsplit(site_url(values)).hostname in {"127.0.0.1", "localhost", "::1"}
