"""One document after another: what it says, where it stands, its files, and what its reader may do with it."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session

from forms import documents as texts
from forms.base import Form
from forms.signing import ScanForm, countersign_form, scan_form
from portal import audit, permissions
from portal.adapters import pdf
from portal.db import reading, transaction
from portal.models import Document, StoredFile
from portal.refusals import Refused, not_found
from portal.services import paperwork
from portal.web import documents_shown, kernel
from portal.web.kernel import actor, now, permission, policy, sessions
from portal.web.uploads import download, storage, taken_in
from workflows.actions import Action
from workflows.vocabulary import Reason

blueprint = Blueprint("documents", __name__)
FORMS = {"information_form": "information", "housing_inventory": "inventory"}
OFFERED = (
    Action.DOCUMENT_VERIFY, Action.DOCUMENT_COUNTERSIGN, Action.DOCUMENT_SCAN, Action.LINK_SEND, Action.DOCUMENT_PREPARE, Action.FORM_SUBMIT,
)  # fmt: skip


@blueprint.get("/documents/<int:document_id>")
@permission(Action.DOCUMENT_SEE)
def show(document_id: int) -> Any:
    with reading(sessions()) as session:
        document = _find(session, document_id)
        shown = documents_shown.facts(session, document)
        may = {action.name.lower(): permissions.allows(session, actor(), action, document) for action in OFFERED}
        waiting = shown["waiting"]
        people = paperwork.people_for(session, document, waiting.capacity, on=kernel.today()) if waiting else []
        return render_template(
            "pages/documents/show.html", may=may, people=people, mine=any(person.id == actor().person_id for person in people),
            is_form=paperwork.KINDS[document.kind].form, which=FORMS.get(document.kind), parts=documents_shown.clauses(document, shown["text"]),
            **shown,
        )  # fmt: skip


@blueprint.get("/documents/<int:document_id>/blank.pdf")
@permission(Action.DOCUMENT_SEE)
def blank(document_id: int) -> Response:
    """The document to print and sign by hand, with what is known filled in."""
    with reading(sessions()) as session:
        document = _find(session, document_id)
        text = paperwork.text_of(document)
        content = pdf.blank(text, paperwork.as_read(text, document.answers) | {"lead_name": policy().lead})
    return download(content, "application/pdf", f"{text.kind}-{text.version}-to-sign.pdf")


@blueprint.get("/documents/<int:document_id>/executed.pdf")
@permission(Action.DOCUMENT_SEE)
def executed(document_id: int) -> Response:
    """The executed copy; who fetches it is on record."""
    with transaction(sessions()) as session:
        document = _find(session, document_id)
        if not document.executed_sha256:
            raise Refused(
                Reason.CONFLICT,
                "The executed copy is not there yet. It is made within a minute after the last signature; load the page again then.",
            )
        content = storage().get(document.executed_sha256)
        audit.record(
            session,
            actor=actor(),
            now=now(),
            act="document.download",
            thing=document,
            said="Downloaded the executed copy.",
        )
        name = f"{document.kind}-{document.version}.pdf"
    return download(content, "application/pdf", name)


@blueprint.get("/documents/<int:document_id>/files/<int:file_id>")
@permission(Action.DOCUMENT_SEE)
def scan_file(document_id: int, file_id: int) -> Response:
    """A scan that was handed in, always as a download."""
    with transaction(sessions()) as session:
        document, file = _find(session, document_id), session.get(StoredFile, file_id)
        if file is None or file.document_id != document.id:
            raise not_found()
        content = storage().get(file.sha256)
        audit.record(
            session,
            actor=actor(),
            now=now(),
            act="document.download",
            thing=document,
            said=f"Downloaded the scan {file.name}.",
        )
        return download(content, file.media_type, file.name)


@blueprint.route("/documents/<int:document_id>/scan", methods=["GET", "POST"])
@permission(Action.DOCUMENT_SCAN)
def scan(document_id: int) -> Any:
    """Hands in the scan of a document that was signed on paper."""
    with reading(sessions()) as session:
        text = paperwork.text_of(permissions.find(session, actor(), Action.DOCUMENT_SCAN, Document, document_id))
    signers = [signer for signer in text.signers if signer.capacity != "lead"]
    form = scan_form(signers)()
    if form.validate_on_submit():
        try:
            _take_in(document_id, form, [signer.capacity for signer in signers])
        except Refused as refusal:
            form.refuse(refusal.sentence, refusal.field)
        else:
            flash("The scan has arrived. The help desk verifies it next.", "success")
            return redirect(url_for("documents.show", document_id=document_id))
    return _with_form("scan.html", document_id, form)


@blueprint.post("/documents/<int:document_id>/send")
@permission(Action.LINK_SEND)
def send(document_id: int) -> Any:
    """Mails a signing link to whoever is next, or a new one."""
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.LINK_SEND, Document, document_id)
        signer = paperwork.next_signer(session, document, paperwork.text_of(document))
        people = paperwork.people_for(session, document, signer.capacity, on=kernel.today()) if signer else []
        if not people:
            raise Refused(
                Reason.CONFLICT, "Nobody is recorded who could sign next. Name that person first, then send the link."
            )
        paperwork.send_to_sign(session, document=document, person=people[0], actor=actor(), now=now(), policy=policy())
        name = people[0].name
    flash(f"A link goes to {name}. Links sent before do not work any more.", "success")
    return redirect(url_for("documents.show", document_id=document_id))


@blueprint.post("/documents/<int:document_id>/resume")
@permission(Action.DOCUMENT_PREPARE)
def resume(document_id: int) -> Any:
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_PREPARE, Document, document_id)
        paperwork.resume(session, document=document, actor=actor(), now=now())
    flash("The document can be signed again; every answer is kept.", "success")
    return redirect(url_for("documents.show", document_id=document_id))


@blueprint.route("/documents/<int:document_id>/countersign", methods=["GET", "POST"])
@permission(Action.DOCUMENT_COUNTERSIGN)
def countersign(document_id: int) -> Any:
    """The Lead's signature, which executes the document."""
    with reading(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_COUNTERSIGN, Document, document_id)
        text = paperwork.text_of(document)
        waiting = paperwork.next_signer(session, document, text)
        if waiting is None or waiting.capacity != "lead":
            raise Refused(Reason.ILLEGAL_MOVE, "This document does not wait for the Lead's signature.")
        form = countersign_form(text, waiting, paperwork.statement_of(document, text, waiting))()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                paperwork.countersign(
                    session, document=session.get_one(Document, document_id), name=form.name.data, title=form.title.data,
                    authority=form.authority.data, consent=form.consent.data, actor=actor(), now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as refusal:
            if not refusal.field:
                raise
            form.refuse(refusal.sentence, refusal.field)
        else:
            flash("Countersigned: the document is executed. Both sides get the PDF by e-mail.", "success")
            return redirect(url_for("documents.show", document_id=document_id))
    return _with_form("countersign.html", document_id, form)


def _with_form(template: str, document_id: int, form: Form) -> Any:
    with reading(sessions()) as session:
        document = _find(session, document_id)
        shown = documents_shown.facts(session, document)
        parts = documents_shown.clauses(document, shown["text"])
        made = render_template(
            f"pages/documents/{template}", form=form, parts=parts, consent=texts.latest("electronic_consent"), **shown
        )
    return made, 400 if form.errors else 200


def _take_in(document_id: int, form: ScanForm, capacities: list[str]) -> None:
    kept = taken_in(form.file.data, "file")
    by_hand = {
        capacity: paperwork.ByHand(form[f"name-{capacity}"].data, form[f"title-{capacity}"].data or "")
        for capacity in capacities
    }
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_SCAN, Document, document_id)
        paperwork.upload_scan(
            session,
            document=document,
            scan=kept,
            signed_on=form.signed_on.data,
            by_hand=by_hand,
            actor=actor(),
            now=now(),
            policy=policy(),
        )


def _find(session: Session, document_id: int) -> Document:
    return permissions.find(session, actor(), Action.DOCUMENT_SEE, Document, document_id)
