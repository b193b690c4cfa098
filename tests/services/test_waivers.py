"""Waivers (G1): only what the pack lets be waived, asked for by one, given by another, bounded, ended; never by oneself."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from portal.actors import Actor, actor_of
from portal.models import Agency, Evidence, Job, Membership, Person, Waiver
from portal.refusals import Refused
from portal.services import decisions
from portal.services.people import waivers
from tests.services.asking import admin_of, director_of
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import About, Effect, Kind, Reason, Role

REVIEW = "security-review"


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def agency(world: World) -> Agency:
    """Everything is in order there but the yearly security review."""
    agency = world.agency()
    world.withdraw(Kind.SECURITY_REVIEW, About.AGENCY, agency.id)
    return agency


def asked(world: World, agency: Agency, membership: Membership | None = None, **more) -> Waiver:
    values = {
        "prerequisite": REVIEW,
        "until": world.today + timedelta(60),
        "reason": "The visit is booked for January.",
    }
    values |= {"actor": admin_of(world, agency)} | more
    with world.change() as session:
        return waivers.ask(
            session, agency=session.get_one(Agency, agency.id), membership=membership and session.get_one(Membership, membership.id), now=world.now,
            policy=world.policy, **values,
        )  # fmt: skip


def give(world: World, row: Waiver, actor: Actor | None = None, **more) -> None:
    values = {"until": row.until, "reason": "The visit is booked; nothing else is open."} | more
    with world.change() as session:
        waivers.give(
            session, session.get_one(Waiver, row.id), actor=actor or world.admin, now=world.now, policy=world.policy, **values
        )  # fmt: skip


def refusal(act, *args, **more) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def read(world: World, row: Waiver) -> Waiver:
    with world.look() as session:
        return session.get_one(Waiver, row.id)


def test_a_waiver_lets_in_whoever_lacked_nothing_else_and_is_named_with_the_decision(
    world: World, agency: Agency
) -> None:
    member, lacking = world.ready(agency), world.ready(agency)
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, lacking.id)
    world.drain()
    assert world.status(member) == "none"
    row = asked(world, agency)
    with world.look() as session:
        found = waivers.lets_in(session, session.get_one(Waiver, row.id), now=world.now, policy=world.policy)
        assert [each.id for each in found] == [member.id]
    world.drain()
    assert world.status(member) == "none"  # asking opens nothing
    give(world, row)
    world.drain()
    assert (world.status(member), world.status(lacking)) == ("live", "none")
    with world.look() as session:
        said = decisions.ask(session, session.get_one(Membership, member.id), now=world.now, policy=world.policy)
        assert said.finding(REVIEW).status == "waived"
        (sentence,) = waivers.behind(session, said)
    assert f"by {world.admin.name}. The visit is booked; nothing else is open." in sentence
    assert sentence.startswith("Security review within the last year: waived for everybody at ")
    kept = read(world, row)
    assert (kept.status, kept.decided_by, kept.until) == ("given", world.admin.person_id, row.until)
    assert mails(world) == {"waiver_asked": {world.admin.person_id}, "waiver_decided": {row.asked_by}}


def test_who_would_be_let_in_is_asked_of_those_alone_who_are_near(world: World, agency: Agency) -> None:
    """However many wait for something else besides, the answer costs the same."""
    row, near = asked(world, agency), world.ready(agency)
    counts = []
    for _ in range(2):
        with world.look() as session, statements(world.engine) as said:
            found = waivers.lets_in(session, session.get_one(Waiver, row.id), now=world.now, policy=world.policy)
            assert [each.id for each in found] == [near.id]
        counts.append(len(said))
        for _ in range(5):
            world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, world.ready(agency).id)
    assert counts[0] == counts[1]


def mails(world: World) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    with world.look() as session:
        for job in session.query(Job).filter(Job.effect == Effect.MAIL.value):
            if job.payload["mail"].startswith("waiver"):
                found.setdefault(job.payload["mail"], set()).add(job.payload["person_id"])
    return found


def test_one_membership_s_waiver_carries_nobody_else(world: World, agency: Agency) -> None:
    one, other = world.ready(agency), world.ready(agency)
    give(world, asked(world, agency, one))
    world.drain()
    assert (world.status(one), world.status(other)) == ("live", "none")


def test_it_ends_by_itself_on_its_last_day(world: World, agency: Agency) -> None:
    row = asked(world, agency)
    give(world, row, until=world.today + timedelta(10))
    with world.look() as session:
        held = session.get_one(Evidence, read(world, row).evidence_id)
        assert (held.valid_from, held.valid_until) == (world.today, world.today + timedelta(10))
        assert waivers.counted(session, on=world.today) == {"asked": 0, "in_force": 1, "ending": 1}
        assert waivers.counted(session, on=world.today + timedelta(11))["in_force"] == 0


def test_it_can_be_ended_before_and_is_asked_of_everybody_again(world: World, agency: Agency) -> None:
    row = asked(world, agency)
    give(world, row)
    member = world.ready(agency)
    with world.change() as session:
        waivers.end(
            session, session.get_one(Waiver, row.id), reason="The visit was called off.", actor=world.admin, now=world.now, policy=world.policy
        )  # fmt: skip
    world.drain()
    assert world.status(member) == "none"
    assert read(world, row).status == "ended"
    with pytest.raises(Refused), world.change() as session:
        waivers.end(
            session, session.get_one(Waiver, row.id), reason="Again.", actor=world.admin, now=world.now, policy=world.policy
        )  # fmt: skip


def test_only_what_the_pack_lets_be_waived(world: World, agency: Agency) -> None:
    for never in (*(p.id for p in world.policy.prerequisites if not p.waivable), "no-such-thing"):
        assert refusal(asked, world, agency, prerequisite=never) == (Reason.BAD_INPUT, "prerequisite")


def test_it_has_a_last_day_within_a_year_and_a_reason(world: World, agency: Agency) -> None:
    for until in (world.today - timedelta(1), world.today + waivers.LONGEST + timedelta(1)):
        assert refusal(asked, world, agency, until=until) == (Reason.BAD_INPUT, "until")
    assert refusal(asked, world, agency, reason=" \n ") == (Reason.BAD_INPUT, "reason")
    row = asked(world, agency)
    assert refusal(give, world, row, until=row.until + timedelta(1)) == (Reason.BAD_INPUT, "until")
    assert refusal(give, world, row, reason="  ") == (Reason.BAD_INPUT, "reason")
    assert refusal(asked, world, agency)[0] is Reason.ALREADY_DONE
    give(world, row)
    assert refusal(asked, world, agency) == (Reason.ALREADY_DONE, "until")
    asked(world, agency, until=row.until + timedelta(30))  # a longer one may be asked for


def test_nobody_gives_what_they_asked_for_or_what_is_for_them_or_theirs(world: World, agency: Agency) -> None:
    second = world.staff(Role.LEAD_ADMIN)
    own = asked(world, agency, actor=world.admin)
    assert refusal(give, world, own)[0] is Reason.NOT_ALLOWED
    for who in (world.desk, admin_of(world, agency), director_of(world, agency)):
        assert refusal(give, world, own, who)[0] is Reason.NOT_ALLOWED
    with world.look() as session:
        person = session.get_one(Person, second.person_id)
    for_her = world.member(agency, person)
    with world.look() as session:
        both = actor_of(session, person, world.today, via="password")
    assert refusal(give, world, own, both)[0] is Reason.SAME_PERSON  # she belongs to the Agency
    hers = asked(world, agency, for_her)
    assert refusal(give, world, hers, both)[0] is Reason.NOT_ALLOWED
    member = world.ready(agency)
    with world.change() as session:
        session.execute(text("UPDATE access_request SET requested_by = :who"), {"who": world.admin.person_id})
    assert refusal(give, world, asked(world, agency, member))[0] is Reason.SAME_PERSON


def test_whoever_may_not_ask_is_refused_and_another_agency_too(world: World, agency: Agency) -> None:
    elsewhere = world.agency()
    for who in (admin_of(world, elsewhere), world.actor(world.member(agency)), world.staff(Role.TRAINER)):
        assert refusal(asked, world, agency, actor=who)[0] is Reason.NOT_ALLOWED


def test_a_refusal_is_told_and_a_question_can_be_withdrawn(world: World, agency: Agency) -> None:
    row, other = asked(world, agency), asked(world, agency, world.member(agency))
    with world.change() as session:
        waivers.refuse(
            session, session.get_one(Waiver, row.id), reason="It was due in May.", actor=world.admin, now=world.now
        )
        waivers.withdraw(session, session.get_one(Waiver, other.id), actor=admin_of(world, agency), now=world.now)
    assert (read(world, row).status, read(world, other).status) == ("refused", "withdrawn")
    assert mails(world)["waiver_decided"] == {row.asked_by}
    assert refusal(give, world, row)[0] is Reason.ILLEGAL_MOVE
    with world.look() as session:
        assert session.query(Evidence).filter(Evidence.kind == Kind.WAIVER.value).count() == 0


@pytest.mark.parametrize(
    "change",
    [
        "decided_by = asked_by, decided_at = asked_at, status = 'refused'",
        "decided_by = person_id, decided_at = asked_at, status = 'refused'",
        "status = 'given'",
        "status = 'wished'",
    ],
)
def test_the_database_refuses_it_too(world: World, agency: Agency, change: str) -> None:
    row = asked(world, agency, world.member(agency))
    with pytest.raises(DBAPIError), world.change() as session:
        session.execute(text(f"UPDATE waiver SET {change} WHERE id = :id"), {"id": row.id})
