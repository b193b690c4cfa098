"""Recording one row of evidence by hand: the form, its check-answers page, the document kept between the two."""

from dataclasses import asdict
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import FileField, HiddenField, SelectField

from forms.base import Form
from forms.desk import EvidenceForm
from forms.fields import DayField
from portal.db import reading, transaction
from portal.models import Device, Membership
from portal.refusals import Refused, bad_input, not_found
from portal.services import drafts, evidence
from portal.services.desk import evidence_by_hand, evidence_refusals, record_evidence
from portal.services.desk.evidence_by_hand import Entry
from portal.services.paperwork import Scan
from portal.web import uploads
from portal.web.desk.evidence import the_subject, which
from portal.web.desk.room import blueprint
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.proving import proven
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import KINDS, About, Kind


@blueprint.route("/evidence/<about>/<int:subject_id>/record/<kind>", methods=["GET", "POST"], endpoint="record")
@permission(Action.EVIDENCE_RECORD)
@proven
def record(about: str, subject_id: int, kind: str) -> Any:
    if kind not in set(Kind) or about not in KINDS[Kind(kind)].about:
        raise not_found()
    with reading(sessions()) as session:
        subject = the_subject(session, about, subject_id)
        named, devices = (
            evidence_by_hand.named(subject),
            _devices(session, subject) if kind == Kind.DEVICE_IN_USE else {},
        )
    form = _form(Kind(kind), devices)
    page = f"desk/evidence/{about}/{subject_id}/{kind}"
    if form.validate_on_submit():
        try:
            entry = _entry(form, Kind(kind), which(about), subject_id)
            scan = _scan(form, page)
            if "confirmed" in request.form:
                return _write(entry, scan, page, named)
            with reading(sessions()) as session:
                evidence_refusals.check(
                    session, entry=entry, actor=actor(), now=now(), policy=policy(), has_file=scan is not None
                )
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            if "change" not in request.form:
                answers = _answers(form, Kind(kind), named, scan)
                return render_template(
                    "pages/desk/evidence_check.html",
                    answers=answers,
                    hidden=hidden_of(form),
                    about=about,
                    subject_id=subject_id,
                    kind=kind,
                    named=named,
                )
    return render_template(
        "pages/desk/record.html",
        form=form,
        about=about,
        subject_id=subject_id,
        named=named,
        kind=Kind(kind),
        title=KINDS[Kind(kind)].title,
        decided=Kind(kind) in evidence_by_hand.DECIDED,
        elsewhere=evidence_by_hand.ELSEWHERE.get(Kind(kind), ""),
    ), 400 if form.errors else 200


def hidden_of(form: Form) -> list[tuple[str, str]]:
    """What was typed, to travel along on the check-answers page."""
    found = []
    for field in form:
        if isinstance(field, FileField) or field.name == "csrf_token":
            continue
        value = field.data.isoformat() if isinstance(field, DayField) and field.data else field.data
        found.append((field.name, str(value or "")))
    return found


def _write(entry: Entry, scan: Scan | None, page: str, named: str) -> Any:
    with transaction(sessions()) as session:
        written = record_evidence.record(session, entry=entry, actor=actor(), now=now(), policy=policy(), file=scan)
        said = evidence.describe(written)
        drafts.drop(session, person_id=actor().person_id or 0, page=page)
    flash(f"Recorded for {named}: {said}. Whoever it concerns is put before the gate again.", "success")
    return redirect(url_for("desk.on_record", about=entry.about.value, subject_id=entry.subject_id))


def _form(kind: Kind, devices: dict[str, str]) -> EvidenceForm:
    form = EvidenceForm(
        details=evidence_by_hand.details_of(kind, policy()),
        versions=_near(evidence_by_hand.versions_of(kind)),
        devices=devices,
        how=evidence_by_hand.HOW,
        decided=kind in evidence_by_hand.DECIDED,
    )
    if kind == Kind.BACKGROUND_CHECK:
        del form.file
    if not form.is_submitted():
        form.valid_from.data, form.verified_by.data = today(), actor().name
    return form


def _near(versions: tuple[str, ...]) -> tuple[str, ...]:
    """Of years only those at hand."""
    if versions and all(one.isdecimal() and len(one) == 4 for one in versions):
        return tuple(one for one in versions if abs(int(one) - today().year) <= 2)
    return versions


def _entry(form: EvidenceForm, kind: Kind, about: About, subject_id: int) -> Entry:
    def typed(name: str) -> str:
        return (form[name].data or "") if name in form else ""

    if form.valid_from.data is None:
        raise bad_input("Enter the first day for which it holds.", "valid_from")
    return Entry(
        kind=kind,
        about=about,
        subject_id=subject_id,
        valid_from=form.valid_from.data,
        valid_until=form.valid_until.data,
        detail=typed("detail"),
        version=typed("version"),
        device_id=int(typed("device_id") or 0),
        verified_by=typed("verified_by"),
        verified_how=typed("verified_how"),
        note=typed("note"),
    )


def _scan(form: EvidenceForm, page: str) -> Scan | None:
    """The document of this entry: chosen now, or kept since the page before."""
    person_id = actor().person_id or 0
    if "file" in form and uploads.is_there(form.file.data):
        scan = uploads.taken_in(form.file.data, "file")
        with transaction(sessions()) as session:
            drafts.keep(session, person_id=person_id, page=page, fields=asdict(scan), now=now())
        form.kept.data = scan.sha256
        return scan
    if not form.kept.data:
        return None
    with reading(sessions()) as session:
        kept = drafts.kept(session, person_id=person_id, page=page)
    return Scan(**kept) if kept and kept["sha256"] == form.kept.data else None


def _answers(form: EvidenceForm, kind: Kind, named: str, scan: Scan | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{"key": "About", "value": named}, {"key": "Evidence", "value": KINDS[kind].title}]
    for field in form:
        if isinstance(field, (FileField, HiddenField)):
            continue
        if isinstance(field, DayField):
            value = us_date(field.data) if field.data else ""
        else:
            value = _chosen(field)
        rows.append({"key": field.label.text, "value": value})
    rows.append({"key": "Document", "value": scan.name if scan else ""})
    return rows


def _chosen(field: Any) -> str:
    """What was typed or chosen, as people read it."""
    if not isinstance(field, SelectField):
        return field.data or ""
    return next((str(choice.label) for choice in field.iter_choices() if choice.value == field.data), "")


def _devices(session: Session, subject: Any) -> dict[str, str]:
    if not isinstance(subject, Membership):
        return {}
    return {
        str(one.id): one.label
        for one in session.scalars(select(Device).where(Device.agency_id == subject.agency_id).order_by(Device.label))
    }
