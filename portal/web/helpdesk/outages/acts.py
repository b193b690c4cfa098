"""What the staff do about an outage: announce, report, say more, correct, end, call off; each says first how many are mailed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session

from forms.helpdesk import outages as forms
from portal import permissions
from portal.db import reading
from portal.models import Outage
from portal.refusals import bad_input
from portal.services.helpdesk.outages import entering, moves, telling
from portal.services.helpdesk.outages.entering import Entered
from portal.services.helpdesk.outages.moves import Said
from portal.web.helpdesk.outages.managing import to_managed
from portal.web.helpdesk.outages.room import blueprint
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of, today
from workflows.actions import Action
from workflows.outage_pack import OutageKind


@dataclass(frozen=True, slots=True)
class Act:
    """How one act reads: its page's title and lead, its button, and whether it takes something away."""

    title: str
    lead: str
    button: str
    danger: bool = False


SAY = Act("Say how it goes", "It stands on the public page at once.", "Say so")
CORRECT = Act("Correct its times", "The page, the calendar and the banner change at once.", "Correct them")
END = Act("Say that it is over", "The banner goes; the page keeps what was said.", "It is over")
OFF = Act(
    "Call it off", "Calendars show it as canceled, the banner goes, and the page says why.", "Call it off", danger=True
)
_MINUTE = timedelta(minutes=1)
MISTAKEN = Act(
    "Take it back", "For what was no outage. The banner goes, and the page says why.", "Take it back", danger=True
)


def chosen_moment(form: Any, day: str, clock: str) -> datetime | None:
    """The naive UTC moment of a day and a time; BAD_INPUT on the time where one of the two is missing or there is none."""
    if bool(form[day].data) != bool(form[clock].data):
        missing, there = (day, "day") if form[clock].data else (clock, "time")
        raise bad_input(f"Enter the {there} too.", missing)
    try:
        return forms.moment(form, day, clock, policy().zone)
    except ValueError as no:
        raise bad_input(str(no), clock) from None


def _counts() -> Mapping[str, int]:
    with reading(sessions()) as session:
        return telling.counted(session, on=today())


def _systems() -> list[tuple[str, str]]:
    return [(system.id, system.title) for system in policy().outages.systems]


# --- entering


@blueprint.route("/manage/announce", methods=["GET", "POST"], endpoint="announce")
@permission(Action.OUTAGE_ANNOUNCE)
def announce() -> Any:
    form = forms.AnnounceOutage(
        systems=_systems(), counts=_counts(), proposed=telling.proposed(OutageKind.PLANNED, "", policy())
    )
    if not form.is_submitted():
        form.systems.data = _first_system()

    def enter(session: Session) -> Outage:
        if not form.ends_on.data:
            form.ends_on.data = form.starts_on.data
        entered = _entered(form, chosen_moment(form, "starts_on", "starts_at") or now())
        return entering.announce(session, entered, actor=actor(), now=now(), policy=policy())

    return _entering(form, enter, "announce", "It is announced.")


@blueprint.route("/manage/report", methods=["GET", "POST"], endpoint="report")
@permission(Action.OUTAGE_ANNOUNCE)
def report() -> Any:
    """Two clicks: this page, and its button; what people should know has first words, too."""
    form = forms.ReportOutage(
        systems=_systems(), counts=_counts(), proposed=telling.proposed(OutageKind.UNPLANNED, "", policy())
    )
    if not form.is_submitted():
        form.systems.data = _first_system()
        form.title.data = "The HMIS cannot be reached"
        form.text.data = "The HMIS cannot be reached at the moment. We are finding out why, and say here how it goes."

    def enter(session: Session) -> Outage:
        entered = _entered(form, chosen_moment(form, "starts_on", "starts_at") or now())
        return entering.report(session, entered, actor=actor(), now=now(), policy=policy())

    return _entering(form, enter, "report", "The outage is reported.")


def _first_system() -> list[str]:
    return [system.id for system in policy().outages.systems if system.counts][:1]


def _entered(form: Any, starts_at: datetime) -> Entered:
    return Entered(
        title=form.title.data or "", systems=form.systems.data or [], impact=form.impact.data or "", starts_at=starts_at,
        ends_expected_at=chosen_moment(form, "ends_on", "ends_at"), text=form.text.data or "", tells=form.audience,
        vendor_case=form.vendor_case.data or "",
    )  # fmt: skip


def _entering(form: Any, enter: Callable[[Session], Outage], page: str, said: str) -> Any:
    def told(outage: Outage) -> str:
        return f"{said} {mailed(outage)}"

    if done := acted(form, enter, told, lambda outage: to_managed(outage.id)):
        return done
    return render_template(
        f"pages/helpdesk/outages/{page}.html", form=form, before_in_days=policy().outages.notice.days
    ), status_of(form)


def mailed(outage: Outage) -> str:
    """How many people are being written to about what was said last."""
    with reading(sessions()) as session:
        count = max((each.told for each in session.get_one(Outage, outage.id).updates[-1:]), default=0)
    return (
        f"{count:,} {'person gets' if count == 1 else 'people get'} an e-mail." if count else "Nobody gets an e-mail."
    )


# --- going on


@blueprint.route("/manage/<int:outage_id>/say", methods=["GET", "POST"], endpoint="say")
@permission(Action.OUTAGE_WORK)
def say(outage_id: int) -> Any:
    def do(session: Session, row: Outage, form: Any) -> None:
        moves.update(
            session, row, said=_said(form), public=not form.note.data, actor=actor(), now=now(), policy=policy()
        )

    return _act(outage_id, SAY, forms.SayMore, do, "It is said.")


@blueprint.route("/manage/<int:outage_id>/correct", methods=["GET", "POST"], endpoint="correct")
@permission(Action.OUTAGE_WORK)
def correct(outage_id: int) -> Any:
    def do(session: Session, row: Outage, form: Any) -> None:
        starts_at = chosen_moment(form, "starts_on", "starts_at") or row.starts_at
        if row.starts_at.replace(second=0, microsecond=0) == starts_at:
            starts_at = row.starts_at
        moves.correct(
            session, row, starts_at=starts_at, ends_expected_at=chosen_moment(form, "ends_on", "ends_at"), said=_said(form),
            actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    def fill(form: Any, row: Outage) -> None:
        forms.fill(form, "starts_on", "starts_at", row.starts_at, policy().zone)
        forms.fill(form, "ends_on", "ends_at", row.ends_expected_at, policy().zone)

    return _act(outage_id, CORRECT, forms.CorrectTimes, do, "The times are corrected.", fill)


@blueprint.route("/manage/<int:outage_id>/end", methods=["GET", "POST"], endpoint="end")
@permission(Action.OUTAGE_WORK)
def end(outage_id: int) -> Any:
    def do(session: Session, row: Outage, form: Any) -> None:
        at = chosen_moment(form, "ended_on", "ended_at") or now()
        # The clock of the form knows minutes only: 'just now' lies neither ahead nor before the beginning.
        at = max(at, row.starts_at) if row.starts_at - at < _MINUTE else at
        moves.end(session, row, at=at, said=_said(form), actor=actor(), now=now(), policy=policy())

    def fill(form: Any, row: Outage) -> None:
        forms.fill(form, "ended_on", "ended_at", now(), policy().zone)
        form.text.data = f"It is over: {row.title[:1].lower()}{row.title[1:]}. Thank you for your patience."

    return _act(outage_id, END, forms.EndOutage, do, "It is over.", fill, tickets=True)


@blueprint.route("/manage/<int:outage_id>/call-off", methods=["GET", "POST"], endpoint="call_off")
@permission(Action.OUTAGE_WORK)
def call_off(outage_id: int) -> Any:
    def do(session: Session, row: Outage, form: Any) -> None:
        moves.call_off(session, row, said=_said(form), actor=actor(), now=now(), policy=policy())

    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.OUTAGE_WORK, Outage, outage_id)
        act = MISTAKEN if row.kind == OutageKind.UNPLANNED else OFF
    return _act(outage_id, act, forms.CallOff, do, "It is called off.")


def _said(form: Any) -> Said:
    return Said(form.text.data or "", form.audience)


def _act(
    outage_id: int,
    act: Act,
    make: type[Any],
    do: Callable[[Session, Outage, Any], None],
    said: str,
    fill: Callable[[Any, Outage], None] | None = None,
    *,
    tickets: bool = False,
) -> Any:
    """One act on one outage: its form says how many people each choice would write to; then back to its page."""
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.OUTAGE_WORK, Outage, outage_id)
        proposed = telling.proposed(row.kind, telling.told_so_far(row), policy())
        counts = telling.counted(session, on=today())
        session.expunge_all()
    form = make(counts=counts, proposed="" if act is SAY else proposed)
    if fill and not form.is_submitted():
        fill(form, row)

    def carry_out(session: Session) -> Outage:
        there = permissions.find(session, actor(), Action.OUTAGE_WORK, Outage, outage_id)
        do(session, there, form)
        return there

    back = f"{to_managed(outage_id)}{'#tickets' if tickets else ''}"
    if done := acted(form, carry_out, lambda outage: f"{said} {mailed(outage)}", back):
        return done
    return render_template(
        "pages/helpdesk/outages/act.html", form=form, act=act, outage=row, back=to_managed(outage_id)
    ), status_of(form)
