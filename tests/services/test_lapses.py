"""What runs out is found to the day, told ahead once, in one message a day, and taken off the list when it is mended."""

import random
import threading
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.actors import actor_of
from portal.db import transaction
from portal.models import Agency, Job, Lapse, Membership, Person
from portal.services import daily, decisions, evidence, lapses, look_ahead
from portal.services.home import home
from tests.services.lapsing import day, drain_all, end, mails, morning_of, untrained
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import LEAD, About, Effect, Kind, Role

A, P, M = About.AGENCY, About.PERSON, About.MEMBERSHIP
MONDAY = date(2026, 11, 23)


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def let_in(world: World, *, trained: date | None = None, agency: Agency | None = None) -> Membership:
    """Somebody with access whose security training is of a day: it holds a year."""
    member = world.ready(agency or world.agency())
    if trained:
        world.withdraw(Kind.TRAINING, P, member.person_id, "security")
        world.record(Kind.TRAINING, P, member.person_id, detail="security", value=9000, valid_from=trained)
    world.let_in(member)
    return member


def listed(world: World) -> dict[tuple[str, int, str], tuple[date, int | None]]:
    with world.look() as session:
        rows = session.scalars(select(Lapse).where(Lapse.settled_at.is_(None)))
        return {(row.about, row.subject_id, row.prerequisite): (row.due, row.told) for row in rows}


def at_home(world: World, person_id: int) -> list[home.Task]:
    with world.look() as session:
        actor = actor_of(session, session.get_one(Person, person_id), world.today, via="password")
        return home.waiting(session, actor=actor, now=world.now, policy=world.policy).soon


def admin_id(world: World, agency_id: int) -> int:
    with world.look() as session:
        return (
            session.scalars(
                select(Membership.person_id).where(Membership.agency_id == agency_id).order_by(Membership.id)
            ).first()
            or 0
        )


def test_a_year_old_training_is_warned_about_30_7_and_1_days_ahead_and_not_between(world: World) -> None:
    member = let_in(world, trained=date(2026, 1, 29))  # holds to January 29, 2027: a Friday
    both = sorted([member.person_id, admin_id(world, member.agency_id)])
    told = {}
    for ahead in (45, 31, 30, 29, 18, 8, 5, 4, 3, 1, 0, -2):
        on = date(2027, 1, 30) - timedelta(ahead)
        before = len(mails(world, "runs_out"))
        day(world, morning_of(on))
        if new := mails(world, "runs_out")[before:]:
            told[on] = sorted(new)
    assert told == {
        date(2026, 12, 31): both,
        date(2027, 1, 25): both,  # the 23rd is a Saturday
        date(2027, 1, 29): both,
    }
    assert world.status(member) == "suspended" and not listed(world)


def test_the_day_is_the_gates_own_for_everybody(world: World) -> None:
    """The list against the gate, asked about each membership alone: trainings, agreements and grace by chance."""
    chance = random.Random(20261123)
    agencies = [world.agency() for _ in range(3)]
    members = [let_in(world, agency=chance.choice(agencies), trained=world.today - timedelta(chance.randrange(290, 364)))
               for _ in range(9)]  # fmt: skip
    for member in chance.sample(members, 4):
        end(world, member, Kind.USER_AGREEMENT, last_day=world.today + timedelta(chance.randrange(1, 90)))
    for kind, ago in ((Kind.PARTICIPATION_AGREEMENT, 60), (Kind.USER_AGREEMENT, 20)):
        world.record(
            Kind.PUBLISHED, About.LEAD, LEAD, detail=kind, version="2", valid_from=world.today - timedelta(ago)
        )
    world.drain()
    expected = {}
    with world.look() as session:
        found = {each.key: each.due for each in look_ahead.find(session, now=world.now, policy=world.policy)}
        for member in members:
            said = decisions.ask(session, session.get_one(Membership, member.id), now=world.now, policy=world.policy)
            for finding in said.findings:
                p = finding.prerequisite
                if finding.valid_until is None or p.needs == "absent":
                    continue
                reach = (p.warn.after(world.today) - world.today).days if (p.warn.days or p.warn.months) else 30
                lapse = finding.valid_until + timedelta(1)
                if (lapse - world.today).days <= reach:
                    of_agency = p.about in ("agency", "agency_admin", "security_officer")
                    key = ("agency", member.agency_id, p.id) if of_agency else ("membership", member.id, p.id)
                    expected[key] = lapse
    assert found == expected and len(set(found.values())) > 4, found


def test_an_agencys_own_form_is_told_to_its_administrator_and_whoever_has_to_act(world: World) -> None:
    """A new agreement: the director signs it, the administrator knows, the staff are not written to."""
    agency = world.agency()
    members = [let_in(world, agency=agency) for _ in range(2)]
    director = world.member(agency, None, Role.EXECUTIVE_DIRECTOR)
    world.record(
        Kind.PUBLISHED,
        About.LEAD,
        LEAD,
        detail="participation_agreement",
        version="2",
        valid_from=world.today - timedelta(60),
    )
    day(world)
    assert set(mails(world, "runs_out")) == {admin_id(world, agency.id), director.person_id}
    assert list(listed(world)) == [("agency", agency.id, "participation-agreement")]
    titles = [task.title for task in at_home(world, director.person_id)]
    assert titles == [f"{agency.name}: sign the participation agreement"]
    assert [task.title for task in at_home(world, members[0].person_id)] == titles  # it would end their access


def test_one_message_however_much_and_none_again_after_a_restart(world: World) -> None:
    agency = world.agency()
    members = [let_in(world, agency=agency, trained=world.today - timedelta(350)) for _ in range(3)]
    for member in members:
        end(world, member, Kind.USER_AGREEMENT, last_day=world.today + timedelta(5))
    day(world)
    admin = admin_id(world, agency.id)
    assert sorted(mails(world, "runs_out")) == sorted([admin, *(member.person_id for member in members)])
    world.now += timedelta(hours=2)
    let_in(world, agency=agency, trained=world.today - timedelta(359))
    day(world)  # a worker that starts anew sweeps again
    assert len(mails(world, "runs_out")) == 4 and len(listed(world)) == 7
    day(world, world.now + timedelta(days=1))
    assert len(mails(world, "runs_out")) == 6  # what came since yesterday: for its person and the administrator


def test_two_workers_tell_once(world: World) -> None:
    member = let_in(world, trained=world.today - timedelta(350))
    with world.look() as session:
        coming = look_ahead.find(session, now=world.now, policy=world.policy)
    with world.change() as session:
        lapses.keep(session, coming, now=world.now)
    gate, told, errors = threading.Barrier(4), [], []

    def tell() -> None:
        gate.wait()
        try:
            with transaction(world.sessions) as session:
                told.append(lapses.tell(session, now=world.now, policy=world.policy))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and sorted(told) == [0, 0, 0, 2]
    assert sorted(mails(world, "runs_out")) == sorted([member.person_id, admin_id(world, member.agency_id)])


def test_a_night_and_a_weekend_write_to_nobody(world: World) -> None:
    let_in(world, trained=world.today - timedelta(350))
    for moment in (datetime(2026, 11, 28, 5, 0), datetime(2026, 11, 29, 5, 0), datetime(2026, 11, 30, 12, 59)):
        day(world, moment)
        assert mails(world, "runs_out") == []
    world.now = datetime(2026, 11, 30, 13, 0)
    world.drain()
    assert len(mails(world, "runs_out")) == 2
    assert world.count(Job, Job.key == "lapses:0", Job.effect == Effect.EXPIRE.value) == 1


def test_what_is_renewed_is_off_the_list_at_once_and_not_told(world: World) -> None:
    member = let_in(world, trained=world.today - timedelta(340))
    day(world)
    assert listed(world)
    world.record(Kind.TRAINING, P, member.person_id, detail="security", value=9000, valid_from=world.today)
    world.drain()
    assert not listed(world) and not at_home(world, member.person_id)
    for ahead in (1, 2, 18, 19, 24, 25, 26):
        day(world, morning_of(MONDAY + timedelta(ahead)))
    assert len(mails(world, "runs_out")) == 2


def test_renewed_and_running_out_again_a_year_later_is_told_again(world: World) -> None:
    member = let_in(world, trained=world.today - timedelta(359))
    day(world)
    world.record(Kind.TRAINING, P, member.person_id, detail="security", value=9000, valid_from=world.today)
    world.drain()
    day(world, morning_of(MONDAY + timedelta(364)))
    assert listed(world)["membership", member.id, "security-training"][1] == 7
    assert mails(world, "runs_out").count(member.person_id) == 2


def test_a_lapse_that_holds_new_access_is_told_once_when_it_has_come(world: World) -> None:
    agency = world.agency()
    member = let_in(world, agency=agency)
    world.now += timedelta(days=1)
    with world.change() as session:
        for row in evidence.in_force(session, A, agency.id, Kind.INFORMATION_FORM, on=MONDAY):
            evidence.end(session, row, actor=world.desk, now=world.now, last_day=MONDAY, reason="To be done again.")
    world.drain()
    told = []
    for ahead in (2, 3, 4, 7, 15, 32):
        before = len(mails(world, "runs_out"))
        day(world, morning_of(MONDAY + timedelta(ahead)))
        told.append(len(mails(world, "runs_out")) - before)
    assert told == [1, 0, 0, 0, 0, 0] and world.status(member) == "live"
    assert [task.status for task in at_home(world, admin_id(world, agency.id))] == ["overdue"]


def test_nobody_is_reminded_of_a_course_who_will_have_left_by_then(world: World) -> None:
    member = let_in(world, trained=world.today - timedelta(350))
    world.record(Kind.DEPARTURE, M, member.id, valid_from=world.today + timedelta(3))
    day(world)
    assert not listed(world) and not mails(world, "runs_out")


def test_who_has_no_access_and_what_is_missing_since_before_the_portal_is_not_on_the_list(world: World) -> None:
    agency = world.agency()
    waits = world.ready(agency, request=False)
    world.withdraw(Kind.TRAINING, P, waits.person_id, "security")
    world.record(
        Kind.TRAINING, P, waits.person_id, detail="security", value=9000, valid_from=world.today - timedelta(350)
    )
    old = let_in(world, agency=agency)
    world.record(Kind.INHERITED, M, old.id)
    untrained(world, old, last_day=world.today)
    day(world, world.now + timedelta(days=1))
    assert not listed(world)


def test_the_statements_depend_on_the_days_and_not_on_the_people(world: World) -> None:
    agency = world.agency(licences_=30)

    def counted() -> int:
        with world.look() as session:
            look_ahead.find(session, now=world.now, policy=world.policy)
        with world.look() as session, statements(world.engine) as said:
            assert look_ahead.find(session, now=world.now, policy=world.policy)
            return len(said)

    days = [world.today - timedelta(ago) for ago in (340, 350, 360)]
    for trained in days:
        let_in(world, agency=agency, trained=trained)
    few = counted()
    for trained in days * 4:
        let_in(world, agency=agency, trained=trained)
    assert counted() == few


def test_the_message_has_one_link_no_secret_and_no_name_in_its_subject(world: World) -> None:
    agency = world.agency("Sample Harbor")
    member = let_in(world, agency=agency, trained=world.today - timedelta(360))
    end(world, member, Kind.USER_AGREEMENT, last_day=world.today + timedelta(20))
    world.drain()
    world.context.mailer.sent.clear()  # type: ignore[attr-defined]
    with world.change() as session:
        daily.look_ahead(session, now=world.now, policy=world.policy)
    drain_all(world)
    sent = {mail.to_email: mail for mail in world.context.mailer.sent if mail.id.startswith("runs_out.")}  # type: ignore[attr-defined]
    with world.look() as session:
        person = session.get_one(Person, member.person_id)
        admin = session.get_one(Person, admin_id(world, agency.id))
    own, managed = sent[person.email], sent[admin.email]
    assert own.subject == "Sample Harbor: your access needs 2 things renewed"
    assert managed.subject == "Sample Harbor: 2 things run out soon"
    assert person.last_name not in managed.subject and person.name in managed.text
    for mail in (own, managed):
        assert mail.text.count("http") == 1 and "/#runs-out" in mail.text
        assert "By November 28, 2026: Take the security course" in " ".join(mail.text.split())
        assert "access is suspended on a business morning" in " ".join(mail.text.split())
    assert "(you)" not in own.text and person.name not in own.text.replace(f"Dear {person.name}", "")
