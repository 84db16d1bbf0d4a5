"""What is wanted of the value of a setting, from the environment or the settings file: each
function returns it as it is used, or raises ValueError saying what would do.
"""

import re
from ipaddress import ip_network
from urllib.parse import SplitResult, urlsplit

from petition.core import colours

MOST = 100_000  # of days, that is 270 years: what is more is a slip
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(value: object) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def integer(value: object) -> int:
    """Read a whole number that is no slip."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a whole number")
    try:
        read = int(value)
    except ValueError:
        raise ValueError("a whole number") from None
    if not 0 <= read <= MOST:
        raise ValueError(f"a whole number from 0 to {MOST:,}")
    return read


def boolean(value: object) -> bool:
    """Read a yes or no."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _YES | _NO:
        return value.lower() in _YES
    raise ValueError("true or false")


def texts(value: object) -> list[str]:
    """Read a list of texts: separated by commas, or a list of the file."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    raise ValueError("a list of texts, separated by commas")


def networks(value: object) -> list[str]:
    """Read a list of networks."""
    written = texts(value)
    try:
        for network in written:
            ip_network(network, strict=False)
    except ValueError:
        raise ValueError("a list of networks such as 192.0.2.0/24") from None
    return written


def site_address(value: object) -> str:
    """Read the address of a site: no path, and as mails carry it."""
    written = text(value).rstrip("/")
    parts = _web_address(written)
    if parts is None or parts.path or parts.query or parts.fragment:
        raise ValueError("an address such as https://petition.example.org, with no path")
    return _in_ascii(written, str(parts.hostname))


def list_address(value: object) -> str:
    """Read the address of something to fetch, or nothing."""
    written = text(value)
    # In printable ASCII, as it goes over the line: `urlsplit` leaves out line ends by itself.
    if written and (_web_address(written) is None or not re.fullmatch("[!-~]+", written)):
        raise ValueError("an address such as https://example.org/list, or empty")
    return written


def _web_address(written: str) -> SplitResult | None:
    """Return the parts of an http or https address of a host, or None for what is none."""
    try:
        parts = urlsplit(written)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if good and not parts.username else None


def _in_ascii(site: str, host: str) -> str:
    """Write a site's address as headers and mails carry it: пример.рф as xn--e1afmkfd.xn--p1ai."""
    if site.isascii():
        return site
    try:
        return site.lower().replace(host, host.encode("idna").decode())
    except UnicodeError:
        raise ValueError("an address whose host is one (IDNA)") from None


def colour(value: object) -> str:
    """Read a colour that reads on paper."""
    written = text(value).lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", written):
        raise ValueError("a colour such as #8c1d18")
    if not colours.is_readable(written, dark=False):
        raise ValueError("a darker colour: it is not read easily on paper (WCAG 2.2, 4.5 to 1)")
    return written
