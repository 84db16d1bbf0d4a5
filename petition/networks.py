"""Networks, told apart for a day without keeping an address.

A network is an IPv4 address or the /64 of an IPv6 one. It is known by a keyed hash (HMAC-SHA256);
the key changes every day and is destroyed after 48 hours, and with it gone the hash is noise.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError

from petition.extensions import db, transaction
from petition.models import NetworkSecret

Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class Networks:
    """Knows the day's key, and the networks that are let through (`allowed`) or never refused."""

    allowed: tuple[Network, ...]
    never_refused: tuple[Network, ...]
    _today: tuple[date, bytes] | None = field(default=None)

    def key(self, address: str | None, *, now: datetime) -> str:
        """Return the day's hash of the network of an address, 32 hexadecimal digits."""
        network = of(address)
        written = "unknown" if network is None else str(network)
        return hmac.new(self._secret(now), written.encode(), hashlib.sha256).hexdigest()[:32]

    def is_allowed(self, address: str | None) -> bool:
        """Say whether the network is one of a school, an office and the like: without limits."""
        return _within(of(address), self.allowed)

    def is_never_refused(self, address: str | None) -> bool:
        """Say whether the network has so many people behind it that none may be turned away."""
        return _within(of(address), self.never_refused)

    def _secret(self, now: datetime) -> bytes:
        day = now.date()
        if self._today is None or self._today[0] != day:
            self._today = (day, _secret_of(day))
        return self._today[1]


def read(written: Iterable[str]) -> tuple[Network, ...]:
    """Read networks such as `192.0.2.0/24`. Raises ValueError for what is none."""
    return tuple(ip_network(network, strict=False) for network in written)


def of(address: str | None) -> Network | None:
    """Return the network of an address, or None when it is none (a UNIX socket's, say)."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    if found.version == 6 and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return ip_network((found, 32 if found.version == 4 else 64), strict=False)


def _within(network: Network | None, others: tuple[Network, ...]) -> bool:
    return network is not None and any(
        network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
        for other in others
    )


def _secret_of(day: date) -> bytes:
    """Return the key of a day, made by whichever process needs it first."""
    for _ in range(3):
        with db.engine.connect() as connection:
            found = connection.scalar(select(NetworkSecret.secret).where(NetworkSecret.day == day))
        if found is not None:
            return bytes(found)
        try:
            with transaction() as connection:
                connection.execute(
                    NetworkSecret.table().insert().values(day=day, secret=secrets.token_bytes(32))
                )
        except IntegrityError:
            continue  # another process was first: read its key
    raise LookupError(day)


def forget(connection: Connection, *, now: datetime) -> int:
    """Destroy the keys of all days before yesterday, and return how many."""
    before = now.date() - timedelta(days=1)
    return connection.execute(delete(NetworkSecret).where(NetworkSecret.day < before)).rowcount
