"""Lists to look up: all people, Agencies to set up, licences, and the jobs that failed or are late."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from forms.base import Form
from forms.desk import Search
from portal import audit, jobs, permissions
from portal.db import reading, transaction
from portal.models import Job, Person
from portal.refusals import Refused
from portal.services.desk import configuration_lists, desk_lists, desk_lookups, licence_lists
from portal.services.paging import Page
from portal.web.components import address
from portal.web.desk.room import as_csv, blueprint, pager
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action
from workflows.vocabulary import LICENCES, Reason

EVERYBODY = 100_000
KINDS_OF_LICENCE = {"core": "Core HMIS", "art": "Reporting tool (ART)"}


@blueprint.get("/people", endpoint="people")
@permission(Action.DESK_SEE)
def people() -> Any:
    form, after = Search(request.args), request.args.get("after", "")
    search = (form.q.data or "")[:100]
    if request.args.get("format") == "csv":
        return _people_csv(search)
    with reading(sessions()) as session:
        page = desk_lookups.people_page(session, actor(), search=search, after=after)
        found: list[Person] = [row.Person for row in page.rows]
        access = desk_lookups.access_of(session, [one.id for person in found for one in person.memberships])
        return render_template(
            "pages/desk/people.html", people=found, access=access, form=form, page=pager(page, after)
        )


def _people_csv(search: str) -> Any:
    with transaction(sessions()) as session:
        order = desk_lookups.people_page(session, actor(), search=search, after="", limit=EVERYBODY)
        found: list[Person] = [row.Person for row in order.rows]
        access = desk_lookups.access_of(session, [one.id for person in found for one in person.memberships])
        rows = [
            (
                person.last_name,
                person.first_name,
                person.email,
                membership.agency.name,
                access.get(membership.id, "none"),
            )
            for person in found
            for membership in sorted(person.memberships, key=lambda one: one.agency.name)
        ]
        audit.record(
            session,
            actor=actor(),
            now=now(),
            act="people.export",
            said=f"Downloaded a list of {len(rows)} memberships.",
            after={"search": search},
        )
    return as_csv("people", ("Last name", "First name", "E-mail", "Agency", "Access"), rows)


@blueprint.get("/configurations", endpoint="configurations")
@permission(Action.AGENCY_CONFIGURE)
def configurations() -> Any:
    ready, after = request.args.get("show") == "ready", request.args.get("after", "")
    with reading(sessions()) as session:
        found = (
            Page(configuration_lists.ready(session, on=today()), "")
            if ready
            else configuration_lists.page(session, on=today(), after=after)
        )
        tabs = [
            {"label": label, "href": url_for("desk.configurations", show=show), "current": ready == bool(show)}
            for label, show in (("All that join", None), ("Ready to set up", "ready"))
        ]
        return render_template(
            "pages/desk/configurations.html", rows=found.rows, page=pager(found, after), tabs_of=tabs, ready=ready
        )


@blueprint.get("/licences", endpoint="licences")
@permission(Action.DESK_SEE)
def licences() -> Any:
    kind = request.args.get("kind", "core")
    kind = kind if kind in LICENCES else "core"
    form, after = Search(request.args), request.args.get("after", "")
    search = (form.q.data or "")[:100]
    with reading(sessions()) as session:
        if request.args.get("format") == "csv":
            return _licences_csv(kind, licence_lists.whole(session, kind=kind, search=search))
        found = licence_lists.page(session, kind=kind, search=search, after=after)
        parted = bool(found.next or after)
        everything = "count" in request.args
        counted = licence_lists.whole(session, kind=kind, search=search) if parted and everything else found.rows
        tabs = [
            {"label": KINDS_OF_LICENCE[one], "href": url_for("desk.licences", kind=one), "current": one == kind}
            for one in policy().seats.kinds
        ]
        return render_template(
            "pages/desk/licences.html",
            rows=found.rows,
            total=licence_lists.total(counted),
            count_all=address(count="all") if parted and not everything else "",
            kind_tabs=tabs,
            form=form,
            kind=kind,
            page=pager(found, after),
        )


def _licences_csv(kind: str, rows: Sequence[licence_lists.Row]) -> Any:
    cells = [(row.agency.name, row.granted, row.held, row.reserved, row.free, row.waiting) for row in rows]
    return as_csv(f"licenses-{kind}", ("Agency", "Granted", "In use", "Reserved", "Free", "People waiting"), cells)


@blueprint.get("/jobs", endpoint="jobs")
@permission(Action.JOB_RETRY)
def job_list() -> Any:
    with reading(sessions()) as session:
        found = desk_lookups.late_jobs(session, now=now())
        counts = {
            state: desk_lists.said(count, jobs.COUNTED)
            for state, count in jobs.overview(session, now=now()).items()
            if state in ("waiting", "running", "failed")
        }
        return render_template("pages/desk/jobs.html", jobs=found, overview=counts, form=Form())


@blueprint.post("/jobs/<int:job_id>/retry", endpoint="retry")
@permission(Action.JOB_RETRY)
def retry(job_id: int) -> Any:
    if not Form().validate_on_submit():
        return redirect(url_for("desk.jobs"))
    with transaction(sessions()) as session:
        permissions.check(session, actor(), Action.JOB_RETRY)
        job = session.get(Job, job_id)
        if job is None or not jobs.retry(session, job_id, now=now()):
            raise Refused(
                Reason.ALREADY_DONE,
                "This job does not wait for you any more: somebody else has put it back, or it is done.",
            )
        audit.record(
            session,
            actor=actor(),
            now=now(),
            act="job.retry",
            thing=job,
            said=f"Put the job {job.effect} {job.key} back after: {job.error[:300]}",
        )
    flash("The job is tried again within a minute.", "success")
    return redirect(url_for("desk.jobs"))
