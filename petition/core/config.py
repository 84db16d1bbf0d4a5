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

from petition.core import setting_types
from petition.core.errors import SettingsError

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent  # of the checkout
PREFIX = "PETITION_"
LOCAL_SITE = "http://127.0.0.1:5000"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


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
    Setting("SECRET_KEY", setting_types.text, None, "signs links and organisers' sessions; keep it secret, keep it the same"),
    Setting("SECRET_KEY_FALLBACKS", setting_types.texts, [], "earlier secret keys whose links still work"),
    Setting("SITE_URL", setting_types.site_address, "", "the site's address in every mail and share link; by default http://127.0.0.1:5000, for trying out"),
    Setting("SQLALCHEMY_DATABASE_URI", setting_types.text, "sqlite:///petition.db", "the database: SQLite in the instance folder, or postgresql+psycopg://user@host/name"),
    Setting("MAIL_SERVER", setting_types.text, "", "the SMTP server; without one, mails are kept and shown at /dev/mail, on this machine only"),
    Setting("MAIL_PORT", setting_types.integer, 25, "the SMTP server's port"),
    Setting("MAIL_USERNAME", setting_types.text, None, "sign-in name at the SMTP server"),
    Setting("MAIL_PASSWORD", setting_types.text, None, "password at the SMTP server"),
    Setting("MAIL_USE_TLS", setting_types.boolean, False, "STARTTLS, with the server's certificate checked"),
    Setting("MAIL_USE_SSL", setting_types.boolean, False, "TLS from the first byte, with the server's certificate checked"),
    Setting("MAIL_DEFAULT_SENDER", setting_types.text, "", "the From of every mail; by default petition@ the site's host"),
    Setting("INSTANCE_PATH", setting_types.text, "", "the folder of secret, settings and SQLite file; by default instance/ of the checkout"),
    Setting("TRUSTED_PROXIES", setting_types.integer, 0, "how many proxies in front of the site set X-Forwarded-For and -Proto"),
    Setting("LANGUAGES", setting_types.texts, ["en", "kk", "ru", "de", "sv", "fr"], "languages offered, the first one when a reader's is not among them"),
    Setting("FEATURED", setting_types.text, "", "slug of the petition shown at /; by default the only open one, or a list"),
    Setting("CONFIRM_LINK_DAYS", setting_types.integer, 7, "days for which a confirmation link works"),
    Setting("MIN_FORM_SECONDS", setting_types.integer, 2, "a form that comes back faster is asked for once more, all kept; 0 switches this off"),
    Setting("RATELIMIT_ENABLED", setting_types.boolean, True, "whether forms are counted per network and mail domain"),
    Setting("RATELIMIT_FREE", setting_types.integer, 5, "signatures from one network in ten minutes before each one more takes an extra step"),
    Setting("RATELIMIT_MOST", setting_types.integer, 100, "signatures from one network in ten minutes, extra steps done, before it is asked to come back later"),
    Setting("RATELIMIT_DOMAIN", setting_types.integer, 60, "signatures from one mail domain in ten minutes before the extra step; the well-known ones are not counted"),
    Setting("RATELIMIT_ALLOW", setting_types.networks, [], "networks without limits: a school, an office, a street stall"),
    Setting("RATELIMIT_ALLOW_DOMAINS", setting_types.texts, [], "mail domains that are not counted and never taken for a flood: a school's, a union's"),
    Setting("RATELIMIT_NEVER_REFUSE", setting_types.networks, ["127.0.0.0/8", "::1"], "networks that may get the extra step and are never asked to come back: an onion service on this machine, a whole country's mobile network; the exits of Tor are known by themselves"),
    Setting("TOR_EXITS", setting_types.list_address, "https://check.torproject.org/torbulkexitlist", "where the mail worker gets the list of Tor's exits once a day, which are never asked to come back; empty switches it off"),
    Setting("RATELIMIT_MAILS", setting_types.integer, 3000, "mails in a minute, over all processes; more wait for the next one"),
    Setting("BURST_LEAST", setting_types.integer, 20, "signatures from one mail domain or network in ten minutes, or from many domains in one, below which nothing is taken for a flood"),
    Setting("BURST_TIMES", setting_types.integer, 5, "how many times as many signatures as are usual from one source are taken for a flood"),
    Setting("STEP_SECONDS", setting_types.integer, 10, "how long the extra step takes without JavaScript"),
    Setting("CHECK_MX", setting_types.boolean, True, "ask the DNS, before the first mail, whether the domain takes any"),
    Setting("BOUNCE_ADDRESS", setting_types.text, "", "where mail that cannot be delivered comes back: bounces@example.org is written as bounces+KEY@example.org; by default the From"),
    Setting("PURGE_UNCONFIRMED_DAYS", setting_types.integer, 14, "days after which an unconfirmed entry is erased"),
    Setting("ANONYMISE_AFTER_DAYS", setting_types.integer, 180, "days after closing when everything personal is erased; the counts stay"),
    Setting("CONTROLLER", setting_types.text, "", "who answers for the data, in the privacy notice: name and postal address; by default each petition's organiser"),
    Setting("BRAND_NAME", setting_types.text, "", "the site's name, at the top of every page and in previews of its links"),
    Setting("BRAND_COLOUR", setting_types.colour, "#8c1d18", "the one colour of buttons, links and pictures; it must read on paper, and a lighter one is made of it for dark mode"),
    Setting("BRAND_LOGO", setting_types.text, "", "an SVG, PNG or WebP file in the instance folder, shown beside the name"),
    Setting("CONTACT", setting_types.text, "", "the site's own address, at the foot of pages that belong to no petition"),
    Setting("SHARE_MORE", setting_types.boolean, True, "whether VK and OK are among the ways to pass a petition on"),
    Setting("PRIVACY_CONTACT", setting_types.text, "", "address for questions and complaints about data; by default the petitions' contact"),
)  # fmt: skip
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def instance_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the instance folder: `PETITION_INSTANCE_PATH`, or `instance/` beside the package."""
    given = environment.get(f"{PREFIX}INSTANCE_PATH")
    return Path(given).resolve() if given else ROOT / "instance"


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
    if values["BRAND_LOGO"] and not _is_logo(instance / str(values["BRAND_LOGO"]), instance):
        complaints.append(
            "BRAND_LOGO must be the name of an SVG, PNG or WebP file in the instance folder"
        )
    if complaints:
        raise SettingsError(*complaints)
    return values


def _is_logo(file: Path, instance: Path) -> bool:
    return file.parent == instance and file.is_file() and file.suffix in {".svg", ".png", ".webp"}


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    complaints = []
    if values["MAIL_USE_TLS"] and values["MAIL_USE_SSL"]:
        complaints.append("MAIL_USE_TLS and MAIL_USE_SSL exclude each other")
    if not values["LANGUAGES"]:
        complaints.append("LANGUAGES must name at least one language")
    if values["PURGE_UNCONFIRMED_DAYS"] < values["CONFIRM_LINK_DAYS"]:
        complaints.append(
            "PURGE_UNCONFIRMED_DAYS must be at least CONFIRM_LINK_DAYS: mails promise that long"
        )
    if values["CONFIRM_LINK_DAYS"] > 30:
        complaints.append("CONFIRM_LINK_DAYS must be at most 30: mails are remembered for so long")
    if values["STEP_SECONDS"] > 600:
        complaints.append("STEP_SECONDS must be at most 600: nobody waits for longer")
    if bool(values["MAIL_USERNAME"]) != bool(values["MAIL_PASSWORD"]):
        complaints.append("MAIL_USERNAME and MAIL_PASSWORD go together")
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
