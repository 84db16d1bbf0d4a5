"""Signatures that may be the same person's, with the reasons: a person decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select

from petition.database.base import db
from petition.models import Signature
from petition.organisers.review.search import begins_with

MOST = 20  # that are shown
READ = 1_000  # signatures of an organisation or with a similar address that are compared
NEAR = 20_000  # addresses with the same first letters that are compared
ALIKE = 3  # first letters of two addresses that are alike
SIMILAR = 0.8  # of SequenceMatcher's ratio: two letters of ten differ

_signature = Signature.table()


class Likeness(StrEnum):
    """What two signatures have in common."""

    NAME_AND_COUNTRY = "name_and_country"
    NAME_AND_POSTCODE = "name_and_postcode"
    ORGANISATION_AND_NAME = "organisation_and_name"
    ADDRESS = "address"  # but for dots and tags


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A signature that may be the same person's as another one."""

    signature: Signature
    reasons: list[Likeness]


def find(signature: Signature) -> list[Duplicate]:
    """Return up to `MOST` confirmed signatures of the petition that may be the same person's.

    Those with most reasons come first. Only numbers that an index finds are compared.
    """
    if not signature.confirmed or not signature.email:
        return []
    found: dict[int, Duplicate] = {}
    for query in _queries(signature):
        for other in db.session.scalars(query):
            reasons = [*_compare(signature, other)]
            if reasons and other.id not in found:
                found[other.id] = Duplicate(other, reasons)
    return sorted(found.values(), key=lambda one: (-len(one.reasons), one.signature.id))[:MOST]


def _queries(signature: Signature) -> Iterator[Select[Signature]]:
    table = _signature.c
    others = (table.petition_id == signature.petition_id, table.id != signature.id)

    def query(*conditions: ColumnElement[bool], most: int = READ) -> Select[Signature]:
        return select(Signature).where(*others, *conditions).order_by(table.id).limit(most)

    numbered = table.number.is_not(None)
    yield query(numbered, table.name_key == signature.name_key, most=MOST * 10)
    if signature.organisation:
        yield query(
            numbered,
            table.organisation == signature.organisation,
            table.organisation != literal_column("''"),
        )
    yield query(numbered, table.id.in_(_alike(signature)))


def _alike(signature: Signature) -> Select[int]:
    """Return the query for ids of signatures whose addresses are alike but for dots and tags.

    The index finds those that begin alike: dots and tags mostly come later.
    """
    name, domain = _bare(signature.mailbox_key)
    near = (
        select(_signature.c.id, _signature.c.mailbox_key)
        .where(begins_with(_signature.c.mailbox_key, name[:ALIKE]))
        .order_by(_signature.c.mailbox_key)
        .limit(NEAR)
        .subquery()
    )
    undotted, end = func.replace(near.c.mailbox_key, ".", ""), "@" + domain.replace(".", "")
    with_tag = and_(
        undotted.startswith(f"{name}+", autoescape=True), undotted.endswith(end, autoescape=True)
    )
    return select(near.c.id).where(or_(undotted == f"{name}{end}", with_tag))


def _undotted(text: str) -> str:
    return text.partition("+")[0].replace(".", "")


def _compare(one: Signature, other: Signature) -> Iterator[Likeness]:
    same_name = one.name_key == other.name_key
    if same_name and one.country == other.country:
        yield Likeness.NAME_AND_COUNTRY
    if same_name and one.postcode and one.postcode == other.postcode:
        yield Likeness.NAME_AND_POSTCODE
    same_organisation = one.organisation and one.organisation == other.organisation
    if same_organisation and _are_similar(one.name_key, other.name_key):
        yield Likeness.ORGANISATION_AND_NAME
    if _bare(one.mailbox_key) == _bare(other.mailbox_key):
        yield Likeness.ADDRESS


def _bare(mailbox: str) -> tuple[str, str]:
    local, _, domain = mailbox.rpartition("@")
    return _undotted(local), domain


def _are_similar(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= SIMILAR and matcher.ratio() >= SIMILAR
