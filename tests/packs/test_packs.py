"""Packs in force: two people, one at a time, read anew by every transaction that decides; nothing slips in between."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from portal.actors import Actor, operator
from portal.models import AuditEntry, Decision, Job, PackActivation, SweepStop
from portal.refusals import Refused
from portal.services import daily, evidence, packs
from portal.services.desk import pack_preview
from portal.services.people import grants
from portal.worker import drain
from tests.services.world import World
from workflows.policy import MAINE, Policy, load, text_of
from workflows.vocabulary import About, Effect, Kind, Reason, Role

STRICT = load(text_of(MAINE).replace("pass_mark = 80 ", "pass_mark = 95 "), "stricter")
LAX = load(text_of(MAINE).replace("pass_mark = 80 ", "pass_mark = 60 "), "laxer")


@pytest.fixture
def world(each_engine: Engine) -> World:
    made = World(each_engine)
    made.second = made.staff(Role.LEAD_ADMIN)  # type: ignore[attr-defined]
    return made


def propose(world: World, pack: Policy, by: Actor | None = None) -> None:
    with world.change() as session:
        packs.propose(session, pack, actor=by or world.admin, now=world.now, note="Another pass mark.")


def activate(world: World, by: Actor | None = None) -> None:
    with world.change() as session:
        row = packs.waiting(session)
        assert row is not None
        packs.activate(session, row, actor=by or world.second, now=world.now)  # type: ignore[attr-defined]


def rules(world: World) -> str:
    with world.look() as session:
        return packs.in_force(session, world.policy).version


def refused(act: Callable[[], Any]) -> Reason:
    with pytest.raises(Refused) as no:
        act()
    return no.value.reason


def test_the_file_rules_until_a_pack_is_in_force_and_changes_nothing_afterwards(world: World) -> None:
    assert rules(world) == world.policy.version
    with world.change() as session:
        assert packs.adopt(session, world.policy, now=world.now)
        assert not packs.adopt(session, STRICT, now=world.now)
        assert packs.in_force(session, STRICT).version == world.policy.version
    with world.look() as session:
        assert session.scalars(select(AuditEntry.act).where(AuditEntry.act == "policy pack.adopt")).all() == [
            "policy pack.adopt"
        ]


def test_two_people_and_no_fewer(world: World) -> None:
    propose(world, STRICT)
    assert rules(world) == world.policy.version
    assert refused(lambda: activate(world, world.admin)) is Reason.SAME_PERSON
    assert refused(lambda: activate(world, world.desk)) is Reason.NOT_ALLOWED
    activate(world)
    assert rules(world) == STRICT.version
    with world.look() as session:
        (row,) = packs.history(session)
        assert row.proposed_by == world.admin.label != row.activated_by == world.second.label  # type: ignore[attr-defined]
        assert {"policy pack.propose", "policy pack.activate"} <= set(session.scalars(select(AuditEntry.act)))


def test_an_operator_counts_as_one_by_name(world: World) -> None:
    propose(world, STRICT, operator("ada"))
    assert refused(lambda: activate(world, operator("ada"))) is Reason.SAME_PERSON
    activate(world, operator("ben"))
    assert rules(world) == STRICT.version
    propose(world, LAX, operator("ada"))
    activate(world, world.admin)
    assert rules(world) == LAX.version


@pytest.mark.parametrize(
    "change",
    [
        "status = 'in_force', activated_at = proposed_at, activated_by = proposed_by",
        "status = 'in_force'",
        "activated_by = 'person:99', activated_at = proposed_at",
        "status = 'somewhere'",
    ],
)
def test_the_database_refuses_one_person_alone(world: World, change: str) -> None:
    propose(world, STRICT)
    with pytest.raises(IntegrityError), world.change() as session:
        session.execute(text(f"UPDATE pack_activation SET {change} WHERE status = 'proposed'"))


def test_one_is_in_force_and_one_waits_at_most(world: World) -> None:
    propose(world, STRICT)
    assert refused(lambda: propose(world, LAX)) is Reason.ALREADY_DONE
    activate(world)
    assert refused(lambda: propose(world, STRICT)) is Reason.ALREADY_DONE
    propose(world, LAX)
    with pytest.raises(IntegrityError), world.change() as session:
        session.execute(
            text(
                "UPDATE pack_activation SET status = 'in_force', activated_by = 'x', activated_at = proposed_at WHERE status = 'proposed'"
            )
        )
    activate(world)
    with world.look() as session:
        assert [row.status for row in packs.history(session)] == ["in_force", "superseded"]


def test_a_pack_without_words_for_scim_is_refused_where_the_core_hmis_is_told_by_it(world: World) -> None:
    pack = text_of(MAINE)
    start, end = pack.index("[core_hmis.scim]"), pack.index("\n[", pack.index("[core_hmis.scim.levels]"))
    silent = load(pack[:start] + pack[end:])
    assert silent.scim is None
    with pytest.raises(Refused, match="does not say how access is written there") as no, world.change() as session:
        packs.propose(session, silent, actor=world.admin, now=world.now, note="Why.", by_scim=True)
    assert no.value.field == "text"
    with world.change() as session:
        assert packs.propose(session, silent, actor=world.admin, now=world.now, note="Why.").status == "proposed"


def test_a_proposal_is_withdrawn_with_a_reason_and_never_comes_back(world: World) -> None:
    propose(world, STRICT)

    def withdraw(reason: str) -> None:
        with world.change() as session:
            row = session.scalars(select(PackActivation)).one()
            packs.withdraw(session, row, actor=world.admin, now=world.now, reason=reason)

    assert refused(lambda: withdraw(" ")) is Reason.BAD_INPUT
    withdraw("A wrong number.")
    assert refused(lambda: withdraw("Again.")) is Reason.ILLEGAL_MOVE
    assert rules(world) == world.policy.version
    with world.change() as session:
        row = session.scalars(select(PackActivation)).one()
        assert refused(lambda: packs.activate(session, row, actor=world.second, now=world.now)) is Reason.ILLEGAL_MOVE  # type: ignore[attr-defined]


def test_whoever_may_not_propose_is_refused(world: World) -> None:
    assert refused(lambda: propose(world, STRICT, world.desk)) is Reason.NOT_ALLOWED


def test_the_other_administrators_are_told(world: World) -> None:
    propose(world, STRICT)
    with world.look() as session:
        told = session.scalars(select(Job.payload).where(Job.effect == Effect.MAIL.value)).all()
    assert [one["person_id"] for one in told if one["mail"] == "pack_proposed"] == [world.second.person_id]  # type: ignore[attr-defined]


def test_decisions_and_jobs_carry_the_pack_in_force_whatever_their_caller_believes(world: World) -> None:
    member = world.ready(world.agency())
    propose(world, STRICT)
    activate(world)
    world.drain()
    world.record(Kind.TRAINING, About.PERSON, member.person_id, detail="hmis-basics", value=9600)
    with world.look() as session:
        waiting = session.scalars(
            select(Job.policy_version).where(Job.key == f"person:{member.person_id}", Job.state == "waiting")
        )
        assert STRICT.version in set(waiting)
    with world.change() as session:
        grants.reconsider(session, membership_id=member.id, now=world.now, policy=world.policy)
    assert world.status(member) == "none", "the security course was passed with 90 %, and 95 % are asked for"
    world.record(Kind.TRAINING, About.PERSON, member.person_id, detail="security", value=9500)
    world.drain()
    assert world.status(member) == "live"
    with world.look() as session:
        made = session.scalars(select(Decision.policy_version).where(Decision.membership_id == member.id))
        assert set(made) == {STRICT.version}


def test_a_worker_that_runs_already_follows_without_a_restart(world: World) -> None:
    member = world.ready(world.agency())
    world.let_in(member)
    propose(world, STRICT)
    activate(world)
    world.drain()
    assert world.status(member) == "suspended"
    propose(world, LAX)
    activate(world)
    world.drain()
    assert world.status(member) == "live"


def test_the_preview_that_was_seen_is_the_one_that_counts(world: World) -> None:
    agency = world.agency()
    world.let_in(world.ready(agency))
    with world.look() as session:
        seen = pack_preview.preview(session, candidate=STRICT, now=world.now, policy=world.policy)
    propose(world, STRICT)
    world.let_in(world.ready(agency))

    def act(digest: str) -> None:
        with world.change() as session:
            row = packs.waiting(session)
            assert row is not None
            pack_preview.activate(session, row, seen=digest, actor=world.second, now=world.now, policy=world.policy)  # type: ignore[attr-defined]

    assert refused(lambda: act(seen.digest())) is Reason.CONFLICT
    assert rules(world) == world.policy.version
    with world.look() as session:
        now = pack_preview.preview(session, candidate=STRICT, now=world.now, policy=world.policy)
    act(now.digest())
    assert rules(world) == STRICT.version


def test_activating_releases_the_brake_for_those_it_named_and_for_nobody_else(world: World) -> None:
    agency = world.agency(licences_=12)
    named = [world.ready(agency) for _ in range(5)]
    others = [world.ready(agency) for _ in range(5)]
    for member in others:
        world.record(Kind.TRAINING, About.PERSON, member.person_id, detail="hmis-basics", value=9900)
        world.record(Kind.TRAINING, About.PERSON, member.person_id, detail="security", value=9900)
    world.drain()
    for member in (*named, *others):
        world.confirm(member)
    with world.look() as session:
        found = pack_preview.preview(session, candidate=STRICT, now=world.now, policy=world.policy)
    assert {line.membership_id for line in found.of("close")} == {member.id for member in named}
    propose(world, STRICT)
    with world.change() as session:
        row = packs.waiting(session)
        assert row is not None
        pack_preview.activate(session, row, seen=found.digest(), actor=world.second, now=world.now, policy=world.policy)  # type: ignore[attr-defined]
    world.drain()
    assert {world.status(member) for member in named} == {"suspended"}
    assert {world.status(member) for member in others} == {"live"}
    world.now += timedelta(1)
    for member in others:  # while the release still stands, for another reason: the brake is pulled
        with world.change() as session:
            for held in evidence.in_force(session, About.MEMBERSHIP, member.id, Kind.PRIVACY_PLEDGE, on=world.today):
                evidence.end(
                    session,
                    held,
                    actor=world.desk,
                    now=world.now,
                    last_day=world.today - timedelta(1),
                    reason="It ended.",
                )
    with world.change() as session:
        daily.sweep(session, now=world.now, policy=world.policy)
    world.drain()
    assert {world.status(member) for member in others} == {"live"}
    assert world.count(SweepStop, SweepStop.status == "pulled") == 1


WITHOUT_DEVICE = load(
    "[[prerequisite]]\n".join(
        one for one in text_of(MAINE).split("[[prerequisite]]\n") if 'id       = "device"' not in one
    ),
    "without a device",
)


def test_the_last_licenses_go_to_whoever_has_waited_longest_and_the_preview_knows(world: World) -> None:
    agency = world.agency(licences_=2)
    waiting = []
    for _ in range(4):
        world.now += timedelta(minutes=1)
        member = world.ready(agency)
        world.withdraw(Kind.DEVICE_IN_USE, About.MEMBERSHIP, member.id)
        waiting.append(member)
    world.drain()
    with world.look() as session:
        found = pack_preview.preview(session, candidate=WITHOUT_DEVICE, now=world.now, policy=world.policy)
    assert {line.membership_id for line in found.of("open")} == {member.id for member in waiting[:2]}
    assert all(line.because == ("device",) and line.when == world.now for line in found.of("open"))
    propose(world, WITHOUT_DEVICE)
    activate(world)
    world.drain()
    assert [world.status(member) for member in waiting] == ["live", "live", "none", "none"]


def test_a_pack_that_asks_for_no_seat_still_lets_nobody_in_without_a_license(world: World) -> None:
    text = text_of(MAINE)
    without = load(
        "[[prerequisite]]\n".join(
            one for one in text.split("[[prerequisite]]\n") if 'id       = "licence-seat"' not in one
        ),
        "no seats",
    )
    agency = world.agency(licences_=1)
    members = []
    for _ in range(3):
        world.now += timedelta(minutes=1)
        members.append(world.ready(agency))
    world.now += timedelta(minutes=1)
    members.append(world.ready(world.agency(licences_=1)))
    propose(world, without)
    activate(world)
    world.drain()
    assert [world.status(member) for member in members] == ["live", "none", "none", "live"], "nobody stops those behind"
    again = (Job.state == "waiting", Job.effect == Effect.RECONSIDER.value)
    assert world.count(Job, *again) == 0, "nothing failed and waits to be tried again"
    with world.look() as session:
        found = pack_preview.preview(session, candidate=without, now=world.now, policy=world.policy)
    assert found.of("open") == []


@contextmanager
def counted(engine: Engine) -> Any:
    from sqlalchemy import event

    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_preview_takes_as_many_statements_for_many_as_for_few(world: World) -> None:
    agency = world.agency(licences_=20)

    def statements() -> int:
        with world.look() as session, counted(world.engine) as said:
            found = pack_preview.preview(session, candidate=STRICT, now=world.now, policy=world.policy)
            assert found.of("close")
        return len(said)

    for _ in range(2):
        world.ready(agency)
    world.drain()
    few = _confirm_all(world), statements()
    for _ in range(6):
        world.ready(agency)
    world.drain()
    many = _confirm_all(world), statements()
    assert few[1] == many[1] <= 16


def _confirm_all(world: World) -> None:
    from portal.models import Grant, Membership

    with world.look() as session:
        open_ = session.scalars(
            select(Membership).join(Grant, Grant.membership_id == Membership.id).where(Grant.confirmed_at.is_(None))
        ).all()
    for member in open_:
        world.confirm(member)


def test_a_pack_with_a_version_that_nobody_can_read_is_named(world: World) -> None:
    """A pack in force is read again by every later version of the portal; one that cannot be is a fault at the start."""
    from workflows.policy import PolicyError

    broken = replace(STRICT, version="f" * 64, text=STRICT.text.replace("pass_mark", "pas_mark"))
    propose(world, broken)
    activate(world)
    with world.look() as session, pytest.raises(PolicyError, match="pas"):
        packs.in_force(session, world.policy)


def test_the_mail_says_who_proposed_what_and_leads_to_the_page(world: World) -> None:
    propose(world, STRICT)
    drain(world.context)
    (mail,) = [one for one in world.context.mailer.sent if one.id.startswith("pack_proposed.")]  # type: ignore[attr-defined]
    assert "waits for a second person" in mail.subject and "Another pass mark." in mail.text
    assert world.admin.name in mail.text and "/desk/policy" in mail.text and "Another pass mark." in mail.html
