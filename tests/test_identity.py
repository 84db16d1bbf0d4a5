"""Who a signer is: spellings of one mailbox are one key, different mailboxes never are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.core.text import (
    has_address,
    has_forbidden,
    has_link,
    has_visible_character,
    initials,
    normalise,
    tidy,
)
from petition.signatures.identity import AddressInvalid, tidy_address
from tests.factories import parse_address

LOCAL = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9._+-]{0,20}[a-zA-Z0-9])?", fullmatch=True).filter(
    lambda local: ".." not in local
)
UNICODE_LOCAL = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=15)
PROVIDERS = st.sampled_from(
    ["gmail.com", "googlemail.com", "yandex.ru", "ya.ru", "yandex.kz", "outlook.com", "mail.ru"]
    + ["hotmail.com", "proton.me", "example.org", "BÜCHER.example.org"]
    + ["protonmail.com", "fastmail.com", "anna.fastmail.com", "an-na.berg.fastmail.fm"]
)


DOTLESS = {"gmail.com", "googlemail.com", "proton.me", "protonmail.com"}


@pytest.mark.parametrize(
    "spelling",
    [
        "anna.berg@gmail.com",
        "Anna.Berg@Gmail.COM",
        "  annaberg@gmail.com ",
        "a.n.n.a.berg@gmail.com",
        "annaberg+petition@gmail.com",
        "annaberg@googlemail.com",
        "ａｎｎａｂｅｒｇ@gmail.com",
        "annaberg＠gmail.com",
        "annaberg@ｇｍａｉｌ．com",
    ],
)
def test_spellings_of_one_gmail_box_are_one(spelling: str) -> None:
    assert parse_address(spelling).mailbox == "annaberg@gmail.com"


def test_the_domains_of_yandex_are_one() -> None:
    boxes = {
        parse_address(f"anna{tag}@{domain}").mailbox
        for tag in ("", "+x")
        for domain in ("yandex.ru", "ya.ru", "yandex.com", "yandex.kz", "yandex.by", "narod.ru")
    }
    assert boxes == {"anna@yandex.ru"}


def test_the_dots_hyphens_and_underscores_of_proton_part_no_mailboxes() -> None:
    for domain in ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"):
        boxes = {
            parse_address(f"{local}@{domain}").mailbox
            for local in ("annaberg", "anna.berg", "an-na_berg", "Anna.B.erg+petition")
        }
        assert boxes == {f"annaberg@{domain}"}


@pytest.mark.parametrize(
    ("alias", "mailbox"),
    [
        ("anna+x@fastmail.com", "anna@fastmail.com"),
        ("x@anna.fastmail.com", "anna@fastmail.com"),
        ("x+y@anna.sent.com", "anna@sent.com"),
        ("x@anna-berg.fastmail.fm", "anna_berg@fastmail.fm"),
        ("x@anna.berg.fastmail.co.uk", "anna.berg@fastmail.co.uk"),
        ("x@anna.notfastmail.com", "x@anna.notfastmail.com"),
    ],
)
def test_subdomains_of_fastmail_are_names(alias: str, mailbox: str) -> None:
    assert parse_address(alias).mailbox == mailbox


@pytest.mark.parametrize(
    "addresses",
    [
        (
            "anna.berg@proton.me",
            "annaberg@protonmail.com",
            "an-naberg@pm.me",
            "annaberg@protonmail.ch",
        ),
        ("anna@icloud.com", "anna+x@me.com", "anna@mac.com"),
        ("x@anna.fastmail.com", "y@anna.fastmail.com", "anna@fastmail.com"),
    ],
)
def test_what_may_be_one_inbox_is_counted_as_one(addresses: tuple[str, ...]) -> None:
    assert len({parse_address(address).mailbox_hash for address in addresses}) == 1


def test_an_idna_domain_is_one_in_both_spellings() -> None:
    assert (
        parse_address("anna@bücher.example.org").mailbox
        == parse_address("anna@xn--bcher-kva.example.org").mailbox
    )


PASTED = [
    "anna@example.org",
    "\ufeffanna@example.org\u200b ",
    "an\u200cna@exam\u00adple.org",
    "\u202aanna@example.org\u202c",
    "<anna@example.org>",
    "anna@example.org.",
    "anna@example.org, ",
    "mailto:anna@example.org",
    "MAILTO:anna%40example.org?subject=Hello",
    "Anna Berg <anna@example.org>",
    '"Berg, Anna" <mailto:anna@example.org>;',
    "“anna@example.org”",
    "(anna@example.org)",
    "anna@example.org>",
    "'anna@example.org'",
    "“anna@example.org.”",
    "'anna@example.org",
    "mailto: anna@example.org",
    "anna@example.org/",
    "[anna@example.org](mailto:anna@example.org)",
    "[Anna Berg](mailto:anna@example.org?subject=Hello).",
]


@pytest.mark.parametrize("pasted", PASTED)
def test_what_programs_put_around_an_address_is_removed(pasted: str) -> None:
    assert parse_address(pasted).email == "anna@example.org"


def test_joiners_of_an_address_beyond_ascii_stay() -> None:
    assert "\u200c" in tidy_address("نامه\u200cای@example.org")


NEVER_MERGED = [
    ("anna@outlook.com", "anna@hotmail.com"),
    ("anna@outlook.com", "anna@live.com"),
    ("anna@mail.ru", "anna@bk.ru"),
    ("anna@inbox.ru", "anna@list.ru"),
    ("an.na@outlook.com", "anna@outlook.com"),
    ("an.na@yandex.ru", "anna@yandex.ru"),
    ("an.na@example.org", "anna@example.org"),
    ("anna+x@example.org", "anna@example.org"),
    ("anna+x@mail.ru", "anna@mail.ru"),
    ("anna+x@icloud.com", "anna@icloud.com"),
    ("anna@example.org", "anna@mail.example.org"),
    ("strasse@example.org", "straße@example.org"),
    ("anna@gmail.com", "anna@gmail.co"),
]


@pytest.mark.parametrize(("one", "other"), NEVER_MERGED)
def test_different_mailboxes_stay_two(one: str, other: str) -> None:
    assert parse_address(one).mailbox != parse_address(other).mailbox


FAMILIES = [
    ("outlook.com", "hotmail.com", "live.com", "msn.com"),
    ("mail.ru", "bk.ru", "inbox.ru", "list.ru"),
    ("icloud.com", "me.com", "mac.com"),
    ("proton.me", "protonmail.com", "pm.me"),
]


@given(local=LOCAL, family=st.sampled_from(FAMILIES))
def test_no_name_is_merged_across_a_providers_domains(local: str, family: tuple[str, ...]) -> None:
    assert len({parse_address(f"{local}@{domain}").mailbox for domain in family}) == len(family)


@given(
    name=st.from_regex(r"[a-z0-9]{2,10}", fullmatch=True),
    domain=PROVIDERS.filter(lambda domain: domain not in DOTLESS and ".fastmail." not in domain),
    at=st.integers(1, 9),
)
def test_dots_count_elsewhere(name: str, domain: str, at: int) -> None:
    at = min(at, len(name) - 1)
    dotted = f"{name[:at]}.{name[at:]}"
    assert parse_address(f"{dotted}@{domain}").mailbox != parse_address(f"{name}@{domain}").mailbox


@given(local=st.one_of(LOCAL, UNICODE_LOCAL), domain=PROVIDERS)
def test_a_key_is_its_own_key(local: str, domain: str) -> None:
    try:
        address = parse_address(f"{local}@{domain}")
    except AddressInvalid:
        return
    assert parse_address(address.key).key == address.key
    of_mailbox = parse_address(address.mailbox)
    assert of_mailbox.mailbox == address.mailbox
    assert of_mailbox.mailbox_hash == address.mailbox_hash


@given(local=LOCAL, domain=PROVIDERS)
def test_case_and_blanks_make_no_other_signer(local: str, domain: str) -> None:
    plain = parse_address(f"{local}@{domain}")
    assert parse_address(f"  {local.upper()}@{domain.title()}\n").mailbox == plain.mailbox
    assert plain.email.partition("@")[0] == local, "delivery goes to what was typed"


@pytest.mark.parametrize(
    "typed",
    ["", "anna", "anna@", "@example.org", "an na@example.org", "anna@example", "a..b@example.org"]
    + ['"anna"@example.org', "anna@[127.0.0.1]", "anna@example.org, eve@example.org"]
    + ["anna@example.org\nBcc: eve@example.org", "anna\0@example.org", "anna\u202e@example.org"]
    + ["<anna@example.org>, <eve@example.org>", "anna <", "mailto:", "anna@example.o…"]
    + [
        "a" * 250 + "@example.org",
        "ﷺ" * 30 + "@example.org",
        "anna@" + "a" * 250 + ".org",
        "anna＠＠example.org",
    ],
)
def test_what_no_mail_can_reach_is_refused(typed: str) -> None:
    with pytest.raises(AddressInvalid):
        parse_address(typed)


@given(st.text())
def test_any_text_is_an_address_or_refused(typed: str) -> None:
    try:
        address = parse_address(typed)
    except AddressInvalid:
        return
    assert address.mailbox.count("@") == 1


@given(st.text())
def test_tidying_twice_changes_nothing_more(typed: str) -> None:
    assert normalise(normalise(typed)) == normalise(typed)


@pytest.mark.parametrize(
    "name",
    [
        "J.R. Smith",
        "St. John",
        "Анна-Мария",
        "O'Neill",
        "Nguyễn Văn A",
        "علی",
        "M. Com",
        "Smith M.Com.",
    ]
    + ["Jean-Luc de la Tour", "李雷", "X Æ A-12", "=Ali", "-Ali", "Dr.in Mag.a Huber", "রায়"]
    + ["Dr.ir. J. Bakker", "dr.ir. bakker", "Th.de Boer", "Pat.De Souza", "Prof.dr.ir.", "prof.ir."]
    + [
        "Lt.Com. Smith",
        "Dr.Link",
        "Rev.fr. John",
        "Rev.br. Th.",
        "Stellv.Leiter/in",
        "Dr.in/Mag.a",
        "Bros.Co",
    ],
)
def test_real_names_hold_no_link_and_nothing_forbidden(name: str) -> None:
    assert not has_link(name)
    assert not has_forbidden(name)


@pytest.mark.parametrize(
    "name",
    ["see http://spam.example", "www.spam.example", "spam.com", "Anna spam.org Berg", "t.me/spam"]
    + ["casino.ru", "kaspi.kz", "spam.de", "bit.ly", "evil.co.uk", "казино.рф", "spam.info"]
    + ["T.me/spam", "SPAM.COM", "Casino.Ru", "Spam.com.", "vk.com", "anna@spam.dev"],
)
def test_links_are_seen(name: str) -> None:
    assert has_link(name)


def test_an_organisation_may_be_named_after_a_domain_and_is_no_address() -> None:
    for name in ("350.org", "Change.org", "Kaz.Info Agency", "amnesty.org.uk", "Foo.de e.V."):
        assert not has_address(name)
    for address in ("https://350.org", "www.350.org", "350.org/join", "buy.spam.com", "a@b.com"):
        assert has_address(address)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Anna Berg", "A. B."),
        ("Анна-Мария ван дер Берг", "А.-М. В. Д. Б."),
        ("Jean‐Luc", "J.-L."),
        ("Anna (Nan) Berg", "A. N. B."),
        ("'t Hooft", "T. H."),
        ("«Аня» Берг", "А. Б."),
        ("ʻOkina 🙂 Anna", "O. A."),
        ("X Æ A-12 -", "X. Æ. A.-1."),
        ("ǆemal ﬁona", "ǅ. Fi."),  # titlecase
        ("ქეთი ბერი", "ქ. ბ."),  # Georgian has capitals, and no titlecase
        ("ẹ́a", "Ẹ́."),
        ("क्षमा रায়", "क्ष. रা."),  # a conjunct, a vowel sign
        ("علی 李雷", "ع. 李."),
    ],
)
def test_initials_are_the_first_letters_of_the_words(name: str, expected: str) -> None:
    assert initials(name) == expected


def test_the_signs_that_programs_put_around_copied_text_are_removed() -> None:
    for copied in ("⁨Анна⁩ ⁨Берг⁩", "﻿Анна Берг​ ", "‪Анна Берг‬"):
        assert tidy(copied) == "Анна Берг"
    assert tidy("न्‍या") == "न्‍या", "between letters a joiner has a meaning"
    assert has_forbidden(tidy("Анна‮греБ")), "an override is not removed but refused"


@pytest.mark.parametrize("bad", ["\0", "\x1b", "\n", "\t", "\u202e", "\u2066", "\u2028", "\x7f"])
def test_control_characters_are_forbidden(bad: str) -> None:
    assert has_forbidden(f"Anna{bad}Berg")


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\u2800", "\u3164", "—", "..."])
def test_what_shows_nothing_is_no_name(name: str) -> None:
    assert not has_visible_character(name)


@pytest.mark.parametrize("name", ["A", "রায়", "李", "X2", "علی"])
def test_one_letter_of_any_script_is_a_name(name: str) -> None:
    assert has_visible_character(name)
