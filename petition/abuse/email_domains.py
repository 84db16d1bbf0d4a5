"""Mail domains: mistyped ones, disposable ones, and those of the large providers."""

from disposable_email_domains import blocklist

# The largest providers in the countries of the campaigns; never a typing error themselves.
WELL_KNOWN = frozenset(
    {"gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "live.com"}
    | {"msn.com", "hotmail.co.uk", "btinternet.com"}
    | {"icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "mail.com", "fastmail.com"}
    | {"mail.ru", "bk.ru", "list.ru", "inbox.ru", "yandex.ru", "ya.ru", "rambler.ru", "yandex.kz"}
    | {"gmx.de", "gmx.net", "web.de", "t-online.de", "yahoo.co.uk"}
    | {"yahoo.fr", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "hotmail.fr", "telia.com"}
    | {"yahoo.co.in", "rediffmail.com", "yahoo.ca", "sympatico.ca", "bigpond.com", "mail.kz"}
)
# Real domains that look like a typing error of those.
_REAL = frozenset(
    {"ymail.com", "email.com", "rocketmail.com", "mail.de", "mail.ee", "mail.bg", "mail.by"}
    | {"inbox.eu", "inbox.lv", "inbox.lt", "gmx.com", "gmx.at", "gmx.ch", "gmx.fr", "gmail.ru"}
    | {f"yandex.{end}" for end in ("by", "kg", "uz", "tj", "az", "lt", "lv", "ua", "com", "fr")}
    | {f"yahoo.{end}" for end in ("de", "es", "it", "se", "in", "gr", "ie", "com.au", "com.br")}
    | {f"hotmail.{end}" for end in ("de", "se", "es", "it", "be", "nl", "ca", "com.au")}
    | {f"live.{end}" for end in ("de", "se", "fr", "nl", "ca", "co.uk", "com.au", "it", "ru")}
    | {f"outlook.{end}" for end in ("de", "fr", "es", "it", "in", "sa", "dk")}
)
MIN_NAME_LENGTH = 4  # a shorter name is one typing error away from any other
# Reserved for examples and tests (RFC 2606).
EXAMPLES = ("example.com", "example.net", "example.org", ".example", ".test", ".localhost")


def suggestion(address: str) -> str | None:
    """Return the address with the domain that was probably meant, or None.

    One typing error is assumed in the name and one in the ending: a character missing, added,
    changed, or two swapped.
    """
    local, _, domain = address.rpartition("@")
    domain = domain.lower()
    if domain in WELL_KNOWN | _REAL:
        return None
    similar = sorted(known for known in WELL_KNOWN if _is_similar(domain, known))
    return f"{local}@{similar[0]}" if similar else None


def _is_similar(domain: str, known: str) -> bool:
    name, _, ending = domain.partition(".")
    known_name, _, known_ending = known.partition(".")
    if len(known_name) < MIN_NAME_LENGTH:
        return False
    both_similar = _is_one_edit(name, known_name) and _is_one_edit(ending, known_ending)
    return both_similar or _is_one_edit(domain, known)


def _is_one_edit(one: str, other: str) -> bool:
    """Return whether two words are equal or one edit apart."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    changed, added, missing = one[1:] == other[1:], one[1:] == other, one == other[1:]
    swapped = one[:2] == other[1::-1] and one[2:] == other[2:]
    return changed or added or missing or swapped


def is_uncommon(domain: str) -> bool:
    """Return whether many signatures from a domain are unusual: neither well known nor reserved."""
    return domain not in WELL_KNOWN and not domain.endswith(EXAMPLES)


def is_disposable(domain: str) -> bool:
    """Return whether a domain or a parent of it is in the list of disposable-email-domains."""
    while "." in domain:
        if domain in blocklist:
            return True
        domain = domain.partition(".")[2]
    return False
