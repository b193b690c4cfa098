"""People involved: naming them, asking them, what they are shown and answer; redacting what was written."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forms.security.incidents import Answer, Ask, NamePerson, Redact
from portal import permissions
from portal.db import reading
from portal.models import Incident, IncidentEntry, IncidentPerson, Membership, Person
from portal.refusals import bad_input, not_found
from portal.services.security.incidents import incident_people, incident_timeline
from portal.web.kernel import acted, actor, now, permission, sessions, status_of
from portal.web.security.incidents.incident_room import found, one_url, titled
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.client_data import without


@blueprint.route("/incidents/<int:incident_id>/people", methods=["GET", "POST"], endpoint="name_person")
@permission(Action.INCIDENT_WORK)
def name_person(incident_id: int) -> Any:
    with reading(sessions()) as session:
        row = found(session, Action.INCIDENT_WORK, incident_id)
        members = _members(session, row)
        session.expunge(row)  # the page is drawn after the look is over
    form = NamePerson(members=members)

    def put(session: Session) -> str:
        whom, member = _whom(session, form)
        again = found(session, Action.INCIDENT_WORK, incident_id)
        incident_people.name(
            session, again, person=whom, membership=member, part=form.part.data, actor=actor(), now=now()
        )
        return whom.name

    back = url_for("security.incident", incident_id=incident_id, _anchor="people")
    said = "{} is named as involved. They are not told before you ask them something.".format
    if done := acted(form, put, said, back):
        return done
    page = render_template("pages/security/incidents/people.html", form=form, incident=row, called=titled(row))
    return page, status_of(form)


def _members(session: Session, row: Incident) -> list[tuple[str, str]]:
    if row.agency_id is None:
        return []
    query = select(Membership).where(Membership.agency_id == row.agency_id).join(Membership.person)
    query = query.order_by(Person.last_key, Person.first_key, Person.id).options(joinedload(Membership.person))
    return [(str(member.id), f"{member.person.name} ({member.person.email})") for member in session.scalars(query)]


def _whom(session: Session, form: NamePerson) -> tuple[Person, Membership | None]:
    if form.member.data:
        member = session.get_one(Membership, int(form.member.data))
        return member.person, member
    email = (form.email.data or "").lower()
    whom = session.scalars(select(Person).where(Person.email_key == email)).one_or_none() if email else None
    if whom is None:
        raise bad_input("Choose somebody from the list, or enter the e-mail address of somebody whom the portal knows.", "email")  # fmt: skip
    return whom, None


@blueprint.route("/incidents/people/<int:involved_id>", methods=["GET", "POST"], endpoint="ask_involved")
@permission(Action.INCIDENT_WORK)
def ask_involved(involved_id: int) -> Any:
    form = Ask()

    def put(session: Session) -> int:
        row = permissions.find(session, actor(), Action.INCIDENT_WORK, IncidentPerson, involved_id)
        incident_people.open_to(session, row, asked=form.asked.data or "", actor=actor(), now=now())
        return row.incident_id

    if done := acted(
        form,
        put,
        "They get a message and read what you asked.",
        lambda made: url_for("security.incident", incident_id=made, _anchor="people"),
    ):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.INCIDENT_WORK, IncidentPerson, involved_id)
        page = render_template("pages/security/incidents/ask.html", form=form, incident=row.incident, called=titled(row.incident), involved=row)  # fmt: skip
        return page, status_of(form)


@blueprint.get("/asked", endpoint="asked_list")
@permission(Action.INCIDENT_ANSWER)
def asked_list() -> Any:
    with reading(sessions()) as session:
        rows = incident_people.about_me(session, actor=actor())
        return render_template("pages/security/incidents/asked_list.html", rows=rows)


@blueprint.route("/asked/<int:involved_id>", methods=["GET", "POST"], endpoint="asked")
@permission(Action.INCIDENT_ANSWER)
def asked(involved_id: int) -> Any:
    """What somebody involved is shown: that there is an incident, and what they are asked; nothing else of it."""
    form = Answer()

    def put(session: Session) -> None:
        row = permissions.find(session, actor(), Action.INCIDENT_ANSWER, IncidentPerson, involved_id)
        incident_people.answer(session, row, text=form.text.data or "", actor=actor(), now=now())

    if done := acted(
        form, put, "Your answer is sent. The investigator reads it.", url_for("security.asked", involved_id=involved_id)
    ):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.INCIDENT_ANSWER, IncidentPerson, involved_id)
        page = render_template("pages/security/incidents/asked.html", form=form, involved=row, incident=row.incident)
        return page, status_of(form)


@blueprint.route("/incidents/<int:incident_id>/redact", methods=["GET", "POST"], endpoint="redact")
@permission(Action.INCIDENT_WORK)
def redact(incident_id: int) -> Any:
    return _redact(incident_id, None)


@blueprint.route("/incidents/<int:incident_id>/redact/<int:entry_id>", methods=["GET", "POST"], endpoint="redact_entry")
@permission(Action.INCIDENT_WORK)
def redact_entry(incident_id: int, entry_id: int) -> Any:
    return _redact(incident_id, entry_id)


def _redact(incident_id: int, entry_id: int | None) -> Any:
    def both(session: Session) -> tuple[Incident, IncidentEntry | None]:
        row = permissions.find(session, actor(), Action.INCIDENT_WORK, Incident, incident_id)
        entry = permissions.find(session, actor(), Action.INCIDENT_WORK, IncidentEntry, entry_id) if entry_id else None
        if entry is not None and entry.incident_id != row.id:
            raise not_found()
        return row, entry

    with reading(sessions()) as session:
        row, entry = both(session)
        text = entry.text if entry else row.said
        session.expunge(row)  # the page is drawn after the look is over
    form = Redact(data={"text": without(text)})

    def put(session: Session) -> None:
        again, line = both(session)
        incident_timeline.redact(session, again, entry=line, text=form.text.data or "", actor=actor(), now=now())

    back = one_url(row)
    if done := acted(form, put, "Redacted. What stood there before is gone.", back):
        return done
    page = render_template("pages/security/incidents/redact.html", form=form, incident=row, called=titled(row), text=text, back=back)  # fmt: skip
    return page, status_of(form)
