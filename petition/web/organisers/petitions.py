"""What an organiser sees of the petitions within reach, and the download."""

from flask import Response, g, render_template, request

from petition import burst_review, export, figures, moderation, organisers, petitions, visits
from petition.clock import now
from petition.errors import NotAllowed
from petition.kinds import Role
from petition.web.organiser.guard import pages, signed_in
from petition.web.surroundings import around


@pages.get("/")
def dashboard() -> str:
    """List the petitions within the organiser's reach."""
    organiser = signed_in()
    listed = [
        found for found in petitions.listed(g.language) if organisers.may_see(organiser, found.id)
    ]
    return render_template("organiser/dashboard.html", organiser=organiser, petitions=listed)


@pages.get("/p/<slug>")
def petition(slug: str) -> str:
    """Show one petition with its numbers."""
    organiser = signed_in()
    petition_id = organisers.petition_for(organiser, slug)
    return render_template(
        "organiser/petition.html",
        petition=petitions.shown(slug, g.language, drafts=True),
        numbers=figures.numbers(petition_id),
        bursts=burst_review.seen(petition_id),
        channels=visits.channels(petition_id),
        comments_waiting=moderation.waiting_count(petition_id),
        may_download=organiser.role != Role.VIEWER,
    )


@pages.get("/p/<slug>/preview")
def preview(slug: str) -> str:
    """Show the petition's page as the public will see it, drafts included."""
    organisers.petition_for(signed_in(), slug)
    shown = petitions.shown(slug, g.language, drafts=True)
    return render_template("petition/page.html", petition=shown, **around(shown))


@pages.get("/p/<slug>/signatures.csv")
def signatures_csv(slug: str) -> Response:
    """Send the confirmed signatures, noted in the audit trail before the first byte leaves. HEAD
    gets the headers of that and nothing leaves, so nothing is noted.
    """
    moment, organiser = now(), signed_in()
    if request.method == "HEAD":
        petition_id = organisers.petition_for(organiser, slug)
        if organiser.role == Role.VIEWER:
            raise NotAllowed
    else:
        petition_id = organisers.record_download(organiser, slug, what="csv", now=moment)
    return Response(
        export.csv_lines(petition_id),
        mimetype="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="{slug}-signatures-{moment:%Y-%m-%d}.csv"'
        },
    )
