"""One document after another: what it says, where it stands, its files, and what its reader may do with it."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms import documents as texts
from forms.documents import DocumentText
from forms.sign_in import Nothing
from forms.signing import RejectForm, ScanForm, SubmitForm, VerifyForm, countersign_form, fill_form, scan_form
from portal import audit, permissions
from portal.adapters import pdf
from portal.adapters.storage import Storage
from portal.db import reading, transaction
from portal.models import Document, StoredFile
from portal.refusals import Refused, not_found
from portal.services import paperwork
from portal.web import documents_shown, kernel
from portal.web.kernel import actor, now, permission, policy, sessions
from workflows.vocabulary import Action, Reason

blueprint = Blueprint("documents", __name__)
MEDIA = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}


@blueprint.get("/documents/<int:document_id>")
@permission(Action.DOCUMENT_SEE)
def show(document_id: int) -> Any:
    return _show(document_id, VerifyForm(formdata=None), RejectForm(formdata=None), 200)


@blueprint.get("/documents/<int:document_id>/blank.pdf")
@permission(Action.DOCUMENT_SEE)
def blank(document_id: int) -> Response:
    """The document to print and sign by hand, with what is known filled in."""
    with reading(sessions()) as session:
        document = _find(session, document_id)
        text = paperwork.text_of(document)
        content = pdf.blank(text, paperwork.as_read(text, document.answers) | {"lead_name": policy().lead})
    return _download(content, "application/pdf", f"{text.kind}-{text.version}-to-sign.pdf")


@blueprint.get("/documents/<int:document_id>/executed.pdf")
@permission(Action.DOCUMENT_SEE)
def executed(document_id: int) -> Response:
    """The executed copy; who fetches it is on record."""
    with transaction(sessions()) as session:
        document = _find(session, document_id)
        if not document.executed_sha256:
            raise Refused(Reason.CONFLICT, "The executed copy is not there yet. It is made within a minute after the last signature; load the page again then.")
        content = _storage().get(document.executed_sha256)
        audit.record(session, actor=actor(), now=now(), act="document.download", thing=document, said="Downloaded the executed copy.")
        name = f"{document.kind}-{document.version}.pdf"
    return _download(content, "application/pdf", name)


@blueprint.get("/documents/<int:document_id>/files/<int:file_id>")
@permission(Action.DOCUMENT_SEE)
def scan_file(document_id: int, file_id: int) -> Response:
    """A scan that was handed in, always as a download."""
    with transaction(sessions()) as session:
        document, file = _find(session, document_id), session.get(StoredFile, file_id)
        if file is None or file.document_id != document.id:
            raise not_found()
        content = _storage().get(file.sha256)
        audit.record(session, actor=actor(), now=now(), act="document.download", thing=document, said=f"Downloaded the scan {file.name}.")
        return _download(content, file.media_type, file.name)


@blueprint.route("/documents/<int:document_id>/scan", methods=["GET", "POST"])
@permission(Action.DOCUMENT_SCAN)
def scan(document_id: int) -> Any:
    """Hands in the scan of a document that was signed on paper."""
    with reading(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_SCAN, Document, document_id)
        shown = documents_shown.facts(session, document)
    signers = [signer for signer in shown["text"].signers if signer.capacity != "lead"]
    form = scan_form(signers)()
    if form.validate_on_submit():
        try:
            _take_in(document_id, form, [signer.capacity for signer in signers])
        except (Refused, pdf.NotAccepted) as refusal:
            form.refuse(getattr(refusal, "sentence", str(refusal)), getattr(refusal, "field", "file") or "file")
        else:
            flash("The scan has arrived. The help desk verifies it next.", "success")
            return redirect(url_for("documents.show", document_id=document_id))
    return render_template("pages/documents/scan.html", form=form, **shown), 400 if form.errors else 200


@blueprint.route("/documents/<int:document_id>/fill", methods=["GET", "POST"])
@permission(Action.FORM_SUBMIT)
def fill(document_id: int) -> Any:
    """Fills in a form: saved as often as one likes, entries added as needed, checked before it is submitted."""
    with reading(sessions()) as session:
        document = permissions.find(session, actor(), Action.FORM_SUBMIT, Document, document_id)
        shown = documents_shown.facts(session, document)
        answers = dict(document.answers)
    text: DocumentText = shown["text"]
    entries = _entries(text, answers)
    form = fill_form(text, entries).from_answers(answers)
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                paperwork.fill_in(session, document=session.get_one(Document, document_id), answers=form.answers(), actor=actor(), now=now())
        except Refused as refusal:
            form.refuse(refusal.sentence, refusal.field)
        else:
            return redirect(_after_filling(document_id, text, entries))
    return render_template("pages/documents/fill.html", form=form, entries=entries, **shown), 400 if form.errors else 200


@blueprint.route("/documents/<int:document_id>/submit", methods=["GET", "POST"])
@permission(Action.FORM_SUBMIT)
def submit(document_id: int) -> Any:
    """Check answers, then submit."""
    form = SubmitForm()
    with reading(sessions()) as session:
        document = permissions.find(session, actor(), Action.FORM_SUBMIT, Document, document_id)
        shown = documents_shown.facts(session, document)
        if shown["waiting"] is None:
            return redirect(url_for("documents.show", document_id=document_id))
        form.authority.label.text = paperwork.statement_of(document, shown["text"], shown["waiting"])
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                paperwork.submit(
                    session, document=session.get_one(Document, document_id), answers={}, title=form.title.data or "", consent=form.consent.data,
                    actor=actor(), now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as refusal:
            form.refuse(refusal.sentence, refusal.field)
        else:
            flash("Submitted. The help desk looks at it next.", "success")
            return redirect(url_for("documents.show", document_id=document_id))
    return render_template("pages/documents/submit.html", form=form, consent=texts.latest("electronic_consent"), **shown), 400 if form.errors else 200


@blueprint.post("/documents/<int:document_id>/send")
@permission(Action.LINK_SEND)
def send(document_id: int) -> Any:
    """Mails a signing link to whoever is next, or a new one."""
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.LINK_SEND, Document, document_id)
        signer = paperwork.next_signer(session, document, paperwork.text_of(document))
        people = paperwork.people_for(session, document, signer.capacity, on=kernel.today()) if signer else []
        if not people:
            raise Refused(Reason.CONFLICT, "Nobody is recorded who could sign next. Name that person first, then send the link.")
        paperwork.send_to_sign(session, document=document, person=people[0], actor=actor(), now=now(), policy=policy())
        name = people[0].name
    flash(f"A link goes to {name}. Links sent before do not work any more.", "success")
    return redirect(url_for("documents.show", document_id=document_id))


@blueprint.post("/documents/<int:document_id>/verify")
@permission(Action.DOCUMENT_VERIFY)
def verify(document_id: int) -> Any:
    form = VerifyForm()
    if not form.validate_on_submit():
        return _show(document_id, form, RejectForm(formdata=None), 400)
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_VERIFY, Document, document_id)
        paperwork.verify(session, document=document, how=form.how.data, actor=actor(), now=now())
    flash("Verified. It is on record with your name, the time and how you saw it.", "success")
    return redirect(url_for("documents.show", document_id=document_id))


@blueprint.post("/documents/<int:document_id>/reject")
@permission(Action.DOCUMENT_VERIFY)
def reject(document_id: int) -> Any:
    form = RejectForm()
    if not form.validate_on_submit():
        return _show(document_id, VerifyForm(formdata=None), form, 400)
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_VERIFY, Document, document_id)
        paperwork.reject(session, document=document, reason=form.reason.data, actor=actor(), now=now())
    flash("Sent back. Whoever signed it gets your reason by e-mail, and every answer is kept.", "success")
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
        shown = documents_shown.facts(session, document)
        if shown["waiting"] is None or shown["waiting"].capacity != "lead":
            raise Refused(Reason.ILLEGAL_MOVE, "This document does not wait for the Lead's signature.")
        form = countersign_form(shown["text"], shown["waiting"], paperwork.statement_of(document, shown["text"], shown["waiting"]))()
        parts = documents_shown.clauses(document, shown["text"])
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                paperwork.countersign(
                    session, document=session.get_one(Document, document_id), name=form.name.data, title=form.title.data, authority=form.authority.data,
                    consent=form.consent.data, actor=actor(), now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as refusal:
            if not refusal.field:
                raise
            form.refuse(refusal.sentence, refusal.field)
        else:
            flash("Countersigned: the document is executed. Both sides get the PDF by e-mail.", "success")
            return redirect(url_for("documents.show", document_id=document_id))
    return render_template(
        "pages/documents/countersign.html", form=form, parts=parts, consent=texts.latest("electronic_consent"), **shown
    ), 400 if form.errors else 200


def _show(document_id: int, verifying: VerifyForm, rejecting: RejectForm, status: int) -> Any:
    with reading(sessions()) as session:
        document = _find(session, document_id)
        shown = documents_shown.facts(session, document)
        may = {
            action.name.lower(): permissions.allows(session, actor(), action, document)
            for action in (
                Action.DOCUMENT_VERIFY, Action.DOCUMENT_COUNTERSIGN, Action.DOCUMENT_SCAN, Action.LINK_SEND, Action.DOCUMENT_PREPARE,
                Action.FORM_SUBMIT,
            )
        }  # fmt: skip
        waiting = shown["waiting"]
        people = paperwork.people_for(session, document, waiting.capacity, on=kernel.today()) if waiting else []
        return render_template(
            "pages/documents/show.html", may=may, verifying=verifying, rejecting=rejecting, nothing=Nothing(formdata=None), people=people,
            mine=any(person.id == actor().person_id for person in people), is_form=paperwork.KINDS[document.kind].form,
            parts=documents_shown.clauses(document, shown["text"]), **shown,
        ), status  # fmt: skip


def _take_in(document_id: int, form: ScanForm, capacities: list[str]) -> None:
    content = form.file.data.read()
    found = pdf.inspect_upload(content, form.file.data.filename or "scan")
    sha256 = _storage().put(content)  # before the row: a file without a row is litter, a row without a file is a loss
    kept = paperwork.Scan(sha256, MEDIA[found.kind], len(content), found.pages, form.file.data.filename or "scan")
    by_hand = {capacity: paperwork.ByHand(form[f"name-{capacity}"].data, form[f"title-{capacity}"].data or "") for capacity in capacities}
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_SCAN, Document, document_id)
        paperwork.upload_scan(
            session, document=document, scan=kept, signed_on=form.signed_on.data, by_hand=by_hand, actor=actor(), now=now(), policy=policy()
        )


def _entries(text: DocumentText, answers: dict[str, Any]) -> dict[str, int]:
    """How many entries of each repeating group are shown: those there are, one more where one was asked for, at least one."""
    counts = {}
    for group in text.groups:
        if group.repeats:
            there = len(text.entries(group.id, answers))
            counts[group.id] = max(1, there, min(there + 1, request.args.get(group.id, 0, int)))
    return counts


def _after_filling(document_id: int, text: DocumentText, entries: dict[str, int]) -> str:
    add = request.form.get("add", "")
    if add in entries:
        return url_for("documents.fill", document_id=document_id, _anchor=f"group-{add}", **{add: entries[add] + 1})
    if "later" in request.form:
        flash("Saved. Come back whenever it suits you.", "success")
        return url_for("documents.show", document_id=document_id)
    return url_for("documents.submit", document_id=document_id)


def _find(session: Session, document_id: int) -> Document:
    return permissions.find(session, actor(), Action.DOCUMENT_SEE, Document, document_id)


def _storage() -> Storage:
    return Storage(kernel.context().settings.storage)


def _download(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
