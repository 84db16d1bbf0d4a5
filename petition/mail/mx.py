"""Which domains take mail, by their MX and address records in the DNS."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, NoResolverConfiguration, Resolver

from petition.abuse.email_domains import EXAMPLES, WELL_KNOWN

LOOKUP_SECONDS = 3.0
CACHED_FOR = timedelta(hours=1)
MAX_CACHED = 10_000
# Several: one of them may have an outage of its own.
KNOWN_DOMAINS = ("gmail.com", "outlook.com", "yahoo.com", "mail.ru", "gmx.de")
MAX_FAILURES = 3  # lookups of different domains, one after the other


def _system_resolver() -> Resolver | None:
    try:
        return Resolver()
    except NoResolverConfiguration:
        return None


@dataclass(slots=True)
class MailDomains:
    """Looks up whether domains take mail, at most once an hour each.

    In doubt a domain takes mail: an email that bounces is better than one that is never sent.
    """

    resolver: Resolver | None = field(default_factory=_system_resolver)
    _cache: dict[str, tuple[datetime, str | None]] = field(default_factory=dict)
    _trusted_until: datetime | None = None
    _failures: int = 0  # in a row
    _paused_until: datetime | None = None

    def takes_mail(self, domain: str, *, now: datetime) -> bool:
        """Return False only if the DNS says that a domain does not exist or takes no mail."""
        is_known = domain in WELL_KNOWN or domain.endswith(EXAMPLES)
        return is_known or self._record(domain, now) != ""

    def has_mx(self, domain: str, *, now: datetime) -> bool:
        """Return True only if the DNS names a mail server of the domain."""
        return self._record(domain, now) == "MX"

    def _record(self, domain: str, now: datetime) -> str | None:
        """Return the type of the record by which a domain takes mail: "" for none, None unknown."""
        expires_at, record = self._cache.get(domain, (now, None))
        if expires_at > now:
            return record
        if self.resolver is None or (self._paused_until and now < self._paused_until):
            return None
        try:
            record = _look_up(self.resolver, domain)
            self._failures = 0
            if record is None:
                if not self._is_trusted(self.resolver, now):
                    self._paused_until = now + timedelta(minutes=1)
                    return None
                record = ""
        except DNSException:
            # One domain's own servers may be down. After several in a row, it is our resolver.
            record = None
            self._failures += 1
            if self._failures >= MAX_FAILURES:
                self._paused_until = now + timedelta(minutes=1)
        if len(self._cache) >= MAX_CACHED:
            self._cache.clear()
        self._cache[domain] = (now + CACHED_FOR, record)
        return record

    def _is_trusted(self, resolver: Resolver, now: datetime) -> bool:
        """Return whether the resolver finds a well-known domain: some deny everything."""
        if self._trusted_until is None or now >= self._trusted_until:
            if not any(_finds(resolver, domain) for domain in KNOWN_DOMAINS):
                return False
            self._trusted_until = now + CACHED_FOR
        return True


def _finds(resolver: Resolver, domain: str) -> bool:
    try:
        return bool(_look_up(resolver, domain))
    except DNSException:
        return False


def _look_up(resolver: Resolver, domain: str) -> str | None:
    """Return the type of the record by which a domain takes mail, "" if it refuses all.

    None if the DNS knows nothing about it.
    """
    for kind in ("MX", "A", "AAAA"):  # RFC 5321 §5.1: without MX, mail goes to the host itself
        try:
            records = resolver.resolve(domain, kind, lifetime=LOOKUP_SECONDS)
        except NXDOMAIN:
            return None
        except NoAnswer:
            continue
        refuses = kind == "MX" and all(str(record.exchange) == "." for record in records)
        return "" if refuses else kind  # RFC 7505
    return None
