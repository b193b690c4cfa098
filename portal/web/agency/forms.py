"""The Agency's own forms, part by part: saved as one goes, checked, submitted; the security topics and what is posted."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session

from forms import documents as texts
from forms.agency import Nothing, SubmitForm
from forms.agency_documents import Part, filled_part, part_form
from forms.documents import DocumentText, Group
from portal.db import reading, transaction
from portal.models import Agency, Document
from portal.refusals import Refused, not_found
from portal.services import paperwork
from portal.services.agencies import agency_forms
from portal.web.agency import blueprint
from portal.web.agency.common import found, may, page, saved, trail
from portal.web.kernel import actor, now, permission, policy, sessions, tell, today
from workflows.actions import Action
from workflows.vocabulary import Kind

WHICH = {"information": "information_form", "inventory": "housing_inventory"}
PATH = "/<int:agency_id>/<any(information, inventory):which>"
LABELS = {
    "contact": ("contact_name", "contact_role"),
    "project": ("project_name", "project_type"),
    "inventory": ("project_name", "household_type"),
    "served": ("served_project_name", "people_served"),
}


@blueprint.route(PATH, methods=["GET", "POST"])
@permission(Action.AGENCY_SEE)
def form(agency_id: int, which: str) -> Any:
    """The parts of the form and how far each is; a POST begins it, filled in from the record."""
    kind = WHICH[which]
    if Nothing().validate_on_submit():
        try:
            with transaction(sessions()) as session:
                agency_forms.begin(
                    session,
                    agency=found(session, agency_id, Action.FORM_SUBMIT),
                    kind=kind,
                    actor=actor(),
                    now=now(),
                    policy=policy(),
                )
        except Refused as no:
            tell(no)
        return redirect(url_for("agency.form", agency_id=agency_id, which=which))
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        document = agency_forms.latest(session, agency.id, kind)
        open_now = document is not None and document.status in agency_forms.DRAFT
        text = paperwork.text_of(document) if document is not None and open_now else texts.latest(kind)
        values: dict[str, Any] = {
            "document": document, "open_now": open_now, "text": text, "which": which, "parts": _parts(document, text, agency, which) if open_now else [],
            "may_fill": may(session, Action.FORM_SUBMIT, agency), "year": agency_forms.year_due(session, on=today()),
            "this_year": _is_of(document, kind, agency_forms.year_due(session, on=today())),
        }  # fmt: skip
        return page("form.html", agency, way=trail(agency, (text.title, "")), **values)


@blueprint.route(f"{PATH}/part/<group>", methods=["GET", "POST"])
@permission(Action.FORM_SUBMIT)
def form_part(agency_id: int, which: str, group: str) -> Any:
    """One part that is filled in once."""
    agency, document, text = _at_hand(agency_id, which)
    part = _group(text, group, repeats=False)
    made = filled_part(part_form(text.of_group(group)), document.answers)
    if made.validate_on_submit() and saved(made, lambda session: _keep(session, document.id, made.values())):
        return redirect(url_for("agency.form", agency_id=agency_id, which=which))
    return _part_page(agency, which, text, part, made)


@blueprint.route(f"{PATH}/<group>/<int:number>", methods=["GET", "POST"])
@permission(Action.FORM_SUBMIT)
def entry(agency_id: int, which: str, group: str, number: int) -> Any:
    """One entry of a part that repeats; number 0 is a new one."""
    agency, document, text = _at_hand(agency_id, which)
    part = _group(text, group, repeats=True)
    kept = agency_forms.entries(document, group)
    if number > len(kept):
        raise not_found()
    made = filled_part(part_form(text.of_group(group)), kept[number - 1] if number else {})
    if made.validate_on_submit() and saved(
        made, lambda session: _keep_entry(session, document.id, group, number or None, made.values())
    ):
        another = "another" in request.form
        flash("The entry is saved.", "success")
        if another:
            return redirect(url_for("agency.entry", agency_id=agency_id, which=which, group=group, number=0))
        return redirect(url_for("agency.form", agency_id=agency_id, which=which))
    return _part_page(agency, which, text, part, made, number=number)


@blueprint.post(f"{PATH}/<group>/<int:number>/remove")
@permission(Action.FORM_SUBMIT)
def remove_entry(agency_id: int, which: str, group: str, number: int) -> Any:
    _agency, document, _text = _at_hand(agency_id, which)
    if Nothing().validate_on_submit():
        with transaction(sessions()) as session:
            agency_forms.remove_entry(
                session,
                document=session.get_one(Document, document.id),
                group=group,
                number=number,
                actor=actor(),
                now=now(),
            )
        flash("The entry is taken out.", "success")
    return redirect(url_for("agency.form", agency_id=agency_id, which=which))


@blueprint.route(f"{PATH}/check", methods=["GET", "POST"])
@permission(Action.FORM_SUBMIT)
def check(agency_id: int, which: str) -> Any:
    """Everything that was filled in, what is missing, what looks wrong; then the signature that submits it."""
    agency, document, text = _at_hand(agency_id, which)
    made = SubmitForm(name=actor().name)
    made.correct.label.text = text.plain(text.signers[0].statement, paperwork.as_read(text, document.answers))
    if made.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                agency_forms.submit(
                    session, document=session.get_one(Document, document.id), name=made.name.data, title=made.title.data or "", consent=made.consent.data,
                    actor=actor(), now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as no:
            made.refuse(no.sentence, no.field)
        else:
            return redirect(url_for("agency.submitted", agency_id=agency_id, which=which))
    remarks = agency_forms.check(document)
    return page(
        "form_check.html", agency, 400 if made.errors else 200, form=made, which=which, text=text, document=document,
        sections=_answers(agency, which, document, text), stops=[r for r in remarks if r.stop], warnings=[r for r in remarks if not r.stop],
        consent=texts.latest("electronic_consent"), way=trail(agency, (text.title, url_for("agency.form", agency_id=agency_id, which=which)), ("Check and submit", "")),
    )  # fmt: skip


@blueprint.get(f"{PATH}/submitted")
@permission(Action.AGENCY_SEE)
def submitted(agency_id: int, which: str) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        document = agency_forms.latest(session, agency.id, WHICH[which])
        if document is None or document.status in agency_forms.DRAFT:
            return redirect(url_for("agency.form", agency_id=agency_id, which=which))
        return page(
            "submitted.html",
            agency,
            document=document,
            text=paperwork.text_of(document),
            which=which,
            way=trail(agency, ("Submitted", "")),
        )


def _at_hand(agency_id: int, which: str) -> tuple[Agency, Document, DocumentText]:
    """The Agency and its form that is being filled in; nothing where none is."""
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.FORM_SUBMIT)
        document = agency_forms.latest(session, agency.id, WHICH[which])
        if document is None or document.status not in agency_forms.DRAFT:
            raise not_found()
        text = paperwork.text_of(document)
        session.expunge_all()
    return agency, document, text


def _group(text: DocumentText, group: str, *, repeats: bool) -> Group:
    part = next((each for each in text.groups if each.id == group and each.repeats == repeats), None)
    if part is None:
        raise not_found()
    return part


def _keep(session: Session, document_id: int, values: dict[str, Any]) -> None:
    agency_forms.save(
        session, document=session.get_one(Document, document_id), answers=values, actor=actor(), now=now()
    )


def _keep_entry(session: Session, document_id: int, group: str, number: int | None, values: dict[str, Any]) -> None:
    document = session.get_one(Document, document_id)
    agency_forms.save_entry(
        session, document=document, group=group, number=number, values=values, actor=actor(), now=now()
    )


def _part_page(
    agency: Agency, which: str, text: DocumentText, part: Group, made: Part, number: int | None = None
) -> Any:
    return page(
        "form_part.html", agency, 400 if made.errors else 200, form=made, which=which, text=text, part=part, number=number,
        way=trail(agency, (text.title, url_for("agency.form", agency_id=agency.id, which=which)), (part.heading, "")),
    )  # fmt: skip


def _parts(document: Document | None, text: DocumentText, agency: Agency, which: str) -> list[dict[str, Any]]:
    """Each part with its state, and the entries of those that repeat."""
    if document is None:
        return []
    read = paperwork.as_read(text, document.answers)
    shown = []
    for group in text.groups:
        if group.repeats:
            entries = text.entries(group.id, read)
            shown.append(
                {
                    "group": group,
                    "entries": [
                        _entry(agency, which, group, text, number, row) for number, row in enumerate(entries, 1)
                    ],
                }
            )
        else:
            empty = [
                field.label
                for field in text.of_group(group.id)
                if field.required and not read.get(field.name, "").strip()
            ]
            shown.append(
                {
                    "group": group,
                    "empty": empty,
                    "href": url_for("agency.form_part", agency_id=agency.id, which=which, group=group.id),
                }
            )
    return shown


def _entry(
    agency: Agency, which: str, group: Group, text: DocumentText, number: int, row: dict[str, str]
) -> dict[str, Any]:
    first, second = LABELS.get(group.id, ("", ""))
    empty = [field.label for field in text.of_group(group.id) if field.required and not row.get(field.name, "").strip()]
    there: dict[str, Any] = {"agency_id": agency.id, "which": which, "group": group.id, "number": number}
    return {
        "title": row.get(first) or f"Entry {number}", "note": row.get(second, ""), "number": number, "empty": empty,
        "href": url_for("agency.entry", **there), "remove": url_for("agency.remove_entry", **there),
    }  # fmt: skip


def _answers(agency: Agency, which: str, document: Document, text: DocumentText) -> list[dict[str, Any]]:
    """Everything filled in, a summary list for each part and each entry."""
    read = paperwork.as_read(text, document.answers)
    sections = []
    for group in text.groups:
        if not group.repeats:
            href = url_for("agency.form_part", agency_id=agency.id, which=which, group=group.id)
            sections.append(
                {
                    "title": group.heading,
                    "rows": [
                        {"key": f.label, "value": read.get(f.name, ""), "change_href": f"{href}#{f.name}"}
                        for f in text.of_group(group.id)
                    ],
                }
            )
            continue
        for number, row in enumerate(text.entries(group.id, read), 1):
            href = url_for("agency.entry", agency_id=agency.id, which=which, group=group.id, number=number)
            sections.append(
                {
                    "title": f"{group.heading}: {number}",
                    "rows": [
                        {"key": f.label, "value": row.get(f.name, ""), "change_href": f"{href}#{f.name}"}
                        for f in text.of_group(group.id)
                        if row.get(f.name) or f.required
                    ],
                }
            )
    return sections


def _is_of(document: Document | None, kind: str, year: int) -> bool:
    """Whether an inventory that was executed is the one of the year that is asked for."""
    return kind != Kind.HOUSING_INVENTORY or (
        document is not None and str(document.answers.get("inventory_year")) == str(year)
    )
