"""Detecting bursts: far more signatures in the last minutes than a petition's own past explains.

Unconfirmed signatures are counted by mail domain, by network and by minute. Well-known domains and
those reserved for examples are ignored. In a busy minute of many domains only emails to disposable
addresses are held: a petition that takes off looks the same.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from petition.abuse import bursts, rate_limits
from petition.abuse.bursts import Finding
from petition.abuse.email_domains import is_uncommon
from petition.database import counters
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Burst, Email, Petition, Signature
from petition.models.enums import BurstKind, BurstState, EmailKind, EmailState, PetitionState

PERIOD = timedelta(minutes=10)
PAST_LIMIT = 2_000  # the signatures that a petition's past is read from
PAST_MINIMUM = 100  # with fewer it has no past to compare with
FACTOR_WITHOUT_PAST = 2.5
PLAUSIBLE_SHARE, PLAUSIBLE_MINIMUM = 0.3, 10  # confirmed, of those whose email was sent
DECIDED_FOR = timedelta(days=1)  # how long bursts are looked at after they end or are decided

Signed = tuple[str, datetime]  # the mail domain and the time of a signature

_burst, _email, _signature = Burst.table(), Email.table(), Signature.table()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What makes a burst: `minimum` signatures, and `factor` times as many as usual.

    They are of one source in ten minutes, or of many domains in one minute. Without a past the
    minimum is two and a half times as high. Domains in `allowed_domains` are never a burst.
    """

    minimum: int
    factor: int
    allowed_domains: frozenset[str] = frozenset()

    @property
    def minimum_without_past(self) -> int:
        return round(self.minimum * FACTOR_WITHOUT_PAST)


DEFAULT_THRESHOLDS = Thresholds(minimum=20, factor=5)


def detect(*, now: datetime, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> list[int]:
    """Record bursts of open petitions and hold their unsent emails; release plausible ones.

    Returns the ids of the bursts that were open.
    """
    with db.engine.connect() as connection:  # outside the transaction, so that no signer waits
        ids = connection.scalars(select(Petition.id).where(Petition.state == PetitionState.OPEN))
        findings = {id_: _find(*_load(connection, id_, now), thresholds) for id_ in ids.all()}
    with transaction() as connection:
        for petition_id, found in findings.items():
            found += _find_networks(connection, petition_id, thresholds, now)
            # Lock order: all bursts of a petition before emails, as when an organiser decides.
            recorded = [bursts.record(connection, petition_id, one, now=now) for one in found]
            for burst_id, finding in zip(recorded, found, strict=True):
                # Which emails came from a network is not known afterwards.
                if burst_id is not None and finding.kind != BurstKind.NETWORK:
                    _hold(connection, burst_id, petition_id, finding, now)
        # A signer may have added an email to a burst while it was being decided.
        decided = (_burst.c.state != BurstState.OPEN) & (_burst.c.decided_at > now - DECIDED_FOR)
        query = select(_burst.c.id, _burst.c.state).where(decided).order_by(_burst.c.id)
        for burst_id, decision in connection.execute(query).all():
            bursts.apply_decision(connection, burst_id, BurstState(decision), now)
        is_open = (_burst.c.state == BurstState.OPEN) & (_burst.c.ends_at > now - DECIDED_FOR)
        open_bursts = connection.execute(select(_burst).where(is_open)).all()
        for burst in open_bursts:
            if _is_plausible(connection, burst):
                bursts.close(connection, burst.id, BurstState.PLAUSIBLE, now)
        return [burst.id for burst in open_bursts]


def _load(
    connection: Connection, petition_id: int, now: datetime
) -> tuple[list[Signed], list[Signed]]:
    """Return the unconfirmed signatures of the period, and the newest ones before them."""
    columns = (_signature.c.id, _signature.c.mailbox_key, _signature.c.signed_at)
    signatures = select(*columns).where(_signature.c.petition_id == petition_id)
    recent = connection.execute(
        signatures.where(_signature.c.confirmed_at.is_(None), _signature.c.signed_at > now - PERIOD)
    ).all()
    if not recent:
        return [], []
    past = connection.execute(
        signatures.where(_signature.c.id < min(row.id for row in recent))
        .order_by(_signature.c.id.desc())
        .limit(PAST_LIMIT)
    ).all()
    recent_signed, past_signed = (
        [(mailbox.rpartition("@")[2], signed_at) for _, mailbox, signed_at in rows]
        for rows in (recent, past)
    )
    return recent_signed, past_signed


def _find(recent: list[Signed], past: list[Signed], thresholds: Thresholds) -> list[Finding]:
    """Return the domains above their share of the past, and the minute above any of the past.

    Domains that are a burst of their own do not count for the minute.
    """
    has_past = len(past) >= PAST_MINIMUM
    minimum = thresholds.minimum if has_past else thresholds.minimum_without_past
    past_domains = Counter(domain for domain, _ in past)
    findings, others = [], set()
    for domain, seen in Counter(domain for domain, _ in recent).items():
        if domain in thresholds.allowed_domains or not is_uncommon(domain):
            continue
        usual = round(len(recent) * past_domains[domain] / len(past)) if has_past else 0
        if seen >= max(minimum, thresholds.factor * usual):
            findings.append(Finding(BurstKind.DOMAIN, domain, seen, usual))
        else:
            others.add(domain)
    seen = _busiest_minute(recent, others)
    watched = {domain for domain in past_domains if is_uncommon(domain)}
    usual = _busiest_minute(past, watched - thresholds.allowed_domains)
    if seen and seen >= max(minimum, thresholds.factor * usual):
        findings.append(Finding(BurstKind.MINUTE, "", seen, usual))
    return findings


def _busiest_minute(signatures: Iterable[Signed], domains: set[str]) -> int:
    """Return how many signatures of these domains the busiest minute had."""
    minutes = Counter(time.timestamp() // 60 for domain, time in signatures if domain in domains)
    return max(minutes.values(), default=0)


def _find_networks(
    connection: Connection, petition_id: int, thresholds: Thresholds, now: datetime
) -> list[Finding]:
    """Return the networks above any earlier window, from the counters of the rate limits."""
    scope = f"{rate_limits.SIGN}:{petition_id}"
    networks, usual = counters.current(connection, scope, now=now)
    minimum = max(thresholds.minimum_without_past, thresholds.factor * usual)
    kind = BurstKind.NETWORK
    return [Finding(kind, name, seen, usual) for name, seen in networks if seen >= minimum]


def _hold(
    connection: Connection, burst_id: int, petition_id: int, found: Finding, now: datetime
) -> None:
    """Add a finding's recent emails to its burst, and hold those that were not attempted yet."""
    of_domain = _signature.c.mailbox_key.endswith(f"@{found.source}", autoescape=True)
    signatures = select(_signature.c.id).where(
        _signature.c.petition_id == petition_id,
        _signature.c.confirmed_at.is_(None),
        _signature.c.signed_at > now - PERIOD,
        of_domain if found.kind == BurstKind.DOMAIN else _signature.c.disposable,
    )
    add = update(_email).where(
        _email.c.kind == EmailKind.CONFIRM,
        _email.c.burst_id.is_(None),
        _email.c.signature_id.in_(signatures),
    )
    is_unsent = (_email.c.state == EmailState.DUE) & (_email.c.attempts == 0)
    connection.execute(add.where(is_unsent).values(state=EmailState.HELD, burst_id=burst_id))
    connection.execute(add.values(burst_id=burst_id))


def _is_plausible(connection: Connection, burst: Row[Any]) -> bool:
    """Return whether enough readers of sent emails have confirmed; never for a honeypot.

    For a minute all signatures count except disposable addresses, whose emails are held.
    """
    counts = select(func.count(), func.count(_signature.c.confirmed_at))
    if burst.kind == BurstKind.MINUTE:
        latest = (
            select(_signature.c.id)
            .where(_signature.c.petition_id == burst.petition_id)
            .order_by(_signature.c.id.desc())
            .limit(PAST_LIMIT)
        )
        counts = counts.where(
            _signature.c.id.in_(latest),
            _signature.c.signed_at > burst.began_at - PERIOD,
            _signature.c.disposable.is_(False),
        )
    else:
        counts = counts.select_from(
            _email.join(_signature, _signature.c.id == _email.c.signature_id)
        ).where(_email.c.burst_id == burst.id, _email.c.state == EmailState.SENT)
    sent, confirmed = connection.execute(counts).one()
    is_enough = confirmed >= PLAUSIBLE_MINIMUM and confirmed >= PLAUSIBLE_SHARE * sent
    return bool(is_enough and burst.kind != BurstKind.HONEYPOT)
