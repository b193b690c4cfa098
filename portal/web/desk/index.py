"""The desk's first page: every queue with how much waits and since when; and the requests that wait."""

from typing import Any

from flask import render_template, request, url_for

from portal.db import reading
from portal.services import brake
from portal.services.desk import configuration_lists, desk_lists, desk_requests, enrolment_lists
from portal.services.desk.desk_lists import Queue
from portal.web.desk.room import blueprint, pager
from portal.web.kernel import actor, may, may_open, now, permission, policy, sessions, today
from workflows.actions import Action

QUEUES = (
    (
        "documents",
        "Documents to verify",
        "desk.documents",
        "Packages of Agencies, forms and scans; verify each as submitted or viewed on site.",
    ),
    (
        "countersign",
        "Agreements to countersign",
        "desk.documents",
        "Signed by the executive director; the Lead's signature executes them.",
    ),
    ("enrol", "People to enroll", "desk.enrolments", "They have signed and wait for their courses."),
    (
        "certificates",
        "Certificates to confirm",
        "desk.certificates",
        "Handed in by the person or the Agency Administrator.",
    ),
    ("unmatched", "Results without a person", "desk.unmatched", "The learning system knows them under another name."),
    ("configure", "Agencies to set up", "desk.configurations", "Every document of their package is verified."),
    ("orders", "Open work orders", "orders.index", "To be carried out in the core HMIS."),
    ("brake", "The brake", "desk.brake", "Too many would lose access on one day; a Lead administrator decides."),
    ("jobs", "Failed jobs", "desk.jobs", "What the portal tried several times without success."),
)
SHOWING: dict[str, dict[str, Any]] = {"documents": {"show": "verify"}, "countersign": {"show": "countersign"}}
ROOMS = (
    (
        "Look up",
        (
            ("All people", "desk.people"),
            ("Licenses by Agency", "desk.licences"),
            ("Inherited people", "day_one.inherited"),
            ("What runs out", "desk.lapses"),
            ("Locked accounts", "desk.sign_in"),
            ("Comparison with the core HMIS", "desk.core_hmis"),
            ("The Lead's people", "desk.colleagues"),
            ("Waivers", "waivers.index"),
            ("Documents in force", "desk.versions"),
            ("Policy in force", "desk.policy"),
            ("The record", "desk.audit"),
            ("Mail that came in", "ticket_mail.index"),
            ("Articles", "knowledge.manage"),
            ("Service requests", "service_requests.index"),
            ("Surveys", "feedback.surveys"),
            ("Outages", "outages.manage"),
        ),
    ),
    (
        "Enter and import",
        (
            ("Record evidence", "desk.evidence"),
            ("Quiz results", "desk.training"),
            ("Import quiz results", "desk.training_import"),
            ("Import HMIS CSV", "desk.imports"),
            ("Day one: bring in what was there before", "day_one.index"),
        ),
    ),
)


@blueprint.get("", endpoint="index")
@permission(Action.DESK_SEE)
def index() -> Any:
    with reading(sessions()) as session:
        found = desk_lists.queues(session, actor(), now=now())
        found |= desk_requests.queues(session, now=now(), policy=policy())
        found["enrol"] = enrolment_lists.queue(session, on=today(), policy=policy())
        stop = brake.pulled(session)
        found["brake"] = Queue(len(brake.held(session)), stop.pulled_at) if stop else Queue(0)
        ready = configuration_lists.ready(session, on=today())
        found["configure"] = Queue(len(ready), min((row["since"] for row in ready), default=None))
    shown = [
        {
            "name": name,
            "title": title,
            "href": url_for(endpoint, **SHOWING.get(name, {})),
            "hint": hint,
            "queue": found[name],
        }
        for name, title, endpoint, hint in QUEUES
        if may_open(endpoint) and (name != "countersign" or may(Action.DOCUMENT_COUNTERSIGN))
    ]
    return render_template(
        "pages/desk/index.html",
        queues=shown,
        requests={name: found[name] for name in ("ready", "seatless", "waiting", "open")},
        looked_at=desk_requests.LOOKED_AT,
        overdue=found["overdue"],
        rooms=_rooms(),
    )


def _rooms() -> list[tuple[str, list[tuple[str, str]]]]:
    """The cards beside the queues, with the pages that open for this person."""
    open_ = [
        (title, [(label, url_for(endpoint)) for label, endpoint in places if may_open(endpoint)])
        for title, places in ROOMS
    ]
    return [(title, places) for title, places in open_ if places]


@blueprint.get("/requests", endpoint="requests")
@permission(Action.DESK_SEE)
def requests() -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        page = desk_requests.requests_page(session, now=now(), policy=policy(), after=after)
        return render_template("pages/desk/requests.html", rows=page.rows, page=pager(page, after))
