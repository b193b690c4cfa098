"""Scans in bulk: a bundle comes in, the worker reads it, and what it could not place is put with its person here."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms import documents as texts
from forms.day_one import ScanFiles, ScanMatch, TakeBack, Why
from portal import audit, permissions
from portal.adapters.people_files import ArchiveError, is_archive, unpacked
from portal.db import reading, transaction
from portal.models import BulkScan, Document, Membership
from portal.refusals import Refused, bad_input
from portal.services import paperwork
from portal.services.day_one import scans
from portal.services.day_one.scan_names import KINDS, People, told_by
from portal.web import uploads
from portal.web.components import address
from portal.web.day_one.room import blueprint
from portal.web.kernel import actor, an_id, now, permission, policy, sessions
from workflows.actions import Action
from workflows.vocabulary import Reason

ON_THE_FORM = (Reason.BAD_INPUT, Reason.ALREADY_DONE, Reason.CONFLICT, Reason.ILLEGAL_MOVE)
MOST_PEOPLE, PAGE = 20, 50


def _kinds() -> dict[str, str]:
    return {kind: paperwork.KINDS[kind].title for kind in reversed(list(KINDS))}


def _versions() -> list[str]:
    return sorted({version for kind in KINDS for version in texts.versions(kind)}, reverse=True)


@blueprint.route("/desk/day-one/scans", methods=["GET", "POST"], endpoint="scans")
@permission(Action.SCAN_SORT)
def bundle() -> Any:
    form, after = ScanFiles(kinds=_kinds(), versions=_versions()), request.args.get("after", 0, type=an_id)
    if form.validate_on_submit():
        try:
            fresh, before = _arrived(form)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(_said(fresh, before), "success" if fresh else "warning")
            return redirect(url_for("day_one.scans"))
    with reading(sessions()) as session:
        found = scans.tray(session, after=after)
        more = len(found) > PAGE
        found = found[:PAGE]
        page = {
            "text": "",
            "previous": address(after=None) if after else "",
            "next": address(after=found[-1].id) if more else "",
        }
        made = render_template(
            "pages/day_one/scans.html", form=form, counts=scans.counts(session), rows=found, page=page, refused=scans.refused(session),
            titles=_kinds(),
        )  # fmt: skip
    return made, 400 if form.errors else 200


@blueprint.route("/desk/day-one/scans/<int:scan_id>", methods=["GET", "POST"], endpoint="scan")
@permission(Action.SCAN_SORT)
def one(scan_id: int) -> Any:
    search = request.args.get("q", "")[:100].strip()
    with reading(sessions()) as session:
        scan = _find(session, scan_id)
        offered, found_for = _offered(session, scan, search), scan.membership_id
        told = (scan.kind or "user_agreement", scan.version, scan.signed_on)
    form = ScanMatch(people={str(key): said for key, said in offered.items()}, kinds=_kinds(), versions=_versions())
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                member = session.get(Membership, int(form.membership.data))
                if member is None or form.signed_on.data is None:
                    raise bad_input("Choose whose it is.", "membership")
                scans.place(
                    session, scan=_find(session, scan_id), membership=member, kind=form.kind.data, version=form.version.data,
                    signed_on=form.signed_on.data, actor=actor(), now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as no:
            if no.reason not in ON_THE_FORM:
                raise
            form.refuse(no.sentence, no.field)
        else:
            flash("It waits to be verified now, with the other documents.", "success")
            return _on(scan_id)
    elif not form.is_submitted():
        only = next(iter(offered)) if len(offered) == 1 else None
        form.membership.data = str(found_for or only or "") or None
        form.kind.data, form.version.data, form.signed_on.data = told
    with reading(sessions()) as session:
        made = render_template(
            "pages/day_one/scan.html", form=form, scan=_find(session, scan_id), q=search, offered=offered,
            next_id=scans.following(session, scan_id), why=Why(formdata=None), left=scans.counts(session).get("waiting", 0),
        )  # fmt: skip
    return made, 400 if form.errors else 200


@blueprint.post("/desk/day-one/scans/<int:scan_id>/leave-out", endpoint="leave_out")
@permission(Action.SCAN_SORT)
def leave_out(scan_id: int) -> Any:
    form = Why()
    if not form.validate_on_submit():
        flash("Say why the file is left out.", "error")
        return redirect(url_for("day_one.scan", scan_id=scan_id))
    with transaction(sessions()) as session:
        scans.leave_out(session, scan=_find(session, scan_id), reason=form.reason.data, actor=actor(), now=now())
    flash("The file was left out, with your reason on record.", "success")
    return _on(scan_id)


@blueprint.get("/desk/day-one/scans/<int:scan_id>/file", endpoint="scan_file")
@permission(Action.SCAN_SORT)
def file(scan_id: int) -> Any:
    with transaction(sessions()) as session:
        scan = _find(session, scan_id)
        content = uploads.fetched(scan.sha256)
        audit.record(
            session, actor=actor(), now=now(), act="scan.download", thing=scan, said=f"Downloaded the scan {scan.name}."
        )
        return uploads.download(content, scan.media_type, scan.name.rsplit("/", 1)[-1])


@blueprint.post("/desk/day-one/documents/<int:document_id>/take-back", endpoint="take_back")
@permission(Action.SCAN_SORT)
def take_back(document_id: int) -> Any:
    form = TakeBack()
    if not form.validate_on_submit():
        with reading(sessions()) as session:
            permissions.find(session, actor(), Action.DOCUMENT_VOID, Document, document_id)
        flash("Say what the name of the file had wrong.", "error")
        return redirect(url_for("desk.document", document_id=document_id))
    with transaction(sessions()) as session:
        document = permissions.find(session, actor(), Action.DOCUMENT_VOID, Document, document_id)
        scan_id = scans.take_back(session, document=document, reason=form.wrong.data, actor=actor(), now=now()).id
    flash("Taken back. Say here what the paper really is; nobody was mailed.", "success")
    return redirect(url_for("day_one.scan", scan_id=scan_id))


def _arrived(form: ScanFiles) -> tuple[int, int]:
    """Puts every file of the bundle into the storage and notes that it came; the worker looks into each."""
    chosen = [upload for upload in form.files.data or () if uploads.is_there(upload)]
    if not chosen:
        raise bad_input("Choose the files, or one zip file.", "files")
    arrived = []
    try:
        for upload in chosen:
            content, name = upload.read(), (upload.filename or "file").replace("\\", "/").rsplit("/", 1)[-1]
            for called, part in unpacked(content) if is_archive(content) else ((name, content),):
                arrived.append(scans.Arrived(uploads.storage().put(part), called, len(part)))
    except ArchiveError as wrong:
        raise bad_input(str(wrong), "files") from wrong
    with transaction(sessions()) as session:
        return scans.arrive(
            session, arrived, kind=form.kind.data or "", version=form.version.data or "", actor=actor(), now=now()
        )


def _said(fresh: int, before: int) -> str:
    new = (
        f"{fresh:,} {'file' if fresh == 1 else 'files'} came in and {'is' if fresh == 1 else 'are'} being read."
        if fresh
        else "Nothing new."
    )
    return f"{new} {before:,} came before and {'was' if before == 1 else 'were'} left out." if before else new


def _offered(session: Session, scan: BulkScan, search: str) -> dict[int, str]:
    """Whom the file may be about: who was found already, those with such a name, and whoever was searched for."""
    offered = People(session).suggested(told_by(scan.name), first=scan.membership_id, most=MOST_PEOPLE)
    return (scans.members_called(session, search, most=MOST_PEOPLE) if search else {}) | offered


def _find(session: Session, scan_id: int) -> BulkScan:
    """A file of the tray; one that has gone on since is not there any more."""
    scan = permissions.find(session, actor(), Action.SCAN_SORT, BulkScan, scan_id)
    if scan.status != "waiting":
        raise Refused(Reason.CONFLICT, "This file does not wait in the tray any more. Somebody has seen to it.")
    return scan


def _on(scan_id: int) -> Any:
    with reading(sessions()) as session:
        following = scans.following(session, scan_id)
    return redirect(url_for("day_one.scan", scan_id=following) if following else url_for("day_one.scans"))
