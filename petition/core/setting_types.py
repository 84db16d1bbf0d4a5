"""Types of settings. Each function converts a value of the environment or of `config.toml`.

Raises: ValueError, whose message says which values are valid.
"""

import re
from ipaddress import ip_network
from urllib.parse import SplitResult, urlsplit

from petition.core import colours

MAX_INTEGER = 100_000  # as days, 270 years: a larger number is a typing error
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(value: object) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def integer(value: object) -> int:
    """Return a whole number from 0 to `MAX_INTEGER`."""
    try:
        number = int(value) if isinstance(value, str) or type(value) is int else -1
    except ValueError:
        number = -1
    if not 0 <= number <= MAX_INTEGER:
        raise ValueError(f"a whole number from 0 to {MAX_INTEGER:,}")
    return number


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
