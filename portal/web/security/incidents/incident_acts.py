"""Whom to tell, what is closed at once and opened again, and how an incident ends."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.security.incidents import Conclude, Contain, StepDone, Why
from portal import permissions
from portal.db import reading
from portal.models import Containment, Incident, IncidentStep, Membership, Person
from portal.services.security.incidents import containment, containment_preview, incident_chain, incident_ending
from portal.services.security.incidents.containment import Target
from portal.services.security.incidents.incident_ending import Correction
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of, today
from portal.web.security.incidents.incident_room import found, titled, with_reason
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import LEAD


@blueprint.route("/incidents/chain/<int:chain_id>", methods=["GET", "POST"], endpoint="chain_step")
@permission(Action.INCIDENT_WORK)
def chain_step(chain_id: int) -> Any:
    form = StepDone()

    def put(session: Session) -> int:
        step = permissions.find(session, actor(), Action.INCIDENT_WORK, IncidentStep, chain_id)
        told, words = form.told.data or "", form.words.data or ""
        incident_chain.done(session, step, told=told, words=words, actor=actor(), now=now())
        return step.incident_id

    if done := acted(
        form,
        put,
        "It is on record who was told.",
        lambda made: url_for("security.incident", incident_id=made, _anchor="chain"),
    ):
        return done
    with reading(sessions()) as session:
        step = permissions.find(session, actor(), Action.INCIDENT_WORK, IncidentStep, chain_id)
        page = render_template("pages/security/incidents/step.html", form=form, step=step, incident=step.incident, called=titled(step.incident))  # fmt: skip
        return page, status_of(form)


@blueprint.route("/incidents/<int:incident_id>/contain", methods=["GET", "POST"], endpoint="contain")
@permission(Action.INCIDENT_CONTAIN)
def contain(incident_id: int) -> Any:
    """Chosen first, then shown by name what will happen, then done."""
    with reading(sessions()) as session:
        row = found(session, Action.INCIDENT_CONTAIN, incident_id)
        offered = containment_preview.choices(session, row, on=today())
    form = Contain(targets={each.target.key: f"{each.label}: {each.hint}" for each in offered})

    def put(session: Session) -> int:
        again = found(session, Action.INCIDENT_CONTAIN, incident_id)
        targets = [Target.read(each) for each in form.what.data or ()]
        why = form.reason.data or ""
        return len(
            containment.contain(session, again, targets=targets, reason=why, actor=actor(), now=now(), policy=policy())
        )

    step, valid = request.form.get("step", ""), form.validate_on_submit()
    back = url_for("security.incident", incident_id=incident_id, _anchor="contained")
    said = "Closed. Access in the core HMIS closes as soon as the worker has passed."
    if step == "do" and (done := acted(form, put, said, back)):
        return done
    with reading(sessions()) as session:
        row = found(session, Action.INCIDENT_CONTAIN, incident_id)
        chosen = [Target.read(each) for each in form.what.data or ()] if valid else []
        sentences = containment_preview.foreseen(session, chosen, now=now(), policy=policy())
        checking = valid and step != "change" and not form.form_errors and not form.errors
        page = render_template(
            f"pages/security/incidents/{'contain_check' if checking else 'contain'}.html", form=form, incident=row, called=titled(row),
            offered=offered, sentences=sentences,
        )  # fmt: skip
        return page, status_of(form)


@blueprint.route(
    "/incidents/contained/<int:containment_id>/release", methods=["GET", "POST"], endpoint="open_contained"
)
@permission(Action.INCIDENT_CONTAIN)
def release(containment_id: int) -> Any:
    return _containment(
        containment_id, containment.release, "release", "Opened again. The whole gate is asked once more."
    )


@blueprint.route(
    "/incidents/contained/<int:containment_id>/extend", methods=["GET", "POST"], endpoint="extend_contained"
)
@permission(Action.INCIDENT_CONTAIN)
def extend(containment_id: int) -> Any:
    return _containment(containment_id, containment.extend, "extend", "Extended.")


def _containment(containment_id: int, verb: Any, what: str, said: str) -> Any:
    form = Why()

    def put(session: Session) -> int:
        row = permissions.find(session, actor(), Action.INCIDENT_CONTAIN, Containment, containment_id)
        verb(session, row, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy())
        return row.incident_id

    if done := acted(form, put, said, lambda made: url_for("security.incident", incident_id=made, _anchor="contained")):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.INCIDENT_CONTAIN, Containment, containment_id)
        incident, named = session.get_one(Incident, row.incident_id), containment.named(row)
        page = render_template(
            "pages/security/incidents/why.html", form=form, incident=incident, called=titled(incident), danger=what == "extend",
            heading_=f"Open {named} again?" if what == "release" else f"Keep {named} closed for longer?",
            button="Open it again" if what == "release" else "Extend it", what=_will_happen(row, named, what),
            back=url_for("security.incident", incident_id=incident.id, _anchor="contained"),
        )  # fmt: skip
        return page, status_of(form)


def _will_happen(row: Containment, named: str, what: str) -> list[str]:
    if what == "extend":
        return [
            f"Closed for {policy().incidents.suspension_days} days more after {us_date(row.until or today())}: {named}.",
            "It can be extended this once, and by somebody other than who closed it.",
        ]
    if row.device_id is not None:
        return [f"The authorization of {named} holds again from today, and whoever uses it is put before the gate."]
    return [
        f"This measure ends today: {named}. A sanction that is in force goes on.",
        "The whole gate is asked again: access comes back where nothing else is missing by now, and not otherwise.",
    ]


@blueprint.route("/incidents/<int:incident_id>/conclude", methods=["GET", "POST"], endpoint="conclude")
@permission(Action.INCIDENT_CONCLUDE)
def conclude(incident_id: int) -> Any:
    with reading(sessions()) as session:
        row = found(session, Action.INCIDENT_CONCLUDE, incident_id)
        owners = _owners(session, row)
        session.expunge(row)  # the page is drawn after the look is over
    form = Conclude(owners=owners)

    def put(session: Session) -> None:
        again = found(session, Action.INCIDENT_CONCLUDE, incident_id)
        wrong = form.wrong.data or ""
        corrections = [
            Correction(wrong=wrong, doing=form.doing.data or "", due=form.due.data, owner_id=form.owner.data or None)
        ]
        incident_ending.conclude(
            session, again, finding=form.finding.data, conclusion=form.conclusion.data or "", corrections=corrections if wrong else (),
            actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    if done := acted(
        form,
        put,
        "Concluded. A sanction, if one is called for, is drafted from this page.",
        url_for("security.incident", incident_id=incident_id),
    ):
        return done
    page = render_template("pages/security/incidents/conclude.html", form=form, incident=row, called=titled(row))
    return page, status_of(form)


def _owners(session: Session, row: Incident) -> list[tuple[int, str]]:
    query = select(Person).join(Membership, Membership.person_id == Person.id)
    query = query.where(Membership.agency_id == (row.agency_id or LEAD))
    people = session.scalars(query.order_by(Person.last_key, Person.first_key, Person.id))
    return [(each.id, each.name) for each in people]


@blueprint.route("/incidents/<int:incident_id>/close", methods=["GET", "POST"], endpoint="close_incident")
@permission(Action.INCIDENT_CLOSE)
def close(incident_id: int) -> Any:
    return with_reason(
        incident_id,
        Action.INCIDENT_CLOSE,
        lambda session, row, why: incident_ending.close(session, row, reason=why, actor=actor(), now=now()),
        title="Close this incident?",
        button="Close it",
        what=[
            "It is off the list of what is open. Everything of it stays on record, and it can be opened again.",
            "Access that is closed stays closed until its last day, and corrective actions go on.",
        ],
        done="Closed.",
    )


@blueprint.route("/incidents/<int:incident_id>/reopen", methods=["GET", "POST"], endpoint="reopen")
@permission(Action.INCIDENT_CLOSE)
def reopen(incident_id: int) -> Any:
    return with_reason(
        incident_id,
        Action.INCIDENT_CLOSE,
        lambda session, row, why: incident_ending.reopen(session, row, reason=why, actor=actor(), now=now()),
        title="Open this incident again?",
        button="Open it again",
        what=["It is investigated again by the same person. What was concluded before stays in the timeline."],
        done="It is being investigated again.",
    )
