"""An Agency is entered, changed, invited, excluded, and ends: each with what must follow and what must not."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select

from portal.models import Agency, AuditEntry, Document, Licence, Link, Membership, Project
from portal.refusals import Refused
from portal.services import evidence, paperwork
from portal.services.agencies import agencies, agency_ending, agency_list, agency_tasks, directors, projects
from portal.services.agencies.agencies import AgencyFields
from portal.services.agencies.agency_list import Wanted
from portal.services.desk import configuration
from tests.services.joining import ADMIN, AGREEMENT, DIRECTOR, MANUALS, OFFICER, Joining, jobs_of, joining
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def harbor(world: World) -> Joining:
    return joining(world)


def enter(world: World, name: str, kind: str = "", who=None, **about) -> Agency:
    with world.change() as session:
        return agencies.enter(
            session,
            name=name,
            about=AgencyFields(**about),
            kind=kind,
            actor=who or world.desk,
            now=world.now,
            policy=world.policy,
        )


# --- entering and changing


def test_a_name_that_exists_in_other_letters_is_refused_and_named(world: World) -> None:
    enter(world, "Sample Harbor House")
    with pytest.raises(Refused) as no:
        enter(world, "  SAMPLE   harbor house ")
    assert no.value.field == "name"
    assert "Sample Harbor House is on record already" in no.value.sentence


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"zip": "4101"}, "zip"), ({"state": "Maine"}, "state"), ({"email": "nobody"}, "email"), ({"mandated_by": ("nobody",)}, "mandated_by"),
        ({"common_name": "x" * 201}, "common_name"),
    ],
)  # fmt: skip
def test_bad_particulars_are_refused_by_field(world: World, about: dict, field: str) -> None:
    with pytest.raises(Refused) as no:
        enter(world, "Sample House", **about)
    assert no.value.field == field
    assert world.count(Agency, Agency.name == "Sample House") == 0


@pytest.mark.parametrize("name", ["", "x", "x" * 201])
def test_a_name_that_is_none_is_refused(world: World, name: str) -> None:
    with pytest.raises(Refused) as no:
        enter(world, name)
    assert no.value.field == "name"


def test_a_name_in_cyrillic_is_fine(world: World) -> None:
    assert enter(world, "Дом Надежды").name_key == "дом надежды"


def test_only_the_lead_enters(world: World, harbor: Joining) -> None:
    with pytest.raises(Refused) as no:
        enter(world, "Another House", who=harbor.actor(DIRECTOR))
    assert no.value.reason is Reason.NOT_ALLOWED


def test_a_change_is_recorded_before_and_after(world: World, harbor: Joining) -> None:
    with world.change() as session:
        changed = agencies.change(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            name=harbor.agency.name,
            about=AgencyFields(phone="207-555-0199"),
            **harbor.terms(),
        )
    assert changed == ["phone"]
    with world.look() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "agency.change")).one()
    assert (entry.before, entry.after) == ({"phone": ""}, {"phone": "207-555-0199"})


def test_the_legal_name_is_the_leads_to_change(world: World, harbor: Joining) -> None:
    harbor.name_officers()
    with pytest.raises(Refused) as no, world.change() as session:
        agencies.change(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            name="Other House",
            about=AgencyFields(),
            **harbor.terms(harbor.actor(ADMIN)),
        )
    assert no.value.reason is Reason.NOT_ALLOWED


# --- the director


def test_the_invitation_names_the_director_and_sends_both_first_forms(harbor: Joining) -> None:
    assert harbor.evidence(Kind.ROLE, About.MEMBERSHIP, harbor.director.id) == [("executive_director", "")]
    assert [(d.status, d.answers["participation_fee"]) for d in harbor.documents("participation_agreement")] == [
        ("prepared", "$0")
    ]
    assert [d.answers["manual_version"] for d in harbor.documents("receipt_of_manuals")] == ["2026"]
    assert len(jobs_of(harbor.world, "invite_director")) == 1
    assert len(jobs_of(harbor.world, "sign_request")) == 1
    assert harbor.world.count(Link, Link.used_at.is_(None), Link.revoked_at.is_(None)) == 2


def test_an_invitation_repeated_prepares_nothing_twice(world: World, harbor: Joining) -> None:
    with world.change() as session:
        directors.invite_director(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            person=DIRECTOR,
            agreement=AGREEMENT,
            manuals=MANUALS,
            **harbor.terms(),
        )
    assert world.count(Document, Document.agency_id == harbor.agency.id) == 2
    assert world.count(Link, Link.used_at.is_(None), Link.revoked_at.is_(None)) == 2, "the earlier links end"


def test_a_new_director_takes_the_office_over(world: World, harbor: Joining) -> None:
    with world.change() as session:
        directors.invite_director(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            person=OFFICER,
            instead_of=session.get_one(Membership, harbor.director.id),
            **harbor.terms(),
        )
    assert harbor.evidence(Kind.ROLE, About.MEMBERSHIP, harbor.director.id) == []
    with world.look() as session:
        assert [m.person.name for m in directors.directors(session, harbor.agency.id, on=world.today)] == ["Olu Sample"]


def test_the_executed_agreement_covers_the_first_year_once(world: World, harbor: Joining) -> None:
    assert harbor.evidence(Kind.SECURITY_REVIEW) == []
    harbor.sign("participation_agreement", DIRECTOR)
    assert harbor.evidence(Kind.SECURITY_REVIEW) == [], "signed is not executed"
    harbor.countersign()
    assert harbor.evidence(Kind.PARTICIPATION_AGREEMENT) == [("", "2026-1")]
    assert harbor.evidence(Kind.SECURITY_REVIEW) == [("joined", "")]
    world.now += timedelta(days=200)
    with world.change() as session:
        agency = session.get_one(Agency, harbor.agency.id)
        document = paperwork.prepare(
            session,
            kind="participation_agreement",
            agency=agency,
            answers=AGREEMENT | {"ends_on": "2028-11-22"},
            actor=world.desk,
            now=world.now,
        )
        paperwork.send_to_sign(
            session, document=document, person=session.get_one(Membership, harbor.director.id).person, **harbor.terms()
        )
    harbor.sign("participation_agreement", DIRECTOR)
    harbor.countersign()
    assert harbor.evidence(Kind.SECURITY_REVIEW) == [("joined", "")], "signing again gives no second free year"


# --- victim service and legal service providers


def test_an_excluded_provider_is_never_invited(world: World) -> None:
    agency = enter(world, "Sample Refuge", kind="victim_service")
    with pytest.raises(Refused) as no, world.change() as session:
        directors.invite_director(
            session,
            agency=session.get_one(Agency, agency.id),
            person=DIRECTOR,
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    assert no.value.reason is Reason.CONFLICT
    assert "comparable database" in no.value.sentence
    assert world.count(Membership, Membership.agency_id == agency.id) == 0


def test_an_agency_that_turns_out_to_be_excluded_loses_live_access_and_may_get_it_back(world: World) -> None:
    agency = world.agency()
    case_manager = world.ready(agency)
    world.let_in(case_manager)
    with world.change() as session:
        agencies.exclude(
            session,
            agency=session.get_one(Agency, agency.id),
            kind="legal_service",
            reason="Its license says so.",
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    world.drain()
    assert world.status(case_manager) == "suspended"
    with world.change() as session:
        agencies.no_longer_excluded(
            session,
            agency=session.get_one(Agency, agency.id),
            reason="Recorded for the wrong Agency.",
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    world.drain()
    assert world.status(case_manager) == "live"


def test_excluding_twice_and_without_a_reason_is_refused(world: World) -> None:
    agency = enter(world, "Sample Refuge", kind="victim_service")
    for reason, expected in (("It says so.", Reason.ALREADY_DONE), (" ", Reason.BAD_INPUT)):
        with pytest.raises(Refused) as no, world.change() as session:
            agencies.exclude(
                session,
                agency=session.get_one(Agency, agency.id),
                kind="victim_service",
                reason=reason,
                actor=world.desk,
                now=world.now,
                policy=world.policy,
            )
        assert no.value.reason is expected


def test_an_agency_cannot_take_its_own_exclusion_back(world: World, harbor: Joining) -> None:
    with pytest.raises(Refused) as no, world.change() as session:
        agencies.no_longer_excluded(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            reason="We are not.",
            **harbor.terms(harbor.actor(DIRECTOR)),
        )
    assert no.value.reason is Reason.NOT_ALLOWED


# --- the end


def test_the_end_takes_everything_at_once_and_says_from_whom(world: World) -> None:
    agency = world.agency(licences_=3)
    inside, waiting = world.ready(agency), world.ready(agency, request=False)
    world.let_in(inside)
    world.request(waiting, reserve=True, start_on=world.today + timedelta(days=30))
    with world.look() as session:
        foreseen = agency_ending.foreseen(session, session.get_one(Agency, agency.id), on=world.today)
    assert (len(foreseen.with_access), len(foreseen.waiting), len(foreseen.others), foreseen.licences) == (1, 1, 1, 3)
    with world.change() as session:
        done = agency_ending.end_participation(
            session,
            agency=session.get_one(Agency, agency.id),
            reason="The shelter closed.",
            successor="Sample North",
            actor=world.admin,
            now=world.now,
            policy=world.policy,
        )
    assert done == foreseen, "what was shown is what happened"
    world.drain()
    assert (world.status(inside), world.status(waiting)) == ("none", "none")
    assert world.orders(inside)[-1][0] == "remove"
    assert world.count(Licence, Licence.agency_id == agency.id, Licence.withdrawn_at.is_(None)) == 0
    with world.look() as session:
        ended = session.get_one(Agency, agency.id)
        left = [
            row
            for kind in (Kind.PARTICIPATION_AGREEMENT, Kind.CONFIGURED)
            for row in evidence.in_force(session, About.AGENCY, agency.id, kind, on=world.today)
        ]
        assert agency_ending.foreseen(session, ended, on=world.today).people == 0
    assert (ended.status, ended.successor, ended.ended_reason, left) == (
        "ended",
        "Sample North",
        "The shelter closed.",
        [],
    )


def test_a_person_of_two_agencies_keeps_the_other_one(world: World) -> None:
    first, second = world.agency(), world.agency()
    here = world.ready(first)
    world.let_in(here)
    with world.look() as session:
        person = session.get_one(Membership, here.id).person
    there = world.ready(second, person)
    world.drain()
    world.confirm(there)
    with world.change() as session:
        agency_ending.end_participation(
            session,
            agency=session.get_one(Agency, first.id),
            reason="The shelter closed.",
            actor=world.admin,
            now=world.now,
            policy=world.policy,
        )
    world.drain()
    assert (world.status(here), world.status(there)) == ("none", "live")


def test_the_end_needs_a_reason_and_a_lead_administrator(world: World) -> None:
    agency = world.agency()
    for who, reason, expected in ((world.admin, " ", Reason.BAD_INPUT), (world.desk, "It closed.", Reason.NOT_ALLOWED)):
        with pytest.raises(Refused) as no, world.change() as session:
            agency_ending.end_participation(
                session,
                agency=session.get_one(Agency, agency.id),
                reason=reason,
                actor=who,
                now=world.now,
                policy=world.policy,
            )
        assert no.value.reason is expected
    with world.look() as session:
        assert session.get_one(Agency, agency.id).status == "joining"


def test_the_end_sets_open_paperwork_aside_and_joining_again_begins_anew(world: World, harbor: Joining) -> None:
    harbor.sign("participation_agreement", DIRECTOR)
    harbor.countersign()
    with world.change() as session:
        agency_ending.end_participation(
            session, agency=session.get_one(Agency, harbor.agency.id), reason="It closed.", **harbor.terms(world.admin)
        )
    assert harbor.documents("receipt_of_manuals")[-1].status == "void"
    assert harbor.evidence(Kind.SECURITY_REVIEW) == []
    with world.change() as session:
        agencies.rejoin(session, agency=session.get_one(Agency, harbor.agency.id), actor=world.desk, now=world.now)
    with world.change() as session:
        agency = session.get_one(Agency, harbor.agency.id)
        directors.invite_director(
            session, agency=agency, person=DIRECTOR, agreement=AGREEMENT, manuals=MANUALS, **harbor.terms()
        )
    harbor.sign("participation_agreement", DIRECTOR)
    harbor.countersign()
    assert harbor.evidence(Kind.SECURITY_REVIEW) == [("joined", "")]


# --- projects


def test_projects_are_entered_with_or_without_the_agencys_name(world: World, harbor: Joining) -> None:
    with world.change() as session:
        agency = session.get_one(Agency, harbor.agency.id)
        made = projects.add(
            session,
            agency=agency,
            name="Sample Harbor House: Night beds",
            project_type=1,
            actor=world.desk,
            now=world.now,
        )
        assert made.name == "Night beds"
        assert projects.proposed_name(agency, made.name) == "Sample Harbor House: Night beds"
    with pytest.raises(Refused) as no, world.change() as session:
        projects.add(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            name="night BEDS",
            project_type=1,
            actor=world.desk,
            now=world.now,
        )
    assert "has a project Night beds already" in no.value.sentence


def test_a_project_of_another_agency_is_not_theirs_to_change(world: World, harbor: Joining) -> None:
    other = world.agency()
    with world.look() as session:
        project = session.scalars(select(Project).where(Project.agency_id == other.id)).one()
    harbor.name_officers()
    with pytest.raises(Refused) as no, world.change() as session:
        projects.change(
            session,
            project=session.get_one(Project, project.id),
            name="Taken",
            project_type=1,
            starts_on=None,
            ends_on=None,
            actor=harbor.actor(ADMIN),
            now=world.now,
        )
    assert no.value.reason is Reason.NOT_ALLOWED


# --- the task list


def test_the_task_list_is_what_the_gate_asks_of_the_agency(world: World, harbor: Joining) -> None:
    with world.look() as session:
        listed = agency_tasks.task_list(
            session, session.get_one(Agency, harbor.agency.id), on=world.today, policy=world.policy
        )
    asked = [p.id for p in world.policy.prerequisites if p.at == "agency"]
    assert [task.id for task in listed.tasks] == asked
    holders = {task.id: task.holder for task in listed.tasks if not task.done}
    assert holders["participation-agreement"] == "executive_director"
    assert holders["information-form"] == "agency_admin"
    assert holders["configured"] == "lead"
    assert (listed.done, listed.total) == (2, len(asked)), "neither excluded nor suspended"


def test_signing_hands_the_task_to_the_lead_and_executing_settles_it(world: World, harbor: Joining) -> None:
    def task(name: str):
        with world.look() as session:
            listed = agency_tasks.task_list(
                session, session.get_one(Agency, harbor.agency.id), on=world.today, policy=world.policy
            )
        return next(each for each in listed.tasks if each.id == name), listed

    harbor.sign("participation_agreement", DIRECTOR)
    assert task("participation-agreement")[0].holder == "lead"
    harbor.countersign()
    settled, listed = task("participation-agreement")
    assert settled.done
    paper = listed.papers[0]
    assert (paper.kind, paper.state, paper.verified) == ("participation_agreement", "executed", False)
    with world.change() as session:
        paperwork.verify(
            session,
            document=session.get_one(Document, paper.document.id),
            how="viewed on site",
            actor=world.desk,
            now=world.now,
        )
    paper = task("participation-agreement")[1].papers[0]
    assert (paper.state, paper.verified_how) == ("verified", "viewed on site")


def test_the_package_and_the_configuration_agree(world: World, harbor: Joining) -> None:
    """Whatever the task list calls verified, the configuration no longer misses, and the other way round."""
    harbor.sign("participation_agreement", DIRECTOR)
    harbor.countersign()
    with world.change() as session:
        paperwork.verify(
            session,
            document=session.get_one(Document, harbor.documents("participation_agreement")[-1].id),
            how="submitted",
            actor=world.desk,
            now=world.now,
        )
    with world.look() as session:
        agency = session.get_one(Agency, harbor.agency.id)
        verified = {paper.kind for paper in agency_tasks.package(session, agency, on=world.today) if paper.verified}
        missing = configuration.missing(session, agency, on=world.today)
    assert verified == {"participation_agreement"}
    assert len(missing) == len(agency_tasks.PACKAGE) - 1


# --- the list


def names(world: World, **wanted) -> list[str]:
    with world.look() as session:
        return [row.agency.name for row in agency_list.page(session, world.desk, Wanted(**wanted), on=world.today).rows]


def test_the_list_searches_filters_and_sorts(world: World) -> None:
    enter(world, "Alpha House", common_name="The Alpha")
    enter(world, "Beta 100% House")
    enter(world, "Gamma Refuge", kind="victim_service")
    assert names(world) == ["Alpha House", "Beta 100% House", "Gamma Refuge"]
    assert names(world, sort="-name") == ["Gamma Refuge", "Beta 100% House", "Alpha House"]
    assert names(world, search="HOUSE") == ["Alpha House", "Beta 100% House"]
    assert names(world, search="the alpha") == ["Alpha House"]
    assert names(world, search="100%") == ["Beta 100% House"]
    assert names(world, search="0_") == []
    assert names(world, state="excluded") == ["Gamma Refuge"]
    assert names(world, state="joining") == ["Alpha House", "Beta 100% House"]
    assert names(world, state="ended") == []


@pytest.mark.parametrize("sort", ["name", "-name", "entered", "-entered"])
def test_the_pages_of_the_list_miss_nothing_and_repeat_nothing(world: World, sort: str) -> None:
    for number in range(7):
        enter(world, f"House {number}")
    seen, after = [], ""
    with world.look() as session:
        while True:
            part = agency_list.page(session, world.desk, Wanted(sort=sort, after=after, limit=3), on=world.today)
            seen += [row.agency.name for row in part.rows]
            after = part.next
            if not after:
                break
    assert sorted(seen) == [f"House {n}" for n in range(7)]
    assert part.total == 7


def test_the_list_costs_the_same_however_long(world: World) -> None:
    counted = []

    def statements(how_many: int) -> int:
        for number in range(how_many):
            enter(world, f"House {len(counted)} {number}")
        counted.append(0)
        event.listen(world.engine, "before_cursor_execute", count)
        names(world)
        event.remove(world.engine, "before_cursor_execute", count)
        return counted[-1]

    def count(*_args) -> None:
        counted[-1] += 1

    assert statements(5) == statements(45) <= 3


def test_an_agency_sees_itself_alone(world: World, harbor: Joining) -> None:
    enter(world, "Another House")
    with world.look() as session:
        shown = agency_list.page(session, harbor.actor(DIRECTOR), Wanted(), on=world.today)
        assert [row.agency.name for row in shown.rows] == ["Sample Harbor House"]
        assert [agency.name for agency in agency_list.own(session, harbor.actor(DIRECTOR))] == ["Sample Harbor House"]


def test_the_list_names_the_director_and_counts(world: World, harbor: Joining) -> None:
    with world.look() as session:
        row = next(
            r
            for r in agency_list.page(session, world.desk, Wanted(), on=world.today).rows
            if r.agency.id == harbor.agency.id
        )
    assert (row.director, row.people, row.projects, row.licences, row.excluded) == ("Dana Sample", 1, 0, 0, "")
