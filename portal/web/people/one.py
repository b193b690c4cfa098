"""One person at one Agency: where the way to access stands, what is on record, what can be done; 'Why not yet?'."""

from datetime import datetime
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session

from portal.db import reading
from portal.models import Evidence, Membership
from portal.services.evidence import describe
from portal.services.paperwork import KINDS as PAPERS
from portal.services.people import approvals, dossier, people, queueing, standing_view
from portal.services.people.dossier import Dossier
from portal.services.people.standing_view import View
from portal.web.components import us_date
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.people import helping
from portal.web.people.room import arranged, blueprint, find, may, there
from workflows.actions import Action
from workflows.findings import Finding
from workflows.vocabulary import LEAD, Kind


@blueprint.get("/<int:membership_id>", endpoint="one")
@permission(Action.MEMBERSHIP_SEE)
def one(membership_id: int) -> Any:
    with reading(sessions()) as session:
        membership = find(session, Action.MEMBERSHIP_SEE, membership_id)
        view = standing_view.view(session, membership=membership, actor=actor(), now=now(), policy=policy())
        found = dossier.of(session, membership=membership, actor=actor())
        return render_template(
            "pages/people/one.html",
            membership=membership,
            about=membership.person,
            agency=membership.agency,
            view=view,
            found=found,
            why=arranged(view, membership),
            acts=_acts(session, membership, found),
            helps=helping.possible(session, membership.person),
            facts=_facts(session, membership, found),
            events=[{"at": entry.at, "title": entry.said, "who": who} for entry, who in found.happened],
            evidence=[_row(each, membership) for each in found.evidence],
            papers=[_paper(each) for each in found.documents],
            attempts=[_attempt(each) for each in found.attempts],
        )


@blueprint.get("/<int:membership_id>/why", endpoint="why")
@permission(Action.STANDING_SEE)
def why(membership_id: int) -> Any:
    with reading(sessions()) as session:
        membership = find(session, Action.STANDING_SEE, membership_id)
        view = standing_view.view(session, membership=membership, actor=actor(), now=now(), policy=policy())
        found = dossier.of(session, membership=membership, actor=actor(), latest=1)
        acts = _acts(session, membership, found)
        return render_template(
            "pages/people/why.html",
            membership=membership,
            about=membership.person,
            agency=membership.agency,
            view=view,
            found=found,
            why=arranged(view, membership),
            acts=acts,
            own=membership.person_id == actor().person_id,
            can_waive=_can_waive(session, membership, view),
        )


def _can_waive(session: Session, membership: Membership, view: View) -> list[Finding]:
    """What lacks and could be waived, for whoever may ask for that."""
    if membership.agency_id == LEAD or not may(session, Action.WAIVER_ASK, membership):
        return []
    return [f for f in view.decision.unmet if f.prerequisite.waivable]


def _acts(session: Session, membership: Membership, found: Dossier) -> dict[str, bool]:
    """Which buttons the page has: what the table allows and the state of things makes sense of."""
    own = membership.person_id == actor().person_id
    open_request = found.request is not None and found.request.status == "open"
    live = found.grant is not None and found.grant.status != "ended"
    asks = may(session, Action.ACCESS_REQUEST, membership.agency) and not own
    gone = found.departure is not None and found.departure.valid_from <= today()
    planned = found.departure is not None and not gone
    leaves = may(session, Action.PERSON_DEACTIVATE, membership) and not gone
    unsigned = any(document.status == "prepared" for document in found.documents)
    wants_approval = open_request and approvals.approval_missing(session, found.request, on=today()) is not None  # type: ignore[arg-type]
    return {
        "ask": asks and not open_request and not live,
        "change": asks and live and not open_request,
        "device": asks and (live or open_request),
        "cancel": open_request and may(session, Action.ACCESS_CANCEL, found.request),
        "nudge": (open_request or live) and may(session, Action.NUDGE, membership),
        "resend": unsigned and not own and may(session, Action.LINK_SEND, membership),
        "deactivate": leaves,
        "stay": planned and leaves,
        "incidents": may(session, Action.INCIDENT_FILES, membership),
        "sanctions": may(session, Action.SANCTION_SEE, membership),
        "sanction": may(session, Action.SANCTION_DRAFT, membership),
        "background": may(session, Action.BACKGROUND_ENTER, membership) and not gone,
        "name": people.may_change_name(session, membership.person, actor(), on=today()),
        "certificate": may(session, Action.TRAINING_CLAIM, membership.person) and not gone,
        "approve": wants_approval and may(session, Action.ACCESS_APPROVE, found.request),
    }


def _facts(session: Session, membership: Membership, found: Dossier) -> list[dict[str, Any]]:
    person, asked, titles = (
        membership.person,
        found.request,
        {level.id: level.title for level in policy().access_levels},
    )
    rows: list[tuple[str, Any]] = [
        ("E-mail address", person.email),
        ("Telephone", person.phone),
        ("Job title or role", person.title),
    ]
    if found.account is not None:
        rows.append(("User ID in the core HMIS", found.account.user_id))
    if asked is not None and asked.status in {"open", "issued"}:
        projects = [p.name for p in membership.agency.projects if p.id in asked.project_ids]
        level = found.grant.access_level if found.grant and found.grant.status != "ended" else asked.access_level
        rows += [
            ("Access level", titles.get(level, level)),
            ("Purpose", asked.purpose),
            ("Projects", projects),
            ("Staff, volunteer or contractor", asked.worker.capitalize()),
        ]
        if asked.status == "open":
            rows.append(("License", _seat(session, found)))
    return [{"key": key, "value": value} for key, value in rows]


def _seat(session: Session, found: Dossier) -> str:
    if found.seat is not None:
        return f"Reserved until {us_date(found.seat.reserved_until)}" if found.seat.reserved_until else "Held"
    place = queueing.place(session, found.request, on=today(), policy=policy()) if found.request else 0
    return f"Number {place} in the queue; whoever lacks least comes first" if place else "None"


def _row(row: Evidence, membership: Membership) -> dict[str, Any]:
    projects = {str(project.id): project.name for project in membership.agency.projects}
    what = describe(row)
    if row.kind == Kind.PROJECT and row.detail in projects:
        what = what.replace(f"({row.detail})", f"({projects[row.detail]})", 1)
    withdrawn = row.withdrawn_at != datetime.max
    over = row.valid_until < today()
    status, words = (
        ("withdrawn", "Withdrawn")
        if withdrawn
        else ("ended", "Ended")
        if over
        else ("met", "In force")
        if row.valid_from <= today()
        else ("waiting", "To come")
    )
    return {"what": what, "status": {"status": status, "text": words}, "recorded": {"moment": row.recorded_at}}


def _paper(document: Any) -> dict[str, Any]:
    words = {
        "prepared": ("waiting", "Waits for signature"),
        "scanned": ("submitted", "Waits to be verified"),
        "void": ("ended", "Set aside"),
    }
    status, text = words.get(document.status, (document.status, None))
    href = there("documents.show", document_id=document.id)
    return {
        "what": {"text": PAPERS[document.kind].title, "href": href, "note": f"Version {document.version}"},
        "status": {"status": status, "text": text},
        "day": {"moment": document.executed_at or document.prepared_at},
    }


def _attempt(result: Any) -> dict[str, Any]:
    titles = {course.id: course.title for course in policy().courses}
    passed = result.score >= policy().mark_for(result.course)
    words = {
        "claimed": ("waiting", "Waits for the help desk"),
        "refused": ("rejected", "Refused"),
        "corrected": ("superseded", "Corrected later"),
    }
    status, text = words.get(result.status, ("passed", "Passed") if passed else ("failed", "Not passed"))
    return {
        "course": titles.get(result.course, result.course),
        "attempt": result.attempt,
        "score": result.score,
        "taken": {"moment": result.taken_at},
        "status": {"status": status, "text": text},
    }
