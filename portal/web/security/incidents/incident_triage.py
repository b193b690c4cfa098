"""Triage of a report, correcting what is known of it, who investigates it, setting it aside."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.security.incidents import Investigator, Triage
from portal.db import reading
from portal.models import Agency, Incident
from portal.services.security.incidents import incident_triage
from portal.services.security.incidents.incident_triage import Facts
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of
from portal.web.security.incidents.incident_room import found, titled, with_reason
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.vocabulary import LEAD


@blueprint.route("/incidents/<int:incident_id>/triage", methods=["GET", "POST"], endpoint="triage")
@permission(Action.INCIDENT_TRIAGE)
def triage(incident_id: int) -> Any:
    return _facts_page(incident_id, Action.INCIDENT_TRIAGE)


@blueprint.route("/incidents/<int:incident_id>/facts", methods=["GET", "POST"], endpoint="facts")
@permission(Action.INCIDENT_WORK)
def facts(incident_id: int) -> Any:
    return _facts_page(incident_id, Action.INCIDENT_WORK)


def _facts_page(incident_id: int, action: Action) -> Any:
    first = action is Action.INCIDENT_TRIAGE
    with reading(sessions()) as session:
        row = found(session, action, incident_id)
        agencies = [(str(LEAD), "The HMIS Lead itself"), *_agencies(session)]
        session.expunge(row)  # the page is drawn after the look is over
    form = Triage(
        data=_known(row), kinds=_kinds(), agencies=agencies,
        elements={each.id: each.title for each in policy().incidents.elements},
    )  # fmt: skip

    def put(session: Session) -> None:
        verb = incident_triage.triage if first else incident_triage.correct
        verb(
            session, found(session, action, incident_id), facts=_facts(form), actor=actor(), now=now(), policy=policy()
        )

    said = "Triaged. The clocks of the chain of communication run from now." if first else "Corrected."
    if done := acted(form, put, said, url_for("security.incident", incident_id=incident_id)):
        return done
    page = render_template(
        "pages/security/incidents/triage.html", form=form, incident=row, called=titled(row), first=first, chain=policy().incidents.chain
    )  # fmt: skip
    return page, status_of(form)


def _kinds() -> dict[str, str]:
    """The kinds of incident, each with how severe the pack takes it to be until somebody says otherwise."""
    return {kind.id: f"{kind.title} (usually {kind.severity})" for kind in policy().incidents.kinds}


def _agencies(session: Session) -> list[tuple[str, str]]:
    query = select(Agency.id, Agency.name).where(Agency.id != LEAD).order_by(Agency.name_key)
    return [(str(agency_id), name) for agency_id, name in session.execute(query)]


def _known(row: Incident) -> dict[str, Any]:
    names = ("title", "kind", "severity", "occurred_on", "discovered_on", "affected", "elements", "media", "found_how", "contained")  # fmt: skip
    known = {name: getattr(row, name) for name in names}
    known["agency"] = "" if row.agency_id is None else str(row.agency_id)
    return known | {"agency_sees": row.agency_sees or row.triaged_at is None}


def _facts(form: Triage) -> Facts:
    return Facts(
        title=form.title.data or "", kind=form.kind.data or "", severity=form.severity.data or "",
        agency_id=int(form.agency.data) if form.agency.data else None, agency_sees=bool(form.agency_sees.data),
        occurred_on=form.occurred_on.data, discovered_on=form.discovered_on.data, affected=form.affected.data,
        elements=tuple(form.elements.data or ()), media=form.media.data or "", found_how=form.found_how.data or "",
        contained=form.contained.data or "",
    )  # fmt: skip


@blueprint.route("/incidents/<int:incident_id>/investigator", methods=["GET", "POST"], endpoint="investigator")
@permission(Action.INCIDENT_TRIAGE)
def investigator(incident_id: int) -> Any:
    with reading(sessions()) as session:
        row = found(session, Action.INCIDENT_TRIAGE, incident_id)
        people = incident_triage.possible(session, row, now=now(), policy=policy())
        session.expunge(row)  # the page is drawn after the look is over
    form = Investigator(people=people)

    def put(session: Session) -> None:
        again = found(session, Action.INCIDENT_TRIAGE, incident_id)
        incident_triage.assign(session, again, person_id=form.who.data, actor=actor(), now=now(), policy=policy())

    back = url_for("security.incident", incident_id=incident_id)
    if done := acted(form, put, lambda _: f"{people[form.who.data]} investigates it.", back):
        return done
    page = render_template("pages/security/incidents/investigator.html", form=form, incident=row, called=titled(row), people=people)  # fmt: skip
    return page, status_of(form)


@blueprint.route("/incidents/<int:incident_id>/set-aside", methods=["GET", "POST"], endpoint="set_aside")
@permission(Action.INCIDENT_TRIAGE)
def set_aside(incident_id: int) -> Any:
    return with_reason(
        incident_id,
        Action.INCIDENT_TRIAGE,
        lambda session, row, why: incident_triage.set_aside(session, row, reason=why, actor=actor(), now=now()),
        title="Set this report aside?",
        button="Set it aside",
        what=[
            "It is off the list of what is to be investigated. It stays on record and can be taken up again.",
            "Set aside only what is no possible violation, or what is reported already. Everything else is investigated.",
            "The reporter sees that it was read and set aside.",
        ],
        done="Set aside. It can be taken up again.",
        danger=True,
    )


@blueprint.route("/incidents/<int:incident_id>/take-up", methods=["GET", "POST"], endpoint="take_up")
@permission(Action.INCIDENT_TRIAGE)
def take_up(incident_id: int) -> Any:
    return with_reason(
        incident_id,
        Action.INCIDENT_TRIAGE,
        lambda session, row, why: incident_triage.take_up(session, row, reason=why, actor=actor(), now=now()),
        title="Take this report up after all?",
        button="Take it up",
        what=["It waits to be triaged again."],
        done="It waits to be triaged.",
    )
