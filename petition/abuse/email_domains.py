"""Mail domains: mistyped ones, throw-away ones, and those of most people."""

from disposable_email_domains import blocklist

# Where most addresses are, in the countries of the campaigns; never a typing error themselves.
WELL_KNOWN = frozenset(
    {"gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "live.com"}
    | {"msn.com", "hotmail.co.uk", "btinternet.com"}
    | {"icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "mail.com", "fastmail.com"}
    | {"mail.ru", "bk.ru", "list.ru", "inbox.ru", "yandex.ru", "ya.ru", "rambler.ru", "yandex.kz"}
    | {"gmx.de", "gmx.net", "web.de", "t-online.de", "yahoo.co.uk"}
    | {"yahoo.fr", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "hotmail.fr", "telia.com"}
    | {"yahoo.co.in", "rediffmail.com", "yahoo.ca", "sympatico.ca", "bigpond.com", "mail.kz"}
)
# Domains of other providers that look like a slip of those, and are none.
_REAL = frozenset(
    {"ymail.com", "email.com", "rocketmail.com", "mail.de", "mail.ee", "mail.bg", "mail.by"}
    | {"inbox.eu", "inbox.lv", "inbox.lt", "gmx.com", "gmx.at", "gmx.ch", "gmx.fr", "gmail.ru"}
    | {f"yandex.{end}" for end in ("by", "kg", "uz", "tj", "az", "lt", "lv", "ua", "com", "fr")}
    | {f"yahoo.{end}" for end in ("de", "es", "it", "se", "in", "gr", "ie", "com.au", "com.br")}
    | {f"hotmail.{end}" for end in ("de", "se", "es", "it", "be", "nl", "ca", "com.au")}
    | {f"live.{end}" for end in ("de", "se", "fr", "nl", "ca", "co.uk", "com.au", "it", "ru")}
    | {f"outlook.{end}" for end in ("de", "fr", "es", "it", "in", "sa", "dk")}
)
LEAST_NAME = 4  # letters: in a shorter name any other is one slip away
# Nobody's mail: they are for examples and trials (RFC 2606), and say so in the DNS.
EXAMPLES = ("example.com", "example.net", "example.org", ".example", ".test", ".localhost")


def suggestion(address: str) -> str | None:
    """Return the address with the domain that was probably meant, or None.

    One slip of the fingers is forgiven in the name and one in what comes after it: a letter left
    out, doubled, changed, or two swapped.
    """
    local, _, domain = address.rpartition("@")
    domain = domain.lower()
    if domain in WELL_KNOWN | _REAL:
        return None
    near = sorted(known for known in WELL_KNOWN if _is_near(domain, known))
    return f"{local}@{near[0]}" if near else None


def _is_near(typed: str, meant: str) -> bool:
    name, _, end = meant.partition(".")
    if len(name) < LEAST_NAME:
        return False
    typed_name, _, typed_end = typed.partition(".")
    parts = ((typed_name, name), (typed_end, end))
    apart = all(one == other or _one_slip(one, other) for one, other in parts)
    return apart or _one_slip(typed, meant)


def _one_slip(typed: str, meant: str) -> bool:
    if abs(len(typed) - len(meant)) > 1:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b),
        min(len(typed), len(meant)),
    )
    a, b = typed[start:], meant[start:]
    return (
        a[1:] == b[1:]  # another letter
        or a[1:] == b  # one too many
        or a == b[1:]  # one too few
        or (a[:2] == b[1::-1] and a[2:] == b[2:])  # two swapped
    )


def is_watched(domain: str) -> bool:
    """Say whether many signatures from a domain are worth a look: not where most people are, and
    not in trials.
    """
    return domain not in WELL_KNOWN and not domain.endswith(EXAMPLES)


def is_disposable(domain: str) -> bool:
    """Say whether a domain, or one that it is part of, gives out mailboxes to throw away
    (disposable-email-domains).
    """
    while "." in domain:
        if domain in blocklist:
            return True
        domain = domain.partition(".")[2]
    return False
