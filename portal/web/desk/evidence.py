"""Evidence on the desk: find the subject, see all that is on record about it, end or withdraw a row."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.desk import EndForm, Search
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Device, Evidence, Membership, StoredFile
from portal.refusals import Refused, bad_input, not_found
from portal.services import evidence
from portal.services.desk import evidence_by_hand, record_evidence
from portal.services.desk.desk_lookups import subjects
from portal.web import uploads
from portal.web.desk.room import blueprint
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.proving import proven
from workflows.actions import Action
from workflows.vocabulary import KINDS, About

ABOUT = {
    About.AGENCY: "Agency",
    About.PERSON: "Person",
    About.MEMBERSHIP: "Person at an Agency",
    About.DEVICE: "Device",
}


@blueprint.get("/evidence", endpoint="evidence")
@permission(Action.EVIDENCE_RECORD)
def search() -> Any:
    form = Search(request.args)
    about = which(request.args.get("about", "agency"))
    with reading(sessions()) as session:
        found = subjects(session, about, form.q.data or "")
    tabs = [
        {
            "label": label,
            "href": url_for("desk.evidence", about=one.value, q=form.q.data or None),
            "current": one == about,
        }
        for one, label in ABOUT.items()
    ]
    return render_template("pages/desk/evidence.html", form=form, about=about, heads=tabs, found=found, titles=ABOUT)


@blueprint.get("/evidence/<about>/<int:subject_id>", endpoint="on_record")
@permission(Action.EVIDENCE_RECORD)
def on_record(about: str, subject_id: int) -> Any:
    """Everything about one subject, withdrawn rows too, and the kinds that can be recorded about it."""
    with reading(sessions()) as session:
        subject = the_subject(session, about, subject_id)
        rows = [
            {
                "row": row,
                "said": evidence.describe(row),
                "by": by,
                "taken_back": withdrawn if row.withdrawn_at != datetime.max else "",
            }
            for row, by, withdrawn in record_evidence.on_record(session, which(about), subject_id)
        ]
        named = evidence_by_hand.named(subject)
        related = _related(session, about, subject)
        session.expunge_all()
    kinds = [(kind.value, KINDS[kind].title) for kind in evidence_by_hand.recordable() if about in KINDS[kind].about]
    return render_template(
        "pages/desk/on_record.html",
        about=about,
        subject_id=subject_id,
        named=named,
        rows=rows,
        kinds=kinds,
        today=today(),
        related=related,
        titles=ABOUT,
        elsewhere=[
            (KINDS[kind].title, why) for kind, why in evidence_by_hand.ELSEWHERE.items() if about in KINDS[kind].about
        ],
    )


@blueprint.route("/evidence/rows/<int:row_id>", methods=["GET", "POST"], endpoint="evidence_row")
@permission(Action.EVIDENCE_RECORD)
@proven
def row(row_id: int) -> Any:
    """One row of evidence: what it rests on, and ending or withdrawing it."""
    form = EndForm()
    with reading(sessions()) as session:
        found = session.get(Evidence, row_id)
        if found is None:
            raise not_found()
        back = (
            url_for("desk.versions")
            if found.about == About.LEAD
            else url_for("desk.on_record", about=found.about, subject_id=found.subject_id)
        )
        named = (
            policy().lead
            if found.about == About.LEAD
            else evidence_by_hand.named(the_subject(session, found.about, found.subject_id))
        )
        file = session.get(StoredFile, found.rests_on_id) if found.rests_on == "stored_file" else None
        said = evidence.describe(found)
        session.expunge_all()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                _end(session, session.get_one(Evidence, row_id), form)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(
                f"{'Withdrawn' if form.how.data == 'withdraw' else 'Ended'}: {said}. The gate looks again.",
                "success",
            )
            return redirect(back)
    open_ = found.withdrawn_at == datetime.max
    return render_template(
        "pages/desk/evidence_row.html", row=found, said=said, named=named, form=form, back=back, file=file, open=open_
    ), 400 if form.errors else 200


@blueprint.get("/evidence/files/<int:file_id>", endpoint="evidence_file")
@permission(Action.EVIDENCE_SEE)
def file(file_id: int) -> Any:
    """The document that evidence by hand rests on, as a download; only files that evidence names."""
    with transaction(sessions()) as session:
        found = session.get(StoredFile, file_id)
        rests = session.scalar(
            select(Evidence.id).where(Evidence.rests_on == "stored_file", Evidence.rests_on_id == file_id).limit(1)
        )
        if found is None or rests is None or not permissions.allows(session, actor(), Action.EVIDENCE_SEE):
            raise not_found()
        audit.record(
            session, actor=actor(), now=now(), act="evidence.download", thing=found, said=f"Downloaded {found.name}."
        )
        content, name, media = uploads.fetched(found.sha256), found.name, found.media_type
    return uploads.download(content, media, name)


def _end(session: Session, row: Evidence, form: EndForm) -> None:
    if form.how.data == "withdraw":
        record_evidence.withdraw(session, row=row, reason=form.reason.data, actor=actor(), now=now())
        return
    if form.last_day.data is None:
        raise bad_input("Enter the last day for which it holds.", "last_day")
    record_evidence.end(
        session, row=row, last_day=form.last_day.data, reason=form.reason.data, actor=actor(), now=now()
    )


def _related(session: Session, about: str, subject: Any) -> list[tuple[str, str]]:
    """The same people and places under the other heads: a person's memberships, an Agency's devices."""
    if about == About.MEMBERSHIP:
        return [
            (
                f"{subject.person.name}, the person",
                url_for("desk.on_record", about="person", subject_id=subject.person_id),
            ),
            (subject.agency.name, url_for("desk.on_record", about="agency", subject_id=subject.agency_id)),
        ]
    if about == About.PERSON:
        mine = session.scalars(select(Membership).where(Membership.person_id == subject.id)).all()
        return [
            (
                f"{one.person.name} at {one.agency.name}",
                url_for("desk.on_record", about="membership", subject_id=one.id),
            )
            for one in mine
        ]
    if about == About.AGENCY:
        devices = session.scalars(
            select(Device).where(Device.agency_id == subject.id).order_by(Device.label).limit(50)
        ).all()
        return [
            (f"Device {one.label}", url_for("desk.on_record", about="device", subject_id=one.id)) for one in devices
        ]
    return [("The Agency", url_for("desk.on_record", about="agency", subject_id=subject.agency_id))]


def the_subject(session: Session, about: str, subject_id: int) -> Any:
    """The subject that an address names; 404 where there is none."""
    try:
        return evidence_by_hand.subject_of(session, which(about), subject_id)
    except Refused as no:
        raise not_found() from no


def which(text: str) -> About:
    """The kind of subject that an address names; 404 for the Lead, whose evidence has pages of its own, and for nonsense."""
    if text not in set(ABOUT):
        raise not_found()
    return About(text)
