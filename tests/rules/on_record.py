"""Builds what is on record about one membership: everything in order, then one thing changed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from workflows.gate import EVERYTHING, LEAD, Decision, Evidence, Member, decide
from workflows.policy import Policy, load
from workflows.vocabulary import PROTOCOLS, RECEIPTS

TODAY = date(2026, 11, 23)
JOINED = date(2026, 3, 2)
MEMBER = Member(id=10, agency_id=5, person_id=7)
COLLEAGUE = 11
DEVICE = 3

AGENCY, PERSON, MEMBERSHIP = ("agency", MEMBER.agency_id), ("person", MEMBER.person_id), ("membership", MEMBER.id)
THE_LEAD, A_DEVICE, OTHER = ("lead", LEAD), ("device", DEVICE), ("membership", COLLEAGUE)


@dataclass
class OnRecord:
    """Evidence by the handful; every change gives the record back, so that changes read as a sentence."""

    member: Member = MEMBER
    rows: list[Evidence] = field(default_factory=list)

    def add(
        self, subject: tuple[str, int], kind: str, detail: str = "", *, since: date = JOINED, **more: Any
    ) -> "OnRecord":
        more.setdefault("recorded_at", datetime.combine(since, datetime.min.time()) + timedelta(hours=15))
        about, subject_id = subject
        self.rows.append(
            Evidence(
                id=len(self.rows) + 1,
                about=about,
                subject_id=subject_id,
                kind=kind,
                detail=detail,
                valid_from=since,
                **more,
            )
        )
        return self

    def without(self, kind: str, detail: str | None = None, subject: tuple[str, int] | None = None) -> "OnRecord":
        return self.change(lambda e: None, kind, detail, subject)

    def ending(self, last: date, kind: str, detail: str | None = None) -> "OnRecord":
        return self.change(lambda e: replace(e, valid_until=last), kind, detail)

    def change(
        self,
        how: Callable[[Evidence], Evidence | None],
        kind: str,
        detail: str | None = None,
        subject: tuple[str, int] | None = None,
    ) -> "OnRecord":
        def meant(e: Evidence) -> bool:
            where = subject is None or (e.about, e.subject_id) == subject
            return e.kind == kind and (detail is None or e.detail == detail) and where

        assert any(meant(e) for e in self.rows), f"nothing of the kind {kind} {detail} is on record: the test is wrong"
        changed = [how(e) if meant(e) else e for e in self.rows]
        self.rows = [e for e in changed if e is not None]
        return self

    def decision(self, on: date = TODAY, known_at: datetime = EVERYTHING, policy: Policy | None = None) -> Decision:
        return decide(policy or load(), self.member, self.rows, on, known_at)

    def unmet(self, on: date = TODAY, known_at: datetime = EVERYTHING) -> set[str]:
        return {f.id for f in self.decision(on, known_at).unmet}


def in_order() -> OnRecord:
    """An end user, every prerequisite met since JOINED; a colleague is Agency Administrator and security officer."""
    record = OnRecord()
    for document in ("participation_agreement", "user_agreement", "agency_admin_agreement"):
        record.add(THE_LEAD, "published", document, version="2026-1", since=date(2026, 1, 5))
    record.add(THE_LEAD, "published", "housing_inventory", version="2026", since=date(2026, 1, 5))
    record.add(AGENCY, "participation_agreement", version="2026-1")
    record.add(AGENCY, "housing_inventory", version="2026")
    for kind in ("information_form", "configured"):
        record.add(AGENCY, kind)
    record.add(AGENCY, "security_review", "joined")
    for kind, details in (("receipt", RECEIPTS), ("protocol", PROTOCOLS), ("posted", ("privacy_notice", "sign"))):
        for detail in details:
            record.add(AGENCY, kind, detail)
    for role in ("agency_admin", "security_officer"):
        record.add(OTHER, "role", role)
    record.add(OTHER, "agency_admin_agreement", version="2026-1").add(OTHER, "security_officer_acceptance")
    record.add(MEMBERSHIP, "role", "end_user").add(MEMBERSHIP, "request").add(MEMBERSHIP, "privacy_pledge")
    record.add(MEMBERSHIP, "user_agreement", version="2026-1")
    record.add(MEMBERSHIP, "access_level", "case_manager_1").add(MEMBERSHIP, "seat", "core")
    for course in ("hmis-basics", "security"):
        record.add(MEMBERSHIP, "course_assigned", course).add(PERSON, "training", course, value=9000)
    record.add(MEMBERSHIP, "device_in_use", value=DEVICE)
    return record.add(A_DEVICE, "device_authorised")


def administrator_in_order() -> OnRecord:
    """The same with the administrator's access level, its training, own agreement and background check."""
    record = in_order().without("access_level").add(MEMBERSHIP, "access_level", "agency_admin")
    record.add(PERSON, "training", "agency-admin", value=8500).add(PERSON, "background_check", "cleared")
    return record.add(MEMBERSHIP, "agency_admin_agreement", version="2026-1")


def lead_staff_in_order() -> OnRecord:
    """Somebody of the Lead: no Agency, but the approval of a second person."""
    record = in_order()
    record.member = Member(MEMBER.id, LEAD, MEMBER.person_id)
    record.rows = [e for e in record.rows if (e.about, e.subject_id) not in (AGENCY, OTHER)]
    return record.without("role").add(MEMBERSHIP, "role", "help_desk").add(MEMBERSHIP, "lead_approval")
