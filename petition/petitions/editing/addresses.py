"""The address of a petition. Those that it had lead to the present one."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from petition import audit
from petition.core.errors import SlugTaken
from petition.database.transactions import transaction
from petition.models import FormerSlug, Petition
from petition.models.enums import AuditAction
from petition.petitions.editing import content, petition_file

_petition, _former = Petition.table(), FormerSlug.table()


def change_slug(
    slug: str, new_slug: str, *, organiser_id: int | None = None, site: str, now: datetime
) -> None:
    """Give a petition another address. The one before leads to it, but that of a draft is free.

    Raises: PetitionNotFound, SlugTaken, also when links to another petition have the address, and
    PetitionFileInvalid when a text to share gets too long with it.
    """
    with transaction() as connection:
        write_slug(connection, slug, new_slug, organiser_id=organiser_id, site=site, now=now)


def write_slug(
    connection: Connection,
    slug: str,
    new_slug: str,
    *,
    organiser_id: int | None = None,
    site: str,
    now: datetime,
) -> None:
    """Do as `change_slug`, in the caller's transaction, which an error has to end."""
    if slug == new_slug:
        return
    stored = content.read(connection, slug, lock=True)
    wanted = content.to_content(stored) | {"slug": new_slug}
    petition_file.parse(wanted, site=site, portrait=stored.portrait)
    is_own = (_former.c.slug == new_slug, _former.c.petition_id == stored.id)
    connection.execute(delete(_former).where(*is_own))
    refuse_former(connection, new_slug)
    if not stored.is_draft:
        values = {"slug": slug, "petition_id": stored.id}
        connection.execute(insert(_former).values(values))
    rename = update(_petition).where(_petition.c.id == stored.id)
    try:
        connection.execute(rename.values(slug=new_slug))
    except IntegrityError as error:  # the unique constraint of the slug
        raise SlugTaken(new_slug) from error
    audit.record(
        connection,
        AuditAction.PETITION_SETTINGS,
        now,
        organiser_id=organiser_id,
        petition_id=stored.id,
        detail="slug",
    )


def refuse_former(connection: Connection, slug: str) -> None:
    """Raise SlugTaken if links to a petition have an address."""
    is_it = select(_former.c.petition_id).where(_former.c.slug == slug)
    if connection.scalar(is_it) is not None:
        raise SlugTaken(slug)
