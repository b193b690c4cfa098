"""Enrolment: who has signed and waits for courses, and the courses assigned to one person."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from forms.desk import Enrol
from portal import permissions
from portal.db import reading, transaction
from portal.models import Membership
from portal.refusals import Refused
from portal.services.desk import enrolment_lists
from portal.services.people import enrolment
from portal.web.components import plural
from portal.web.desk.room import blueprint, pager
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action


@blueprint.get("/enrolments", endpoint="enrolments")
@permission(Action.PERSON_ENROL)
def enrolments() -> Any:
    """Two lists: whoever waits for access, and whoever has it and lacks a course since."""
    have, after = request.args.get("show") == "access", request.args.get("after", "")
    read = enrolment_lists.access_page if have else enrolment_lists.requests_page
    with reading(sessions()) as session:
        found = read(session, on=today(), policy=policy(), after=after)
        tabs = [
            {"label": label, "href": url_for("desk.enrolments", show=show), "current": have == bool(show)}
            for label, show in (("Waiting for access", None), ("With access", "access"))
        ]
        return render_template(
            "pages/desk/enrolments.html", rows=found.rows, page=pager(found, after), tabs_of=tabs, have=have,
            looked_at=enrolment_lists.LOOKED_AT,
        )  # fmt: skip


@blueprint.route("/enrolments/<int:membership_id>", methods=["GET", "POST"], endpoint="enrol")
@permission(Action.PERSON_ENROL)
def enrol(membership_id: int) -> Any:
    form = Enrol(courses={course.id: course.title for course in policy().courses})
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                membership = permissions.find(session, actor(), Action.PERSON_ENROL, Membership, membership_id)
                rows = enrolment.enrol(
                    session, membership=membership, courses=form.courses.data, actor=actor(), now=now(), policy=policy()
                )
                said = f"{membership.person.name} is enrolled in {plural(len(rows), 'course')}; a message says so."
        except Refused as no:
            form.refuse(no.sentence, no.field or "courses")
        else:
            flash(said, "success")
            return redirect(url_for("desk.enrolments"))
    with reading(sessions()) as session:
        membership = permissions.find(session, actor(), Action.PERSON_ENROL, Membership, membership_id)
        there = enrolment.assigned(session, membership.id, on=today())
        proposed = enrolment.propose(session, membership, on=today(), policy=policy())
        if not form.is_submitted():
            form.courses.data = [course.id for course in proposed]
        return render_template(
            "pages/desk/enrol.html",
            form=form,
            membership=membership,
            proposed=proposed,
            there=[c.title for c in policy().courses if c.id in there],
            unsigned=enrolment.unsigned(session, membership, now=now(), policy=policy()),
        ), 400 if form.errors else 200
