"""The petitions within reach: list, figures, preview, download."""

from pathlib import Path

from flask import Response, current_app, g, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from petition.abuse import proxy_headers
from petition.core.clock import now
from petition.organisers import access, burst_review, export, moderation, permissions
from petition.petitions import queries, statistics, visits
from petition.web.organisers.guard import pages
from petition.web.support.page_context import get_page_context
from petition.web.support.responses import see_other


@pages.get("/")
def dashboard() -> str:
    """List the petitions within the organiser's reach, and what is wrong with the proxy."""
    petitions = [
        petition
        for petition in queries.list_petitions(g.language)
        if permissions.reaches(g.organiser, petition.id)
    ]
    problems = proxy_headers.find_problems(Path(current_app.instance_path))
    return render_template("organisers/dashboard.html", petitions=petitions, problems=problems)


@pages.get("/p/<slug>")
def petition(slug: str) -> str:
    """Show one petition with its figures."""
    petition_id = g.petition_id
    return render_template(
        "organisers/petition.html",
        petition=queries.get_petition(slug, g.language, drafts=True),
        numbers=statistics.get_statistics(petition_id),
        bursts=burst_review.list_bursts(petition_id),
        channels=visits.channel_totals(petition_id),
        comments_waiting=moderation.count_waiting(petition_id),
    )


@pages.get("/p/<slug>/preview")
def preview(slug: str) -> str:
    """Show the petition's page as the public will see it, drafts included."""
    draft = queries.get_petition(slug, g.language, drafts=True)
    return render_template("petition/page.html", petition=draft, **get_page_context(draft))


@pages.get("/p/<slug>/signatures.csv")
def signatures_csv(slug: str) -> Response:
    """Send the confirmed signatures, recorded in the audit trail before the first byte leaves.

    `?separator=` overrides what the organiser chose. HEAD sends headers only and is not recorded.
    """
    separator = request.args.get("separator", g.organiser.csv_separator)
    if separator not in export.SEPARATORS:
        raise BadRequest
    requested_at, petition_id = now(), g.petition_id
    if request.method != "HEAD":
        access.record_download(
            petition_id, organiser_id=g.organiser.id, detail="csv", now=requested_at
        )
    filename = f"{slug}-signatures-{requested_at:%Y-%m-%d}.csv"
    return Response(
        export.csv_lines(petition_id, separator),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


@pages.post("/p/<slug>/separator")
def set_separator(slug: str) -> AnyResponse:
    """Remember the separator of this organiser's CSV files, and redirect to the file."""
    separator = "semicolon" if request.form.get("separator") == "semicolon" else "comma"
    access.set_csv_separator(g.organiser.id, separator)
    return see_other(url_for("organisers.signatures_csv", slug=slug))
