"""What runs out, and the brake: who would lose access for a lapse, and the Lead's word that lets it happen."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for

from forms.lapses import WITHIN, BrakeFilter, LapseFilter, Release
from portal import audit
from portal.db import reading, transaction
from portal.models import SweepStop
from portal.refusals import Refused, not_found
from portal.services import brake, lapses
from portal.services.desk import lapse_lists
from portal.services.people import grants
from portal.services.people.standing_view import TITLES
from portal.web.desk.room import as_csv, blueprint, pager
from portal.web.kernel import actor, an_id, now, permission, policy, sessions, today
from portal.web.proving import proven
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import Reason

EVERYBODY = 200_000


@blueprint.get("/lapses", endpoint="lapses")
@permission(Action.LAPSE_SEE)
def running_out() -> Any:
    form = LapseFilter(request.args, prerequisites=_titles())
    chosen: dict[str, Any] = {
        "within": form.within.data if form.within.data in WITHIN else "",
        "agency": (form.q.data or "").strip(),
    }
    prerequisite = form.prerequisite.data if form.prerequisite.data in _titles() else ""
    if request.args.get("format") == "csv":
        return _lapses_csv(prerequisite, chosen)
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        page = lapse_lists.lapses_page(session, actor(), on=today(), prerequisite=prerequisite, after=after, **chosen)
        counted = lapse_lists.lapses_counted(session, actor(), on=today(), **chosen)
        return render_template(
            "pages/desk/lapses.html",
            rows=[_lapse(*row) for row in page.rows],
            counted=[{"title": _title(name), "id": name, "count": n, "first": day} for name, n, day in counted],
            form=form,
            page=pager(page, after),
        )


def _lapse(lapse: Any, agency: str, person: Any) -> dict[str, Any]:
    holder, do = lapses.do_next(policy(), lapse.prerequisite)
    return {
        "row": lapse,
        "agency": agency,
        "person": person.name if person else "",
        "title": _title(lapse.prerequisite),
        "last_day": lapse.due - timedelta(1),
        "lapsed": lapse.due <= today(),
        "do": do,
        "who": person.name if holder == "person" and person else TITLES.get(holder, ""),
        "does": lapse.on_lapse,
    }


def _lapses_csv(prerequisite: str, chosen: dict[str, Any]) -> Any:
    with transaction(sessions()) as session:
        page = lapse_lists.lapses_page(
            session, actor(), on=today(), prerequisite=prerequisite, limit=EVERYBODY, **chosen
        )
        rows = [
            (each["last_day"], each["agency"], each["person"], each["title"], each["does"], each["do"], each["who"])
            for each in (_lapse(*row) for row in page.rows)
        ]
        said = f"Downloaded a list of {len(rows)} lapses."
        audit.record(session, actor=actor(), now=now(), act="lapses.export", said=said, after=dict(chosen))
    headers = ("Holds until", "Agency", "Person", "Prerequisite", "On lapse", "What to do", "Who")
    return as_csv("lapses", headers, rows)


@blueprint.route("/brake", methods=["GET", "POST"], endpoint="brake")
@permission(Action.BRAKE_SEE)
@proven
def the_brake() -> Any:
    form = Release()
    if request.method == "POST" and form.validate_on_submit():
        try:
            count = _release(form)
        except Refused as no:
            if no.reason in (Reason.NOT_ALLOWED, Reason.NOT_FOUND):
                raise
            form.refuse(no.sentence, no.field)
        else:
            flash(f"Released: {count} people are put before the gate again. {_when(now())}", "success")
            return redirect(url_for("desk.brake"))
    return _brake_page(form)


def _release(form: Release) -> int:
    try:
        upto = an_id(form.upto.data or "")
    except ValueError:
        raise not_found() from None
    with transaction(sessions()) as session:
        stop = brake.pulled(session)
        if stop is None:
            raise Refused(Reason.ILLEGAL_MOVE, "The brake is not pulled any more. Nothing was changed.")
        return brake.release(
            session, stop=stop, upto=upto, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy()
        )


def _brake_page(form: Release) -> Any:
    show = BrakeFilter(request.args, prerequisites=_titles())
    prerequisite = show.prerequisite.data if show.prerequisite.data in _titles() else ""
    agency, after = (show.q.data or "").strip(), request.args.get("after", "")
    with reading(sessions()) as session:
        stop = brake.pulled(session)
        earlier = lapse_lists.earlier_stops(session, actor())
        if stop is None:
            return render_template("pages/desk/brake.html", stop=None, earlier=earlier, form=form)
        if request.args.get("format") == "csv":
            return _brake_csv(stop.id, prerequisite, agency)
        page = lapse_lists.held_page(session, actor(), stop, prerequisite=prerequisite, agency=agency, after=after)
        held = lapse_lists.held(session, actor(), stop, policy=policy())
        form.upto.data = str(held.last)
        return render_template(
            "pages/desk/brake.html",
            stop=stop,
            earlier=earlier,
            form=form,
            filter=show,
            held=held,
            by_prerequisite=[(_title(name), count, name) for name, count in held.by_prerequisite.items()],
            rows=[_case(row) for row in page.rows],
            page=pager(page, after),
            when=_when(now()),
            share=stop.share,
            spared=policy().brake.least - 1,
        ), 400 if form.errors or form.form_errors else 200


def _case(row: Any) -> dict[str, Any]:
    return {
        "agency": row.Agency,
        "person": row.Person,
        "membership_id": row.Membership.id,
        "lacks": [_title(each) for each in row.StoppedCase.prerequisites],
        "found_at": row.StoppedCase.found_at,
    }


def _brake_csv(stop_id: int, prerequisite: str, agency: str) -> Any:
    with transaction(sessions()) as session:
        stop = session.get_one(SweepStop, stop_id)
        page = lapse_lists.held_page(session, actor(), stop, prerequisite=prerequisite, agency=agency, limit=EVERYBODY)
        rows = [
            (each["agency"].name, each["person"].last_name, each["person"].first_name, "; ".join(each["lacks"]))
            for each in (_case(row) for row in page.rows)
        ]
        said = f"Downloaded the list of {len(rows)} people who would lose access."
        audit.record(session, actor=actor(), now=now(), act="brake.export", thing=stop, said=said)
    return as_csv("would-lose-access", ("Agency", "Last name", "First name", "Lacks"), rows)


def _when(moment: datetime) -> str:
    """When access ends for those who are released at a moment, in a sentence."""
    if grants.next_closing(moment, policy()) == moment:
        return "Access ends at once, since the desk is open now."
    opens = grants.next_closing(moment, policy()).replace(tzinfo=UTC).astimezone(ZoneInfo(policy().zone))
    half = "a.m." if opens.hour < 12 else "p.m."
    at = f"{opens.hour % 12 or 12}:{opens.minute:02} {half}"
    return f"Access ends on {us_date(opens.date())} at {at} Eastern, when the desk opens."


def _titles() -> dict[str, str]:
    return {p.id: p.title for p in policy().prerequisites if p.needs == "held"}


def _title(prerequisite_id: str) -> str:
    return lapses.title(policy(), prerequisite_id)
