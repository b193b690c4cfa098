"""An Agency is set up in the core HMIS once its whole package is verified ('Setting up a New HMIS Agency')."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, Document, Evidence, Membership, Project, WorkOrder
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.desk.order_fields import fields_of_agency
from portal.services.desk.work_orders import open_order
from portal.services.people.provisioning import project_label
from portal.services.searching import there
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, RECEIPTS, About, Kind, Reason, Role


@dataclass(frozen=True, slots=True)
class Piece:
    """One document of the package: the evidence that shows it, and whose it is."""

    title: str
    kind: Kind
    of_admin: bool = False
    details: tuple[str, ...] = ("",)


PACKAGE = (
    Piece("Agency Participation Agreement", Kind.PARTICIPATION_AGREEMENT),
    Piece("HMIS Agency Information Form", Kind.INFORMATION_FORM),
    Piece("Homeless Housing Inventory form", Kind.HOUSING_INVENTORY),
    Piece("Receipt of the manual and its companion documents", Kind.RECEIPT, details=RECEIPTS),
    Piece("Agency Administrator Agreement", Kind.AGENCY_ADMIN_AGREEMENT, of_admin=True),
    Piece("User agreement of the first Agency Administrator", Kind.USER_AGREEMENT, of_admin=True),
)
"""What the Lead verifies before it sets an Agency up ('Setting up a New HMIS Agency')."""

PROVIDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


def missing(session: Session, agency: Agency, *, on: date) -> list[str]:
    """What of the package is not yet there, or there and not verified, a phrase each; empty where all is in order."""
    return missing_of(session, [agency.id], on=on)[agency.id]


def missing_of(session: Session, agencies: Collection[int], *, on: date) -> dict[int, list[str]]:
    """The same for many Agencies by id, in two statements."""
    admins = _admins(session, agencies, on)
    held = _held(session, agencies, [member for members in admins.values() for member in members], on)

    def lacks(agency_id: int) -> list[str]:
        said = (_lacks(piece, admins.get(agency_id, []) if piece.of_admin else [agency_id], held) for piece in PACKAGE)
        return [one for one in said if one]

    return {agency_id: lacks(agency_id) for agency_id in agencies}


def verified_since(session: Session, agencies: Collection[int], *, on: date) -> dict[int, datetime]:
    """When the last document of each Agency's package was verified, by the portal's pages or by hand; two statements."""
    admins = _admins(session, agencies, on)
    whose = {(About.AGENCY, agency_id): agency_id for agency_id in agencies}
    whose |= {(About.MEMBERSHIP, member): agency_id for agency_id, members in admins.items() for member in members}
    since: dict[int, datetime] = {}
    for row, verified_at in session.execute(_package(agencies, [m for of in admins.values() for m in of], on)):
        moment = verified_at or (row.recorded_at if row.verified_how else None)
        agency_id = whose[About(row.about), row.subject_id]
        if moment is not None:
            since[agency_id] = max(moment, since.get(agency_id, moment))
    return since


def order_configuration(session: Session, *, agency: Agency, actor: Actor, now: datetime, policy: Policy) -> WorkOrder:
    """Opens the work order that sets the Agency and its projects up, with the names they shall get there.

    Refuses GATE_CLOSED with all that is missing of the package, CONFLICT where it has no project, ALREADY_DONE where it
    is ordered or set up.
    """
    permissions.check(session, actor, Action.AGENCY_CONFIGURE, agency)
    if agency.id == LEAD:
        raise Refused(Reason.CONFLICT, "The Lead's own organization is not set up by a work order.")
    session.scalar(select(Agency.id).where(Agency.id == agency.id).with_for_update())
    today = local_day(now, policy.zone)
    if open_configuration(session, agency.id) is not None:
        raise Refused(
            Reason.ALREADY_DONE, f"Setting {agency.name} up is on order already. Find it among the work orders."
        )
    if evidence.in_force(session, About.AGENCY, agency.id, Kind.CONFIGURED, on=today):
        raise Refused(Reason.ALREADY_DONE, f"{agency.name} is set up in the core HMIS already.")
    if lacking := missing(session, agency, on=today):
        raise Refused(Reason.GATE_CLOSED, f"{agency.name} cannot be set up yet. Still missing: {'; '.join(lacking)}.")
    names = proposed_names(session, agency)
    if not names:
        raise Refused(
            Reason.CONFLICT,
            f"{agency.name} has no project on record. Enter its projects first: each gets a provider id of its own.",
        )
    order = open_order(
        session,
        act="configure",
        agency_id=agency.id,
        fields=fields_of_agency(agency.name, names, policy),
        now=now,
        policy=policy,
    )
    evidence.record(
        session,
        actor=actor,
        now=now,
        kind=Kind.CONFIGURATION_ORDERED,
        about=About.AGENCY,
        subject_id=agency.id,
        valid_from=today,
        rests_on="work_order",
        rests_on_id=order.id,
    )
    return order


def confirm_configuration(
    session: Session,
    *,
    order: WorkOrder,
    actor: Actor,
    now: datetime,
    policy: Policy,
    provider_id: str,
    project_provider_ids: Mapping[int, str],
) -> None:
    """Records the provider ids that the core HMIS gave; from here on the Agency's people can be let in.

    `project_provider_ids` maps a project's id to its provider id, one for each project of the order. Refuses
    BAD_INPUT for an id that is missing, ill-formed or there twice, ALREADY_DONE for an order that is done.
    """
    permissions.check(session, actor, Action.ORDER_CONFIRM, order)
    permissions.check(session, actor, Action.AGENCY_CONFIGURE, order.agency)
    session.refresh(order, with_for_update=True)
    if order.act != "configure":
        raise Refused(Reason.CONFLICT, "This order is about an account. Confirm it by typing the User ID back.")
    if order.status != "open":
        raise Refused(Reason.ALREADY_DONE, "This order was confirmed before. There is nothing left to do.")
    agency = session.get_one(Agency, order.agency_id)
    projects = ordered_projects(session, order)
    ids = {project.id: project_provider_ids.get(project.id, "").strip() for project in projects}
    _refuse_ids(session, agency, provider_id.strip(), {project: ids[project.id] for project in projects})
    today = local_day(now, policy.zone)
    agency.provider_id = provider_id.strip()
    for project in projects:
        project.provider_id = ids[project.id]
    order.done_at, order.done_by = now, actor.person_id
    transition(session, order, "confirm", actor=actor, now=now)
    if agency.status == "joining":
        transition(session, agency, "configure", actor=actor, now=now)
    evidence.record(
        session, actor=actor, now=now, kind=Kind.CONFIGURED, about=About.AGENCY, subject_id=agency.id, valid_from=today,
        rests_on="work_order", rests_on_id=order.id,
    )  # fmt: skip
    audit.record(
        session,
        actor=actor,
        now=now,
        act="agency.provider_ids",
        thing=agency,
        said=f"Recorded the provider ids of {agency.name}.",
        after={"agency": agency.provider_id, "projects": {project.name: ids[project.id] for project in projects}},
    )


def proposed_names(session: Session, agency: Agency) -> dict[int, str]:
    """The name that each project of the Agency shall get in the core HMIS, by the project's id."""
    projects = session.scalars(select(Project).where(Project.agency_id == agency.id).order_by(Project.name))
    return {project.id: project_label(agency.name, project.name) for project in projects}


def ordered_projects(session: Session, order: WorkOrder) -> Sequence[Project]:
    """The projects that an order lists: one that was entered later has an order of its own to come."""
    wanted = [
        int(field["name"].removeprefix("project_")) for field in order.fields if field["name"].startswith("project_")
    ]
    return session.scalars(
        select(Project).where(Project.id.in_(wanted), Project.agency_id == order.agency_id).order_by(Project.name)
    ).all()


def open_configuration(session: Session, agency_id: int) -> WorkOrder | None:
    return session.scalars(
        select(WorkOrder).where(
            WorkOrder.agency_id == agency_id, WorkOrder.act == "configure", WorkOrder.status == "open"
        )
    ).one_or_none()


def _lacks(piece: Piece, subjects: Collection[int], held: Mapping[tuple[str, str, int], list[tuple[str, bool]]]) -> str:
    about = About.MEMBERSHIP if piece.of_admin else About.AGENCY
    unverified = False
    for subject in subjects:
        rows = held.get((about, piece.kind, subject), [])
        if not set(piece.details) <= {detail for detail, _ in rows}:
            continue
        if {detail for detail, verified in rows if verified} >= set(piece.details):
            return ""
        unverified = True
    return f"{piece.title} (there, and not yet verified)" if unverified else piece.title


def _package(agencies: Collection[int], admins: Collection[int], on: date) -> Select[Evidence, datetime | None]:
    """(evidence, when its document was verified) of the package."""
    of_agencies = and_(Evidence.about == About.AGENCY, Evidence.subject_id.in_(agencies))
    of_admins = and_(Evidence.about == About.MEMBERSHIP, Evidence.subject_id.in_(admins))
    return (
        select(Evidence, Document.verified_at)
        .outerjoin(Document, and_(Evidence.rests_on == "document", Evidence.rests_on_id == Document.id))
        .where(
            or_(of_agencies, of_admins),
            Evidence.kind.in_([piece.kind.value for piece in PACKAGE]),
            *Evidence.in_force(on),
        )
    )


def _held(
    session: Session, agencies: Collection[int], admins: Collection[int], on: date
) -> dict[tuple[str, str, int], list[tuple[str, bool]]]:
    """The package's evidence by subject: (detail, verified), verified where it says how, or its document was since."""
    held: dict[tuple[str, str, int], list[tuple[str, bool]]] = {}
    for row, verified_at in session.execute(_package(agencies, admins, on)):
        verified = bool(row.verified_how) or verified_at is not None
        held.setdefault((row.about, row.kind, row.subject_id), []).append((row.detail, verified))
    return held


def _admins(session: Session, agencies: Collection[int], on: date) -> dict[int, list[int]]:
    """The memberships of the Agency Administrators by Agency."""
    role = (Evidence.about == About.MEMBERSHIP, Evidence.subject_id == Membership.id, Evidence.kind == Kind.ROLE)
    holds = select(1).where(*role, Evidence.detail == Role.AGENCY_ADMIN, *Evidence.in_force(on)).correlate(Membership)
    held = select(Membership.agency_id, Membership.id).where(Membership.agency_id.in_(agencies), there(holds))
    found: dict[int, list[int]] = {}
    for agency_id, membership_id in session.execute(held.order_by(Membership.id)):
        found.setdefault(agency_id, []).append(membership_id)
    return found


def _refuse_ids(session: Session, agency: Agency, provider_id: str, projects: Mapping[Project, str]) -> None:
    given = [
        ("provider_id", agency.name, provider_id),
        *((f"project_{p.id}", p.name, given) for p, given in projects.items()),
    ]
    for field, name, value in given:
        if not value:
            raise bad_input(f"Enter the provider id that the core HMIS gave {name}.", field)
        if not PROVIDER_ID.fullmatch(value):
            raise bad_input(
                f"{value[:40]!r} is no provider id: up to 32 letters, digits, dots, hyphens and underscores.", field
            )
        if [v for _, _, v in given].count(value) > 1:
            raise bad_input(
                f"Provider id {value} stands here twice. Each provider of the core HMIS has its own.", field
            )
        if (other := _holder(session, agency.id, value)) is not None:
            raise bad_input(f"Provider id {value} belongs to {other} already. Check what the core HMIS shows.", field)


def _holder(session: Session, agency_id: int, provider_id: str) -> str | None:
    """Another Agency, or a project of another one, that has this provider id."""
    taken = select(Agency.name).where(Agency.provider_id == provider_id, Agency.id != agency_id)
    project = select(Project.name).where(Project.provider_id == provider_id, Project.agency_id != agency_id)
    return session.scalar(taken.union(project).limit(1))
