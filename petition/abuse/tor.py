"""Tor's exit addresses, each shared by thousands: a list in a file, downloaded daily."""

import logging
import os
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPException
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from petition.core.files import write_file

EXITS_FILE = "tor-exits.txt"  # in the instance folder
MAX_AGE = timedelta(days=1)
TIMEOUT_SECONDS = 30
MAX_BYTES = 2 * 1024 * 1024  # the list of 2026 has 20 kB
# The shortest prefix that is accepted, by version: a mistake must not exempt everybody.
MIN_PREFIX_LENGTH = {4: 16, 6: 32}

log = logging.getLogger(__name__)

IPAddress = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
FileVersion = tuple[int, int, int]


class ExitListInvalid(ValueError):
    """The download is no list of exits: a web page, empty, cut short, or too large."""


class TorExits:
    """The exits that a file lists; none without the file. It may be replaced at any time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._version: FileVersion | None = None
        self._networks: frozenset[Network] = frozenset()
        # Nearly all are single addresses, so there are few prefix lengths to look up.
        self._lengths: frozenset[tuple[int, int]] = frozenset()

    def __contains__(self, address: IPAddress) -> bool:
        """Return whether the address is an exit. Costs one stat of the file."""
        version = self._file_version()
        if version != self._version:
            self._networks = frozenset() if version is None else self._read()
            self._lengths = frozenset((net.version, net.prefixlen) for net in self._networks)
            self._version = version
        return any(
            ip_network((address, length), strict=False) in self._networks
            for ip_version, length in self._lengths
            if ip_version == address.version
        )

    def _file_version(self) -> FileVersion | None:
        try:
            stat = self._file.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _read(self) -> frozenset[Network]:
        try:
            text = self._file.read_text(encoding="ascii", errors="replace")
        except OSError as error:  # owned by another user, say: no signature fails for it
            log.warning("%s cannot be read: %s", EXITS_FILE, type(error).__name__)
            return frozenset()
        return frozenset(parse_exits(text))


def parse_exits(text: str) -> list[Network]:
    """Return the addresses and networks of a list, one a line; skip invalid and too wide ones."""
    networks = []
    for line in text.splitlines():
        with suppress(ValueError):
            network = ip_network(line.partition("#")[0].strip())
            if network.prefixlen >= MIN_PREFIX_LENGTH[network.version]:
                networks.append(network)
    return networks


def is_fresh(file: Path, *, now: datetime) -> bool:
    """Return whether the list exists and is less than a day old."""
    try:
        return now.timestamp() - file.stat().st_mtime < MAX_AGE.total_seconds()
    except OSError:
        return False


def fetch(url: str, file: Path, *, now: datetime) -> int:
    """Download the list and replace the file; return the number of its networks.

    Raises: OSError or ExitListInvalid; the file is then unchanged.
    """
    networks = parse_exits(_download(url).decode("ascii", errors="replace"))
    if not networks:
        raise ExitListInvalid
    write_file(file, "".join(f"{network}\n" for network in networks).encode())
    os.utime(file, (now.timestamp(), now.timestamp()))
    return len(networks)


def _download(url: str) -> bytes:
    opener = build_opener(SafeRedirects)  # certificates are checked by default
    request = Request(url, headers={"User-Agent": "petition"})  # noqa: S310 (http or https, by config)
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            body: bytes = response.read(MAX_BYTES + 1)
            if len(body) > MAX_BYTES or response.length:  # bytes are missing
                raise ExitListInvalid
            return body
    except HTTPError as error:
        error.close()
        raise
    except URLError as error:  # its reason says more in the log
        raise (error.reason if isinstance(error.reason, OSError) else error) from None
    except HTTPException as error:
        raise ExitListInvalid from error


class SafeRedirects(HTTPRedirectHandler):
    """Follows redirects within a scheme and from http to https only."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme not in {req.type, "https"}:
            raise HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
