"""Documents to verify: text, answers and scan beside the Agency's standing, one decision, and on to the next one."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.day_one import TakeBack
from forms.desk import DocumentFilter
from forms.signing import RejectForm, VerifyForm
from portal import permissions
from portal.db import reading, transaction
from portal.models import Document
from portal.refusals import Refused
from portal.services import paperwork
from portal.services.agencies import agency_tasks
from portal.services.day_one import scans
from portal.services.desk import desk_lists
from portal.web import documents_shown
from portal.web.desk.room import blueprint, pager
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action
from workflows.vocabulary import LEAD, Reason

ON_THE_FORM = (Reason.BAD_INPUT, Reason.ILLEGAL_MOVE, Reason.ALREADY_DONE)


@blueprint.get("/documents", endpoint="documents")
@permission(Action.DOCUMENT_VERIFY)
def documents() -> Any:
    form = DocumentFilter(request.args, kinds={kind: paper.title for kind, paper in sorted(paperwork.KINDS.items())})
    kind, after = form.kind.data or "", request.args.get("after", "")
    show = form.show.data if form.show.data in desk_lists.SHOWN else ""
    with reading(sessions()) as session:
        page = desk_lists.documents_page(
            session,
            actor(),
            kind=kind if kind in paperwork.KINDS else "",
            agency=(form.q.data or "").strip(),
            after=after,
            show=show,
        )
        rows = [
            {
                "document": row.Document,
                "since": row.since,
                "title": paperwork.KINDS[row.Document.kind].title,
                "next": desk_lists.waits_for(row.Document),
            }
            for row in page.rows
        ]
        return render_template("pages/desk/documents.html", rows=rows, form=form, page=pager(page, after))


@blueprint.get("/documents/<int:document_id>", endpoint="document")
@permission(Action.DOCUMENT_VERIFY)
def document(document_id: int) -> Any:
    return _page(document_id, VerifyForm(formdata=None), RejectForm(formdata=None), 200)


@blueprint.post("/documents/<int:document_id>/verify", endpoint="verify")
@permission(Action.DOCUMENT_VERIFY)
def verify(document_id: int) -> Any:
    form = VerifyForm()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                paperwork.verify(
                    session, document=_find(session, document_id), how=form.how.data, actor=actor(), now=now()
                )
        except Refused as no:
            _on_the_form(no, form, "how")
        else:
            flash("Verified. Your name, the time and how you saw it are on record.", "success")
            return _on(document_id)
    return _page(document_id, form, RejectForm(formdata=None), 400)


@blueprint.post("/documents/<int:document_id>/reject", endpoint="reject")
@permission(Action.DOCUMENT_VERIFY)
def reject(document_id: int) -> Any:
    form = RejectForm()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                paperwork.reject(
                    session, document=_find(session, document_id), reason=form.reason.data, actor=actor(), now=now()
                )
        except Refused as no:
            _on_the_form(no, form, "reason")
        else:
            flash("Sent back. Whoever signed it gets your reason by e-mail, and every answer is kept.", "success")
            return _on(document_id)
    return _page(document_id, VerifyForm(formdata=None), form, 400)


def _page(document_id: int, verifying: VerifyForm, rejecting: RejectForm, status: int) -> Any:
    with reading(sessions()) as session:
        found = _find(session, document_id)
        shown = documents_shown.facts(session, found)
        tasks = (
            agency_tasks.task_list(session, found.agency, on=today(), policy=policy())
            if found.agency_id != LEAD
            else None
        )
        waiting = shown["waiting"]
        return render_template(
            "pages/desk/document.html",
            verifying=verifying,
            rejecting=rejecting,
            form=verifying if verifying.errors else rejecting,
            tasks=tasks,
            parts=documents_shown.clauses(found, shown["text"]),
            next_id=desk_lists.next_document(session, actor(), but=document_id),
            can_verify=found.verified_at is None
            and found.status in ("signed", "scanned", "executed")
            and (waiting is None or waiting.capacity == "lead"),
            can_reject=found.status in ("signed", "scanned"),
            from_bundle=scans.of_document(session, found),
            taking_back=TakeBack(formdata=None),
            can_countersign=waiting is not None
            and waiting.capacity == "lead"
            and permissions.allows(session, actor(), Action.DOCUMENT_COUNTERSIGN, found)
            and (found.status == "signed" or found.verified_at is not None),
            **shown,
        ), status


def _find(session: Session, document_id: int) -> Document:
    return permissions.find(session, actor(), Action.DOCUMENT_VERIFY, Document, document_id)


def _on_the_form(no: Refused, form: Any, field: str) -> None:
    if no.reason not in ON_THE_FORM:
        raise no
    form.refuse(no.sentence, no.field or field)


def _on(document_id: int) -> Any:
    """On to the next document that waits, or back to the empty list."""
    with reading(sessions()) as session:
        following = desk_lists.next_document(session, actor(), but=document_id)
    return redirect(url_for("desk.document", document_id=following) if following else url_for("desk.documents"))
