"""Sanctions: the list, one sanction, its letters (S3). Acts that change one are in sanction_acts and sanction_appeals."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from forms.security.sanctions import SHOWN, SanctionFilter
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Agency, Sanction, SanctionNotice
from portal.refusals import not_found
from portal.services.security.sanctions import sanction_appeals, sanction_lists, sanction_preview
from portal.services.security.sanctions.sanction_measures import in_words, measure_of, until_in_words
from portal.web.desk.room import as_csv, pager, to_agency, to_person
from portal.web.kernel import actor, an_id, may, now, permission, policy, sessions, today
from portal.web.security.room import blueprint
from portal.web.uploads import download, fetched
from workflows.actions import Action
from workflows.vocabulary import SANCTIONS

EVERYTHING = 10_000
STATES = {
    "drafted": ("waiting", "Drafted, not decided"),
    "withdrawn": ("withdrawn", "Withdrawn"),
    "in_force": ("suspended", "In force"),
    "appealed": ("pending", "Appealed"),
    "upheld": ("suspended", "Upheld on appeal"),
    "changed": ("superseded", "Changed on appeal"),
    "lifted": ("ended", "Lifted"),
    "expired": ("ended", "Over"),
}
ROLES = {
    "person": "The person", "executive_director": "Executive director", "agency_admin": "Agency administrator",
    "auditor": "Security compliance auditor", "board": "Continuum of Care Board",
}  # fmt: skip


@blueprint.get("/sanctions", endpoint="sanctions")
@permission(Action.SANCTION_SEE)
def index() -> Any:
    titles = [(each.id, each.title) for each in policy().enforcement.violations]
    form, after = SanctionFilter(request.args, violations=titles), request.args.get("after", "")
    chosen: dict[str, Any] = {
        "show": form.show.data if form.show.data in SHOWN else "",
        "violation": form.violation.data if form.violation.data in dict(titles) else "",
        "measure": form.measure.data if form.measure.data in SANCTIONS else "",
        "search": (form.q.data or "").strip()[:100],
        "agency_id": request.args.get("agency", type=an_id),
        "person_id": request.args.get("person", type=an_id),
    }
    if request.args.get("format") == "csv":
        return _csv(chosen)
    with reading(sessions()) as session:
        page = sanction_lists.page(session, actor(), after=after, **chosen)
        agency = session.get(Agency, chosen["agency_id"]) if chosen["agency_id"] is not None else None
        return render_template(
            "pages/security/sanctions/index.html",
            rows=[_row(row) for (row,) in page.rows],
            form=form,
            page=pager(page, after),
            counts=sanction_lists.counted(session, actor(), on=today()) if actor().lead_roles else None,
            letters=sanction_lists.to_deliver(session) if may(Action.SANCTION_FOLLOW) else 0,
            agency=agency if agency is not None and may(Action.AGENCY_SEE, agency) else None,
        )


def _row(row: Sanction) -> dict[str, Any]:
    return {
        "sanction": row,
        "measure": words_of(row),
        "state": STATES[row.status],
        "href": url_for("security.sanction", sanction_id=row.id),
    }


def words_of(row: Sanction) -> str:
    """The measure as people read it, its first letter large."""
    words = in_words(measure_of(row), row.about, policy())
    return words[:1].upper() + words[1:]


def _csv(chosen: dict[str, Any]) -> Any:
    with transaction(sessions()) as session:
        page = sanction_lists.page(session, actor(), limit=EVERYTHING, **chosen)
        rows = [
            (
                row.id, row.agency.name, row.whom.name if row.whom else "", row.violation_title, row.severity, words_of(row),
                STATES[row.status][1], row.first_day, row.last_day, row.decider.name if row.decider else "",
            )
            for (row,) in page.rows
        ]  # fmt: skip
        said = f"Downloaded a list of {len(rows)} sanctions."
        audit.record(session, actor=actor(), now=now(), act="sanctions.export", said=said)
    headers = (
        "Number", "Agency", "Person", "Violation", "Severity", "Measure", "Status", "First day", "Last day", "Decided by",
    )  # fmt: skip
    return as_csv("sanctions", headers, rows)


@blueprint.get("/sanctions/<int:sanction_id>", endpoint="sanction")
@permission(Action.SANCTION_SEE)
def one(sanction_id: int) -> Any:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SANCTION_SEE, Sanction, sanction_id)
        staff = bool(actor().lead_roles)
        drafted = row.status == "drafted"
        return render_template(
            "pages/security/sanctions/one.html",
            **_row(row),
            until=until_in_words(row),
            proposed=_proposed(row),
            happens=sanction_preview.what_happens(session, row, now=now(), policy=policy()) if drafted else None,
            acts=_acts(row),
            letters=[_letter(notice, row) for notice in row.notices if staff or _own(notice)],
            history=[
                {"at": each.at, "title": each.said, "who": each.actor}
                for each in (sanction_lists.history(session, row) if staff else [])
            ],
            mine=row.person_id == actor().person_id or not staff,
            staff=staff,
            drafter=row.drafter.name if staff else "",
            decider=row.decider.name if row.decider else "",
            next_one=_next(session, row),
            to_agency=to_agency(row.agency_id) if may(Action.AGENCY_SEE, row.agency) else "",
            to_person=to_person(row.membership_id) if row.membership_id and may(Action.MEMBERSHIP_SEE, row) else "",
        )


def _proposed(row: Sanction) -> str:
    """What the ladder proposed, in words; '' where it proposed nothing."""
    if not row.proposed:
        return ""
    extra = (
        f" for {row.proposed_days} days"
        if row.proposed_days
        else f": {row.proposed_course}"
        if row.proposed_course
        else ""
    )
    return f"{row.proposed.capitalize()}{extra}. {row.proposed_because}"


def _acts(row: Sanction) -> dict[str, bool]:
    """Which acts are open to whoever looks."""
    running = row.status in ("in_force", "upheld")
    return {
        "decide": row.status == "drafted" and may(Action.SANCTION_DECIDE, row),
        "withdraw": row.status == "drafted" and may(Action.SANCTION_DRAFT, row),
        "appeal": sanction_appeals.may_still(row, today()) and may(Action.SANCTION_APPEAL, row),
        "hear": row.status == "appealed" and may(Action.SANCTION_HEAR, row),
        "lift": running and may(Action.SANCTION_LIFT, row),
        "pay": row.measure == "penalty" and row.paid_on is None and running and may(Action.SANCTION_FOLLOW, row),
        "refer": row.measure == "referral" and running and may(Action.SANCTION_FOLLOW, row),
    }


def _letter(notice: SanctionNotice, row: Sanction) -> dict[str, Any]:
    if notice.delivered_on is not None:
        state = ("done", f"Delivered on paper, {notice.delivered_how}")
    elif notice.sent_at is not None:
        state = ("sent", "Handed to the mail")
    elif notice.channel == "paper" and notice.file_id is not None:
        state = ("to_do", "To be handed over on paper")
    else:
        state = ("waiting", "Is being made")
    return {
        "notice": notice,
        "what": {"decision": "Decision", "outcome": "Outcome of the appeal", "lifted": "Lifted"}[notice.what],
        "role": ROLES[notice.role],
        "state": state,
        "when": notice.delivered_on or notice.sent_at or notice.made_at,
        "file": url_for("security.sanction_letter", sanction_id=row.id, notice_id=notice.id) if notice.file_id else "",
        "deliver": state[0] != "done" and bool(notice.file_id) and may(Action.SANCTION_FOLLOW, row),
    }


def _own(notice: SanctionNotice) -> bool:
    """Whether the letter went to whoever looks."""
    return notice.person_id is not None and notice.person_id == actor().person_id


def _next(session: Session, row: Sanction) -> Sanction | None:
    """The one that took its place on appeal."""
    return (
        session.query(Sanction).filter(Sanction.replaces_id == row.id).one_or_none()
        if row.status == "changed"
        else None
    )


@blueprint.get("/sanctions/<int:sanction_id>/letters/<int:notice_id>", endpoint="sanction_letter")
@permission(Action.SANCTION_SEE)
def letter(sanction_id: int, notice_id: int) -> Any:
    with reading(sessions()) as session:
        notice = notice_of(session, Action.SANCTION_SEE, sanction_id, notice_id)
        if notice.file is None or not (actor().lead_roles or _own(notice)):
            raise not_found()
        sha256, media_type, name = notice.file.sha256, notice.file.media_type, notice.file.name
    return download(fetched(sha256), media_type, name)


def notice_of(session: Session, action: Action, sanction_id: int, notice_id: int) -> SanctionNotice:
    """A letter of a sanction to which whoever asks may do this; NOT_FOUND for all others."""
    row = permissions.find(session, actor(), action, Sanction, sanction_id)
    notice = session.get(SanctionNotice, notice_id) if notice_id <= permissions.LARGEST_ID else None
    if notice is None or notice.sanction_id != row.id:
        raise not_found()
    return notice
