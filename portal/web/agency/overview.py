"""One Agency at a glance: what is left and who holds it, the package, and what is known of it."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portal.db import reading
from portal.models import Agency, Document, Membership, Project
from portal.services import paperwork
from portal.services.agencies import agencies, agency_tasks
from portal.services.agencies.agency_tasks import Paper, Task, TaskList
from portal.services.agencies.directors import holders
from portal.services.holders import holds
from portal.services.people import licences
from portal.web import kernel
from portal.web.agency import blueprint
from portal.web.agency.common import found, may, page, trail
from portal.web.kernel import actor, permission, policy, sessions, today
from workflows.actions import Action
from workflows.vocabulary import Role

DESK = {Role.LEAD_ADMIN, Role.HELP_DESK}
OFFICES = {
    "executive_director": Role.EXECUTIVE_DIRECTOR,
    "agency_admin": Role.AGENCY_ADMIN,
    "security_officer": Role.SECURITY_OFFICER,
}
CALLED = {
    Role.EXECUTIVE_DIRECTOR: "Executive director",
    Role.AGENCY_ADMIN: "Agency Administrator",
    Role.SECURITY_OFFICER: "Security officer",
}
PAPER_OF = {
    "participation-agreement": "participation_agreement", "information-form": "information_form", "housing-inventory": "housing_inventory",
    "manuals-received": "receipt_of_manuals", "an-agency-admin": "agency_admin_agreement",
}  # fmt: skip
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "information-form": ("agency.form", {"which": "information"}), "housing-inventory": ("agency.form", {"which": "inventory"}),
    "an-agency-admin": ("agency.officers", {}), "a-security-officer": ("agency.officers", {}), "security-protocols": ("agency.protocols", {}),
    "privacy-notice-posted": ("agency.posted", {}), "security-review": ("security.review_of", {}),
}  # fmt: skip
COUNTERSIGNED = {
    "agency_admin_agreement": "Agency Administrator Agreement", "security_officer_acceptance": "security officer's acceptance",
    "laptop_statement": "laptop statement", "home_office_authorisation": "work-at-home authorization",
}  # fmt: skip
"""What the person signs first, and then the executive director or designee."""

STATES = {
    "not_started": ("to_do", "Not started"), "prepared": ("in_progress", "Not signed yet"), "signed": ("submitted", "Waits for the Lead"),
    "scanned": ("submitted", "Scan to verify"), "rejected": ("refused", "Sent back"), "executed": ("executed", "Executed, not yet verified"),
    "verified": ("verified", "Verified"),
}  # fmt: skip


def state_of(kind: str, state: str) -> tuple[str, str]:
    """The tag of a document and its words, by whoever has it now."""
    if state == "signed" and kind in COUNTERSIGNED:
        return "awaiting_signature", "Waits for the director"
    if state == "prepared" and paperwork.KINDS[kind].form:
        return "in_progress", "Being filled in"
    return STATES[state]


@blueprint.get("/<int:agency_id>")
@permission(Action.AGENCY_SEE)
def show(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        listed = agency_tasks.task_list(session, agency, on=today(), policy=policy())
        values: dict[str, Any] = _tasks(session, agency, listed) | {
            "listed": listed, "papers": [_paper(paper) for paper in listed.papers], "facts": _facts(session, agency), "officers": _officers(session, agency),
            "usage": licences.usage(session, agency.id), "people": people_count(session, agency.id),
            "excluded": agencies.excluded(session, [agency.id], on=today()).get(agency.id, ""), "buttons": _buttons(session, agency),
            "is_lead": may(session, Action.EVIDENCE_RECORD, agency),
            "can_end": may(session, Action.AGENCY_END, agency), "can_rejoin": may(session, Action.AGENCY_ENTER, agency),
        }  # fmt: skip
        return page("show.html", agency, here="agency.show", way=trail(agency), **values)


def people_count(session: Session, agency_id: int) -> int:
    """How many people hold any role at the Agency today."""
    query = select(func.count()).where(Membership.agency_id == agency_id, holds(today()))
    return session.scalar(query) or 0


def is_mine(agency_id: int, holder: str) -> bool:
    """Whether it is the turn of whoever looks: by an office at this Agency, or at the Lead."""
    if holder in OFFICES:
        return agency_id in actor().at(OFFICES[holder])
    return bool(actor().lead_roles & (DESK if holder == "help_desk" else {Role.LEAD_ADMIN, Role.HELP_DESK}))


def _tasks(session: Session, agency: Agency, listed: TaskList) -> dict[str, Any]:
    papers = {paper.kind: paper for paper in listed.papers}
    waits = _to_countersign(session, agency)
    mine: list[dict[str, Any]] = (
        [_to_sign(document) for document in waits] if is_mine(agency.id, "executive_director") else []
    )
    others: dict[str, list[dict[str, Any]]] = {}
    settled: list[dict[str, Any]] = []
    for task in listed.tasks:
        if task.status == "not_applicable":
            continue
        if task.done:
            settled.append(
                {
                    "title": task.title,
                    "status": task.status,
                    "tag": "Done" if task.status == "met" else "Waived",
                    "hint": _holds(task),
                }
            )
        elif task.id == "configured" and task.holder == "lead" and not listed.package_complete:
            later = {
                "status": "cannot_start",
                "hint": "Starts when the Lead has verified every document of the package.",
            }
            others.setdefault(task.who, []).append(_item(task) | later)
        elif task.id == "an-agency-admin" and any(document.kind == "agency_admin_agreement" for document in waits):
            if not is_mine(agency.id, "executive_director"):
                others.setdefault("the executive director", []).append(
                    _item(task) | {"title": "Sign the Agency Administrator Agreement as the director"}
                )
        elif is_mine(agency.id, task.holder):
            mine.append(_item(task) | {"href": _href(agency, task, papers), "tag": "To do", "status": "to_do"})
        else:
            others.setdefault(task.who or "somebody else", []).append(_item(task))
    named = {CALLED[role]: [m.person.name for m in holders(session, agency.id, role, on=today())] for role in CALLED}
    return {
        "mine": mine, "settled": settled,
        "others": [{"who": _with_names(who, named), "tasks": tasks} for who, tasks in others.items()],
    }  # fmt: skip


def _to_countersign(session: Session, agency: Agency) -> list[Document]:
    """What its person has signed, and the director has not."""
    query = select(Document).options(joinedload(Document.person)).where(
        Document.agency_id == agency.id, Document.status == "signed", Document.kind.in_(COUNTERSIGNED)
    )  # fmt: skip
    return list(session.scalars(query.order_by(Document.id)))


def _to_sign(document: Document) -> dict[str, Any]:
    whose = f" of {document.person.name}" if document.person is not None else ""
    return {
        "title": f"Sign the {COUNTERSIGNED[document.kind]}{whose}", "status": "to_do", "tag": "To do", "since": document.signed_on,
        "hint": "The person has signed; your signature as director completes it.", "href": url_for("documents.show", document_id=document.id),
    }  # fmt: skip


def _item(task: Task) -> dict[str, Any]:
    return {"title": task.do or task.title, "status": "waiting", "hint": task.sentence, "since": task.since}


def _holds(task: Task) -> str:
    return task.sentence + (f" Holds until {task.until:%B} {task.until.day}, {task.until.year}." if task.until else "")


def _with_names(who: str, named: Mapping[str, list[str]]) -> str:
    office = {
        "the executive director": "Executive director",
        "the Agency Administrator": "Agency Administrator",
        "the security officer": "Security officer",
    }
    names = named.get(office.get(who, ""), [])
    return who[0].upper() + who[1:] + (f": {', '.join(names)}" if names else "")


def _href(agency: Agency, task: Task, papers: Mapping[str, Paper]) -> str:
    """Where this task is done by whoever holds it: the document that waits, or the page that begins it."""
    paper = papers.get(PAPER_OF.get(task.id, ""))
    waits = paper is not None and paper.document is not None and paper.state in ("signed", "scanned")
    own_form = task.id in ("information-form", "housing-inventory") and task.holder == "agency_admin"
    if (
        paper is not None
        and paper.document is not None
        and not own_form
        and (waits or task.holder in ("lead", "help_desk", "executive_director") or task.id == "an-agency-admin")
    ):
        return url_for("documents.show", document_id=paper.document.id)
    if task.id in PLACES:
        endpoint, more = PLACES[task.id]
        return url_for(endpoint, agency_id=agency.id, **more)
    if task.id == "configured" and actor().lead_roles:
        return url_for("orders.configure", agency_id=agency.id)
    return ""


def _paper(paper: Paper) -> dict[str, Any]:
    status, words = state_of(paper.kind, paper.state)
    verified = ""
    if paper.verified_at is not None:
        verified = f"{paper.verified_how.capitalize()}" + (f", by {paper.verified_by}" if paper.verified_by else "")
    title = (
        {"text": paper.title, "href": url_for("documents.show", document_id=paper.document.id)}
        if paper.document is not None and kernel.may(Action.DOCUMENT_SEE, paper.document)
        else paper.title
    )
    return {
        "title": title,
        "state": {"status": status, "text": words},
        "verified": verified,
        "on": {"moment": paper.verified_at} if paper.verified_at else "",
    }


def _officers(session: Session, agency: Agency) -> list[dict[str, Any]]:
    return [
        {"name": membership.person.name, "role": CALLED[role], "email": membership.person.email}
        for role in CALLED
        for membership in holders(session, agency.id, role, on=today())
    ]


def _facts(session: Session, agency: Agency) -> list[dict[str, Any]]:
    titles = {funder.id: funder.title for funder in policy().funders}
    place = ", ".join(part for part in (agency.street, agency.city, f"{agency.state} {agency.zip}".strip()) if part)
    rows: list[dict[str, Any]] = [
        {"key": "Known as", "value": agency.common_name}, {"key": "Address", "value": place}, {"key": "Telephone", "value": agency.phone},
        {"key": "E-mail for notices", "value": agency.email},
        {"key": "Participation", "value": ["Required by:", *(titles.get(each, each) for each in agency.mandated_by)] if agency.mandated_by else "Voluntary"},
        {"key": "Projects", "value": str(session.scalar(select(func.count()).where(Project.agency_id == agency.id)) or 0)},
        {"key": "Provider ID in the core HMIS", "value": agency.provider_id},
    ]  # fmt: skip
    if agency.status == "ended":
        rows += [
            {"key": "Ended because", "value": agency.ended_reason},
            {"key": "Successor", "value": agency.successor},
        ]
    return rows


def _buttons(session: Session, agency: Agency) -> list[dict[str, str]]:
    wanted = [
        ("Invite a director", "agency.invite_director", Action.DIRECTOR_INVITE), ("Change", "agency.change", Action.AGENCY_CHANGE),
    ]  # fmt: skip
    return [
        {"label": label, "href": url_for(endpoint, agency_id=agency.id)}
        for label, endpoint, action in wanted
        if agency.status != "ended" and may(session, action, agency)
    ]
