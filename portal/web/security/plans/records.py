"""Records that the Board and the Lead keep on file: where each stands, all there ever were, and putting one there."""

from typing import Any

from flask import render_template, request, url_for

from forms.security.records import KeepRecord, RecordFilter, SetAside
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import BoardRecord
from portal.services.security.plans import board_records
from portal.web.desk.room import as_csv, pager
from portal.web.kernel import acted, actor, may, now, permission, policy, sessions, status_of, today
from portal.web.security.acting import acted_with_file
from portal.web.security.plans.plan_room import sent
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.plan_days import RecordState

STATES = {
    RecordState.ON_FILE: ("met", "On file"),
    RecordState.DUE_SOON: ("due_soon", "Due soon"),
    RecordState.OVERDUE: ("overdue", "Overdue"),
    RecordState.MISSING: ("unmet", "Missing"),
}
HELD_BY = {"board": "Board", "lead": "HMIS Lead"}


@blueprint.get("/records", endpoint="records")
@permission(Action.BOARD_RECORD_SEE)
def index() -> Any:
    """Where each record stands; with `?kind=` all that were ever on file of one kind, with `?show=all` of every kind."""
    if request.args.get("format") == "csv":
        return _csv()
    form = RecordFilter(request.args, kinds=[(each.id, each.title) for each in policy().plans.records])
    kind, after = form.kind.data or "", request.args.get("after", "")
    if policy().plans.record(kind) is None:
        kind = ""
    with reading(sessions()) as session:
        page = board_records.page(session, actor(), kind=kind, after=after)
        lines = board_records.on_file(session, policy=policy(), on=today())
        return render_template(
            "pages/security/records/index.html",
            lines=[line for line in lines if kind in ("", line.kind.id)],
            states=STATES,
            held_by=HELD_BY,
            records=[row for (row,) in page.rows],
            titles={each.id: each.title for each in policy().plans.records},
            form=form,
            kind=policy().plans.record(kind),
            page=pager(page, after),
            keeps=may(Action.BOARD_RECORD_KEEP),
            names=bool(actor().lead_roles),
        )


def _csv() -> Any:
    with transaction(sessions()) as session:
        lines = board_records.on_file(session, policy=policy(), on=today())
        rows = [
            (
                line.kind.title, line.about, HELD_BY[line.kind.held_by], STATES[line.state][1], line.row.held_on if line.row else None,
                line.row.due_again if line.row else None, line.row.filed_at if line.row else "", line.kind.cite,
            )
            for line in lines
        ]  # fmt: skip
        audit.record(
            session, actor=actor(), now=now(), act="records.export", said=f"Downloaded a list of {len(rows)} records."
        )
    headers = ("Record", "Which one", "Kept by", "Status", "Of", "Due again", "Filed at", "Heading of the manual")
    return as_csv("records", headers, rows)


@blueprint.route("/records/<kind>/new", methods=["GET", "POST"], endpoint="record_new")
@permission(Action.BOARD_RECORD_KEEP)
def new(kind: str) -> Any:
    known = board_records.kind_of(policy(), kind)
    form = KeepRecord(several=known.several, again=known.due_again is not None)

    def keep(session: Any, file: Any) -> BoardRecord:
        return board_records.keep(
            session, kind=kind, about=(form.about.data or "") if known.several else "", held_on=form.held_on.data,
            due_again=form.due_again.data if known.due_again else None, file=file, filed_at=form.filed_at.data or "",
            note=form.note.data or "", actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    done = acted_with_file(form, "file", keep, "The record is on file.", url_for("security.records"))
    if done is not None:
        return done
    return render_template(
        "pages/security/records/new.html", form=form, kind=known, held_by=HELD_BY[known.held_by]
    ), status_of(form)


@blueprint.get("/records/<int:record_id>/file", endpoint="record_file")
@permission(Action.BOARD_RECORD_SEE)
def file(record_id: int) -> Any:
    with reading(sessions()) as session:
        return sent(permissions.find(session, actor(), Action.BOARD_RECORD_SEE, BoardRecord, record_id).file)


@blueprint.route("/records/<int:record_id>/set-aside", methods=["GET", "POST"], endpoint="record_set_aside")
@permission(Action.BOARD_RECORD_KEEP)
def set_aside(record_id: int) -> Any:
    form, back = SetAside(), url_for("security.records")

    def leave(session: Any) -> None:
        row = permissions.find(session, actor(), Action.BOARD_RECORD_KEEP, BoardRecord, record_id)
        board_records.set_aside(session, row, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy())

    if (done := acted(form, leave, "The record is set aside. It can still be read.", back)) is not None:
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.BOARD_RECORD_KEEP, BoardRecord, record_id)
        what = [
            f"The record of {us_date(row.held_on)} does not count any more. If it was the newest of its kind, the one before it counts again.",
            "It stays in the list, with your name and your reason.",
        ]
        return render_template(
            "pages/security/records/set_aside.html", form=form, what=what, back=back, title=board_records.title(policy(), row.kind)
        ), status_of(form)  # fmt: skip
