"""The Agency's task list: what the gate asks of it and who holds each thing, worked out when it is looked at and never stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from portal.models import Agency, Document, Evidence, Person
from portal.services.agencies.directors import holders
from portal.standing.facts import standing_of
from workflows import gate
from workflows.findings import Finding, Status
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Role

HOLDERS: Mapping[str, str] = {
    "executive_director": "the executive director", "agency_admin": "the Agency Administrator", "security_officer": "the security officer",
    "help_desk": "the HMIS help desk", "lead": "the HMIS Lead", "person": "the person",
}  # fmt: skip

PACKAGE: Mapping[str, str] = {
    "participation_agreement": "Participation agreement",
    "information_form": "Agency information form",
    "housing_inventory": "Housing inventory",
    "receipt_of_manuals": "Receipt of the manuals",
    "agency_admin_agreement": "Agency Administrator Agreement",
    "user_agreement": "User agreement of the first Agency Administrator",
}
"""What the Lead verifies one by one before it sets the Agency up ('Setting up a New HMIS Agency')."""

OF_ADMIN = ("agency_admin_agreement", "user_agreement")
GIVES = {
    "participation_agreement": Kind.PARTICIPATION_AGREEMENT, "information_form": Kind.INFORMATION_FORM, "housing_inventory": Kind.HOUSING_INVENTORY,
    "receipt_of_manuals": Kind.RECEIPT, "agency_admin_agreement": Kind.AGENCY_ADMIN_AGREEMENT, "user_agreement": Kind.USER_AGREEMENT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """One thing the gate asks of the Agency: how it stands, whose turn it is since when, and until when it holds."""

    id: str
    title: str
    status: str
    sentence: str
    holder: str
    do: str
    since: date | None
    until: date | None
    cite: str

    @property
    def done(self) -> bool:
        return self.status in (Status.MET, Status.WAIVED)

    @property
    def who(self) -> str:
        """Who holds it, in words; '' where nobody has to do anything."""
        return HOLDERS.get(self.holder, "")


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of the package and how far it is: its newest version, and who verified it how and when."""

    kind: str
    title: str
    document: Document | None
    state: str
    verified_how: str = ""
    verified_at: datetime | None = None
    verified_by: str = ""

    @property
    def verified(self) -> bool:
        return self.state == "verified"


@dataclass(frozen=True, slots=True)
class TaskList:
    tasks: tuple[Task, ...]
    papers: tuple[Paper, ...]

    @property
    def done(self) -> int:
        return sum(task.done for task in self.tasks)

    @property
    def total(self) -> int:
        return len(self.tasks)

    @property
    def package_complete(self) -> bool:
        return all(paper.verified for paper in self.papers)


def task_list(session: Session, agency: Agency, *, on: date, policy: Policy) -> TaskList:
    """What is left for this Agency on a day, and what is settled, in the order in which people act."""
    tasks = [_task(finding) for finding in findings(session, agency, on=on, policy=policy)]
    return TaskList(tuple(tasks), tuple(package(session, agency, on=on)))


def findings(session: Session, agency: Agency, *, on: date, policy: Policy) -> list[Finding]:
    """The gate's findings about the Agency itself: it is asked about nobody in particular, and what concerns a person is left out."""
    nobody = gate.Member(gate.NOBODY, agency.id, gate.NOBODY)
    said = standing_of(session, nobody, policy, on)
    return [finding for finding in said.findings if finding.prerequisite.at == "agency"]


def package(session: Session, agency: Agency, *, on: date) -> list[Paper]:
    """The package's documents and how far each is, in two statements for all of them."""
    admins = [each.id for each in holders(session, agency.id, Role.AGENCY_ADMIN, on=on)]
    query = select(Document, Person).outerjoin(Person, Person.id == Document.verified_by)
    query = query.where(
        Document.agency_id == agency.id, Document.kind.in_(PACKAGE), Document.status != "void"
    ).order_by(Document.id)
    newest: dict[str, tuple[Document, Person | None]] = {}
    for document, verifier in session.execute(query):
        better = (
            document.kind not in newest
            or document.verified_at is not None
            or newest[document.kind][0].verified_at is None
        )
        if (document.membership_id is None or document.membership_id in admins) and better:
            newest[document.kind] = document, verifier
    by_hand = _recorded(session, agency, admins, on=on)
    return [_paper(kind, title, newest.get(kind), by_hand.get(GIVES[kind])) for kind, title in PACKAGE.items()]


def _task(finding: Finding) -> Task:
    return Task(
        finding.id, finding.title, str(finding.status), finding.sentence, finding.waiting_on or "", finding.do or "", finding.since,
        finding.valid_until, finding.cite,
    )  # fmt: skip


def _recorded(session: Session, agency: Agency, admins: Sequence[int], *, on: date) -> dict[str, Evidence]:
    """Evidence of the package that was recorded with how it was verified, for documents that the portal does not hold."""
    live = (
        Evidence.kind.in_(GIVES.values()),
        *Evidence.in_force(on),
        Evidence.verified_how != "",
    )
    mine = select(Evidence.id).where(Evidence.about == About.AGENCY, Evidence.subject_id == agency.id, *live)
    theirs = select(Evidence.id).where(Evidence.about == About.MEMBERSHIP, Evidence.subject_id.in_(admins), *live)
    rows = session.scalars(select(Evidence).where(Evidence.id.in_(union_all(mine, theirs))).order_by(Evidence.id))
    return {row.kind: row for row in rows}


def _paper(kind: str, title: str, found: tuple[Document, Person | None] | None, by_hand: Evidence | None) -> Paper:
    document, verifier = found or (None, None)
    if document is not None and document.verified_at is not None and document.status == "executed":
        return Paper(
            kind,
            title,
            document,
            "verified",
            document.verified_how,
            document.verified_at,
            verifier.name if verifier else "",
        )
    if by_hand is not None:
        return Paper(kind, title, document, "verified", by_hand.verified_how, by_hand.recorded_at)
    return Paper(kind, title, document, document.status if document is not None else "not_started")
