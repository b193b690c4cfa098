"""The Lead's own staff: a change asked for and called off on one day, and the second person's word that goes and returns."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import AccessRequest, Agency, EndedEvidence, Evidence, Membership
from portal.services import evidence
from portal.services.people import approvals, grants, licences, requests
from tests.services.asking import in_force
from tests.services.world import NEVER, World
from workflows.vocabulary import LEAD, About, Kind, Role

M = About.MEMBERSHIP


@pytest.fixture
def world(each_engine: Engine) -> World:
    made = World(each_engine)
    with made.change() as session:
        lead = session.get_one(Agency, LEAD)
        licences.grant_licences(session, lead, count=3, actor=made.admin, now=made.now, policy=made.policy)
    made.second = made.staff(Role.LEAD_ADMIN)  # type: ignore[attr-defined]
    return made


def asked(world: World, member: Membership, *, by, level: str = "case_manager_1", act: str = "add") -> int:
    work = requests.Work(purpose="Supports the Agencies.", access_level=level, start_on=world.today)
    with world.change() as session:
        return requests.submit(
            session, agency=session.get_one(Agency, LEAD), membership=session.get_one(Membership, member.id), work=work, act=act,
            actor=by, now=world.now, policy=world.policy,
        ).id  # fmt: skip


def approved(world: World, request_id: int, *, by) -> None:
    with world.change() as session:
        request = session.get_one(AccessRequest, request_id)
        approvals.approve(session, request=request, actor=by, now=world.now, policy=world.policy)


def cancelled(world: World, request_id: int, *, by) -> None:
    with world.change() as session:
        request = session.get_one(AccessRequest, request_id)
        requests.cancel(session, request=request, reason="Not needed.", actor=by, now=world.now, policy=world.policy)
    world.drain()


def let_in(world: World) -> Membership:
    with world.look() as session:
        lead = session.get_one(Agency, LEAD)
    member = world.ready(lead, request=False)
    approved(world, asked(world, member, by=world.admin), by=world.second)  # type: ignore[attr-defined]
    world.let_in(member)
    return member


def askers(world: World, member: Membership) -> list[int | None]:
    with world.look() as session:
        rows = evidence.in_force(session, M, member.id, Kind.REQUEST, on=world.today)
        return [row.recorded_by for row in rows]


def test_approved_let_in_and_changed_on_one_day_keeps_the_access_there_is(world: World) -> None:
    """The second person's word ended on its first day; it was never wrong, so nothing closes."""
    member = let_in(world)
    asked(world, member, by=world.admin, level="system_operator", act="modify")
    world.drain()
    assert in_force(world, member.id, Kind.LEAD_APPROVAL) == []
    assert world.status(member) == "live"
    assert world.grant_of(member).access_level == "case_manager_1"  # type: ignore[union-attr]


def test_an_approval_that_was_never_right_still_closes_on_that_day(world: World) -> None:
    member = let_in(world)
    world.withdraw(Kind.LEAD_APPROVAL, M, member.id)
    world.drain()
    assert world.status(member) == "suspended"


def test_what_ended_on_its_first_day_bears_the_mark_and_what_was_taken_back_does_not(world: World) -> None:
    member = world.member(world.agency(licences_=0))
    ended, wrong, later = (
        world.record(Kind.PROJECT, M, member.id, detail=str(n), valid_from=world.today) for n in (1, 2, 3)
    )
    with world.change() as session:
        for row, last in ((ended, world.today - timedelta(1)), (later, world.today)):
            evidence.end(
                session,
                session.get_one(Evidence, row.id),
                actor=world.desk,
                now=world.now,
                last_day=last,
                reason="Over.",
            )
        evidence.withdraw(session, session.get_one(Evidence, wrong.id), actor=world.desk, now=world.now, reason="No.")
    with world.look() as session:
        assert list(session.scalars(select(EndedEvidence.evidence_id))) == [ended.id]


@pytest.mark.parametrize("days", [0, 3])
def test_a_change_called_off_puts_the_second_persons_word_back(world: World, days: int) -> None:
    member = let_in(world)
    world.now += timedelta(days=days)
    request = asked(world, member, by=world.admin, level="system_operator", act="modify")
    assert in_force(world, member.id, Kind.LEAD_APPROVAL) == []
    cancelled(world, request, by=world.admin)
    assert in_force(world, member.id, Kind.LEAD_APPROVAL) == [("", 0)]
    assert in_force(world, member.id, Kind.ACCESS_LEVEL) == [("case_manager_1", 0)]
    with world.look() as session:
        row = evidence.in_force(session, M, member.id, Kind.LEAD_APPROVAL, on=world.today)[0]
        assert row.recorded_by == world.second.person_id  # type: ignore[attr-defined]
        assert grants.live_grant(session, member.id).status == "live"  # type: ignore[union-attr]
    with world.look() as session:
        whole = grants.decisions.ask(
            session, session.get_one(Membership, member.id), now=world.now, policy=world.policy
        )
    assert whole.permitted


def test_whoever_approved_and_then_asked_is_not_both_after_calling_it_off(world: World) -> None:
    """The request that counts again is the first one's, and the word for it the other's."""
    member = let_in(world)
    world.now += timedelta(days=1)
    second = world.second  # type: ignore[attr-defined]
    request = asked(world, member, by=second, act="modify")
    assert askers(world, member) == [second.person_id]
    cancelled(world, request, by=second)
    assert askers(world, member) == [world.admin.person_id]
    with world.look() as session:
        words = evidence.in_force(session, M, member.id, Kind.LEAD_APPROVAL, on=world.today)
    assert [row.recorded_by for row in words] == [second.person_id]


def test_an_approval_of_the_change_itself_does_not_outlive_it(world: World) -> None:
    member = let_in(world)
    world.now += timedelta(days=1)
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)
    third = world.staff(Role.LEAD_ADMIN)
    request = asked(world, member, by=world.admin, level="system_operator", act="modify")
    approved(world, request, by=third)
    cancelled(world, request, by=world.admin)
    with world.look() as session:
        held = session.scalars(
            select(Evidence).where(
                Evidence.about == M, Evidence.subject_id == member.id, Evidence.kind == Kind.LEAD_APPROVAL,
                Evidence.withdrawn_at == NEVER, Evidence.valid_from <= world.today, Evidence.valid_until >= world.today,
            )
        ).all()  # fmt: skip
    assert [row.recorded_by for row in held] == [world.second.person_id]  # type: ignore[attr-defined]
