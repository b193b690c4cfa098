"""The front door: what the HMIS is, how an Agency joins, which courses there are, whether the desk is open (X5)."""

from collections.abc import Iterable
from typing import Any

from flask import redirect, render_template, url_for
from flask_login import current_user

from portal.db import reading
from portal.services.agencies.agency_tasks import HOLDERS
from portal.services.helpdesk.outages import shown
from portal.services.helpdesk.tickets import clock
from portal.web.components import percent
from portal.web.helpdesk.outages.room import line
from portal.web.kernel import now, policy, public, sessions
from portal.web.navigation import hours_said
from portal.web.public.room import blueprint
from portal.web.role_names import ROLE_NAMES
from workflows.questions import Needs, Prerequisite
from workflows.ticket_clock import moment_in_words, standing
from workflows.vocabulary import LEAD_ROLES, Role

OF_AN_AGENCY = ("agency", "agency_admin", "security_officer")
OF_A_PERSON = ("membership", "person", "device")


@blueprint.get("/welcome", endpoint="index")
@public("the start page of whoever is not signed in")
def index() -> Any:
    if current_user.is_authenticated:
        return redirect(url_for("home.index"))
    with reading(sessions()) as session:
        on, coming = shown.current(session, now=now(), policy=policy())
        calendar = clock.calendar(session, policy=policy())
    opening = standing(now(), calendar)
    return render_template(
        "pages/public/index.html",
        door=policy().front.door,
        on=[line(each) for each in on],
        coming=[line(each) for each in coming if each.phase == "coming"][:1],
        is_open=opening.open,
        changes=moment_in_words(opening.changes, calendar),
        why=opening.why,
        hours=hours_said(policy()),
    )


@blueprint.get("/join", endpoint="join")
@public("how an Agency and its people get in is for everybody to read")
def join() -> Any:
    """The task list of an Agency and of a person, explained: drawn from the pack in force."""
    return render_template(
        "pages/public/join.html", of_agency=_steps(OF_AN_AGENCY), of_person=_steps(OF_A_PERSON), name=policy().name,
        door=policy().front.door,
    )  # fmt: skip


def _steps(about: Iterable[str]) -> list[dict[str, Any]]:
    """What has to be there, in the pack's order, each with who does what; what must not be there is left out."""
    return [
        {"title": each.title, "does": _does(each), "cite": each.cite, "renewed": _renewed(each)}
        for each in policy().prerequisites
        if each.about in about and each.needs is Needs.HELD
    ]


def _does(prerequisite: Prerequisite) -> list[tuple[str, str]]:
    return [(HOLDERS[step.who], step.do) for step in prerequisite.steps]


def _renewed(prerequisite: Prerequisite) -> str:
    """How long it holds, in words; '' where it holds until something changes."""
    age = prerequisite.max_age
    if age is None:
        return ""
    if age.months and not age.days:
        years, months = divmod(age.months, 12)
        return (
            "every year" if age.months == 12 else f"every {years} years" if not months else f"every {age.months} months"
        )
    return f"every {age.days} days" if not age.months else "from time to time"


@blueprint.get("/trainings", endpoint="trainings")
@public("which courses there are, and for whom, is for everybody to read")
def trainings() -> Any:
    levels = {level.id: level.title for level in policy().access_levels}
    rows = [
        {
            "title": course.title,
            "whom": _whom(course.roles, [levels[level] for level in course.levels if level in levels]),
            "mark": percent(policy().mark_for(course.id)),
            "cite": course.cite,
        }
        for course in policy().courses
    ]
    return render_template("pages/public/trainings.html", rows=rows)


def _whom(roles: Iterable[str], levels: Iterable[str]) -> list[str]:
    """For whom a course is, in words; the Lead's own offices together."""
    named = [ROLE_NAMES[Role(role)] for role in roles if role not in LEAD_ROLES]
    if any(role in LEAD_ROLES for role in roles):
        named.append("The Lead's staff")
    return [*named, *(f"Access level: {level}" for level in levels)] or ["Whoever is enrolled in it"]
