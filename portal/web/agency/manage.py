"""Changing what is known of an Agency, marking it as an excluded provider, its licenses, and the end of its participation."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forms.agency import AgencyForm, Ending, Exclusion, LicenceForm, Nothing, Reason
from portal.db import reading, transaction
from portal.models import Agency, Membership, Seat
from portal.refusals import Refused, not_found
from portal.services.agencies import agencies, agency_ending
from portal.services.people import licences
from portal.web.agency import blueprint
from portal.web.agency.common import found, may, page, trail
from portal.web.agency.lists import fields_of
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action
from workflows.vocabulary import LICENCES
from workflows.vocabulary import Reason as Because

KINDS = {"core": "HMIS user license", "art": "Reporting tool (ART) license"}


@blueprint.route("/<int:agency_id>/change", methods=["GET", "POST"])
@permission(Action.AGENCY_CHANGE)
def change(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.AGENCY_CHANGE)
        renames = may(session, Action.AGENCY_ENTER, agency)
        session.expunge_all()
    form = AgencyForm(obj=agency).with_funders((funder.id, funder.title) for funder in policy().funders)
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                agencies.change(
                    session, agency=found(session, agency_id, Action.AGENCY_CHANGE), name=form.name.data if renames else agency.name,
                    about=fields_of(form), actor=actor(), now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("The change is saved.", "success")
            return redirect(url_for("agency.show", agency_id=agency_id))
    return page(
        "change.html",
        agency,
        400 if form.errors else 200,
        form=form,
        renames=renames,
        way=trail(agency, ("Change", "")),
    )


@blueprint.route("/<int:agency_id>/exclude", methods=["GET", "POST"])
@permission(Action.EVIDENCE_RECORD)
def exclude(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        concerned = agency_ending.foreseen(session, agency, on=today())
        session.expunge_all()
    form = Exclusion()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                agencies.exclude(
                    session,
                    agency=found(session, agency_id),
                    kind=form.kind.data,
                    reason=form.reason.data,
                    actor=actor(),
                    now=now(),
                    policy=policy(),
                )
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(
                f"{agency.name} is on record as a provider that keeps a comparable database. Access that exists is being suspended.",
                "success",
            )
            return redirect(url_for("agency.show", agency_id=agency_id))
    return page(
        "exclude.html",
        agency,
        400 if form.errors else 200,
        form=form,
        concerned=concerned,
        way=trail(agency, ("Excluded provider", "")),
    )


@blueprint.route("/<int:agency_id>/include", methods=["GET", "POST"])
@permission(Action.EVIDENCE_RECORD)
def include(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        if not agencies.excluded(session, [agency.id], on=today()):
            raise not_found()
        session.expunge_all()
    form = Reason()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                agencies.no_longer_excluded(
                    session,
                    agency=found(session, agency_id),
                    reason=form.reason.data,
                    actor=actor(),
                    now=now(),
                    policy=policy(),
                )
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(f"{agency.name} is no longer on record as an excluded provider.", "success")
            return redirect(url_for("agency.show", agency_id=agency_id))
    return page(
        "include.html", agency, 400 if form.errors else 200, form=form, way=trail(agency, ("No longer excluded", ""))
    )


@blueprint.route("/<int:agency_id>/end", methods=["GET", "POST"])
@permission(Action.AGENCY_END)
def end(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.AGENCY_END)
        if agency.status == "ended":
            raise not_found()
        concerned = agency_ending.foreseen(session, agency, on=today())
        session.expunge_all()
    form = Ending()
    if form.validate_on_submit():
        if (form.typed.data or "").casefold() != agency.name_key:
            form.refuse(f"Type the name exactly as it stands above: {agency.name}.", "typed")
        else:
            try:
                with transaction(sessions()) as session:
                    done = agency_ending.end_participation(
                        session, agency=found(session, agency_id, Action.AGENCY_END), reason=form.reason.data, successor=form.successor.data or "",
                        actor=actor(), now=now(), policy=policy(),
                    )  # fmt: skip
                    agency = found(session, agency_id)
            except Refused as no:
                form.refuse(no.sentence, no.field)
            else:
                return page("ended.html", agency, concerned=done, way=trail(agency, ("Ended", "")))
    return page(
        "end.html",
        agency,
        400 if form.errors else 200,
        form=form,
        concerned=concerned,
        way=trail(agency, ("End the participation", "")),
    )


@blueprint.post("/<int:agency_id>/rejoin")
@permission(Action.AGENCY_ENTER)
def rejoin(agency_id: int) -> Any:
    if Nothing().validate_on_submit():
        with transaction(sessions()) as session:
            agencies.rejoin(session, agency=found(session, agency_id), actor=actor(), now=now())
        flash("The Agency begins to join again. Invite its director to sign a new agreement.", "success")
    return redirect(url_for("agency.show", agency_id=agency_id))


@blueprint.route("/<int:agency_id>/licences", methods=["GET", "POST"], endpoint="licences")
@permission(Action.AGENCY_SEE)
def licences_page(agency_id: int) -> Any:
    form = LicenceForm(kind="core")
    with reading(sessions()) as session:
        agency = found(session, agency_id, lead_too=True)
        may_grant = may(session, Action.LICENCE_GRANT, agency) and agency.status != "ended"
        if request.method == "POST" and not may_grant:
            raise not_found()
        usage = {kind: licences.usage(session, agency.id, kind) for kind in LICENCES}
        seats = session.scalars(
            select(Seat)
            .options(joinedload(Seat.membership).joinedload(Membership.person))
            .where(Seat.agency_id == agency.id, Seat.status != "returned")
            .order_by(Seat.status, Seat.reserved_until, Seat.id)
        ).all()
        rows = [_seat(seat) for seat in seats]
        session.expunge_all()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                _grant_or_withdraw(
                    session, found(session, agency_id, lead_too=True), form, withdraw="withdraw" in request.form
                )
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("The licenses are changed.", "success")
            return redirect(url_for("agency.licences", agency_id=agency_id))
    return page(
        "licences.html", agency, 400 if form.errors else 200, here="agency.licences", form=form, usage=usage, kinds=KINDS, rows=rows, may_grant=may_grant,
        way=trail(agency, ("Licenses", "")),
    )  # fmt: skip


def _grant_or_withdraw(session: Session, agency: Agency, form: LicenceForm, *, withdraw: bool) -> None:
    kind, count = form.kind.data, form.count.data or 0
    if not withdraw:
        licences.grant_licences(session, agency, count=count, actor=actor(), now=now(), policy=policy(), kind=kind)
        return
    free = licences.free_seats(session, agency.id, kind)
    if count > free:
        raise Refused(
            Because.NO_SEAT,
            f"Only {free} are free. A license that somebody holds returns when that person is deactivated.",
            "count",
        )
    for _ in range(count):
        licences.withdraw_licence(session, agency, actor=actor(), now=now(), policy=policy(), kind=kind)


def _seat(seat: Seat) -> dict[str, Any]:
    person = seat.membership.person
    until = (
        f"Kept until {seat.reserved_until:%B} {seat.reserved_until.day}, {seat.reserved_until.year}"
        if seat.reserved_until
        else ""
    )
    return {
        "who": person.name,
        "kind": KINDS[seat.kind],
        "state": {
            "status": "issued" if seat.status == "held" else "reserved",
            "text": "In use" if seat.status == "held" else "Reserved",
        },
        "until": until,
    }
