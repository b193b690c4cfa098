"""The time machine: any day, as known at any moment; the verdict in a sentence; and decisions that prove themselves."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from portal.actors import Actor
from portal.models import AuditEntry, Decision, Evidence, Membership
from portal.refusals import Refused
from portal.services import packs
from portal.services.people import (
    access_then,
    agency_then,
    departures,
    inheriting,
    life,
    packs_then,
    paper_then,
    time_machine,
    verdict,
)
from portal.services.people.proof import Proof, prove
from portal.services.people.time_machine import Known, Question, Then
from tests.services.world import World
from tests.web.browsing import statements
from workflows import policy as policies
from workflows.business_time import end_of_day, local_day
from workflows.findings import Status, fingerprint_of
from workflows.vocabulary import About, Kind, Reason, Role

M, P = About.MEMBERSHIP, About.PERSON
DAY = timedelta(days=1)


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def member(world: World) -> Membership:
    made = world.ready(world.agency("Harbor Sample Shelter"), world.person("Jamie", "Sample"))
    world.let_in(made)
    return made


def ask(world: World, member: Membership, day: date, known: Known = Known.THEN, **more: Any) -> Then:
    at = more.pop("at", None)
    with world.look() as session:
        return time_machine.ask(
            session,
            membership=session.get_one(Membership, member.id),
            question=Question(day, known, at),
            actor=more.pop("actor", world.desk),
            now=world.now,
            policy=more.pop("policy", world.policy),
        )


def said(world: World, member: Membership, day: date, known: Known = Known.THEN, **more: Any) -> verdict.Verdict:
    then = ask(world, member, day, known, **more)
    with world.look() as session:
        names = paper_then.names_of(session.get_one(Membership, member.id), world.policy)
    return verdict.verdict(then, names)


def sanctioned(world: World, member: Membership) -> None:
    world.record(Kind.SANCTION, M, member.id, detail="suspension", valid_from=world.today)
    world.drain()


def test_the_sentence_says_yes_no_or_until_when(world: World, member: Membership) -> None:
    issued = world.today
    world.now += 4 * DAY + timedelta(hours=4, minutes=10)
    shut = world.today
    sanctioned(world, member)
    world.now += 3 * DAY
    opened = world.today
    world.withdraw(Kind.SANCTION, M, member.id)
    world.drain()
    world.now += 3 * DAY
    first = said(world, member, issued)
    assert first.answer == "part" and first.sentence.startswith("Yes, from 10:00 a.m. on. On November 23, 2026")
    full = said(world, member, issued + DAY)
    assert full.answer == "yes"
    assert full.sentence == (
        "Yes. On November 24, 2026 Jamie Sample was authorized to use the core HMIS at Harbor Sample Shelter, as "
        "jsample, level Case Manager I."
    )
    until = said(world, member, shut)
    assert until.answer == "part" and until.sentence.startswith("Yes, until 2:10 p.m. On November 27, 2026 Jamie")
    assert "suspended then, because: " in until.sentence and ".." not in until.sentence
    closed = said(world, member, shut + DAY)
    assert closed.answer == "no" and "(since November 27, 2026 at 2:10 p.m.), because: " in closed.sentence
    assert said(world, member, opened).sentence.startswith(
        "Yes, from 2:10 p.m. on. On November 30, 2026 access was restored"
    )
    before = said(world, member, issued - DAY)
    assert before.answer == "no" and "nobody had asked for it" in before.sentence
    today = said(world, member, world.today)
    assert today.answer == "yes" and "up to 2:10 p.m." in today.sentence


def test_asked_for_and_ended_are_told_apart(world: World) -> None:
    agency = world.agency()
    member = world.ready(agency, request=False)
    world.withdraw(Kind.PRIVACY_PLEDGE, M, member.id)
    world.request(member)
    world.drain()
    waiting = said(world, member, world.today)
    assert waiting.answer == "no" and "was asked for on November 23, 2026 and not issued" in waiting.sentence
    assert any("1 of the" in each and "was not met" in each for each in waiting.further)
    world.record(Kind.PRIVACY_PLEDGE, M, member.id)
    world.let_in(member)
    world.now += 2 * DAY

    with world.change() as session:
        departures.deactivate(
            session, membership=session.get_one(Membership, member.id), reason="Took another job.", actor=world.desk,
            now=world.now, policy=world.policy,
        )  # fmt: skip
    world.now += 2 * DAY
    over = said(world, member, world.today - DAY)
    assert over.answer == "no" and "it had ended on November 25, 2026" in over.sentence
    assert "Took another job" in over.sentence


def test_inherited_access_says_that_no_decision_permitted_it_until_one_does(world: World) -> None:
    member = world.ready(world.agency(), request=False)
    world.withdraw(Kind.PRIVACY_PLEDGE, M, member.id)
    with world.change() as session:
        inheriting.inherit(
            session, membership=session.get_one(Membership, member.id), user_id="oldsample",
            takes_over=world.today + 30 * DAY, actor=world.admin, now=world.now, policy=world.policy,
        )  # fmt: skip
    world.drain()
    world.now += 5 * DAY
    taken_over = said(world, member, world.today - DAY)
    assert taken_over.answer == "yes" and "oldsample" in taken_over.sentence
    assert "This access is inherited: it existed before the portal ruled it" in taken_over.sentence
    assert "The gate rules this access from December 23, 2026." in taken_over.further
    world.record(Kind.PRIVACY_PLEDGE, M, member.id)
    world.request(member)
    world.drain()
    world.now += 5 * DAY
    assert "inherited" not in said(world, member, world.today - DAY).sentence, "a decision permits it now"
    assert "This access is inherited" in said(world, member, world.today - 6 * DAY).sentence, "and did not then"


def test_a_day_to_come_is_a_forecast_by_what_is_known(world: World, member: Membership) -> None:
    soon, late = said(world, member, world.today + 30 * DAY), said(world, member, world.today + 400 * DAY)
    assert soon.answer == late.answer == "forecast"
    assert soon.sentence.startswith("Forecast: yes.") and late.sentence.startswith("Forecast: no.")
    assert "Security awareness training" in late.sentence


def test_what_was_known_is_not_what_is_known(world: World, member: Membership) -> None:
    """A score corrected later: as known then it held, as known today it did not, and the sentence says what happened."""
    held = world.today + DAY
    world.now += 5 * DAY
    with world.change() as session:
        row = session.scalars(
            select(Evidence).where(Evidence.kind == Kind.TRAINING, Evidence.detail == "security")
        ).one()
        valid_from = row.valid_from
    world.withdraw(Kind.TRAINING, P, member.person_id, "security")
    world.record(Kind.TRAINING, P, member.person_id, detail="security", value=7900, valid_from=valid_from)
    world.drain()
    then, today = ask(world, member, held), ask(world, member, held, Known.TODAY)
    assert then.said.finding("security-training").status is Status.MET
    assert today.said.finding("security-training").status is Status.UNMET
    sentences = {s for each in then.learned for s in each.sentences}
    assert any(
        s.startswith("On November 28, 2026 the score in Security awareness") and "from 90 % to 79 %" in s
        for s in sentences
    ), sentences
    assert any("It was recorded by mistake" in s for s in sentences), "the desk may read why"
    assert today.learned == [] or not any(each.title == "security-training" for each in today.learned)
    assert "What became known later" in " ".join(said(world, member, held).further)
    trainer = ask(world, member, held, actor=world.staff(Role.TRAINER))
    assert not any("by mistake" in s for each in trainer.learned for s in each.sentences), "a trainer may not"
    assert said(world, member, held).answer == "yes", "access was live, whatever was learned later"


def test_known_at_the_very_moment_of_a_withdrawal_it_is_known_no_more(world: World, member: Membership) -> None:
    world.now += 2 * DAY
    withdrawn = world.now
    world.withdraw(Kind.USER_AGREEMENT, M, member.id)
    world.now += DAY
    day = local_day(withdrawn, world.policy.zone)
    for at, status in (
        (withdrawn - timedelta(microseconds=1), Status.MET),
        (withdrawn, Status.UNMET),
        (withdrawn + timedelta(microseconds=1), Status.UNMET),
    ):
        then = ask(world, member, day, Known.MOMENT, at=at)
        assert then.said.finding("user-agreement").status is status, at
        assert then.known_at == at
    recorded = ask(world, member, day, Known.MOMENT, at=datetime(2026, 11, 23, 15, 0))
    assert recorded.said.finding("user-agreement").status is Status.MET, "known from the moment it was recorded"


def test_a_role_of_today_says_nothing_about_a_day_that_is_past(world: World, member: Membership) -> None:
    """Somebody becomes security officer: the background check that then applies does not apply to the days before."""
    before = world.today + DAY
    world.now += 10 * DAY
    world.record(Kind.ROLE, M, member.id, detail=Role.SECURITY_OFFICER, valid_from=world.today)
    world.drain()
    for known in (Known.THEN, Known.TODAY):
        then = ask(world, member, before, known)
        assert then.said.finding("background-check").status is Status.NOT_APPLICABLE, known
        assert then.said.permitted
    assert ask(world, member, world.today).said.finding("background-check").status is Status.UNMET


def test_a_stored_decision_proves_itself_and_a_changed_one_does_not(world: World, member: Membership) -> None:
    sanctioned(world, member)
    world.now += DAY
    with world.look() as session:
        rows = list(session.scalars(select(Decision).order_by(Decision.id)))
        membership = session.get_one(Membership, member.id)
        assert [prove(session, row, membership, policy=world.policy).sentence[:43] for row in rows] == [
            "The stored decision agrees with its own fac"
        ] * 2
        row = rows[0]
        session.expunge_all()
    whole = {name: getattr(row, name) for name in Decision.__table__.c.keys() if name != "on_day"} | {"on": row.on}  # noqa: SIM118

    def changed(**more: Any) -> Proof:
        with world.look() as session:
            there = session.get_one(Membership, member.id)
            return prove(session, Decision(**whole | more), there, policy=world.policy)

    findings = [dict(each, status="unmet") if each["id"] == "user-agreement" else each for each in row.findings]
    worked_over = changed(findings=findings)
    assert not worked_over.untouched and not worked_over.agrees and "user-agreement" in worked_over.sentence
    higher = [dict(each, value=9900) if each["kind"] == "training" else each for each in row.facts]
    scored = changed(facts=higher)
    assert not scored.untouched and not scored.on_record and scored.agrees
    fewer = [each for each in row.facts if each["kind"] != "privacy_pledge"]
    assert not changed(facts=fewer).agrees
    assert not changed(on=row.on - 20 * DAY).agrees
    # With a fingerprint made to fit, the facts themselves still speak.
    canonical = {
        "policy": row.policy_version, "membership": row.membership_id, "on": row.on.isoformat(),
        "findings": row.findings, "facts": higher,
    }  # fmt: skip
    forged = changed(facts=higher, fingerprint=fingerprint_of(canonical))
    assert forged.untouched and not forged.on_record and not forged.sound


def test_a_fact_that_was_on_record_and_left_out_is_found(world: World, member: Membership) -> None:
    world.now += DAY
    world.record(Kind.SANCTION, M, member.id, detail="reprimand", valid_from=world.today)
    world.now += DAY
    sanctioned(world, member)
    with world.look() as session:
        row = session.scalars(select(Decision).order_by(Decision.id.desc())).first()
        assert row is not None
        there = session.get_one(Membership, member.id)
        assert prove(session, row, there, policy=world.policy).sound
        session.expunge(row)
        row.facts = [each for each in row.facts if each["detail"] != "reprimand"]
        found = prove(session, row, there, policy=world.policy)
    assert not found.on_record and "not among its facts" in found.sentence


def packed(world: World, old: str, new: str) -> policies.Policy:
    assert world.policy.text.count(old) == 1, old
    return policies.load(world.policy.text.replace(old, new))


def test_the_pack_is_the_one_that_was_in_force(world: World, member: Membership) -> None:
    began = world.now
    stricter = packed(world, "pass_mark = 80", "pass_mark = 85")
    with world.look() as session:
        before = packs_then.pack_at(session, at=began - DAY, policy=stricter, membership_id=member.id)
        decided = packs_then.pack_at(session, at=began, policy=stricter, membership_id=member.id)
        used = packs_then.pack_at(session, at=began, policy=stricter)
    assert (before.policy.version, before.how) == (stricter.version, packs_then.TODAYS)
    assert (decided.policy.version, decided.how) == (world.policy.version, packs_then.DECIDED)
    assert (used.policy.version, used.how) == (world.policy.version, packs_then.USED)
    world.now += 2 * DAY
    with world.change() as session:
        packs.adopt(session, world.policy, now=world.now)
    world.now += 5 * DAY
    with world.change() as session:
        row = packs.propose(session, stricter, actor=world.admin, now=world.now, note="A higher mark.")
    with world.change() as session:
        second = replace(world.admin, person_id=world.desk.person_id, name="Second Sample")
        packs.activate(session, session.merge(row), actor=second, now=world.now)
    for moment, version in (
        (world.now - timedelta(seconds=1), world.policy.version),
        (world.now, stricter.version),
    ):
        with world.look() as session:
            then = packs_then.pack_at(session, at=moment, policy=stricter, membership_id=member.id)
        assert (then.policy.version, then.how) == (version, packs_then.ACTIVATED), moment
    world.now += 3 * DAY
    past = ask(world, member, local_day(began, world.policy.zone) + 3 * DAY, policy=stricter)
    assert past.pack.policy.version == world.policy.version and past.said.permitted
    assert past.said_today is not None and not past.said_today.permitted, "hmis-basics at 80 % is under today's mark"
    assert ask(world, member, world.today, policy=stricter).said_today is None


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (Question(date(1805, 1, 1)), "day"),
        (Question(date(9999, 12, 31)), "day"),
        (Question(date(2026, 11, 23), Known.MOMENT), "at"),
        (Question(date(2026, 11, 23), Known.MOMENT, datetime(2030, 1, 1)), "at"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(world: World, member: Membership, question: Question, field: str) -> None:
    with world.look() as session, pytest.raises(Refused) as refused:
        time_machine.ask(
            session, membership=session.get_one(Membership, member.id), question=question, actor=world.desk,
            now=world.now, policy=world.policy,
        )  # fmt: skip
    assert refused.value.reason is Reason.BAD_INPUT and refused.value.field == field


def test_only_who_may_see_the_standing_may_ask_and_only_some_may_take_the_paper(
    world: World, member: Membership
) -> None:
    stranger = world.actor(world.member(world.agency(), None, Role.AGENCY_ADMIN))
    with pytest.raises(Refused) as refused:
        ask(world, member, world.today, actor=stranger)
    assert refused.value.reason is Reason.NOT_ALLOWED
    own = world.actor(member)
    then = ask(world, member, world.today, actor=own)

    def take(actor: Actor) -> None:
        with world.change() as session:
            there = session.get_one(Membership, member.id)
            paper_then.take(session, then, there, actor=actor, now=world.now, policy=world.policy)

    take(own)
    for other in (stranger, world.staff(Role.TRAINER)):
        with pytest.raises(Refused):
            take(other)
    assert world.count(AuditEntry, AuditEntry.act == "standing.certify", AuditEntry.refused == "") == 1


def test_the_whole_answer_costs_the_same_whatever_is_on_record(world: World, member: Membership) -> None:
    costs = []
    for _ in range(2):
        with statements(world.engine) as ran:
            ask(world, member, world.today)
        costs.append(len(ran))
        for _ in range(3):
            world.now += DAY
            sanctioned(world, member)
            world.withdraw(Kind.SANCTION, M, member.id)
            world.drain()
    assert costs[0] == costs[1] <= 18, costs


def test_an_agency_on_a_day_agrees_with_each_person_alone_at_a_constant_cost(world: World, member: Membership) -> None:
    with world.look() as session:
        agency = session.get_one(Membership, member.id).agency
    costs = []
    for _ in range(2):
        world.now += DAY
        others = [world.ready(agency, request=False) for _ in range(3)]
        sanctioned(world, member)
        world.now += DAY
        world.withdraw(Kind.PRIVACY_PLEDGE, M, others[0].id)
        pledged = []
        for known in (Known.THEN, Known.TODAY):
            with world.look() as session, statements(world.engine) as ran:
                there = session.get_one(type(agency), agency.id)
                whole = agency_then.ask(
                    session, agency=there, question=Question(world.today - DAY, known), actor=world.desk,
                    now=world.now, policy=world.policy,
                )  # fmt: skip
            costs.append(len(ran))
            alone = {row.membership_id: ask(world, member_(world, row), world.today - DAY, known) for row in whole.rows}
            assert {member.id, *(each.id for each in others)} <= alone.keys()
            for row in whole.rows:
                one = alone[row.membership_id]
                assert row.spell == one.state and row.standing is not None
                assert row.standing.permitted == one.said.permitted
                assert row.standing.statuses == {f.id: str(f.status) for f in one.said.findings}
                assert row.user_id == (one.details.user_id if one.details else "")
            (first,) = [row.standing for row in whole.rows if row.membership_id == others[0].id]
            pledged.append(first is not None and first.statuses["privacy-notice-acknowledged"])
        assert pledged == [Status.MET, Status.UNMET], "taken back since"
        world.withdraw(Kind.SANCTION, M, member.id)
        world.drain()
    assert len(set(costs)) == 1 and costs[0] <= 16, costs


def member_(world: World, row: agency_then.Row) -> Membership:
    with world.look() as session:
        return session.get_one(Membership, row.membership_id)


def test_who_came_later_was_not_there(world: World, member: Membership) -> None:
    with world.look() as session:
        agency = session.get_one(Membership, member.id).agency
    day = world.today
    world.now += 3 * DAY
    late = world.ready(agency, request=False)
    with world.look() as session:
        there = session.get_one(type(agency), agency.id)
        rows = agency_then.ask(
            session, agency=there, question=Question(day), actor=world.desk, now=world.now, policy=world.policy
        ).rows
    assert late.id not in [row.membership_id for row in rows] and member.id in [row.membership_id for row in rows]


def test_the_strip_says_of_every_day_what_the_gate_says_of_it(world: World, member: Membership) -> None:
    first = world.today
    world.now += 4 * DAY
    sanctioned(world, member)
    world.now += 3 * DAY
    world.record(
        Kind.SANCTION, P, member.person_id, detail="suspension", valid_from=world.today, valid_until=world.today + DAY
    )
    world.drain()
    world.now += 4 * DAY
    with world.look() as session:
        there = session.get_one(Membership, member.id)
        history = access_then.history(session, member.id)
        with statements(world.engine) as ran:
            strip = life.life(
                session, there, history, until=world.today, known_at=world.now, now=world.now, policy=world.policy
            )
        assert len(ran) <= 2
    assert (strip.first, strip.last) == (first, world.today)
    for number in range((strip.last - strip.first).days + 1):
        day = strip.first + timedelta(number)
        then = ask(world, member, day, Known.TODAY)
        for row in strip.prerequisites:
            (status,) = [s.status for s in row.stretches if s.first <= day <= s.last]
            assert status == then.said.finding(row.id).status, (day, row.id)
        (status,) = [s.status for s in strip.access.stretches if s.first <= day <= s.last]
        assert status == history.at(min(end_of_day(day, world.policy.zone), world.now)).status
    assert sum(width for _, width in map(strip.place, strip.access.stretches)) == pytest.approx(1000, abs=0.1)


def test_a_long_life_is_cut_and_stays_cheap(world: World, member: Membership) -> None:
    for number in range(life.MOST_DAYS + 20):
        world.record(
            Kind.SANCTION, M, member.id, detail="reprimand", valid_from=date(2027, 1, 1) + timedelta(number),
            valid_until=date(2027, 1, 1) + timedelta(number),
        )  # fmt: skip
    with world.look() as session:
        there = session.get_one(Membership, member.id)
        history = access_then.history(session, member.id)
        strip = life.life(
            session, there, history, until=date(2027, 12, 31), known_at=world.now, now=world.now, policy=world.policy
        )
    assert strip.cut and strip.first > date(2027, 1, 1)
    assert all(len(row.stretches) <= life.MOST_DAYS for row in strip.prerequisites)


def test_what_is_asked_changes_nothing(world: World, member: Membership) -> None:
    def rows() -> list[Any]:
        with world.look() as session:
            return [
                session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("evidence", "decision", "access_grant", "audit_entry", "job")
            ]

    before = rows()
    ask(world, member, world.today)
    assert rows() == before
