"""Networks, told apart for a day without keeping an address.

A network is an IPv4 address or the /64 of an IPv6 one. It is known by a keyed hash (HMAC-SHA256);
the key changes every day and is destroyed after 48 hours, and with it gone the hash is noise.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import ColumnElement, Connection, Select, delete, select

from petition.abuse.tor import Address, Network, TorExits
from petition.database import upsert
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import NetworkSecret


@dataclass(slots=True)
class Networks:
    """Knows the day's key, and the networks that are let through (`allowed`) or never refused:
    those named, and the exits of Tor.
    """

    allowed: tuple[Network, ...]
    never_refused: tuple[Network, ...]
    exits: TorExits | None = None
    _today: tuple[date, bytes] | None = field(default=None)

    def key(self, address: str | None, *, now: datetime) -> str:
        """Return the day's hash of the network of an address, 32 hexadecimal digits."""
        return hmac.digest(self._secret(now), _written(address).encode(), "sha256").hex()[:32]

    def is_allowed(self, address: str | None) -> bool:
        """Say whether the address is of a school, an office and the like: without limits."""
        return _within(_address(address), self.allowed)

    def is_never_refused(self, address: str | None) -> bool:
        """Say whether the address has so many people behind it that none may be turned away."""
        found = _address(address)
        if _within(found, self.never_refused):
            return True
        return found is not None and self.exits is not None and self.exits.holds(found)

    def _secret(self, now: datetime) -> bytes:
        day = now.date()
        if self._today is None or self._today[0] != day:
            self._today = (day, _secret_of(day))
        return self._today[1]


def parse_networks(written: Iterable[str]) -> tuple[Network, ...]:
    """Read networks such as `192.0.2.0/24`. Raises ValueError for what is none."""
    return tuple(ip_network(network, strict=False) for network in written)


@lru_cache(maxsize=1_024)
def _address(written: str | None) -> Address | None:
    """Return an address, or None for what is none (a UNIX socket's, say)."""
    try:
        found = ip_address((written or "").partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _written(address: str | None) -> str:
    """Write the network of an address: all of an IPv4 one, the first 64 bits of an IPv6 one."""
    found = _address(address)
    if found is None:
        return "unknown"
    return f"{found.packed[:8].hex()}/64" if found.version == 6 else f"{found}/32"


def _within(address: Address | None, networks: tuple[Network, ...]) -> bool:
    return address is not None and any(address in network for network in networks)


def _secret_of(day: date) -> bytes:
    """Return the key of a day, made by whichever process needs it first."""
    stored = select(NetworkSecret.secret).where(NetworkSecret.day == day)
    with db.engine.connect() as connection:
        secret = connection.scalar(stored)
    if secret is None:
        with transaction() as connection:
            connection.execute(
                upsert.insert(connection, NetworkSecret)
                .values(day=day, secret=secrets.token_bytes(32))
                .on_conflict_do_nothing(index_elements=["day"])
            )
            secret = connection.execute(stored).scalar_one()
    return bytes(secret)


def delete_expired(connection: Connection, *, now: datetime) -> int:
    """Destroy the keys of all days before yesterday, and return how many."""
    return connection.execute(delete(NetworkSecret).where(_is_past(now))).rowcount


def expired(now: datetime) -> Select[date]:
    """Return the query for what `forget` would destroy."""
    return select(NetworkSecret.day).where(_is_past(now))


def _is_past(now: datetime) -> ColumnElement[bool]:
    return NetworkSecret.day < now.date() - timedelta(days=1)
