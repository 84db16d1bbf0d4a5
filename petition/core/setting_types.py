"""Types of settings. Each function converts a value of the environment or of `config.toml`.

Raises: ValueError, whose message says which values are valid.
"""

import re
from email.errors import ObsoleteHeaderDefect
from email.policy import default as policy
from email.utils import quote
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from email_validator import EmailNotValidError, validate_email

from petition.core import colours

MAX_INTEGER = 100_000  # as days, 270 years: a larger number is a typing error
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(value: object) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def database(value: object) -> str:
    """Return the address of a database; that of a PostgreSQL server gets the driver's name."""
    address = re.sub(r"^postgres(?:ql)?://", "postgresql+psycopg://", text(value))
    if not re.match(r"sqlite://|postgresql\+psycopg://", address):
        raise ValueError(
            "an address as sqlite:////folder/file or postgresql+psycopg://user@host/name"
        )
    return address


def integer(value: object) -> int:
    """Return a whole number from 0 to `MAX_INTEGER`."""
    return _number_in(range(MAX_INTEGER + 1), value)


def port(value: object) -> int:
    """Return the number of a TCP port."""
    return _number_in(range(1, 65_536), value)


def _number_in(numbers: range, value: object) -> int:
    try:
        number = int(value) if isinstance(value, str) or type(value) is int else -1
    except ValueError:
        number = -1
    if number not in numbers:
        raise ValueError(f"a whole number from {numbers[0]} to {numbers[-1]:,}")
    return number


def host(value: object) -> str:
    """Return the name or the IP address of a host, or ""."""
    given = text(value).strip()
    try:
        is_address = bool(ip_address(given))
    except ValueError:
        is_address = False
    if not is_address and not re.fullmatch(r"[\w.-]*", given):
        raise ValueError("the name or IP address of a host, without scheme, port or path")
    return given


def boolean(value: object) -> bool:
    """Return true or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _YES | _NO:
        return value.lower() in _YES
    raise ValueError("true or false")


def texts(value: object) -> list[str]:
    """Return a list of texts, from one text with commas or from a list."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    raise ValueError("a list of texts, separated by commas")


def networks(value: object) -> list[str]:
    """Return a list of networks in CIDR notation."""
    items = texts(value)
    try:
        for item in items:
            ip_network(item, strict=False)
    except ValueError:
        raise ValueError("a list of networks such as 192.0.2.0/24") from None
    return items


def site_address(value: object) -> str:
    """Return the address of a site in ASCII, without path or trailing slash."""
    address = text(value).rstrip("/")
    parts = _web_address(address)
    if parts is None or parts.path or parts.query or parts.fragment:
        raise ValueError("an address such as https://petition.example.org, with no path")
    if address.isascii():
        return address
    host = str(parts.hostname)
    try:  # IDNA: пример.рф as xn--e1afmkfd.xn--p1ai
        return address.lower().replace(host, host.encode("idna").decode())
    except UnicodeError:
        raise ValueError("an address whose host is one (IDNA)") from None


def list_address(value: object) -> str:
    """Return the address of a file to download, or an empty text."""
    address = text(value)
    # Printable ASCII only: `urlsplit` removes line ends without an error.
    if address and (_web_address(address) is None or not re.fullmatch("[!-~]+", address)):
        raise ValueError("an address such as https://example.org/list, or empty")
    return address


def mailbox(value: object) -> str:
    """Return one mailbox (RFC 5322 §3.4), its name in quotes and its host in ASCII, or ""."""
    given = text(value).strip()
    if not given:
        return ""
    name, address = _parse_mailbox(given)
    return f'"{quote(name)}" <{address}>' if name else address


def mail_address(value: object) -> str:
    """Return an email address without a name, its host in ASCII, or ""."""
    given = text(value).strip()
    name, address = _parse_mailbox(given) if given else ("", "")
    if name:
        raise ValueError("an address without a name, such as bounces@example.org")
    return address


def _parse_mailbox(given: str) -> tuple[str, str]:
    """Return the name and the address of one mailbox.

    Periods in a name are accepted (obs-phrase); a comment is not, as it would be left out.
    """
    error = ValueError(
        'one address such as petition@example.org or "Amnesty, Almaty" <petition@example.org>,'
        " with quotes around a name that has a comma or the like"
    )
    try:
        header = policy.header_factory("From", given)
        ((group, mailboxes),) = ((one.display_name, one.addresses) for one in header.groups)
        ((name, local, host),) = ((one.display_name, one.username, one.domain) for one in mailboxes)
    except (IndexError, ValueError):  # Python 3.11 raises IndexError for "petition@"
        raise error from None
    defects = [one for one in header.defects if not isinstance(one, ObsoleteHeaderDefect)]
    if group is not None or defects or not name.isprintable() or ("(" in given and "(" not in name):
        raise error
    if not host.isascii():  # IDNA: пример.рф as xn--e1afmkfd.xn--p1ai
        try:
            host = validate_email(f"a@{host}", check_deliverability=False).ascii_domain
        except EmailNotValidError:
            raise error from None
    # ASCII: to send from other addresses takes SMTPUTF8, which many mail servers do not have.
    if not re.fullmatch(r"[\w.!#$%&'*+/=?^`{|}~-]+", local, re.ASCII) or not re.fullmatch(
        r"[a-z\d-]+(\.[a-z\d-]+)*", host, re.ASCII | re.IGNORECASE
    ):
        raise error
    return name, f"{local}@{host}"


def _web_address(address: str) -> SplitResult | None:
    """Return the parts of a valid http or https address without a user name, or None."""
    try:
        parts = urlsplit(address)
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if valid and not parts.username else None


def colour(value: object) -> str:
    """Return a colour that is readable on the pages."""
    code = text(value).lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", code):
        raise ValueError("a colour such as #8c1d18")
    if not colours.is_readable(code, dark=False):
        raise ValueError("a darker colour: its contrast on the page is below 4.5 to 1 (WCAG 2.2)")
    return code


def age_recipient(value: object) -> str:
    """Return a public key of age, or ""."""
    key = text(value).strip()
    if key and not re.fullmatch(r"age1[02-9ac-hj-np-z]{58}", key):
        raise ValueError("a public key of age, such as `age-keygen` prints: age1…")
    return key
