"""The director names Agency Administrator and security officer: their papers, the request that follows, at least one stays."""

import pytest
from sqlalchemy import Engine, select

from portal.models import AccessRequest, Agency, Document, Evidence, Membership
from portal.refusals import Refused
from portal.services.agencies import agencies, officers
from portal.services.people.particulars import PersonFields
from tests.services.joining import ADMIN, DIRECTOR, OFFICER, Joining, jobs_of, joining
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason, Role

SECOND = PersonFields(first_name="Sam", last_name="Sample", email="sam@example.org", phone="207-555-0103")


@pytest.fixture
def harbor(engine: Engine) -> Joining:
    return joining(World(engine))


def roles(harbor: Joining, membership: Membership) -> set[str]:
    return {detail for detail, _ in harbor.evidence(Kind.ROLE, About.MEMBERSHIP, membership.id)}


def test_each_gets_the_office_the_message_and_the_paper(harbor: Joining) -> None:
    named = harbor.name_officers()
    assert named.admin is not None and named.security_officer is not None
    assert "agency_admin" in roles(harbor, named.admin)
    assert roles(harbor, named.security_officer) == {"security_officer"}
    assert [document.kind for document in named.documents] == ["agency_admin_agreement", "security_officer_acceptance"]
    assert len(jobs_of(harbor.world, "admin_named")) == len(jobs_of(harbor.world, "officer_named")) == 1
    assert harbor.documents("agency_admin_agreement")[0].answers["part"] == "Agency Administrator"
    assert harbor.documents("security_officer_acceptance")[0].answers["also_agency_admin"] == "No"


def test_the_role_rests_on_the_designation(harbor: Joining) -> None:
    named = harbor.name_officers()
    with harbor.world.look() as session:
        row = session.scalars(
            select(Evidence).where(
                Evidence.kind == Kind.ROLE, Evidence.detail == "agency_admin", Evidence.subject_id == named.admin.id
            )
        ).one()
    assert row.rests_on == "audit_entry"
    assert row.rests_on_id > 0


def test_the_designation_is_the_request_for_the_admins_own_access(harbor: Joining) -> None:
    named = harbor.name_officers()
    assert named.request is not None
    assert (named.request.basis, named.request.access_level, named.request.membership_id) == (
        "designation",
        "agency_admin",
        named.admin.id,
    )
    assert harbor.evidence(Kind.REQUEST, About.MEMBERSHIP, named.admin.id) == [("", "")]
    assert harbor.evidence(Kind.REQUEST, About.MEMBERSHIP, named.security_officer.id) == [], (
        "a security officer needs no access for that"
    )


def test_one_person_may_be_both(harbor: Joining) -> None:
    named = harbor.name_officers(security_officer=None, same=True)
    assert named.admin.id == named.security_officer.id
    assert {"agency_admin", "security_officer"} <= roles(harbor, named.admin)
    assert harbor.documents("security_officer_acceptance")[0].answers["also_agency_admin"] == "Yes"


def test_a_director_who_names_himself_waits_for_a_second_person(harbor: Joining) -> None:
    named = harbor.name_officers(admin=DIRECTOR, security_officer=None, same=True)
    assert named.admin.id == harbor.director.id
    assert harbor.evidence(Kind.REQUEST, About.MEMBERSHIP, named.admin.id) == [], "the Lead is the second person"


def test_naming_the_same_person_again_sends_nothing_twice(harbor: Joining) -> None:
    harbor.name_officers()
    again = harbor.name_officers()
    assert again.request is None
    assert "still open" in again.notes[0]
    assert harbor.world.count(Document, Document.kind == "agency_admin_agreement") == 1
    assert harbor.world.count(AccessRequest) == 1


def test_the_signed_papers_settle_the_gates_two_questions(harbor: Joining) -> None:
    named = harbor.name_officers()
    for kind, person in (("agency_admin_agreement", ADMIN), ("security_officer_acceptance", OFFICER)):
        harbor.sign(kind, person)
        harbor.sign(kind, DIRECTOR)
    assert harbor.evidence(Kind.AGENCY_ADMIN_AGREEMENT, About.MEMBERSHIP, named.admin.id) == [("", "2026-1")]
    assert harbor.evidence(Kind.SECURITY_OFFICER_ACCEPTANCE, About.MEMBERSHIP, named.security_officer.id) == [
        ("", "2026-1")
    ]


def test_nobody_but_the_director_and_the_desk_names(harbor: Joining) -> None:
    harbor.name_officers()
    with pytest.raises(Refused) as no, harbor.world.change() as session:
        officers.name_officers(
            session, agency=session.get_one(Agency, harbor.agency.id), admin=SECOND, **harbor.terms(harbor.actor(ADMIN))
        )
    assert no.value.reason is Reason.NOT_ALLOWED


def test_an_excluded_provider_names_nobody(harbor: Joining) -> None:
    with harbor.world.change() as session:
        agencies.exclude(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            kind="victim_service",
            reason="It says so.",
            **harbor.terms(),
        )
    with pytest.raises(Refused) as no:
        harbor.name_officers()
    assert no.value.reason is Reason.CONFLICT


def end(harbor: Joining, membership: Membership, role: Role, **more) -> officers.Named | None:
    with harbor.world.change() as session:
        return officers.end_office(
            session,
            membership=session.get_one(Membership, membership.id),
            role=role,
            reason="Other duties.",
            **more,
            **harbor.terms(harbor.actor(DIRECTOR)),
        )


@pytest.mark.parametrize("role", [Role.AGENCY_ADMIN, Role.SECURITY_OFFICER])
def test_the_last_one_of_an_office_stays(harbor: Joining, role: Role) -> None:
    named = harbor.name_officers()
    holder = named.admin if role is Role.AGENCY_ADMIN else named.security_officer
    with pytest.raises(Refused) as no:
        end(harbor, holder, role)
    assert "needs at least one" in no.value.sentence
    assert role.value in roles(harbor, holder)


def test_a_successor_is_named_in_the_same_breath(harbor: Joining) -> None:
    first = harbor.name_officers()
    second = end(harbor, first.admin, Role.AGENCY_ADMIN, successor=SECOND)
    assert second is not None
    assert "agency_admin" not in roles(harbor, first.admin)
    assert "agency_admin" in roles(harbor, second.admin)
    statuses = {d.membership_id: (d.status, d.answers["part"]) for d in harbor.documents("agency_admin_agreement")}
    assert statuses[first.admin.id][0] == "void", "what was not signed is set aside"
    assert statuses[second.admin.id] == ("prepared", "Agency Administrator"), "not a backup: the other one leaves"


def test_a_further_admin_is_the_backup(harbor: Joining) -> None:
    harbor.name_officers()
    named = harbor.name_officers(admin=SECOND, security_officer=None)
    paper = next(d for d in harbor.documents("agency_admin_agreement") if d.membership_id == named.admin.id)
    assert paper.answers["part"] == "Backup Agency Administrator"


def test_an_office_that_is_not_held_cannot_end(harbor: Joining) -> None:
    named = harbor.name_officers()
    with pytest.raises(Refused) as no:
        end(harbor, named.security_officer, Role.AGENCY_ADMIN)
    assert no.value.reason is Reason.ALREADY_DONE


def test_a_background_check_is_missed_until_one_is_under_way(harbor: Joining) -> None:
    named = harbor.name_officers()
    world = harbor.world
    with world.look() as session:
        assert officers.needs_background_check(session, session.get_one(Membership, named.admin.id), on=world.today)
    world.record(Kind.BACKGROUND_CHECK, About.PERSON, named.admin.person_id, detail="ordered")
    with world.look() as session:
        assert not officers.needs_background_check(session, session.get_one(Membership, named.admin.id), on=world.today)


def test_somebody_with_access_gets_the_administrators_level_by_a_change(harbor: Joining) -> None:
    world = harbor.world
    agency = world.agency()
    case_manager = world.ready(agency)
    world.let_in(case_manager)
    with world.change() as session:
        named = officers.name_officers(
            session,
            agency=session.get_one(Agency, agency.id),
            admin=session.get_one(Membership, case_manager.id),
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    assert named.request is not None
    assert (named.request.act, named.request.access_level) == ("modify", "agency_admin")
    world.drain()
    grant = world.grant_of(case_manager)
    assert grant is not None and grant.status == "live", "access goes on at the level it has"
    assert grant.access_level == "case_manager_1"
