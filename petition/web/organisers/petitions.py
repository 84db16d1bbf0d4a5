"""What an organiser sees of the petitions within reach, and the download."""

from flask import Response, g, render_template, request

from petition.core.clock import now
from petition.core.errors import PermissionDenied
from petition.models.enums import Role
from petition.organisers import access, burst_review, export, moderation
from petition.petitions import queries, statistics, visits
from petition.web.organisers.guard import pages, signed_in
from petition.web.support.page_context import get_page_context


@pages.get("/")
def dashboard() -> str:
    """List the petitions within the organiser's reach."""
    organiser = signed_in()
    listed = [
        found for found in queries.list_petitions(g.language) if access.may_see(organiser, found.id)
    ]
    return render_template("organisers/dashboard.html", organiser=organiser, petitions=listed)


@pages.get("/p/<slug>")
def petition(slug: str) -> str:
    """Show one petition with its numbers."""
    organiser = signed_in()
    petition_id = access.petition_for(organiser, slug)
    return render_template(
        "organisers/petition.html",
        petition=queries.get_petition(slug, g.language, drafts=True),
        numbers=statistics.get_statistics(petition_id),
        bursts=burst_review.list_bursts(petition_id),
        channels=visits.channel_totals(petition_id),
        comments_waiting=moderation.count_waiting(petition_id),
        may_download=organiser.role != Role.VIEWER,
    )


@pages.get("/p/<slug>/preview")
def preview(slug: str) -> str:
    """Show the petition's page as the public will see it, drafts included."""
    access.petition_for(signed_in(), slug)
    shown = queries.get_petition(slug, g.language, drafts=True)
    return render_template("petition/page.html", petition=shown, **get_page_context(shown))


@pages.get("/p/<slug>/signatures.csv")
def signatures_csv(slug: str) -> Response:
    """Send the confirmed signatures, noted in the audit trail before the first byte leaves. HEAD
    gets the headers of that and nothing leaves, so nothing is noted.
    """
    moment, organiser = now(), signed_in()
    if request.method == "HEAD":
        petition_id = access.petition_for(organiser, slug)
        if organiser.role == Role.VIEWER:
            raise PermissionDenied
    else:
        petition_id = access.record_download(organiser, slug, what="csv", now=moment)
    return Response(
        export.csv_lines(petition_id),
        mimetype="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="{slug}-signatures-{moment:%Y-%m-%d}.csv"'
        },
    )
