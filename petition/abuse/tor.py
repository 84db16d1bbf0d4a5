"""Tor's exits: a list in a file, fetched when it is asked for, read again when it has changed.

They change daily and thousands of people are behind each, so a site knows them by itself.
"""

import logging
import os
import ssl
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPMessage
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

EXITS_FILE = "tor-exits.txt"  # in the instance folder
FRESH = timedelta(days=1)
SECONDS = 30  # for each answer of the server
LARGEST = 2 * 1024 * 1024  # bytes; the list of 2026 has 20 kB
# The widest network that is believed, by version: a slip must not let everybody in.
WIDEST = {4: 16, 6: 32}

log = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Stamp = tuple[int, int, int]


class ExitListInvalid(ValueError):
    """What came is no list of exits: a page, nothing, cut short, or too large."""


class TorExits:
    """The exits that a file lists; none while there is no file. Whoever may write it may replace it
    at any time: by `fetch`, or by hand.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: tuple[Stamp | None, dict[tuple[int, int], set[int]]] = (None, {})

    def holds(self, address: Address) -> bool:
        """Say whether the address is an exit's. Costs a look at the file's date."""
        stamp = self._stamp()
        if stamp != self._known[0]:
            self._known = (stamp, {} if stamp is None else _by_length(self._read()))
        number, version = int(address), address.version
        return any(
            of == version and number >> bits in numbers
            for (of, bits), numbers in self._known[1].items()
        )

    def _stamp(self) -> Stamp | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> list[Network]:
        try:
            return parse_exits(self._file.read_text(encoding="ascii", errors="replace"))
        except OSError as error:  # put there by another user, say: nobody's signature fails for it
            log.warning("%s cannot be read: %s", EXITS_FILE, type(error).__name__)
            return []


def parse_exits(text: str) -> list[Network]:
    """Return the addresses and networks of a list, one a line. A line that is none is passed over,
    and so is a network that is too wide.
    """
    found = []
    for line in text.splitlines():
        with suppress(ValueError):
            network = ip_network(line.partition("#")[0].strip())
            if network.prefixlen >= WIDEST[network.version]:
                found.append(network)
    return found


def _by_length(networks: Iterable[Network]) -> dict[tuple[int, int], set[int]]:
    """Return the networks as numbers, by version and by how many bits of an address are left out:
    nearly all are single addresses, so a question is a look into one set, however long the list.
    """
    numbers: dict[tuple[int, int], set[int]] = {}
    for network in networks:
        bits = network.max_prefixlen - network.prefixlen
        key = (network.version, bits)
        numbers.setdefault(key, set()).add(int(network.network_address) >> bits)
    return numbers


def is_fresh(file: Path, *, now: datetime) -> bool:
    """Say whether the list is there and was written within a day."""
    try:
        written = file.stat().st_mtime
    except OSError:
        return False
    return now.timestamp() - written < FRESH.total_seconds()


def fetch(address: str, file: Path, *, now: datetime) -> int:
    """Put the list at an address in the place of the file's, and return how many it holds.

    Raises OSError or ValueError (NoList) where that fails; the file is then as it was.
    """
    networks = parse_exits(_body(address).decode("ascii", errors="replace"))
    if not networks:
        raise ExitListInvalid
    unfinished = file.with_suffix(f".{os.getpid()}.part")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.writelines(f"{network}\n" for network in networks)
    os.utime(unfinished, (now.timestamp(), now.timestamp()))
    unfinished.replace(file)
    return len(networks)


def _body(address: str) -> bytes:
    opener = build_opener(HTTPSHandler(context=ssl.create_default_context()), NoOtherScheme)
    request = Request(address, headers={"User-Agent": "petition"})  # noqa: S310 (http or https, by config)
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            body: bytes = answer.read(LARGEST + 1)
            # Beyond the largest, or cut short, perhaps within an address.
            if len(body) > LARGEST or answer.length:
                raise ExitListInvalid
            return body
    except HTTPError as error:
        error.close()
        raise
    except URLError as error:
        raise (error.reason if isinstance(error.reason, OSError) else error) from None
    except HTTPException as error:
        raise ExitListInvalid from error


class NoOtherScheme(HTTPRedirectHandler):
    """Goes where the server sends it, from http to https too, and from https to nothing else."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        if urlsplit(newurl).scheme not in {req.type, "https"}:
            raise HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
