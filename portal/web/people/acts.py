"""What is done about a person: reminded, sent a link again, approved, cancelled, deactivated, renamed, checked."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.access_request import Reason as ReasonForm
from forms.access_request import listed
from forms.people import Departure, InUse, Name
from forms.sign_in import Nothing
from portal import permissions
from portal.db import reading, transaction
from portal.models import AccessRequest, Device, Membership
from portal.refusals import Refused
from portal.services import evidence
from portal.services.people import approvals, departures, grants, nudges, onboarding, requests
from portal.services.people import people as persons
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.people.room import blueprint, find, there
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import About, Kind, Reason

Done = Callable[[Session, Membership], str]


def _press(membership_id: int, action: Action, act: Done, back: str = "people.one") -> Any:
    """A button without a form of its own: does it, says so, and returns to the person's page."""
    if not Nothing().validate_on_submit():
        return redirect(url_for(back, membership_id=membership_id))
    try:
        with transaction(sessions()) as session:
            said = act(session, find(session, action, membership_id))
    except Refused as no:
        if no.reason in {Reason.NOT_ALLOWED, Reason.NOT_FOUND, Reason.SAME_PERSON}:
            raise
        flash(no.sentence, "warning")
    else:
        flash(said, "success")
    return redirect(url_for(back, membership_id=membership_id))


@blueprint.post("/<int:membership_id>/nudge", endpoint="nudge")
@permission(Action.NUDGE)
def nudge(membership_id: int) -> Any:
    def act(session: Session, membership: Membership) -> str:
        told = nudges.nudge(session, membership=membership, actor=actor(), now=now(), policy=policy())
        return f"A reminder goes to {nudges.said_to(told)}."

    return _press(membership_id, Action.NUDGE, act)


@blueprint.post("/<int:membership_id>/resend", endpoint="resend")
@permission(Action.LINK_SEND)
def resend(membership_id: int) -> Any:
    def act(session: Session, membership: Membership) -> str:
        sent = onboarding.send_again(session, membership=membership, actor=actor(), now=now(), policy=policy())
        new = "A new link goes" if len(sent) == 1 else f"{len(sent)} new links go"
        return f"{new} to {membership.person.email}. Earlier links stop working."

    return _press(membership_id, Action.LINK_SEND, act)


@blueprint.post("/<int:membership_id>/approve", endpoint="approve")
@permission(Action.ACCESS_APPROVE)
def approve(membership_id: int) -> Any:
    def act(session: Session, membership: Membership) -> str:
        asked = grants.open_request(session, membership.id)
        if asked is None:
            raise Refused(Reason.ALREADY_DONE, "This request is not open any more.")
        approvals.approve(session, request=asked, actor=actor(), now=now(), policy=policy())
        return "Approved. Access is issued as soon as everything else is settled."

    return _press(membership_id, Action.MEMBERSHIP_SEE, act)


@blueprint.route("/<int:membership_id>/device", methods=["GET", "POST"], endpoint="device")
@permission(Action.ACCESS_REQUEST)
def device(membership_id: int) -> Any:
    """Which device somebody uses, among the Agency's, with whether it is authorized."""
    form = InUse()
    with reading(sessions()) as session:
        membership = find(session, Action.ACCESS_REQUEST, membership_id)
        person, agency = membership.person, membership.agency
        listed_devices = list(
            session.scalars(select(Device).where(Device.agency_id == agency.id).order_by(Device.label))
        )
        in_order = {
            d.id: bool(evidence.in_force(session, About.DEVICE, d.id, Kind.DEVICE_AUTHORISED, on=today()))
            for d in listed_devices
        }
        used = evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.DEVICE_IN_USE, on=today())
        session.expunge_all()
    form.device_id.choices = listed((d.id, d.label) for d in listed_devices)
    shown: dict[str, Any] = {
        "form": form,
        "about": person,
        "agency": agency,
        "membership_id": membership_id,
        "devices": listed_devices,
        "hints": {d.id: "Authorized" if in_order[d.id] else "Not authorized yet" for d in listed_devices},
        "devices_href": there("agency.devices", agency_id=agency.id),
        "unauthorized": any(not in_order.get(row.value, False) for row in used),
    }
    if not form.is_submitted():
        form.device_id.data = used[-1].value if used else None
        return render_template("pages/people/device.html", **shown)
    if not form.validate():
        return render_template("pages/people/device.html", **shown), 400
    try:
        with transaction(sessions()) as session:
            requests.choose_device(
                session,
                membership=find(session, Action.ACCESS_REQUEST, membership_id),
                device=session.get_one(Device, form.device_id.data),
                actor=actor(),
                now=now(),
                policy=policy(),
            )
    except Refused as no:
        form.refuse(no.sentence, "device_id")
        return render_template("pages/people/device.html", **shown), 400
    flash(f"{person.name} uses this device from today.", "success")
    return redirect(url_for("people.one", membership_id=membership_id))


@blueprint.route("/<int:membership_id>/cancel", methods=["GET", "POST"], endpoint="cancel")
@permission(Action.ACCESS_CANCEL)
def cancel(membership_id: int) -> Any:
    form = ReasonForm()
    with reading(sessions()) as session:
        membership = find(session, Action.ACCESS_CANCEL, membership_id)
        asked = grants.open_request(session, membership_id)
        person, live = membership.person, grants.live_grant(session, membership_id) is not None
        agency = membership.agency
        session.expunge_all()
    if asked is None:
        flash("There is no open request any more.", "warning")
        return redirect(url_for("people.one", membership_id=membership_id))
    if form.validate_on_submit():
        with transaction(sessions()) as session:
            mine = permissions.find(session, actor(), Action.ACCESS_CANCEL, AccessRequest, asked.id)
            requests.cancel(
                session, request=mine, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy()
            )
        flash(f"The request for {person.name} was canceled.", "success")
        return redirect(url_for("people.one", membership_id=membership_id))
    status = 400 if form.errors else 200
    return render_template(
        "pages/people/cancel.html",
        form=form,
        about=person,
        agency=agency,
        asked=asked,
        live=live,
        membership_id=membership_id,
    ), status


@blueprint.route("/<int:membership_id>/deactivate", methods=["GET", "POST"], endpoint="deactivate")
@permission(Action.PERSON_DEACTIVATE)
def deactivate(membership_id: int) -> Any:
    form = Departure()
    with reading(sessions()) as session:
        membership = find(session, Action.PERSON_DEACTIVATE, membership_id)
        person, agency = membership.person, membership.agency
        what = departures.consequences(session, membership, on=today())
        gone = any(row.valid_from <= today() for row in departures.departures_of(session, membership.id))
        session.expunge_all()
    if gone:
        flash(f"{person.name} has left already.", "warning")
        return redirect(url_for("people.one", membership_id=membership_id))
    if form.validate_on_submit():
        later = form.when.data == "later"
        if later and form.last_day.data is None:
            form.refuse("Enter the last day.", "last_day")
        else:
            try:
                with transaction(sessions()) as session:
                    at_once = departures.deactivate(
                        session,
                        membership=find(session, Action.PERSON_DEACTIVATE, membership_id),
                        reason=form.reason.data or "",
                        last_day=form.last_day.data if later else None,
                        actor=actor(),
                        now=now(),
                        policy=policy(),
                    )
            except Refused as no:
                form.refuse(no.sentence, no.field)
            else:
                return _left(membership_id, person.name, at_once, form)
    status = 400 if form.errors or form.form_errors else 200
    return render_template(
        "pages/people/deactivate.html", form=form, about=person, agency=agency, what=what, membership_id=membership_id
    ), status


def _left(membership_id: int, name: str, at_once: bool, form: Departure) -> Any:
    if at_once:
        flash(
            f"{name} was deactivated. The account in the core HMIS is ordered to be closed, and the HMIS Lead "
            "has been told.",
            "success",
        )
    else:
        day = us_date(form.last_day.data) if form.last_day.data else ""
        flash(
            f"{name} keeps access through {day}. It ends by itself when that day is over, and you can take "
            "this back until then.",
            "success",
        )
    if actor().person_id is None:
        return redirect(url_for("people.index"))
    return redirect(url_for("people.one", membership_id=membership_id))


@blueprint.route("/<int:membership_id>/stay", methods=["GET", "POST"], endpoint="stay")
@permission(Action.PERSON_DEACTIVATE)
def stay(membership_id: int) -> Any:
    form = ReasonForm()
    with reading(sessions()) as session:
        membership = find(session, Action.PERSON_DEACTIVATE, membership_id)
        person, agency, planned = membership.person, membership.agency, departures.departures_of(session, membership.id)
        session.expunge_all()
    if not planned or planned[-1].valid_from <= today():
        flash("No departure is planned for this person.", "warning")
        return redirect(url_for("people.one", membership_id=membership_id))
    if form.validate_on_submit():
        with transaction(sessions()) as session:
            departures.call_off(
                session,
                membership=find(session, Action.PERSON_DEACTIVATE, membership_id),
                reason=form.reason.data or "",
                actor=actor(),
                now=now(),
                policy=policy(),
            )
        flash(f"The departure of {person.name} was called off.", "success")
        return redirect(url_for("people.one", membership_id=membership_id))
    return render_template(
        "pages/people/stay.html",
        form=form,
        about=person,
        agency=agency,
        planned=planned[-1],
        membership_id=membership_id,
    ), (400 if form.errors else 200)


@blueprint.route("/<int:membership_id>/name", methods=["GET", "POST"], endpoint="name")
@permission(Action.PERSON_CHANGE)
def name(membership_id: int) -> Any:
    with reading(sessions()) as session:
        membership = find(session, Action.MEMBERSHIP_SEE, membership_id)
        person, agency = membership.person, membership.agency
        permissions.check(session, actor(), Action.PERSON_CHANGE, person)
        has_account = grants.live_grant(session, membership_id) is not None
        session.expunge_all()
    form = Name(obj=person)
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                persons.change_name(
                    session,
                    person=find(session, Action.MEMBERSHIP_SEE, membership_id).person,
                    first_name=form.first_name.data or "",
                    last_name=form.last_name.data or "",
                    title=form.title.data or "",
                    phone=form.phone.data or "",
                    actor=actor(),
                    now=now(),
                    policy=policy(),
                )
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("Saved. The User ID and everything on record stay as they are.", "success")
            return redirect(url_for("people.one", membership_id=membership_id))
    status = 400 if form.errors or form.form_errors else 200
    return render_template(
        "pages/people/name.html",
        form=form,
        about=person,
        agency=agency,
        has_account=has_account,
        membership_id=membership_id,
    ), status
