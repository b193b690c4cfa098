"""Imports in two steps, a trial and the real thing: HMIS CSV files, and files of quiz results."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage

from forms.desk import GoOn, HmisFiles, TrainingFile
from portal.adapters import hmis_csv
from portal.adapters.lms import read_training
from portal.db import reading, transaction
from portal.refusals import Refused, bad_input
from portal.services import drafts
from portal.services.desk import import_hmis, import_training
from portal.services.desk.import_report import Report, where
from portal.services.paperwork import Scan
from portal.services.people import attempts
from portal.web import uploads
from portal.web.desk.room import blueprint, text_file
from portal.web.kernel import actor, now, permission, policy, sessions
from workflows.actions import Action
from workflows.vocabulary import Reason

TRAINING, HMIS = "desk/training/import", "desk/imports"
SHOWN = 200
Importer = Callable[[bytes, str, bool, bool], Report]


def _training(content: bytes, name: str, dry_run: bool, skip_bad: bool) -> Report:
    """Reads outside the transaction: a long file must not keep others waiting."""
    file = read_training(content, name, now=now(), zone=policy().zone)
    with transaction(sessions()) as session:
        kept = None
        if not dry_run:
            scan = Scan(hashlib.sha256(content).hexdigest(), "text/csv", len(content), 0, name)
            kept = attempts.keep_file(session, scan, person=None, actor=actor(), now=now())
        report = import_training.import_rows(
            session,
            file,
            name,
            actor=actor(),
            now=now(),
            policy=policy(),
            dry_run=dry_run,
            skip_bad=skip_bad,
            stored=kept,
        )
        if not dry_run and (report.refused or not report.changes):
            session.delete(kept)
        return report


def _hmis(content: bytes, name: str, dry_run: bool, skip_bad: bool) -> Report:
    found = hmis_csv.read(content)
    with transaction(sessions()) as session:
        return import_hmis.import_reading(
            session, found, actor=actor(), now=now(), policy=policy(), dry_run=dry_run, skip_bad=skip_bad, source=name
        )


@blueprint.route("/training/import", methods=["GET", "POST"], endpoint="training_import")
@permission(Action.TRAINING_IMPORT)
def training_import() -> Any:
    form = TrainingFile()
    if form.validate_on_submit():
        return _keep(TRAINING, form.file.data.read(), form.file.data.filename or "results.csv", "desk.training_check")
    return render_template("pages/desk/training_import.html", form=form), 400 if form.errors else 200


@blueprint.route("/training/import/check", methods=["GET", "POST"], endpoint="training_check")
@permission(Action.TRAINING_IMPORT)
def training_check() -> Any:
    return _check(TRAINING, _training, "desk.training_import", "desk.training_check", "Quiz results")


@blueprint.route("/imports", methods=["GET", "POST"], endpoint="imports")
@permission(Action.AGENCY_IMPORT)
def imports() -> Any:
    form = HmisFiles()
    if form.validate_on_submit():
        chosen = [upload for upload in form.files.data or () if uploads.is_there(upload)]
        try:
            content, name = _one_file(chosen)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            return _keep(HMIS, content, name, "desk.import_check")
    return render_template("pages/desk/imports.html", form=form), 400 if form.errors else 200


@blueprint.route("/imports/check", methods=["GET", "POST"], endpoint="import_check")
@permission(Action.AGENCY_IMPORT)
def import_check() -> Any:
    return _check(HMIS, _hmis, "desk.imports", "desk.import_check", "HMIS CSV")


def _one_file(chosen: list[FileStorage]) -> tuple[bytes, str]:
    """The zip file that was chosen, or a zip file of the CSV files that were."""
    if not chosen:
        raise bad_input("Choose the zip file, or the CSV files, to import.", "files")
    if len(chosen) == 1 and not (chosen[0].filename or "").casefold().endswith(".csv"):
        return chosen[0].read(), chosen[0].filename or "files.zip"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for upload in chosen:
            # A fixed date, so that the same files are the same bytes and are kept once.
            archive.writestr(
                zipfile.ZipInfo((upload.filename or "file").replace("\\", "/").rsplit("/", 1)[-1]), upload.read()
            )
    return packed.getvalue(), ", ".join(upload.filename or "file" for upload in chosen)[:200]


def _keep(page: str, content: bytes, name: str, then: str) -> Any:
    """Keeps the file until it is imported, so that nobody has to choose it a second time."""
    sha256 = uploads.storage().put(content)
    with transaction(sessions()) as session:
        drafts.keep(
            session,
            person_id=_oneself(),
            page=page,
            fields={"sha256": sha256, "name": name.replace("\\", "/").rsplit("/", 1)[-1]},
            now=now(),
        )
    return redirect(url_for(then))


def _check(page: str, work: Importer, start: str, here: str, title: str) -> Any:
    """The trial on GET; on POST the import itself, with its report."""
    with reading(sessions()) as session:
        kept = drafts.kept(session, person_id=_oneself(), page=page)
    if not kept:
        flash("There is no file to import. Choose it again.", "warning")
        return redirect(url_for(start))
    content, name, form = uploads.fetched(kept["sha256"]), kept["name"], GoOn()
    real = form.validate_on_submit()
    report = work(content, name, not real, form.skip_bad.data if real else False)
    if request.args.get("format") == "csv":
        return text_file("import-report.csv", report.csv())
    if real and not report.refused:
        with transaction(sessions()) as session:
            drafts.drop(session, person_id=_oneself(), page=page)
        return render_template(
            "pages/desk/import_done.html", report=report, title=title, start=start, report_rows=_rows
        )
    if not real and report.refused:  # what would come in if the rows with errors were left out
        report = _with_the_rest(work, content, name, report)
    return render_template(
        "pages/desk/import_check.html",
        report=report,
        title=title,
        start=start,
        here=here,
        form=form,
        shown=SHOWN,
        name=name,
        where=where,
        report_rows=_rows,
    ), 400 if real else 200


def _with_the_rest(work: Importer, content: bytes, name: str, refused: Report) -> Report:
    rest = work(content, name, True, True)
    rest.refused, rest.counts = True, refused.counts | rest.counts
    return rest


def _rows(report: Report) -> list[dict[str, str]]:
    return [{"key": f"{name[:1].upper()}{name[1:]}", "value": f"{count:,}"} for name, count in report.counts.items()]


def _oneself() -> int:
    person_id = actor().person_id
    if person_id is None:
        raise Refused(Reason.NOT_ALLOWED, "Sign in to import files.")
    return person_id
