"""Waivers: the list, asking for one, deciding about one, ending one (G1)."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.waivers import SHOWN, AskForWaiver, Decide, EndWaiver, WaiverFilter
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Agency, Membership, Waiver
from portal.refusals import not_found
from portal.services.desk import waiver_lists
from portal.services.people import waivers
from portal.web.desk.room import as_csv, pager, to_agency, to_person
from portal.web.kernel import acted, actor, an_id, may, now, permission, policy, pressed, sessions, status_of, today
from portal.web.proving import proven
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import LEAD

blueprint = Blueprint("waivers", __name__, url_prefix="/waivers")
EVERYTHING = 10_000


@blueprint.get("", endpoint="index")
@permission(Action.WAIVER_SEE)
def index() -> Any:
    form, after = WaiverFilter(request.args), request.args.get("after", "")
    chosen: dict[str, Any] = {
        "show": form.show.data if form.show.data in SHOWN else "",
        "agency": (form.q.data or "").strip(),
        "agency_id": request.args.get("agency", type=an_id),
    }
    if request.args.get("format") == "csv":
        return _csv(chosen)
    with reading(sessions()) as session:
        page = waiver_lists.page(session, actor(), on=today(), after=after, **chosen)
        return render_template(
            "pages/waivers/index.html",
            rows=[_row(waiver) for (waiver,) in page.rows],
            form=form,
            page=pager(page, after),
            counts=waivers.counted(session, on=today()) if actor().lead_roles else None,
        )


def _row(waiver: Waiver) -> dict[str, Any]:
    return {
        "waiver": waiver,
        "title": title(waiver.prerequisite),
        "status": state(waiver),
        "asked_by": waiver.asker.name,
        "decided_by": waiver.decider.name if waiver.decider else "",
        "href": url_for("waivers.one", waiver_id=waiver.id),
    }


def title(prerequisite: str) -> str:
    return next((p.title for p in policy().prerequisites if p.id == prerequisite), prerequisite)


def state(waiver: Waiver) -> tuple[str, str]:
    """The status to show, with its words: a waiver whose last day is past is over, although nobody ended it."""
    if waiver.status == "given":
        return ("waived", "In force") if waiver.until >= today() else ("ended", "Over")
    words = {"asked": "Waits for the Lead", "refused": "Refused", "withdrawn": "Withdrawn", "ended": "Ended early"}
    return {"asked": "waiting"}.get(waiver.status, waiver.status), words[waiver.status]


def _csv(chosen: dict[str, Any]) -> Any:
    with transaction(sessions()) as session:
        page = waiver_lists.page(session, actor(), on=today(), limit=EVERYTHING, **chosen)
        rows = [
            (
                each["waiver"].agency.name, each["waiver"].whom.name if each["waiver"].whom else "", each["title"], each["status"][1],
                each["waiver"].until, each["asked_by"], each["waiver"].reason, each["decided_by"], each["waiver"].decided_reason,
            )
            for each in (_row(waiver) for (waiver,) in page.rows)
        ]  # fmt: skip
        audit.record(
            session, actor=actor(), now=now(), act="waivers.export", said=f"Downloaded a list of {len(rows)} waivers."
        )
    headers = ("Agency", "Person", "Prerequisite", "Status", "Last day", "Asked for by", "Why", "Decided by", "Reason")
    return as_csv("waivers", headers, rows)


@blueprint.route("/new", methods=["GET", "POST"], endpoint="new")
@permission(Action.WAIVER_ASK)
def new() -> Any:
    """Asked for an Agency (`?agency=`) or for one of its people (`?membership=`)."""
    form = AskForWaiver(prerequisites=[(p.id, p.title) for p in waivers.waivable(policy()).values()])
    if request.method == "GET" and request.args.get("prerequisite") in waivers.waivable(policy()):
        form.prerequisite.data = request.args["prerequisite"]

    def ask(session: Session) -> Waiver:
        agency, membership = _whom(session)
        return waivers.ask(
            session, agency=agency, membership=membership, prerequisite=form.prerequisite.data, until=form.until.data,
            reason=form.reason.data or "", actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    said = "The HMIS Lead has been asked. You get a message when it is decided."
    if done := acted(form, ask, said, lambda made: url_for("waivers.one", waiver_id=made.id)):
        return done
    with reading(sessions()) as session:
        agency, membership = _whom(session)
        return render_template(
            "pages/waivers/new.html",
            form=form,
            agency=agency,
            membership=membership,
            whom=membership.person.name if membership else f"everybody at {agency.name}",
            back=to_person(membership.id) if membership else to_agency(agency.id),
        ), status_of(form)


def _whom(session: Session) -> tuple[Agency, Membership | None]:
    membership_id, agency_id = request.args.get("membership", type=an_id), request.args.get("agency", type=an_id)
    if membership_id is not None:
        membership = permissions.find(session, actor(), Action.WAIVER_ASK, Membership, membership_id)
        if membership.agency_id == LEAD:
            raise not_found()
        return membership.agency, membership
    if agency_id is None or agency_id == LEAD:
        raise not_found()
    return permissions.find(session, actor(), Action.WAIVER_ASK, Agency, agency_id), None


@blueprint.route("/<int:waiver_id>", methods=["GET", "POST"], endpoint="one")
@permission(Action.WAIVER_SEE)
@proven
def one(waiver_id: int) -> Any:
    form = Decide()
    given = "given, and whoever waited for it is put before the gate again"
    said = f"The waiver is {given if form.decision.data == 'give' else 'refused'}. Whoever asked gets a message."
    back = url_for("waivers.one", waiver_id=waiver_id)
    return acted(form, lambda session: _decide(session, waiver_id, form), said, back) or _page(waiver_id, form)


def _page(waiver_id: int, form: Decide) -> Any:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.WAIVER_SEE, Waiver, waiver_id)
        if not form.is_submitted():
            form.until.data = row.until
        asked = row.status == "asked"
        return render_template(
            "pages/waivers/one.html",
            form=form,
            **_row(row),
            cite=next((p.cite for p in policy().prerequisites if p.id == row.prerequisite), ""),
            lets_in=waivers.lets_in(session, row, now=now(), policy=policy()) if asked and actor().lead_roles else None,
            decides=asked and may(Action.WAIVER_DECIDE, row),
            withdraws=asked and may(Action.WAIVER_ASK, row) and not may(Action.WAIVER_DECIDE, row),
            ends=row.status == "given" and row.until >= today() and may(Action.WAIVER_END, row),
            to_agency=to_agency(row.agency_id) if may("agency.see", row.agency) else "",
            to_person=to_person(row.membership_id) if row.membership_id and may("membership.see", row) else "",
        ), status_of(form)


def _decide(session: Session, waiver_id: int, form: Decide) -> None:
    row = permissions.find(session, actor(), Action.WAIVER_DECIDE, Waiver, waiver_id)
    why = form.reason.data or ""
    if form.decision.data == "refuse":
        waivers.refuse(session, row, reason=why, actor=actor(), now=now())
        return
    until = form.until.data or row.until
    waivers.give(session, row, until=until, reason=why, actor=actor(), now=now(), policy=policy())


@blueprint.post("/<int:waiver_id>/withdraw", endpoint="withdraw")
@permission(Action.WAIVER_ASK)
def withdraw(waiver_id: int) -> Any:
    def take_back(session: Session) -> None:
        row = permissions.find(session, actor(), Action.WAIVER_ASK, Waiver, waiver_id)
        waivers.withdraw(session, row, actor=actor(), now=now())

    return pressed(
        take_back, "The question is withdrawn. Nothing was waived.", url_for("waivers.one", waiver_id=waiver_id)
    )


@blueprint.route("/<int:waiver_id>/end", methods=["GET", "POST"], endpoint="end")
@permission(Action.WAIVER_END)
@proven
def end(waiver_id: int) -> Any:
    form = EndWaiver()

    def finish(session: Session) -> None:
        row = permissions.find(session, actor(), Action.WAIVER_END, Waiver, waiver_id)
        waivers.end(session, row, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy())

    said = "The waiver has ended. Everybody whom it carried is put before the gate again."
    if done := acted(form, finish, said, url_for("waivers.one", waiver_id=waiver_id)):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.WAIVER_END, Waiver, waiver_id)
        what = [
            f"'{title(row.prerequisite)}' is asked of {row.subject} again, from today on.",
            "Whoever has access and lacks it then is warned, held or suspended as the policy pack says for a lapse.",
            f"Without this it would have ended on {us_date(row.until)}. Your name and your reason go on record.",
        ]
        return render_template("pages/waivers/end.html", form=form, what=what, **_row(row)), status_of(form)
