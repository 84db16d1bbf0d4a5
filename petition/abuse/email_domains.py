"""Mail domains: mistyped ones, disposable ones, and those of the large providers."""

from functools import lru_cache

from disposable_email_domains import blocklist

from petition.core.i18n import countries

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
# National variants of the great providers, and other providers whose domains look like a slip.
_NATIONAL = {
    "yahoo": "ae at be bg ca ch cl cn cz de dk es fi fr ge gr hr hu ie in it lt lv nl no pl pt ro"
    " rs se sk ua co.id co.il co.in co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.cn"
    " com.co com.hk com.mx com.my com.pe com.ph com.sg com.tr com.tw com.ua com.ve com.vn",
    "hotmail": "at be bg ca ch cl cz de dk es fi fr gr hu ie it lt lv my nl no ph pl pt ro rs se sg"
    " sk co.id co.il co.in co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.hk com.mx"
    " com.tr com.tw com.vn",
    "outlook": "at be bg cl cz de dk es fr hu ie in it jp kr lv my ph pt ro sa sg sk co.id co.il"
    " co.nz co.th com.ar com.au com.br com.gr com.tr com.vn",
    "live": "at be ca ch cl cn de dk fi fr hk ie in it jp kr nl no ru se co.in co.kr co.uk co.za"
    " com.ar com.au com.mx com.my com.ph com.pt com.sg",
    "msn": "ca cn de es fr it nl se",
    "aol": "at be ca ch de dk es fr in it jp nl pl se co.nz co.uk com.ar com.au com.br com.mx",
    "gmx": "at biz ch co.uk com de es eu fr ie info it li net nl org pt ru se tm us",
    "mail": "az be bg by ch com.tr cz de dk ee ge gr kg kz lt lv md mn nu pl pt ru tj tm ua uz",
    "email": "bg ch com cz de it kz lu nu ro ru si su ua uz",
    "inbox": "com ee eu lt lv ru uz",
    "list": "kz lt lv ru",
    "yandex": "az by co.il com com.am com.ge com.tr com.ua ee fr kg kz lt lv md net ru tj tm ua uz",
    "rambler": "com ru ua",
    "orange": "be es fr lu md net pl ro sk",
    "wanadoo": "es fr nl",
    "free": "fr",
    "web": "de",
    "telia": "com ee lt lv se",
    "t-online": "de hu",
    "fastmail": "ca cn co.uk com com.au de es fm fr im in jp mx net nl org se to us",
}
_REAL = frozenset(
    {f"{name}.{ending}" for name, endings in _NATIONAL.items() for ending in endings.split()}
    | {"ymail.com", "rocketmail.com", "gmail.ru", "protonmail.ch", "icloud.com.cn", "bigpond.net"}
    | {"amail.com", "eastmail.com", "gotmail.com", "hitmail.com", "lastmail.com", "lastmail.co"}
    | {"mmail.com", "qmail.com", "tmail.com", "zmail.com", "imail.ru", "zmail.ru", "email.com"}
)
# Registered by others to catch mistyped mail: that they take mail does not make them right.
_MISTYPED = frozenset(
    {"gmial.com", "gamil.com", "gmai.com", "gmal.com", "gmil.com", "gmaill.com", "gmaul.com"}
    | {"gnail.com", "gmail.co", "gmail.cm", "gmail.om", "hotmial.com", "hotmal.com", "hotmai.com"}
    | {"hotmil.com", "homail.com", "hotamil.com", "hotmail.co", "hotmail.cm", "outlok.com"}
    | {"outloo.com", "otlook.com", "yaho.com", "yahooo.com", "yhoo.com", "yaoo.com", "vahoo.com"}
    | {"yahoo.co", "yahoo.cm", "iclod.com", "icoud.com", "yandx.ru", "mial.ru"}
)
# A shorter name is one typing error away from any other: only two swapped letters are one.
MIN_NAME_LENGTH = 5
MIN_KNOWN_LENGTH = 4
# Reserved for examples and tests (RFC 2606).
EXAMPLES = ("example.com", "example.net", "example.org", ".example", ".test", ".localhost")
# Endings that exist, so another provider may have them. The other three are slips of "com".
_ENDINGS = frozenset(
    {code.lower() for code in countries("en")}
    | {"uk", "eu", "su", "com", "net", "org", "info", "biz", "edu", "gov", "me", "name", "pro"}
) - {"co", "cm", "om"}


def suggestion(address: str) -> str | None:
    """Return the address with the domain that was probably meant, or None.

    One typing error is assumed in the name and one in the ending: a character missing, added,
    changed, or two swapped. Another country's ending is no error. A well-known domain with Cyrillic
    letters that look Latin was meant in Latin.
    """
    local, _, domain = address.rpartition("@")
    meant = _meant(domain.lower())
    return f"{local}@{meant}" if meant else None


def is_known_mistyped(domain: str) -> bool:
    """Return whether a domain is known to be a typing error, although it may take mail."""
    return domain.lower() in _MISTYPED or _in_latin(domain.lower()) is not None


# Letters that look alike, small ones or capitals.
_LATIN = str.maketrans("авеһнікӏморԛсѕтуүԝхјԁ", "abehhiklmopqcstyywxjd")


def _in_latin(domain: str) -> str | None:
    """Return the well-known domain that one in Punycode looks like, or None."""
    labels = domain.split(".")
    try:
        for at, label in enumerate(labels):
            if label.startswith("xn--"):
                labels[at] = label[4:].encode().decode("punycode").translate(_LATIN)
    except UnicodeError:
        return None
    latin = ".".join(labels)
    return latin if latin != domain and latin in WELL_KNOWN else None


@lru_cache(maxsize=10_000)
def _meant(domain: str) -> str | None:
    if domain in _NEVER_DOUBTED:
        return None
    if look_alike := _in_latin(domain):
        return look_alike
    # Words one edit apart are alike, or become so when each loses a character.
    candidates = {known for part in _shortened(domain) for known in _BY_NAME.get(part, ())}
    similar = [known for known in candidates if _is_similar(domain, known)]
    return min(similar, key=lambda known: (not known.endswith(".com"), known), default=None)


def _shortened(domain: str) -> set[str]:
    """Return the name of a domain, whole and without each of its characters."""
    name = domain.partition(".")[0]
    return {name} | {name[:at] + name[at + 1 :] for at in range(len(name))}


_NEVER_DOUBTED = (WELL_KNOWN | _REAL) - _MISTYPED
_BY_NAME: dict[str, set[str]] = {}
for _known in WELL_KNOWN:
    for _part in _shortened(_known):
        _BY_NAME.setdefault(_part, set()).add(_known)


def _is_similar(domain: str, known: str) -> bool:
    name, _, ending = domain.partition(".")
    known_name, _, known_ending = known.partition(".")
    if len(known_name) < MIN_KNOWN_LENGTH or abs(len(domain) - len(known)) > 2:
        return False
    if name == known_name:  # a national variant that we do not know, unless there is no such nation
        is_free = not _exists(ending) or name in _ONE_DOMAIN
        return is_free and _is_one_edit(ending, known_ending)
    if ending != known_ending and (_exists(ending) or not _is_one_edit(ending, known_ending)):
        return False
    if len(known_name) < MIN_NAME_LENGTH:
        return sorted(name) == sorted(known_name) and _is_one_edit(name, known_name)
    return _is_one_edit(name, known_name)


# Of providers without national variants: any other ending is a typing error.
_ONE_DOMAIN = frozenset({"gmail", "googlemail", "icloud", "protonmail", "btinternet", "rediffmail"})


def _exists(ending: str) -> bool:
    """Return whether an ending, such as "co.uk", is under a top-level domain that exists."""
    return ending.rpartition(".")[2] in _ENDINGS


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
