"""The morning email to an organiser, composed with the numbers of the day before its day."""

from datetime import datetime

from petition.core import i18n
from petition.core.errors import EmailObsolete
from petition.database.base import db
from petition.mail.context import EmailContent, MailContext
from petition.models import Email, Organiser
from petition.organisers.overview import morning as rules


def morning(email: Email, context: MailContext, now: datetime) -> EmailContent:
    """Tell an organiser yesterday's numbers and the one thing to look at.

    Raises: EmailObsolete when it is no longer wanted, or its day is over.
    """
    organiser = db.session.get(Organiser, email.organiser_id, populate_existing=True)
    if organiser is None or not organiser.morning_email or email.created_at.date() < now.date():
        raise EmailObsolete
    report = rules.get_report(
        organiser, context.languages, site_problems=context.find_site_problems(), now=now
    )
    site = f"{context.site_url}/organisers/"
    found = report.found
    values = {
        "day": report.day,
        "number": report.number,
        "petitions": report.petitions,
        "found": found,
        "found_language": i18n.language_name(found.language) if found and found.language else "",
        "link": context.site_url + found.path(report.slug) if found and report.slug else site,
        "settings": f"{site}#emails",
    }
    return EmailContent(organiser.email, organiser.language, "morning", values)
