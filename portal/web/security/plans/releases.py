"""The log of data releases: the list with search and export, entering one, deciding about it, handing it over."""

import hashlib
from typing import Any

from flask import render_template, request, url_for

from forms.security.records import SHOWN, DecideRelease, EnterRelease, HandOver, ReleaseFilter, SetAside
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import DataRelease
from portal.services.security.plans import releases
from portal.web.desk.room import as_csv, as_workbook, pager
from portal.web.kernel import acted, actor, may, now, permission, policy, sessions, status_of, today
from portal.web.security.room import blueprint
from portal.web.uploads import is_there
from workflows.actions import Action

EVERYTHING = 10_000
WORDS = {
    "asked": ("waiting", "Waits for a decision"),
    "approved": ("approved", "Approved, not handed over"),
    "refused": ("refused", "Refused"),
    "withdrawn": ("ended", "Withdrawn"),
    "released": ("done", "Handed over"),
}
HEADERS = (
    "Number", "Asked for on", "Who asked", "Purpose", "What", "Data from", "Data until", "Fewest people in a cell",
    "Smaller cells", "Status", "Entered by", "Decided by", "Reason", "Handed over on", "How", "SHA-256 of the file",
)  # fmt: skip


@blueprint.get("/releases", endpoint="releases")
@permission(Action.RELEASE_SEE)
def index() -> Any:
    form, after = ReleaseFilter(request.args), request.args.get("after", "")
    chosen: dict[str, Any] = {
        "show": form.show.data if form.show.data in SHOWN else "",
        "search": (form.q.data or "")[:100],
    }
    if request.args.get("format") in ("csv", "xlsx"):
        return _export(chosen)
    with reading(sessions()) as session:
        page = releases.page(session, actor(), after=after, **chosen)
        return render_template(
            "pages/security/releases/index.html",
            rows=[(row, WORDS[row.status]) for (row,) in page.rows],
            form=form,
            page=pager(page, after),
            enters=may(Action.RELEASE_ENTER) and policy().plans.release is not None,
            rule=policy().plans.release,
        )


def _export(chosen: dict[str, Any]) -> Any:
    names = bool(actor().lead_roles)
    with transaction(sessions()) as session:
        page = releases.page(session, actor(), limit=EVERYTHING, **chosen)
        rows = [_line(row, names) for (row,) in page.rows]
        audit.record(
            session,
            actor=actor(),
            now=now(),
            act="releases.export",
            said=f"Downloaded a list of {len(rows)} data releases.",
        )
    if request.args.get("format") == "csv":
        return as_csv("data-releases", HEADERS, rows)
    return as_workbook(f"data-releases-{today().isoformat()}", HEADERS, rows, title="Data releases")


def _line(row: DataRelease, names: bool) -> tuple[object, ...]:
    """One line of the export; the Lead's own people are named to the Lead alone."""
    return (
        row.id, row.asked_on, row.recipient, row.purpose, row.what, row.period_from, row.period_until, row.smallest_cell, row.suppression,
        WORDS[row.status][1], row.asker.name if names else "", row.decider.name if names and row.decider else "", row.decided_reason,
        row.released_on, row.released_how, row.file_sha256,
    )  # fmt: skip


@blueprint.route("/releases/new", methods=["GET", "POST"], endpoint="release_new")
@permission(Action.RELEASE_ENTER)
def new() -> Any:
    form, rule = EnterRelease(), policy().plans.release
    if request.method == "GET" and rule is not None:
        form.smallest_cell.data, form.suppression.data, form.asked_on.data = (
            rule.smallest_cell,
            rule.suppression,
            today(),
        )

    def enter(session: Any) -> int:
        asked = releases.Asked(
            recipient=form.recipient.data or "", purpose=form.purpose.data or "", what=form.what.data or "",
            period_from=form.period_from.data, period_until=form.period_until.data, smallest_cell=form.smallest_cell.data or 0,
            suppression=form.suppression.data or "", asked_on=form.asked_on.data, aggregate=bool(form.aggregate.data),
        )  # fmt: skip
        return releases.enter(session, asked, actor=actor(), now=now(), policy=policy()).id

    said = "It is in the log. Another person of the Lead decides before anything is handed over."
    done = acted(form, enter, said, lambda made: url_for("security.release", release_id=made))
    if done is not None:
        return done
    return render_template("pages/security/releases/new.html", form=form, rule=rule), status_of(form)


@blueprint.route("/releases/<int:release_id>", methods=["GET", "POST"], endpoint="release")
@permission(Action.RELEASE_SEE)
def one(release_id: int) -> Any:
    form, back = DecideRelease(), url_for("security.release", release_id=release_id)

    def decide(session: Any) -> None:
        row = permissions.find(session, actor(), Action.RELEASE_DECIDE, DataRelease, release_id)
        verb = releases.approve if form.decision.data == "approve" else releases.refuse
        verb(session, row, reason=form.reason.data or "", actor=actor(), now=now())

    if (done := acted(form, decide, "The decision is on record.", back)) is not None:
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.RELEASE_SEE, DataRelease, release_id)
        return render_template(
            "pages/security/releases/one.html",
            row=row,
            form=form,
            status=WORDS[row.status],
            names=bool(actor().lead_roles),
            decides=row.status == "asked" and may(Action.RELEASE_DECIDE, row),
            hands_over=row.status == "approved" and may(Action.RELEASE_ENTER, row),
            withdraws=row.status == "asked" and may(Action.RELEASE_ENTER, row),
        ), status_of(form)


@blueprint.route("/releases/<int:release_id>/hand-over", methods=["GET", "POST"], endpoint="release_hand_over")
@permission(Action.RELEASE_ENTER)
def hand_over(release_id: int) -> Any:
    form = HandOver()
    if request.method == "GET":
        form.on.data = today()

    def give(session: Any, row: DataRelease) -> None:
        mark, name = form.sha256.data or "", ""
        if is_there(form.file.data):  # read, fingerprinted, and let go: what was released is never kept here
            mark, name = hashlib.sha256(form.file.data.read()).hexdigest(), form.file.data.filename or ""
        releases.hand_over(
            session, row, on=form.on.data, how=form.how.data or "", sha256=mark, file_name=name, actor=actor(), now=now(), policy=policy()
        )  # fmt: skip

    return _act(
        release_id, form, give, "It is handed over, and the log says so.", heading="Hand it over", button="Record that it was handed over",
        what=["The portal keeps the file's fingerprint and not the file, so that it can be shown later which file it was."],
    )  # fmt: skip


@blueprint.route("/releases/<int:release_id>/withdraw", methods=["GET", "POST"], endpoint="release_withdraw")
@permission(Action.RELEASE_ENTER)
def withdraw(release_id: int) -> Any:
    form = SetAside()
    return _act(
        release_id, form,
        lambda session, row: releases.withdraw(session, row, reason=form.reason.data or "", actor=actor(), now=now()),
        "It is withdrawn and stays in the log.", heading="Withdraw it", button="Withdraw it", danger=True,
        what=["Nothing is handed over. The entry stays in the log, with your name and your reason."],
    )  # fmt: skip


def _act(release_id: int, form: Any, do: Any, said: str, **page: Any) -> Any:
    back = url_for("security.release", release_id=release_id)

    def carry_out(session: Any) -> None:
        do(session, permissions.find(session, actor(), Action.RELEASE_ENTER, DataRelease, release_id))

    if (done := acted(form, carry_out, said, back)) is not None:
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.RELEASE_ENTER, DataRelease, release_id)
        return render_template("pages/security/releases/act.html", form=form, row=row, back=back, **page), status_of(
            form
        )
