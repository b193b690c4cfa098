"""The organization chart: who holds which office of the Lead, the Continuum and each Agency ('Lead Agency key responsibilities')."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Membership, Person
from portal.services import holders
from portal.services.paging import PAGE, Order, Page, like
from workflows.actions import Action
from workflows.vocabulary import LEAD, Role


@dataclass(frozen=True, slots=True)
class Office:
    """One office: its name, and what whoever holds it answers for."""

    role: Role
    title: str
    does: str


OF_THE_CONTINUUM = (
    Office(Role.BOARD_MEMBER, "Board of the Continuum of Care", "Designates the Lead and the software, approves plans and policies, monitors the Lead."),
    Office(Role.COMMITTEE_MEMBER, "HMIS data committee", "Reviews data and recommends policies about it to the Board."),
    Office(Role.AUDITOR, "Security compliance auditor", "Receives reprimands, signs off the Lead's own security review, reads the record."),
)  # fmt: skip
OF_THE_LEAD = (
    Office(Role.LEAD_ADMIN, "Lead administrators", "Run the HMIS: agreements, licenses, policy packs, decisions that take a second person."),
    Office(Role.LEAD_SECURITY, "Security officer of the Lead", "Answers for the security standards, reviews, incidents and sanctions."),
    Office(Role.HELP_DESK, "Help desk", "Verifies documents, enrolls people, carries out work orders, answers questions."),
    Office(Role.TRAINER, "Trainers", "Hold the courses and enter their results."),
)  # fmt: skip
OF_AN_AGENCY = (
    Office(Role.EXECUTIVE_DIRECTOR, "Executive director", "Signs for the Agency and answers for its people."),
    Office(Role.AGENCY_ADMIN, "Agency Administrator", "Asks for access, keeps users, projects and data quality up to date."),
    Office(Role.SECURITY_OFFICER, "Security officer", "Answers for the security standards at the Agency."),
)  # fmt: skip

Held = Mapping[tuple[int, str], Sequence[str]]
BY_NAME = Order(((Agency.name_key, str), (Agency.id, int)))


@dataclass(frozen=True, slots=True)
class Chart:
    """The Agencies of one page, and the names of everybody by (agency, role); the Lead's and the Continuum's with them."""

    page: Page
    held: Held


def chart(session: Session, actor: Actor, *, on: date, search: str = "", after: str = "", limit: int = PAGE) -> Chart:
    """The chart as far as the actor may see it: the Lead and the Continuum for all who may, Agencies as their pages. Two statements."""
    permissions.check(session, actor, Action.OFFICES_SEE)
    query = select(Agency).where(
        Agency.id != LEAD, Agency.status != "ended", permissions.visible(actor, Action.AGENCY_SEE, Agency)
    )
    if search:
        query = query.where(Agency.name_key.like(like(search), escape="/"))
    page = BY_NAME.page(session, query, after, lambda row: (row[0].name_key, row[0].id), limit=limit)
    return Chart(page, _held(session, on, [LEAD, *(agency.id for (agency,) in page.rows)]))


def _held(session: Session, on: date, agencies: Sequence[int]) -> Held:
    roles = [office.role for office in (*OF_THE_CONTINUUM, *OF_THE_LEAD, *OF_AN_AGENCY)]
    query = (
        holders.held(on, *roles)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.agency_id.in_(agencies))
        .add_columns(Person.first_name, Person.last_name)
        .order_by(Person.last_key, Person.first_key, Person.id)
    )
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for agency_id, _, _, role, first, last in session.execute(query):
        found[agency_id, role].append(f"{first} {last}")
    return found
