"""The Agency's workstations: entered, authorised by director and Agency Administrator, with the papers a laptop or home office needs."""

from typing import Any

from flask import flash, redirect, url_for
from sqlalchemy import select

from forms.agency import ChangeDevice, DeviceForm, Nothing, PolicyOnFile, Reason, StatementForm, choices
from portal.db import reading, transaction
from portal.models import Device, Membership, Person
from portal.permissions import find, visible
from portal.refusals import Refused, not_found
from portal.services.agencies import devices as service
from portal.services.agencies import directors
from portal.web.agency import blueprint
from portal.web.agency.common import found, may, page, trail
from portal.web.kernel import actor, now, permission, policy, sessions, tell, today
from workflows.actions import Action
from workflows.vocabulary import Role

COLUMNS = (
    {"key": "label", "label": "Device"}, {"key": "traits", "label": "What it is"}, {"key": "state", "label": "State"},
    {"key": "lacks", "label": "What is missing"}, {"key": "users", "label": "Used by"},
)  # fmt: skip
TRAITS = {"laptop": "Laptop", "home_office": "In a home office"}
PAPERS = {service.STATEMENT: "Laptop statement", service.HOME_PAPER: "Work-at-home authorization"}


@blueprint.get("/<int:agency_id>/devices")
@permission(Action.AGENCY_SEE)
def devices(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        every = list(
            session.scalars(
                select(Device)
                .where(Device.agency_id == agency.id, visible(actor(), Action.AGENCY_SEE, Device))
                .order_by(Device.label)
            )
        )
        standings = service.standings(session, every, on=today())
        rows = [_row(agency_id, device, standings[device.id]) for device in every]
        may_enter = may(session, Action.DEVICE_ENTER, agency) and agency.status != "ended"
        return page(
            "devices.html",
            agency,
            here="agency.devices",
            columns=COLUMNS,
            rows=rows,
            may_enter=may_enter,
            way=trail(agency, ("Devices", "")),
        )


@blueprint.route("/<int:agency_id>/devices/new", methods=["GET", "POST"])
@permission(Action.DEVICE_ENTER)
def new_device(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.DEVICE_ENTER)
        session.expunge_all()
    form = DeviceForm()
    form.kind.choices = choices((kind.id, kind.title) for kind in policy().device_kinds)
    form.safeguards.choices = choices(service.SAFEGUARDS.items())
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                device = service.enter(
                    session, agency=found(session, agency_id, Action.DEVICE_ENTER), label=form.label.data, description=form.description.data or "",
                    kind=form.kind.data, safeguards=form.safeguards.data or (), actor=actor(), now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(f"{device.label} is entered.", "success")
            return redirect(url_for("agency.device", agency_id=agency_id, device_id=device.id))
    return page(
        "new_device.html", agency, 400 if form.errors else 200, form=form,
        way=trail(agency, ("Devices", url_for("agency.devices", agency_id=agency_id)), ("Enter a device", "")),
    )  # fmt: skip


@blueprint.get("/<int:agency_id>/devices/<int:device_id>")
@permission(Action.AGENCY_SEE)
def device(agency_id: int, device_id: int) -> Any:
    return _page(agency_id, device_id)


@blueprint.post("/<int:agency_id>/devices/<int:device_id>/authorise")
@permission(Action.DEVICE_AUTHORISE)
def authorise_device(agency_id: int, device_id: int) -> Any:
    if Nothing().validate_on_submit():
        try:
            with transaction(sessions()) as session:
                there = find(session, actor(), Action.DEVICE_AUTHORISE, Device, device_id)
                both = service.authorise(session, device=there, actor=actor(), now=now(), policy=policy())
        except Refused as no:
            tell(no)
        else:
            flash(
                "The device is authorized."
                if both
                else "Your authorization is on record. The device waits for the other one.",
                "success",
            )
    return redirect(url_for("agency.device", agency_id=agency_id, device_id=device_id))


@blueprint.route("/<int:agency_id>/devices/<int:device_id>/withdraw", methods=["GET", "POST"])
@permission(Action.DEVICE_AUTHORISE)
def withdraw_device(agency_id: int, device_id: int) -> Any:
    form = Reason()
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        there = find(session, actor(), Action.DEVICE_AUTHORISE, Device, device_id)
        users = service.standings(session, [there], on=today())[there.id].users
        session.expunge_all()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                held = find(session, actor(), Action.DEVICE_AUTHORISE, Device, device_id)
                service.withdraw(
                    session, device=held, reason=form.reason.data, actor=actor(), now=now(), policy=policy()
                )
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(f"{there.label} is no longer authorized.", "success")
            return redirect(url_for("agency.device", agency_id=agency_id, device_id=device_id))
    return page(
        "withdraw_device.html",
        agency,
        400 if form.errors else 200,
        form=form,
        device=there,
        users=users,
        way=_trail(agency, there, "Withdraw"),
    )


@blueprint.route("/<int:agency_id>/devices/<int:device_id>/change", methods=["GET", "POST"])
@permission(Action.DEVICE_ENTER)
def change_device(agency_id: int, device_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        there = find(session, actor(), Action.DEVICE_ENTER, Device, device_id)
        session.expunge_all()
    form = ChangeDevice(data={"description": there.description, "safeguards": there.safeguards})
    form.safeguards.choices = choices(service.SAFEGUARDS.items())
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                held = find(session, actor(), Action.DEVICE_ENTER, Device, device_id)
                service.change(
                    session,
                    device=held,
                    description=form.description.data or "",
                    safeguards=form.safeguards.data or (),
                    actor=actor(),
                    now=now(),
                    policy=policy(),
                )
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("The change is saved.", "success")
            return redirect(url_for("agency.device", agency_id=agency_id, device_id=device_id))
    return page(
        "change_device.html",
        agency,
        400 if form.errors else 200,
        form=form,
        device=there,
        way=_trail(agency, there, "Change"),
    )


@blueprint.post("/<int:agency_id>/devices/<int:device_id>/statement")
@permission(Action.DOCUMENT_PREPARE)
def statement(agency_id: int, device_id: int) -> Any:
    """Sends the laptop statement or the work-at-home authorisation to whoever uses the device."""
    form = StatementForm()
    form.kind.choices = choices(PAPERS.items())
    with reading(sessions()) as session:
        form.who.choices = choices(directors.active_members(session, found(session, agency_id).id, on=today()))
    if not form.validate_on_submit():
        return _page(agency_id, device_id, statement_form=form)
    try:
        with transaction(sessions()) as session:
            there = find(session, actor(), Action.DOCUMENT_PREPARE, Device, device_id)
            membership = session.get_one(Membership, int(form.who.data))
            service.send_statement(
                session,
                device=there,
                membership=membership,
                kind=form.kind.data or "",
                actor=actor(),
                now=now(),
                policy=policy(),
            )
            name = session.get_one(Person, membership.person_id).name
    except Refused as no:
        form.refuse(no.sentence, "who")
        return _page(agency_id, device_id, statement_form=form)
    flash(f"A link to sign the {PAPERS[form.kind.data].lower()} goes to {name}.", "success")
    return redirect(url_for("agency.device", agency_id=agency_id, device_id=device_id))


@blueprint.post("/<int:agency_id>/devices/<int:device_id>/policy")
@permission(Action.EVIDENCE_RECORD)
def policy_on_file(agency_id: int, device_id: int) -> Any:
    form = PolicyOnFile()
    if form.validate_on_submit() and form.on.data is not None:
        try:
            with transaction(sessions()) as session:
                there = find(session, actor(), Action.AGENCY_SEE, Device, device_id)
                service.policy_on_file(
                    session, device=there, on=form.on.data, how=form.how.data, actor=actor(), now=now(), policy=policy()
                )
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("The policy is on file.", "success")
            return redirect(url_for("agency.device", agency_id=agency_id, device_id=device_id))
    return _page(agency_id, device_id, policy_form=form)


def _page(
    agency_id: int, device_id: int, statement_form: StatementForm | None = None, policy_form: PolicyOnFile | None = None
) -> Any:
    failed = statement_form is not None or policy_form is not None
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        there = find(session, actor(), Action.AGENCY_SEE, Device, device_id)
        if there.agency_id != agency.id:
            raise not_found()
        standing = service.standings(session, [there], on=today())[there.id]
        people = {
            number: session.get_one(Person, number).name
            for number in (there.entered_by, there.director_id, there.admin_id)
            if number
        }
        if statement_form is None:
            statement_form = StatementForm(formdata=None, kind=service.STATEMENT)
            statement_form.who.choices = choices(
                [("", "Select"), *directors.active_members(session, agency.id, on=today())]
            )
        papers = _papers(standing)
        statement_form.kind.choices = choices((paper["kind"], paper["title"]) for paper in papers)
        is_lead = bool(actor().lead_roles)
        values: dict[str, Any] = {
            "device": there, "standing": standing, "facts": _facts(there, people), "papers": papers, "safeguards": service.SAFEGUARDS, "traits": TRAITS,
            "may_authorise": _may_authorise(there, standing), "may_withdraw": may(session, Action.DEVICE_AUTHORISE, there)
            and (standing.authorised_since or there.director_id or there.admin_id),
            "may_change": may(session, Action.DEVICE_ENTER, there) and not standing.authorised_since, "may_send": may(session, Action.DOCUMENT_PREPARE, there),
            "policy_missing": "home_office" in standing.traits and "home_office=policy" not in standing.signed,
            "is_lead": is_lead and may(session, Action.EVIDENCE_RECORD, there),
        }  # fmt: skip
        return page(
            "device.html", agency, 400 if failed else 200, statement_form=statement_form, policy_form=policy_form or PolicyOnFile(formdata=None, on=today()),
            way=_trail(agency, there), **values,
        )  # fmt: skip


def _may_authorise(device: Device, standing: service.Standing) -> bool:
    """Whether an authorisation by whoever looks is still wanted."""
    if standing.authorised_since or service.missing_safeguards(device):
        return False
    director = service.directs(device, actor()) and device.director_id is None
    return director or (device.agency_id in actor().at(Role.AGENCY_ADMIN) and device.admin_id is None)


def _papers(standing: service.Standing) -> list[dict[str, str]]:
    """The papers this device calls for and nobody has signed yet."""
    wanted = [
        ("laptop", service.STATEMENT, "laptop_statement"),
        ("home_office", service.HOME_PAPER, "home_office=authorisation"),
    ]
    return [
        {"kind": kind, "title": PAPERS[kind]}
        for trait, kind, signed in wanted
        if trait in standing.traits and signed not in standing.signed
    ]


def _facts(device: Device, people: dict[int, str]) -> list[dict[str, str]]:
    def who(number: int | None, waits: str) -> str:
        return people[number] if number else waits

    rows = [
        {"key": "Description", "value": device.description}, {"key": "Entered by", "value": who(device.entered_by, "")},
        {"key": "Executive director or designee", "value": f"Authorized by {people[device.director_id]}" if device.director_id else "Not authorized yet"},
        {"key": "Agency Administrator", "value": f"Authorized by {people[device.admin_id]}" if device.admin_id else "Not authorized yet"},
    ]  # fmt: skip
    if device.director_id and device.director_id == device.admin_id:
        rows.append({"key": "Two offices", "value": "One person holds both, so that this one authorization is enough."})
    return rows


def _row(agency_id: int, device: Device, standing: service.Standing) -> dict[str, Any]:
    state = (
        {"status": "authorized", "text": "Authorized"}
        if standing.authorised_since
        else {"status": "waiting", "text": "Not authorized"}
    )
    if standing.authorised_since and standing.lacks:
        state = {"status": "waiting", "text": "Papers missing"}
    return {
        "label": {"text": device.label, "href": url_for("agency.device", agency_id=agency_id, device_id=device.id), "note": device.description},
        "traits": ", ".join(TRAITS[trait] for trait in TRAITS if trait in standing.traits) or "Workstation", "state": state, "lacks": list(standing.lacks),
        "users": list(standing.users),
    }  # fmt: skip


def _trail(agency: Any, device: Device, here: str = "") -> list[dict[str, str]]:
    steps = [
        ("Devices", url_for("agency.devices", agency_id=agency.id)),
        (device.label, url_for("agency.device", agency_id=agency.id, device_id=device.id)),
    ]
    return trail(agency, *steps, *([(here, "")] if here else []))
