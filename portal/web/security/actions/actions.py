"""Corrective actions: the list, one action, its steps and files, and what the Lead decides about it (S1, S5)."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from forms.security.actions import (
    SHOWN,
    ActionFilter,
    DecideException,
    EvidenceFile,
    Reopen,
    Verify,
    Withdraw,
)
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Agency, CorrectiveAction, CorrectiveFile
from portal.refusals import bad_input, not_found
from portal.services.paperwork import Scan
from portal.services.security.actions import action_lists, action_work, actions, exceptions
from portal.web.desk.room import as_csv, pager, to_agency
from portal.web.kernel import acted, actor, an_id, may, now, permission, policy, pressed, sessions, status_of, today
from portal.web.security.acting import acted_with_file
from portal.web.security.room import blueprint
from portal.web.uploads import download, fetched
from workflows.actions import Action
from workflows.vocabulary import LEAD, in_words

EVERYTHING = 10_000
EXCEPTION = ("accept", "refuse")
STATES = {
    "open": ("open", "To be planned"),
    "planned": ("in_progress", "Being worked on"),
    "completed": ("waiting", "Waits to be verified"),
    "verified": ("verified", "Verified and closed"),
    "asked": ("waiting", "Exception asked for"),
    "accepted": ("waived", "Excepted for a time"),
    "withdrawn": ("withdrawn", "Withdrawn"),
}


@blueprint.get("/actions", endpoint="actions")
@permission(Action.CORRECTIVE_SEE)
def index() -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        named = [(each, category(each)) for each in action_lists.categories(session, actor())]
        form = ActionFilter(request.args, categories=named)
        chosen: dict[str, Any] = {
            "show": form.show.data if form.show.data in SHOWN else "",
            "category": form.category.data if form.category.data in dict(named) else "",
            "search": (form.q.data or "").strip()[:100],
            "agency_id": request.args.get("agency", type=an_id),
        }
        if request.args.get("format") != "csv":
            page = action_lists.page(session, actor(), on=today(), after=after, **chosen)
            agency = session.get(Agency, chosen["agency_id"]) if chosen["agency_id"] is not None else None
            return render_template(
                "pages/security/actions/index.html",
                rows=[_row(action) for (action,) in page.rows],
                form=form,
                page=pager(page, after),
                counts=action_lists.counted(session, actor(), on=today(), agency_id=chosen["agency_id"]),
                agency=agency if agency is not None and may(Action.CORRECTIVE_SEE, agency) else None,
            )
    return _csv(chosen)


def _row(action: CorrectiveAction) -> dict[str, Any]:
    done = sum(1 for step in action.steps if step.done_at is not None)
    return {
        "action": action,
        "state": state(action),
        "category": category(action.category),
        "owner": action.owner.name if action.owner else "",
        "steps": f"{done} of {len(action.steps)}" if action.steps else "",
        "href": url_for("security.action", action_id=action.id),
    }


def state(action: CorrectiveAction) -> tuple[str, str]:
    """The status to show, with its words; what is late says so."""
    if action_lists.is_overdue(action, today()):
        return "overdue", "Overdue"
    return STATES[action.status]


def category(word: str) -> str:
    """A category of the checklist by its title in the pack; the other sources have words of their own."""
    review = policy().review
    titles = {each.id: each.title for each in review.categories} if review else {}
    return titles.get(word, in_words(word).capitalize())


def _csv(chosen: dict[str, Any]) -> Any:
    with transaction(sessions()) as session:
        page = action_lists.page(session, actor(), on=today(), limit=EVERYTHING, **chosen)
        rows = [
            (
                each["action"].number, each["action"].agency.name, each["action"].item, each["category"], each["action"].wrong,
                each["action"].doing, each["owner"], each["action"].due, each["state"][1], each["steps"],
                each["action"].until if each["action"].status == "accepted" else None,
            )
            for each in (_row(action) for (action,) in page.rows)
        ]  # fmt: skip
        said = f"Downloaded a list of {len(rows)} corrective actions."
        audit.record(session, actor=actor(), now=now(), act="corrective.export", said=said)
    headers = (
        "Number", "Agency", "Item", "Category", "What is wrong", "What will be done", "Owner", "Due", "Status", "Steps done", "Excepted until",
    )  # fmt: skip
    return as_csv("corrective-actions", headers, rows)


@blueprint.route("/actions/<int:action_id>", methods=["GET", "POST"], endpoint="action")
@permission(Action.CORRECTIVE_SEE)
def one(action_id: int) -> Any:
    """The action; posting decides about it, for whoever may: verify or send back, accept or refuse an exception."""
    excepts = request.form.get("decision") in EXCEPTION  # what was read, whatever has happened to it since
    form: Any = DecideException() if excepts else Verify()
    decide = _decide_exception if excepts else _decide
    said, back = "Decided. The owner and the security officer get a message.", _back(action_id)
    return acted(form, lambda session: decide(session, action_id, form), said, back) or _page(action_id, form)


def _back(action_id: int, anchor: str | None = None) -> str:
    return url_for("security.action", action_id=action_id, _anchor=anchor)


def _page(action_id: int, form: Any = None, upload: EvidenceFile | None = None) -> Any:
    """The action as it stands, with the form that was sent, if any, and whatever else can be decided and added now."""
    upload = upload or EvidenceFile(formdata=None)
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.CORRECTIVE_SEE, CorrectiveAction, action_id)
        sent = form if form is not None and form.is_submitted() else None
        kind = DecideException if row.status == "asked" else Verify
        form = sent if isinstance(sent, kind) else kind(formdata=None, until=row.until)
        works = may(Action.CORRECTIVE_WORK, row)
        plans = may(Action.CORRECTIVE_PLAN, row) and row.status in ("open", "planned")
        rows = action_lists.of_reviews(session, [row.review_id]).get(row.review_id, []) if row.review_id else []
        wrong = next((each for each in (sent, upload) if each is not None and status_of(each) != 200), None)
        return render_template(
            "pages/security/actions/one.html",
            form=form,
            upload=upload,
            wrong=wrong,
            action=row,
            state=state(row),
            category=category(row.category),
            back=to_agency(row.agency_id) if may("agency.see", row.agency) else "",
            plans=plans,
            marks=works and row.status in ("planned", "asked", "accepted"),
            adds=works and row.status not in ("verified", "withdrawn"),
            completes=works and row.status == "planned",
            verifies=row.status == "completed" and may(Action.CORRECTIVE_VERIFY, row),
            decides=row.status == "asked" and may(Action.CORRECTIVE_ACCEPT, row),
            takes_back=row.status == "asked" and may(Action.CORRECTIVE_PLAN, row),
            reopens=row.status in ("verified", "accepted") and may(Action.CORRECTIVE_VERIFY, row),
            withdraws=row.status in ("open", "planned") and may(Action.CORRECTIVE_OPEN, row),
            others=[each for each in rows if each.id != row.id],
        ), 400 if wrong is not None else 200


def _decide(session: Session, action_id: int, form: Verify) -> None:
    row = permissions.find(session, actor(), Action.CORRECTIVE_VERIFY, CorrectiveAction, action_id)
    words = form.reason.data or ""
    if form.decision.data == "verify":
        actions.verify(session, row, how=words, actor=actor(), now=now(), policy=policy())
        return
    actions.send_back(session, row, reason=words, actor=actor(), now=now(), policy=policy())


def _decide_exception(session: Session, action_id: int, form: DecideException) -> None:
    row = permissions.find(session, actor(), Action.CORRECTIVE_ACCEPT, CorrectiveAction, action_id)
    words = form.reason.data or ""
    if form.decision.data == "refuse":
        exceptions.refuse(session, row, reason=words, actor=actor(), now=now(), policy=policy())
        return
    until = form.until.data or row.until
    if until is None:
        raise bad_input("Enter the last day.", "until")
    exceptions.accept(session, row, until=until, reason=words, actor=actor(), now=now(), policy=policy())


@blueprint.post("/actions/<int:action_id>/steps/<int:number>", endpoint="action_step")
@permission(Action.CORRECTIVE_WORK)
def step(action_id: int, number: int) -> Any:
    def mark(session: Session) -> None:
        row = permissions.find(session, actor(), Action.CORRECTIVE_WORK, CorrectiveAction, action_id)
        action_work.step_done(session, row, number, actor=actor(), now=now())

    return pressed(mark, "The step is marked as done.", _back(action_id, "steps"))


@blueprint.post("/actions/<int:action_id>/files", endpoint="action_files")
@permission(Action.CORRECTIVE_WORK)
def add_file(action_id: int) -> Any:
    form = EvidenceFile()
    with reading(sessions()) as session:
        permissions.find(session, actor(), Action.CORRECTIVE_WORK, CorrectiveAction, action_id)

    def add(session: Session, scan: Scan | None) -> None:
        if scan is None:
            raise bad_input("Choose the file first.", "file")
        row = permissions.find(session, actor(), Action.CORRECTIVE_WORK, CorrectiveAction, action_id)
        action_work.add_file(session, row, scan, note=form.note.data or "", actor=actor(), now=now())

    said, back = "The file is kept with this action.", _back(action_id, "files")
    return acted_with_file(form, "file", add, said, back) or _page(action_id, upload=form)


@blueprint.get("/actions/<int:action_id>/files/<int:number>", endpoint="action_file")
@permission(Action.CORRECTIVE_SEE)
def file(action_id: int, number: int) -> Any:
    with transaction(sessions()) as session:
        row = permissions.find(session, actor(), Action.CORRECTIVE_SEE, CorrectiveAction, action_id)
        kept = session.get(CorrectiveFile, number)
        if kept is None or kept.action_id != row.id:
            raise not_found()
        content = fetched(kept.stored.sha256)
        audit.record(
            session, actor=actor(), now=now(), act="corrective.download", thing=row, said=f"{row.number}: downloaded {kept.stored.name}.",
        )  # fmt: skip
        return download(content, kept.stored.media_type, kept.stored.name)


@blueprint.post("/actions/<int:action_id>/take-back", endpoint="action_take_back")
@permission(Action.CORRECTIVE_PLAN)
def take_back(action_id: int) -> Any:
    def back(session: Session) -> None:
        row = permissions.find(session, actor(), Action.CORRECTIVE_PLAN, CorrectiveAction, action_id)
        exceptions.take_back(session, row, actor=actor(), now=now())

    return pressed(back, "The question is taken back. Plan how the standard is met.", _back(action_id))


@blueprint.route("/actions/<int:action_id>/reopen", methods=["GET", "POST"], endpoint="action_reopen")
@permission(Action.CORRECTIVE_VERIFY)
def reopen(action_id: int) -> Any:
    form = Reopen()

    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.CORRECTIVE_VERIFY, CorrectiveAction, action_id)
        actions.reopen(
            session, row, reason=form.reason.data or "", due=form.due.data or today(), actor=actor(), now=now(), policy=policy()
        )  # fmt: skip

    what = ["The action is open again: its owner plans what is left to be done, until the new last day."]
    what.append("What was said and decided before stays on record. Your name and your reason join it.")
    return _ended("reopen", action_id, form, act, what, "The action is open again.")


@blueprint.route("/actions/<int:action_id>/withdraw", methods=["GET", "POST"], endpoint="action_withdraw")
@permission(Action.CORRECTIVE_OPEN)
def withdraw(action_id: int) -> Any:
    form = Withdraw()

    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.CORRECTIVE_OPEN, CorrectiveAction, action_id)
        actions.withdraw(session, row, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy())

    what = ["Nothing is to be done for it any more. Its steps and files stay on record."]
    what.append("If it answers a finding of a security review, that finding is without an action again.")
    return _ended("withdraw", action_id, form, act, what, "The action is withdrawn.")


def _ended(which: str, action_id: int, form: Any, act: Any, what: list[str], done: str) -> Any:
    if answer := acted(form, act, done, _back(action_id)):
        return answer
    with reading(sessions()) as session:
        needed = Action.CORRECTIVE_VERIFY if which == "reopen" else Action.CORRECTIVE_OPEN
        row = permissions.find(session, actor(), needed, CorrectiveAction, action_id)
        told = (
            "its owner and the security officers"
            if row.agency_id != LEAD
            else "its owner and the Lead's security officers"
        )
        return render_template(
            f"pages/security/actions/{which}.html", form=form, action=row, what=[*what, f"A message goes to {told}."],
        ), status_of(form)  # fmt: skip
