"""Incidents: the list, one incident with all that belongs to it, notes and files."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from forms.security.incidents import SEVERITIES, SHOWN, IncidentFilter, KeepFile, Note
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Incident, IncidentFile
from portal.services.desk import incident_lists
from portal.services.desk.incident_lists import Wanted
from portal.services.security.incidents import (
    containment,
    incident_chain,
    incident_ending,
    incident_files,
    incident_people,
    incident_timeline,
)
from portal.web.desk.room import as_csv, pager
from portal.web.kernel import acted, actor, an_id, may, now, permission, policy, sessions, status_of
from portal.web.security.incidents.incident_room import (
    SEVERITY,
    agency_name,
    found,
    kind_title,
    options,
    state,
    titled,
)
from portal.web.security.room import blueprint
from portal.web.uploads import download, fetched, taken_in
from workflows.actions import Action

EVERYTHING = 10_000


@blueprint.get("/incidents", endpoint="incidents")
@permission(Action.INCIDENT_SEE)
def index() -> Any:
    form, after = IncidentFilter(request.args, kinds=options()), request.args.get("after", "")
    wanted = Wanted(
        show=form.show.data if form.show.data in SHOWN else "",
        severity=form.severity.data if form.severity.data in set(SEVERITIES) else "",
        kind=form.kind.data if form.kind.data in options() else "",
        word=(form.q.data or "").strip()[:100],
        agency_id=request.args.get("agency", type=an_id),
        person_id=request.args.get("involved", type=an_id) if may(Action.INCIDENT_FILES) else None,
    )
    if request.args.get("format") == "csv":
        return _csv(wanted)
    with reading(sessions()) as session:
        page = incident_lists.page(session, actor(), wanted=wanted, now=now(), after=after)
        rows = [row_of(row, late) for row, late in page.rows]
        return render_template("pages/security/incidents/index.html", rows=rows, form=form, page=pager(page, after))


def row_of(row: Incident, late: bool) -> dict[str, Any]:
    return {
        "incident": row, "title": titled(row), "status": state(row), "kind": kind_title(row), "agency": agency_name(row), "late": late,
        "severity": SEVERITY.get(row.severity), "investigator": row.investigator.name if row.investigator else "",
        "href": url_for("security.incident", incident_id=row.id),
    }  # fmt: skip


def _csv(wanted: Wanted) -> Any:
    with transaction(sessions()) as session:
        page = incident_lists.page(session, actor(), wanted=wanted, now=now(), limit=EVERYTHING)
        rows = [
            (
                row.reference, titled(row), state(row)[1], row.severity, kind_title(row) if row.kind else "", agency_name(row), row.reported_at.date(),
                row.occurred_on, "" if row.affected is None else row.affected, row.investigator.name if row.investigator else "",
                row.finding.replace("_", " "), "yes" if late else "",
            )
            for row, late in page.rows
        ]  # fmt: skip
        said = f"Downloaded a list of {len(rows)} incidents."
        audit.record(session, actor=actor(), now=now(), act="incidents.export", said=said)
    headers = (
        "Reference", "Title", "Status", "Severity", "Kind", "Agency", "Reported", "Occurred", "People affected", "Investigator",
        "Finding", "Somebody not told in time",
    )  # fmt: skip
    return as_csv("incidents", headers, rows)


@blueprint.route("/incidents/<int:incident_id>", methods=["GET", "POST"], endpoint="incident")
@permission(Action.INCIDENT_SEE)
def one(incident_id: int) -> Any:
    """The whole incident; a note is sent to this same address."""
    form = Note()

    def write(session: Session) -> None:
        row = found(session, Action.INCIDENT_WORK, incident_id)
        incident_timeline.note(session, row, text=form.text.data or "", actor=actor(), now=now())

    if done := acted(
        form,
        write,
        "The note is in the timeline.",
        url_for("security.incident", incident_id=incident_id, _anchor="timeline"),
    ):
        return done
    with reading(sessions()) as session:
        row = found(session, Action.INCIDENT_SEE, incident_id)
        works = may(Action.INCIDENT_WORK, row)
        people = incident_people.of(session, row)
        all_of_it = may(Action.INCIDENT_FILES, row)
        return render_template(
            "pages/security/incidents/one.html",
            form=form,
            **row_of(row, False),
            elements=[each.title for each in policy().incidents.elements if each.id in row.elements],
            people=people,
            trained=incident_people.trained(session, row, people, policy=policy()) if people else {},
            steps=incident_chain.steps(session, row),
            contained=[(each, containment.named(each)) for each in containment.of(session, row)],
            files=incident_files.of(session, row) if all_of_it else (),
            entries=incident_timeline.entries(session, row, acts_only=not all_of_it),
            corrections=incident_ending.corrections(session, row),
            all_of_it=all_of_it,
            works=works,
            acts=acts_of(row),
        ), status_of(form)


def acts_of(row: Incident) -> list[tuple[str, str, str]]:
    """What whoever looks may do to it as it stands: the words, the address, the look of the button."""
    offered: dict[str, list[tuple[str, str, Action]]] = {
        "reported": [("Triage it", "triage", Action.INCIDENT_TRIAGE), ("Set it aside", "set_aside", Action.INCIDENT_TRIAGE)],
        "triaged": [
            ("Have it investigated", "investigator", Action.INCIDENT_TRIAGE), ("Correct the facts", "facts", Action.INCIDENT_WORK),
            ("Close access now", "contain", Action.INCIDENT_CONTAIN), ("Set it aside", "set_aside", Action.INCIDENT_TRIAGE),
        ],
        "investigating": [
            ("Conclude it", "conclude", Action.INCIDENT_CONCLUDE), ("Close access now", "contain", Action.INCIDENT_CONTAIN),
            ("Correct the facts", "facts", Action.INCIDENT_WORK), ("Hand it to somebody else", "investigator", Action.INCIDENT_TRIAGE),
        ],
        "concluded": [("Close it", "close_incident", Action.INCIDENT_CLOSE), ("Open it again", "reopen", Action.INCIDENT_CLOSE)],
        "closed": [("Open it again", "reopen", Action.INCIDENT_CLOSE)],
        "set_aside": [("Take it up", "take_up", Action.INCIDENT_TRIAGE)],
    }  # fmt: skip
    allowed = [each for each in offered.get(row.status, ()) if may(each[2], row)]
    return [
        (words, url_for(f"security.{endpoint}", incident_id=row.id), "secondary" if number else "primary")
        for number, (words, endpoint, _) in enumerate(allowed)
    ]


@blueprint.route("/incidents/<int:incident_id>/files", methods=["GET", "POST"], endpoint="incident_file")
@permission(Action.INCIDENT_WORK)
def add_file(incident_id: int) -> Any:
    form = KeepFile()
    with reading(sessions()) as session:
        row = found(session, Action.INCIDENT_WORK, incident_id)
        session.expunge(row)  # the page is drawn after the look is over

    def keep(session: Session) -> None:
        scan = taken_in(form.file.data, "file")
        again = found(session, Action.INCIDENT_WORK, incident_id)
        incident_files.keep(session, again, scan=scan, what=form.what.data or "", actor=actor(), now=now())

    if done := acted(
        form,
        keep,
        "The file is kept with its fingerprint.",
        url_for("security.incident", incident_id=incident_id, _anchor="files"),
    ):
        return done
    page = render_template("pages/security/incidents/file.html", form=form, incident=row, called=titled(row))
    return page, status_of(form)


@blueprint.post("/incidents/files/<int:kept_id>", endpoint="open_file")
@permission(Action.INCIDENT_FILES)
def open_file(kept_id: int) -> Any:
    """Opened by POST, since that it was opened goes on record."""
    with transaction(sessions()) as session:
        row = permissions.find(session, actor(), Action.INCIDENT_FILES, IncidentFile, kept_id)
        stored = incident_files.opened(session, row, actor=actor(), now=now())
        sha256, media_type, name = stored.sha256, stored.media_type, stored.name
    return download(fetched(sha256), media_type, name)
