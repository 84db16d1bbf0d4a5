"""A petition from draft to its end: keep it, open, pause, close it or call it won, recount it."""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from petition.core.errors import PetitionNotFound, SlugTaken
from petition.database.transactions import transaction
from petition.models import Petition, PetitionText, Picture, Signature, Tally
from petition.models.enums import PetitionState
from petition.petitions import sums
from petition.petitions.petition_file import PetitionFile

_ENDS = (PetitionState.CLOSED, PetitionState.VICTORY)


def create(manuscript: PetitionFile, *, now: datetime) -> None:
    """Keep a new petition with its texts and a counter at nought. Raises SlugTaken."""
    opened_at = now if manuscript.petition["state"] == PetitionState.OPEN else None
    values = manuscript.petition | {"created_at": now, "opened_at": opened_at}
    try:
        with transaction() as connection:
            kept = connection.scalar(insert(Petition).values(values).returning(Petition.id))
            connection.execute(
                insert(Tally).values(petition_id=kept, counted=0, last_number=0, changed_at=now)
            )
            if manuscript.face:
                made = manuscript.face
                connection.execute(
                    insert(Picture).values(
                        petition_id=kept,
                        name="face",
                        digest=made.digest,
                        width=made.width,
                        height=made.height,
                        content=made.content,
                    )
                )
            rest = {"petition_id": kept, "version": 1, "created_at": now}
            connection.execute(insert(PetitionText), [text | rest for text in manuscript.texts])
    except IntegrityError as error:
        raise SlugTaken(manuscript.slug) from error


def change_state(slug: str, state: PetitionState, *, now: datetime) -> None:
    """Open, pause or close a petition, or call it won, which closes it. Repeating it changes
    nothing; a closed one that is won stays closed since when it was. Raises PetitionNotFound.
    """
    values: dict[str, object] = {
        "state": state.value,
        "closed_at": func.coalesce(Petition.closed_at, now) if state in _ENDS else None,
    }
    if state == PetitionState.OPEN:
        values["opened_at"] = func.coalesce(Petition.opened_at, now)
    with transaction() as connection:
        known = connection.scalar(select(Petition.id).where(Petition.slug == slug))
        if known is None:
            raise PetitionNotFound
        connection.execute(
            update(Petition).where(Petition.id == known, Petition.state != state).values(values)
        )


def recount(slug: str, *, now: datetime) -> tuple[int, int]:
    """Count a petition's signatures one by one, set the counter to it, and return what it said and
    says.

    Raises PetitionNotFound.
    """
    with transaction() as connection:
        tally = connection.execute(
            select(Tally.petition_id, Tally.counted)
            .join(Petition, Petition.id == Tally.petition_id)
            .where(Petition.slug == slug)
            .with_for_update(of=Tally)
        ).first()
        if tally is None:
            raise PetitionNotFound
        mine = Signature.petition_id == tally.petition_id
        true = int(connection.scalar(select(func.count()).where(mine, Signature.counted)) or 0)
        if tally.counted != true:
            connection.execute(
                update(Tally)
                .where(Tally.petition_id == tally.petition_id)
                .values(counted=true, changed_at=now)
            )
        sums.rebuild(connection, tally.petition_id)
        return tally.counted, true
