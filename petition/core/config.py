"""Every setting, declared once with its type, default and meaning. Wrong ones stop the start."""

import os
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
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
MIN_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `convert` returns the value of an input. Raises: ValueError (which are valid).

    `meaning` is its line in docs/settings.md.
    """

    name: str
    convert: Callable[[object], object]
    default: object
    meaning: str


SETTINGS = (
    Setting("SECRET_KEY", setting_types.text, None, "encrypts the tokens in links and signs organisers' sessions. `make run` creates one; `make serve` requires it. Keep it secret and do not change it. It should have 32 bytes or more: `flask doctor` checks"),
    Setting("SECRET_KEY_FALLBACKS", setting_types.texts, [], "earlier secret keys, whose links still work. Keep them: suppressed mailboxes are stored as hashes under the key of their time"),
    Setting("SITE_URL", setting_types.site_address, "", "the site's address in every email and share link. The Host header is never used for them"),
    Setting("SQLALCHEMY_DATABASE_URI", setting_types.database, "sqlite:///petition.db", "SQLite in the instance folder, or `postgresql+psycopg://user@host/name`. The site waits 10 s for a locked SQLite file and 5 s for a connection to PostgreSQL; `?timeout=` and `?connect_timeout=` at the end change that"),
    Setting("MAIL_SERVER", setting_types.host, "", "the name or IP address of the SMTP server. Without one, at a loopback address, emails are stored and shown at `/dev/mail`"),
    Setting("MAIL_PORT", setting_types.port, 25, "the port of the SMTP server"),
    Setting("MAIL_USERNAME", setting_types.text, None, "user name at the SMTP server"),
    Setting("MAIL_PASSWORD", setting_types.text, None, "password at the SMTP server"),
    Setting("MAIL_USE_TLS", setting_types.boolean, False, "use STARTTLS and verify the certificate"),
    Setting("MAIL_USE_SSL", setting_types.boolean, False, "use TLS from the first byte and verify the certificate"),
    Setting("MAIL_DEFAULT_SENDER", setting_types.mailbox, "", "the From of every email: an address, or a name and an address: `Petition <petition@example.org>`. A name with a comma or the like takes quotes. Signers see the organiser's name in its place"),
    Setting("INSTANCE_PATH", setting_types.text, "", "where the secret key, the settings file and the SQLite file are (environment only)"),
    Setting("TRUSTED_PROXIES", setting_types.integer, 0, "number of proxies in front of the site that set `X-Forwarded-For` and `X-Forwarded-Proto`. Where these do not come, the log and the organisers' page say so, and forms are not limited by network"),
    Setting("LANGUAGES", setting_types.texts, ["en", "kk", "ru", "de", "sv", "fr"], "languages offered. Readers who ask for none of them get the first one"),
    Setting("FEATURED", setting_types.text, "", "the petition shown at `/`, unless an admin chose another in the browser. By default the only open one, or a list if there are several"),
    Setting("CONFIRM_LINK_DAYS", setting_types.integer, 7, "days for which a confirmation link works, at most 30"),
    Setting("MIN_FORM_SECONDS", setting_types.integer, 2, "a form submitted faster is shown once more, with its values kept. 0 switches this off"),
    Setting("RATELIMIT_ENABLED", setting_types.boolean, True, "whether forms are counted per network and mail domain"),
    Setting("RATELIMIT_FREE", setting_types.integer, 5, "signatures from one network (IPv4 address, IPv6 /64) in ten minutes without a challenge. Each further one takes a challenge: a proof of work done by the browser, or a wait. For forms that ask for an email (resend, another address, a sign-in link) four times as many are free. From an IPv6 /48, twenty times as many"),
    Setting("RATELIMIT_MOST", setting_types.integer, 100, "signatures from one network in ten minutes before the answer is 429, with a harder challenge. Each further hundred (or what this says) takes twice the work or four times the wait. The same number of forms that ask for an email"),
    Setting("RATELIMIT_DOMAIN", setting_types.integer, 60, "signatures from one mail domain in ten minutes without a challenge. Well-known domains are not counted"),
    Setting("RATELIMIT_ALLOW", setting_types.networks, [], "networks without limits: a school, an office, a street stall"),
    Setting("RATELIMIT_ALLOW_DOMAINS", setting_types.texts, [], "domains that are neither counted nor taken for a burst: a school's, a union's"),
    Setting("RATELIMIT_NEVER_REFUSE", setting_types.networks, ["127.0.0.0/8", "::1"], "networks that get challenges but never a 429, because very many people share one address. An onion service on this machine comes from the loopback address. Tor exits need no entry here"),
    Setting("TOR_EXITS", setting_types.list_address, "https://check.torproject.org/torbulkexitlist", "a list of Tor exits, one address or network a line. They never get a 429. See below"),
    Setting("RATELIMIT_MAILS", setting_types.integer, 3000, "emails per minute over all processes, of which news takes at most half; more wait for the next minute. 0 means no limit"),
    Setting("BURST_LEAST", setting_types.integer, 20, "fewer signatures than this are never a burst: from one mail domain or network in ten minutes, or from many domains in one minute. For a petition without a past the limit is two and a half times as high"),
    Setting("BURST_TIMES", setting_types.integer, 5, "a burst is this many times the usual number from one source. Its emails are held"),
    Setting("STEP_SECONDS", setting_types.integer, 10, "how long a challenge takes without JavaScript"),
    Setting("CHECK_MX", setting_types.boolean, True, "before the first email, ask the DNS whether the domain accepts mail. Without an answer the email is sent"),
    Setting("BOUNCE_ADDRESS", setting_types.mail_address, "", "where undeliverable mail comes back. `bounces@example.org` is used as `bounces+KEY@example.org`, with a key for each email (VERP). `flask bounces` reads what comes back. By default the From"),
    Setting("PURGE_UNCONFIRMED_DAYS", setting_types.integer, 14, "days after which an unconfirmed entry is deleted"),
    Setting("ANONYMISE_AFTER_DAYS", setting_types.integer, 180, "days after closing when all personal data is deleted; the counts stay"),
    Setting("CONTROLLER", setting_types.text, "", "the controller in the privacy notice: name and postal address. By default each petition's organiser"),
    Setting("BRAND_NAME", setting_types.text, "", "the site's name, at the top of every page and in link previews"),
    Setting("BRAND_COLOUR", setting_types.colour, "#8c1d18", "the colour of buttons, links and pictures. Refused if its contrast with paper is below 4.5 to 1. Dark mode uses a lighter one made of it"),
    Setting("BRAND_LOGO", setting_types.text, "", "an SVG, PNG or WebP file in the instance folder, shown beside the name"),
    Setting("CONTACT", setting_types.text, "", "the site's own address, at the foot of pages that belong to no petition"),
    Setting("SHARE_MORE", setting_types.boolean, True, "whether VK and OK are among the share links. Nothing of theirs is loaded before a click"),
    Setting("LOG_STACKS", setting_types.boolean, False, "whether the stack of a fault follows its line in the log, for developers"),
    Setting("BACKUP_FOLDER", setting_types.text, "", "a folder of this site alone, best on another disk, into which the mail worker writes a backup every day; see docs/backup.md"),
    Setting("BACKUP_RECIPIENT", setting_types.age_recipient, "", "the public key of age (`age1…`) to which backups are encrypted. Keep the secret key elsewhere"),
    Setting("PRIVACY_CONTACT", setting_types.text, "", "for questions and complaints about data. By default each petition's contact"),
)  # fmt: skip
_BY_NAME = {setting.name: setting for setting in SETTINGS}


@cache
def version() -> str:
    """Return the version of the site's code."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def instance_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the instance folder: `PETITION_INSTANCE_PATH`, or `instance/` beside the package."""
    given = environment.get(f"{PREFIX}INSTANCE_PATH")
    return Path(given).resolve() if given else ROOT / "instance"


def systemd_socket(environment: Mapping[str, str] = os.environ) -> str:
    """Return the socket at which systemd wants to be told the state of the site, or ""."""
    return environment.get("NOTIFY_SOCKET", "")


def check_folder(instance: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a folder that was named and is not there: a typing error would be a new, empty site.

    Raises: SettingsError.
    """
    if environment.get(f"{PREFIX}INSTANCE_PATH") and not instance.is_dir():
        raise SettingsError(
            f"{PREFIX}INSTANCE_PATH names {instance}, which is no folder: correct it, or make one"
            f" with `mkdir -m 700 {shlex.quote(str(instance))}`"
        )


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
        return tomllib.loads(file.read_text(encoding="utf-8-sig")) if file.exists() else {}
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read ({error.strerror}): run the command as the folder's owner"
        ) from error
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
        "SECRET_KEY": "links and sessions need it",
        "SITE_URL": "links in emails would not work",
        "MAIL_SERVER": "nobody can confirm a signature",
    }
    return [f"{name} is not set: {reason}" for name, reason in reasons.items() if not values[name]]


def weaknesses(values: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting with which a site runs, but not safely."""
    rules = {
        f"SECRET_KEY has fewer than {MIN_KEY_BYTES} bytes and may be guessed: move it to"
        " SECRET_KEY_FALLBACKS and set a new one, `python3 -c 'import secrets;"
        " print(secrets.token_hex(32))'`": (
            0 < len((values["SECRET_KEY"] or "").encode()) < MIN_KEY_BYTES
        ),
        "SITE_URL begins with http: others on the way can read and change what people sign. Set up"
        " https and write https there": (
            urlsplit(site_url(values)).scheme == "http" and _is_public(trusted_hosts(values)[0])
        ),
    }
    return [line for line, is_weak in rules.items() if is_weak]


def _is_public(host: str) -> bool:
    """Return whether a host is reached over the open internet. An onion service is not."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".onion", ".local", ".internal", ".localhost"))


def site_url(values: Mapping[str, Any]) -> str:
    """Return the address of the site, without a trailing slash."""
    return str(values["SITE_URL"] or LOCAL_SITE)


def trusted_hosts(values: Mapping[str, Any]) -> list[str]:
    """Return the host names of accepted requests: the site's, and loopback for probes."""
    return [str(urlsplit(site_url(values)).hostname), *LOOPBACK]


def is_local(values: Mapping[str, Any]) -> bool:
    """Return whether the address of the site is a loopback address: a trial."""
    return urlsplit(site_url(values)).hostname in {"127.0.0.1", "localhost", "::1"}
