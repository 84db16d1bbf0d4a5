"""Two petitions to which things happen at random."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from petition.abuse.rate_limits import FormSender
from petition.core.errors import ChangedMeanwhile, ItemNotFound, PetitionNotOpen, SignatureGone
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Petition, Signature
from petition.models.enums import InvalidReason, PetitionState
from petition.operations import retention
from petition.organisers.review import invalidation
from petition.petitions import counts, signing_terms
from petition.signatures import confirmation, disowning, new_text, self_service, signing
from petition.signatures.entries import Entry, EntryContext, EntryRef
from tests.factories import TODAY, change_text, make_petition, parse_address
from tests.signatures import ENTRY

COUNTRIES = ("SE", "DE", "KZ")
# Casefolding makes one of the first two, and of the next two; PostgreSQL's lower() would not.
ORGANISATIONS = ("", "Straße 5", "STRASSE 5", "Кәсіподақ", "КӘСІПОДАҚ", "x" * 199 + "ß")
DOMAINS = ("example.org", "mailinator.com")
SLUGS = ("first", "second")


class Campaign:
    """Two petitions to which things happen at random, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 (no secret)
        for slug in SLUGS:
            make_petition(slug)

    def step(self) -> str:
        """Do one thing and return its name."""
        steps: dict[Callable[[], object], int] = {
            self.sign: 10,
            self.confirm: 10,
            self.correct: 4,
            self.withdraw: 2,
            self.disown: 2,
            self.anonymise: 1,
            self.invalidate: 4,
            self.restore: 2,
            self.change_text: 1,
            self.confirm_text: 6,
        }
        (chosen,) = self._random.choices(list(steps), list(steps.values()))
        with suppress(ChangedMeanwhile, SignatureGone, PetitionNotOpen, ItemNotFound):
            chosen()
        return chosen.__name__

    def sign(self) -> None:
        """Sign with one of a few mailboxes."""
        slug = self._random.choice(SLUGS)
        domain = self._random.choice(DOMAINS)
        terms = signing_terms.get_signing_terms(slug, "en")
        signing.sign(
            terms.id,
            self._entry(),
            parse_address(f"{self._random.randint(1, 8)}@{domain}"),
            EntryContext("en", self._random.choice(("", "wa", "tg")), "en", terms.text_version),
            sender=FormSender(),
            now=TODAY,
        )

    def confirm(self) -> None:
        """Confirm one of a mailbox's entries on one of three days, a minute before midnight UTC."""
        day = timedelta(days=self._random.randint(0, 2), hours=11, minutes=59)
        entry = EntryRef(self._signature(), self._random.randint(1, 3))
        confirmation.confirm(entry, now=TODAY + day)

    def correct(self) -> None:
        self_service.correct(self._signature(), self._entry(), now=TODAY)

    def withdraw(self) -> None:
        self_service.withdraw(self._signature(), now=TODAY)

    def disown(self) -> None:
        emails = db.session.scalars(select(Email.id).order_by(Email.id)).all()
        disowning.disown(self._random.choice(emails or [0]), never_again=False, now=TODAY)

    def anonymise(self) -> None:
        """Close a petition, let what is personal go, and open it again."""
        slug = self._random.choice(SLUGS)
        for state, at in ((PetitionState.CLOSED, TODAY - timedelta(days=200)), ("open", None)):
            with transaction() as connection:
                connection.execute(
                    update(Petition).where(Petition.slug == slug).values(state=state, closed_at=at)
                )
            retention.run(purge_days=14, anonymise_days=180, now=TODAY)

    def invalidate(self) -> None:
        reason = self._random.choice([*InvalidReason])
        invalidation.invalidate(*self._petition_and_signature(), reason, now=TODAY)

    def restore(self) -> None:
        invalidation.restore(*self._petition_and_signature(), now=TODAY)

    def change_text(self) -> None:
        """Publish a new version of a text, in the language in which everybody signs."""
        change_text(self._random.choice(SLUGS), reason="It was too long.")

    def confirm_text(self) -> None:
        """Agree with a version that was read, often the newest."""
        signature = db.session.get(Signature, self._signature())
        if signature is not None:
            versions = counts.get_versions(signature.petition_id)
            read = versions[signature.text_language] - self._random.choice((0, 0, 0, 1))
            new_text.confirm(signature.id, read, now=TODAY)

    def _petition_and_signature(self) -> tuple[int, int]:
        signature = db.session.get(Signature, self._signature())
        return (signature.petition_id, signature.id) if signature else (0, 0)

    def _entry(self) -> Entry:
        return replace(
            ENTRY,
            country=self._random.choice(COUNTRIES),
            organisation=self._random.choice(ORGANISATIONS),
        )

    def _signature(self) -> int:
        db.session.rollback()
        ids = db.session.scalars(select(Signature.id).order_by(Signature.id)).all()
        return self._random.choice(ids or [0])
