"""A roster or a list of people: the file, what its columns hold, a trial with everything to decide, and the import."""

import hashlib
from datetime import date, timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for

from forms.day_one import Decide, ListFile, agency_field, columns_form, double_field, with_fields
from portal.adapters.people_files import (
    FIELDS,
    MappingError,
    Sheet,
    chosen,
    known_keys,
    missing,
    read_rows,
    read_spreadsheet,
)
from portal.adapters.tables import Table, TableError
from portal.db import reading, transaction
from portal.refusals import Refused
from portal.services import drafts
from portal.services.day_one import imports
from portal.services.day_one.options import LEAVE, NEW, SAME, DayOneReport, Double, Options, UnknownAgency, to_mend
from portal.services.desk.import_report import where
from portal.services.people import roster
from portal.web import uploads
from portal.web.day_one.room import STEPS, blueprint
from portal.web.desk.room import text_file
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.proving import proven
from workflows.actions import Action
from workflows.vocabulary import Reason

TITLES = {"roster": "Roster of the core HMIS", "people": "List of people"}
SHOWN, SAMPLES = 200, 3
AHEAD = timedelta(days=90)


def _known(sheet: str) -> Any:
    if sheet not in TITLES:
        abort(404)
    return sheet


@blueprint.route("/desk/day-one/<sheet>", methods=["GET", "POST"], endpoint="upload")
@permission(Action.DAY_ONE_IMPORT)
def upload(sheet: str) -> Any:
    kind, form = _known(sheet), ListFile()
    if form.validate_on_submit():
        content = form.file.data.read()
        name = (form.file.data.filename or "list").replace("\\", "/").rsplit("/", 1)[-1][:200]
        try:
            table = read_spreadsheet(content, known=known_keys(kind))
        except TableError as wrong:
            form.refuse(wrong.sentence, "file")
        else:
            sha256 = uploads.storage().put(content)
            with transaction(sessions()) as session:
                kept = imports.columns_kept(session, kind, table.headers)
                _keep(session, kind, {"sha256": sha256, "name": name, "columns": kept})
            return redirect(url_for("day_one.columns", sheet=kind))
    page = render_template(
        "pages/day_one/upload.html", form=form, sheet=kind, title=TITLES[kind], steps=STEPS, fields=FIELDS[kind]
    )
    return page, 400 if form.errors else 200


@blueprint.route("/desk/day-one/<sheet>/columns", methods=["GET", "POST"], endpoint="columns")
@permission(Action.DAY_ONE_IMPORT)
def columns(sheet: str) -> Any:
    kind = _known(sheet)
    draft, table = _draft(kind)
    if table is None:
        return _again(kind)
    offered = {field.name: field.label for field in FIELDS[kind]}
    form = columns_form(table.headers, offered)()
    if form.validate_on_submit():
        changes = {header: form[f"column-{at}"].data or "" for at, header in enumerate(table.headers)}
        try:
            mapping = chosen(kind, table.headers, changes)
            if lacking := missing(kind, mapping):
                raise MappingError(lacking)
        except MappingError as wrong:
            form.refuse(str(wrong))
        else:
            with transaction(sessions()) as session:
                imports.keep_columns(session, kind, table.headers, mapping, actor=actor(), now=now())
                _keep(session, kind, draft | {"columns": mapping})
            return redirect(url_for("day_one.check", sheet=kind))
    elif not form.is_submitted():
        for at, (_, name) in enumerate(chosen(kind, table.headers, draft["columns"]).items()):
            form[f"column-{at}"].data = name
    rows = [
        {
            "header": header, "field": form[f"column-{at}"],
            "samples": [cell for line in table.lines if (cell := line.cells[at].strip() if at < len(line.cells) else "")][:SAMPLES],
        }
        for at, header in enumerate(table.headers)
    ]  # fmt: skip
    page = render_template(
        "pages/day_one/columns.html", form=form, rows=rows, sheet=kind, title=TITLES[kind], steps=STEPS, name=draft["name"],
        count=len(table.lines),
    )  # fmt: skip
    return page, 400 if form.errors else 200


@blueprint.route("/desk/day-one/<sheet>/check", methods=["GET", "POST"], endpoint="check")
@permission(Action.DAY_ONE_IMPORT)
@proven
def check(sheet: str) -> Any:
    kind = _known(sheet)
    draft, table = _draft(kind)
    if table is None or missing(kind, chosen(kind, table.headers, draft["columns"])):
        return _again(kind) if table is None else redirect(url_for("day_one.columns", sheet=kind))
    with reading(sessions()) as session:
        versions, before = imports.agreement_versions(session), imports.last_day(session)
        names = {agency.name: agency.name for agency in roster.agencies(session, actor(), Action.AGENCY_SEE)}
    rows = _rows(kind, draft, table)
    kept = draft.get("options", {})
    form = Decide(versions=versions)
    if form.validate_on_submit():
        kept = _kept_options(form, rows)
        with transaction(sessions()) as session:
            _keep(session, kind, draft | {"options": kept})
        if request.form.get("act") != "import":
            return redirect(url_for("day_one.check", sheet=kind))
    proposed = before if before is not None and before > today() else today() + AHEAD
    options = _options(kept, proposed)
    real = form.is_submitted() and not form.errors and request.form.get("act") == "import"
    try:
        report = _run(rows, options, draft, dry_run=not real)
    except Refused as no:
        if no.reason is not Reason.BAD_INPUT:
            raise
        form.refuse(no.sentence, no.field)
        report = _run(
            _rows(kind, draft, table),
            _options({**kept, "takes_over": ""}, today() + AHEAD, version=False),
            draft,
            dry_run=True,
        )
    if request.args.get("format") == "csv":
        return text_file("rows-to-mend.csv", to_mend(rows, report))
    if real and not report.refused and not form.errors:
        with transaction(sessions()) as session:
            _keep(session, kind, {"done": _summary(report), "name": draft["name"]})
        return redirect(url_for("day_one.done", sheet=kind))
    if real and report.refused:
        form.form_errors.append(
            "Nothing was imported: the rows with errors below stand in the way. Mend them, or leave them out."
        )
    asked = _asked(report, names, kept, versions, form, options)
    page = render_template(
        "pages/day_one/check.html", form=asked, report=report, sheet=kind, title=TITLES[kind], steps=STEPS, name=draft["name"],
        shown=SHOWN, where=where, counted=_summary(report)["counts"], key_of=key_of, places=_places(report, kept),
    )  # fmt: skip
    return page, 400 if form.errors or real else 200


@blueprint.get("/desk/day-one/<sheet>/done", endpoint="done")
@permission(Action.DAY_ONE_IMPORT)
def done(sheet: str) -> Any:
    kind = _known(sheet)
    with reading(sessions()) as session:
        draft = drafts.kept(session, person_id=actor().person_id, page=_page(kind))
    if "done" not in draft:
        return _again(kind)
    return render_template(
        "pages/day_one/done.html", done=draft["done"], sheet=kind, title=TITLES[kind], steps=STEPS, name=draft["name"]
    )


def key_of(text: str) -> str:
    """A name for a field that stands for an address or a name in the file, whatever is written there."""
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:16]


def _run(rows: Sheet, options: Options, draft: dict[str, Any], *, dry_run: bool) -> DayOneReport:
    with (reading if dry_run else transaction)(sessions()) as session:
        return imports.import_sheet(
            session, rows, options, sha256=draft["sha256"], actor=actor(), now=now(), policy=policy(), dry_run=dry_run
        )


def _rows(kind: Any, draft: dict[str, Any], table: Table) -> Sheet:
    mapping = chosen(kind, table.headers, draft["columns"])
    return read_rows(kind, table, mapping, filename=draft["name"], now=now(), zone=policy().zone)


def _options(kept: dict[str, Any], proposed: date, *, version: bool = True) -> Options:
    return Options(
        takes_over=date.fromisoformat(kept["takes_over"]) if kept.get("takes_over") else proposed,
        agreement_version=kept.get("agreement_version", "") if version else "",
        skip_bad=bool(kept.get("skip_bad")),
        accept_closing=bool(kept.get("accept_closing")),
        agencies=kept.get("agencies", {}),
        decide=kept.get("decide", {}),
    )


def _kept_options(form: Decide, rows: Sheet) -> dict[str, Any]:
    """Everything that was decided on the page, by what stands in the file."""
    emails = {f"double-{key_of(row.email)}": row.email.lower() for row in rows.rows if row.email}
    written = {f"agency-{key_of(row.agency)}": row.agency for row in rows.rows}
    return {
        "takes_over": form.takes_over.data.isoformat() if form.takes_over.data else "",
        "agreement_version": form.agreement_version.data or "",
        "skip_bad": form.skip_bad.data,
        "accept_closing": form.accept_closing.data,
        "decide": {emails[name]: value for name, value in request.form.items() if name in emails and value},
        "agencies": {written[name]: value for name, value in request.form.items() if name in written and value},
    }


def _asked(
    report: DayOneReport,
    names: dict[str, str],
    kept: dict[str, Any],
    versions: list[str],
    form: Decide,
    options: Options,
) -> Decide:
    """The form of this trial: a decision for everybody who may be known, and for every Agency that is not."""
    fields = {f"double-{key_of(double.email)}": double_field(_who(double), _ways(double)) for double in report.doubles}
    decided = kept.get("agencies", {})
    for written in dict.fromkeys([*(each.written for each in report.unknown_agencies), *decided]):
        near = next((each.near for each in report.unknown_agencies if each.written == written), ())
        ordered = {name: f"{name} (nearest)" for name in near} | {name: name for name in names if name not in near}
        fields[f"agency-{key_of(written)}"] = agency_field(written, ordered)
    asked = with_fields(fields)(formdata=None, versions=versions)
    asked.takes_over.data, asked.agreement_version.data = options.takes_over, options.agreement_version
    asked.skip_bad.data, asked.accept_closing.data = options.skip_bad, options.accept_closing
    for double in report.doubles:
        asked[f"double-{key_of(double.email)}"].data = double.choice or None
    for written, name in decided.items():
        asked[f"agency-{key_of(written)}"].data = name
    asked.form_errors = list(form.form_errors)
    for name in ("takes_over", "agreement_version"):
        asked[name].errors = list(form[name].errors)
    return asked


def _places(report: DayOneReport, kept: dict[str, Any]) -> list[UnknownAgency]:
    """The names of Agencies to be decided, and those that were: a choice stays on the page and can be changed."""
    unknown = {each.written: each for each in report.unknown_agencies}
    return [
        unknown.get(written) or UnknownAgency(written, 0, ()) for written in {**unknown, **kept.get("agencies", {})}
    ]


def _who(double: Double) -> str:
    return f"Line {double.line}: {double.name}, {double.email}, {double.agency}"


def _ways(double: Double) -> dict[str, str]:
    ways = {
        f"{SAME}{like.email}": f"The same person as {like.name}, {like.email}, {like.where}: {like.why}"
        for like in double.likenesses
    }
    new = {NEW: "Somebody else: enter a new person"} if double.may_be_new else {}
    return ways | new | {LEAVE: "Leave this row out"}


def _summary(report: DayOneReport) -> dict[str, Any]:
    counts = [{"key": f"{name[:1].upper()}{name[1:]}", "value": f"{count:,}"} for name, count in report.counts.items()]
    return {"counts": counts, "said": list(report.said)}


def _draft(kind: str) -> tuple[dict[str, Any], Table | None]:
    """The list that this person is bringing in, read again from the storage; None where there is none."""
    with reading(sessions()) as session:
        draft = drafts.kept(session, person_id=actor().person_id, page=_page(kind))
    if not draft.get("sha256"):
        return draft, None
    return draft, read_spreadsheet(uploads.fetched(draft["sha256"]), known=known_keys(_known(kind)))


def _keep(session: Any, kind: str, fields: dict[str, Any]) -> None:
    person_id = actor().person_id
    if person_id is None:
        raise Refused(Reason.NOT_ALLOWED, "Sign in to import files.")
    drafts.keep(session, person_id=person_id, page=_page(kind), fields=fields, now=now())


def _page(kind: str) -> str:
    return f"desk/day-one/{kind}"


def _again(kind: str) -> Any:
    flash("There is no file to import. Choose it first.", "warning")
    return redirect(url_for("day_one.upload", sheet=kind))
