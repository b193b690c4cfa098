"""Plants faults with raw SQL, and says what the auditor makes of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Date, DateTime, bindparam, text

from tests.auditor.community import Community

AGAINST = {
    "not-excluded-provider": ("agency", "excluded_provider", "victim_service"),
    "agency-not-suspended": ("agency", "sanction", "suspension"),
    "not-departed": ("membership", "departure", ""),
    "no-open-sanction": ("person", "sanction", "revocation"),
    "licence-not-revoked": ("membership", "sanction", "revocation"),
    "no-open-retraining": ("person", "retraining", "security"),
}
"""For what must be absent: what is put on record as if it had always been there."""


def run(connection: Connection, sql: str, **values: Any) -> None:
    kinds = {datetime: DateTime()}
    named = [bindparam(name, type_=kinds[type(v)]) for name, v in values.items() if type(v) in kinds]
    dates = [bindparam(name, type_=Date()) for name, v in values.items() if type(v).__name__ == "date"]
    done = connection.execute(text(sql).bindparams(*named, *dates), values)
    assert done.rowcount != 0, "this fault changed nothing"


def decision_of(connection: Connection, member: Any) -> int:
    found = connection.scalar(text("SELECT decision_id FROM access_grant WHERE membership_id = :m"), {"m": member.id})
    assert found is not None
    return found


def grant_of(connection: Connection, member: Any) -> int:
    found = connection.scalar(text("SELECT id FROM access_grant WHERE membership_id = :m"), {"m": member.id})
    assert found is not None
    return found


def named(community: Community, connection: Connection, member: Any) -> set[str]:
    """The prerequisites that the auditor finds unmet at the decision about this membership."""
    decision = decision_of(connection, member)
    return {
        problem.said.rpartition(": ")[2].removesuffix(".")
        for problem in community.audit(connection).problems
        if (problem.check, problem.thing_id) == ("decision", decision)
    }


def subject_of(connection: Connection, member: Any, about: str) -> int:
    if about == "device":
        query = "SELECT value FROM evidence WHERE about = 'membership' AND kind = 'device_in_use' AND subject_id = :m ORDER BY id DESC"
        return connection.scalars(text(query), {"m": member.id}).first() or 0
    return {"agency": member.agency_id, "person": member.person_id, "membership": member.id}[about]


def put(connection: Connection, about: str, subject: int, kind: str, detail: str, *, at: datetime) -> None:
    run(
        connection,
        "INSERT INTO evidence (about, subject_id, kind, detail, value, version, valid_from, valid_until, recorded_at, "
        "withdrawn_at, rests_on, rests_on_id, note, verified_how, withdrawn_reason) VALUES (:about, :subject, :kind, :detail, 0, '', "
        ":day, :last, :at, :never, '', 0, '', '', '')",
        about=about, subject=subject, kind=kind, detail=detail, at=at, day=at.date(), last=datetime.max.date(), never=datetime.max,
    )  # fmt: skip


def checks(community: Community, connection: Connection, **asked: Any) -> set[tuple[str, str]]:
    return {(problem.check, problem.thing) for problem in community.audit(connection, **asked).problems}
