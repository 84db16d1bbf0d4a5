"""Networks, recognised for a day without storing an address.

A network is an IPv4 address or the /64 of an IPv6 one; its /48 is known, too. It is known by a
keyed hash (HMAC-SHA256).
The key changes every day and is deleted after 48 hours; then the hash identifies nobody.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import Connection, Select, delete, select

from petition.abuse.tor import IPAddress, Network, TorExits
from petition.database.base import db
from petition.database.transactions import transaction
from petition.database.upsert import insert
from petition.models import NetworkSecret


@dataclass(slots=True)
class Networks:
    """Hashes networks, and knows the exempt ones: `allowed` ones have no limits.

    `never_refused` ones and Tor's exits are counted, but their senders are never refused.
    """

    allowed: tuple[Network, ...]
    never_refused: tuple[Network, ...]
    exits: TorExits | None = None
    _today: tuple[date, bytes] | None = field(default=None)

    def key(self, address: str | None, *, now: datetime) -> str:
        """Return the day's hash of an address's network, 32 hexadecimal digits.

        Returns "" for what is no address: those who send it share no network.
        """
        parsed = _parse_address(address)
        if parsed is None:
            return ""
        ipv6 = parsed.version == 6
        return self._hash(f"{parsed.packed[:8].hex()}/64" if ipv6 else f"{parsed}/32", now)

    def wide_key(self, address: str | None, *, now: datetime) -> str:
        """Return the day's hash of the /48 of an IPv6 address, else ""."""
        parsed = _parse_address(address)
        if parsed is None or parsed.version == 4:
            return ""
        return self._hash(f"{parsed.packed[:6].hex()}/48", now)

    def _hash(self, network: str, now: datetime) -> str:
        day = now.date()
        if self._today is None or self._today[0] != day:
            self._today = (day, _load_secret(day))
        return hmac.digest(self._today[1], network.encode(), "sha256").hex()[:32]

    def is_allowed(self, address: str | None) -> bool:
        """Return whether the address has no limits (a school, an office)."""
        return _is_within(_parse_address(address), self.allowed)

    def is_never_refused(self, address: str | None) -> bool:
        """Return whether so many people share the address that none may be refused."""
        parsed = _parse_address(address)
        if parsed is None:
            return False
        is_exit = self.exits is not None and parsed in self.exits
        return is_exit or _is_within(parsed, self.never_refused)


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse networks such as `192.0.2.0/24`. Raises: ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


# With or without brackets, port and zone: [2001:db8::1]:443, 192.0.2.1:5678, fe80::1%eth0.
_ADDRESS = re.compile(
    r"\[([0-9a-fA-F:.]+)(?:%[^\]]*)?\](?::\d+)?|(\d+(?:\.\d+){3})(?::\d+)?|([0-9a-fA-F:.]+)(?:%.*)?"
)


@lru_cache(maxsize=1_024)
def _parse_address(text: str | None) -> IPAddress | None:
    """Return an address without its port, or None for what is none (a UNIX socket's, say)."""
    found = _ADDRESS.fullmatch((text or "").strip())
    try:
        address = ip_address(found[found.lastindex or 0] if found else "")
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_address(text: str | None) -> bool:
    """Return whether a text is an IP address, with or without a port."""
    return _parse_address(text) is not None


def _is_within(address: IPAddress | None, networks: tuple[Network, ...]) -> bool:
    return address is not None and any(address in network for network in networks)


def _load_secret(day: date) -> bytes:
    """Return the key of a day; the first process that needs it inserts it."""
    query = select(NetworkSecret.secret).where(NetworkSecret.day == day)
    with db.engine.connect() as connection:
        secret = connection.scalar(query)
    if secret is None:
        with transaction() as connection:
            new = {"day": day, "secret": secrets.token_bytes(32)}
            add = insert(connection, NetworkSecret.table()).values(new)
            connection.execute(add.on_conflict_do_nothing(index_elements=["day"]))
            secret = connection.execute(query).scalar_one()
    return bytes(secret)


def delete_expired(connection: Connection, *, now: datetime) -> int:
    """Delete the keys of all days before yesterday; return how many."""
    return connection.execute(
        delete(NetworkSecret).where(NetworkSecret.day.in_(expired(now)))
    ).rowcount


def expired(now: datetime) -> Select[date]:
    """Return the query for what `delete_expired` would delete."""
    return select(NetworkSecret.day).where(NetworkSecret.day < now.date() - timedelta(days=1))
