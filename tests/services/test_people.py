"""Naming people: one person for one e-mail address; names in any script; roles by whoever may give them."""

import threading

import pytest
from sqlalchemy import Engine, func, select

from portal.actors import PORTAL, Actor
from portal.db import transaction
from portal.models import Account, Agency, AuditEntry, Evidence, Membership, Person
from portal.refusals import Refused
from portal.services.people import offices, people
from tests.services.world import World
from workflows.vocabulary import LEAD, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def admin_of(world: World, agency: Agency) -> Actor:
    with world.look() as session:
        rows = session.scalars(
            select(Membership).where(Membership.agency_id == agency.id).order_by(Membership.id)
        ).all()
    return world.actor(rows[0])


def name(
    world: World,
    actor: Actor,
    first: str = "Jamie",
    last: str = "Sample",
    email: str = "jamie@example.org",
    **more: object,
) -> Person:
    with world.change() as session:
        return people.name_person(
            session, first_name=first, last_name=last, email=email, actor=actor, now=world.now, **more
        )  # type: ignore[arg-type]


def test_the_same_address_is_the_same_person_however_it_is_typed(world: World) -> None:
    admin = admin_of(world, world.agency())
    first = name(world, admin)
    again = name(world, admin_of(world, world.agency()), first="jamie", last="SAMPLE ", email=" Jamie@Example.org")
    assert again.id == first.id
    assert world.count(Person, Person.email_key == "jamie@example.org") == 1


def test_an_address_that_belongs_to_another_name_is_refused_and_the_name_is_not_told_to_strangers(world: World) -> None:
    agency, other = world.agency(), world.agency()
    admin = admin_of(world, agency)
    person = name(world, admin, last="Secretname")
    world.member(agency, person)
    with pytest.raises(Refused) as stranger:
        name(world, admin_of(world, other), first="Robin", last="Example")
    assert stranger.value.reason == Reason.BAD_INPUT and stranger.value.field == "email"
    assert "Secretname" not in stranger.value.sentence
    with pytest.raises(Refused) as colleague:
        name(world, admin, first="Robin", last="Example")
    assert "Jamie Secretname" in colleague.value.sentence


@pytest.mark.parametrize(
    ("field", "first", "last"),
    [
        ("first_name", "J" * 300, "Sample"),
        ("last_name", "Jamie", "S" * 101),
        ("last_name", "Jamie", "  "),
        ("first_name", "<b>Jamie", "Sample"),
        ("last_name", "Jamie", "Sam\x00ple"),
        ("last_name", "Jamie", "Sample\N{RIGHT-TO-LEFT OVERRIDE}"),
    ],
)
def test_what_is_no_name_is_refused_with_a_sentence_and_its_field(
    world: World, field: str, first: str, last: str
) -> None:
    admin = admin_of(world, world.agency())
    with pytest.raises(Refused) as refused:
        name(world, admin, first=first, last=last)
    assert refused.value.field == field and refused.value.sentence.endswith(".")
    assert world.count(Person, Person.email_key == "jamie@example.org") == 0


@pytest.mark.parametrize(
    ("first", "last"), [("Оксана", "Пример"), ("Mary-Ann", "O’Sample"), ("José", "de la Muestra"), ("李", "小明")]
)
def test_names_in_any_script_are_kept_as_they_are(world: World, first: str, last: str) -> None:
    person = name(world, admin_of(world, world.agency()), first=first, last=last)
    assert (person.first_name, person.last_name) == (first, last)


@pytest.mark.parametrize(
    "email", ["", "jamie", "jamie@", "jamie@example", "a@b@example.org", "jamie@example.org\nBcc: x@example.org"]
)
def test_what_is_no_address_is_refused(world: World, email: str) -> None:
    with pytest.raises(Refused, match=r"name@example\.org"):
        name(world, admin_of(world, world.agency()), email=email)


def test_a_private_mailbox_has_to_be_confirmed(world: World) -> None:
    admin = admin_of(world, world.agency())
    with pytest.raises(Refused, match="private mailbox"):
        name(world, admin, email="jamie.sample@gmail.com", free_mail_ok=False)
    assert name(world, admin, email="jamie.sample@gmail.com", free_mail_ok=True).id


def test_nobody_registers_themselves(world: World) -> None:
    """An end user names nobody, not even with a link in hand."""
    agency = world.agency()
    user = world.actor(world.member(agency))
    for actor in (user, Actor(person_id=None, name="Nobody signed in", via="nobody")):
        with pytest.raises(Refused) as refused:
            name(world, actor)
        assert refused.value.reason == Reason.NOT_ALLOWED


def test_two_agencies_that_name_the_same_person_at_once_get_one_person(world: World) -> None:
    admins = [admin_of(world, world.agency()) for _ in range(6)]
    ids: list[int] = []
    errors: list[BaseException] = []
    start = threading.Barrier(len(admins))

    def one(actor: Actor) -> None:
        start.wait()
        try:
            with transaction(world.sessions) as session:
                person = people.name_person(
                    session,
                    first_name="Jamie",
                    last_name="Sample",
                    email="Race@example.org",
                    actor=actor,
                    now=world.now,
                )
                ids.append(person.id)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(actor,)) for actor in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(ids)) == 1
    assert world.count(Person, Person.email_key == "race@example.org") == 1


def test_a_name_change_keeps_user_id_and_history_and_tells_the_core_hmis(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency, world.person("Jamie", "Sample"))
    world.let_in(membership)
    before, evidence_before = (
        world.account_of(membership),
        world.count(Evidence, Evidence.about == "membership", Evidence.subject_id == membership.id),
    )
    with world.change() as session:
        people.change_name(
            session,
            person=session.get_one(Person, membership.person_id),
            first_name="Jamie",
            last_name="Example",
            actor=admin_of(world, agency),
            now=world.now,
            policy=world.policy,
        )
    world.drain()
    account = world.account_of(membership)
    assert account.user_id == before.user_id == "jsample"
    assert account.version == before.version + 1
    assert (
        world.count(Evidence, Evidence.about == "membership", Evidence.subject_id == membership.id) == evidence_before
    )
    order = world.open_order(membership)
    assert "Example" in str(order.fields) and "jsample" in str(order.fields)
    with world.look() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "person.change")).one()
    assert (entry.before, entry.after) == ({"last_name": "Sample"}, {"last_name": "Example"})


def test_a_name_is_changed_by_the_own_agency_or_the_lead_only(world: World) -> None:
    agency, other = world.agency(), world.agency()
    membership = world.member(agency)
    for actor in (admin_of(world, other), world.actor(membership)):
        with pytest.raises(Refused) as refused, world.change() as session:
            people.change_name(
                session,
                person=session.get_one(Person, membership.person_id),
                first_name="New",
                last_name="Name",
                actor=actor,
                now=world.now,
                policy=world.policy,
            )
        assert refused.value.reason == Reason.NOT_ALLOWED


def test_a_membership_is_made_once(world: World) -> None:
    agency, person = world.agency(), world.person()
    with world.change() as session:
        ids = {
            people.member(session, agency=session.get_one(Agency, agency.id), person=person, now=world.now).id
            for _ in range(3)
        }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("role", "by", "may"),
    [
        (Role.AGENCY_ADMIN, "desk", True),
        (Role.AGENCY_ADMIN, "agency_admin", False),
        (Role.EXECUTIVE_DIRECTOR, "desk", True),
        (Role.EXECUTIVE_DIRECTOR, "agency_admin", False),
        (Role.SECURITY_OFFICER, "executive_director", True),
        (Role.END_USER, "agency_admin", True),
        (Role.HELP_DESK, "admin", None),
        (Role.LEAD_ADMIN, "desk", False),
    ],
)
def test_a_role_is_given_by_whoever_may(world: World, role: Role, by: str, may: bool | None) -> None:
    """None: allowed to give it, but it does not exist at an Agency."""
    agency = world.agency()
    membership = world.member(agency, None, Role.TRAINER)  # any other role will do
    director = world.actor(world.member(agency, None, Role.EXECUTIVE_DIRECTOR))
    actor = {
        "desk": world.desk,
        "admin": world.admin,
        "agency_admin": admin_of(world, agency),
        "executive_director": director,
    }[by]

    def give() -> None:
        with world.change() as session:
            offices.give_role(
                session,
                membership=session.get_one(Membership, membership.id),
                role=role,
                actor=actor,
                now=world.now,
                policy=world.policy,
            )

    if may:
        give()
        give()
        held = (Evidence.kind == Kind.ROLE, Evidence.subject_id == membership.id, Evidence.detail == role)
        assert world.count(Evidence, *held) == 1
        return
    with pytest.raises(Refused) as refused:
        give()
    assert refused.value.reason == (Reason.BAD_INPUT if may is None else Reason.NOT_ALLOWED)


def test_nobody_gives_themselves_a_role_of_the_lead(world: World) -> None:
    with world.look() as session:
        own = session.scalars(select(Membership).where(Membership.person_id == world.admin.person_id)).one()
    with pytest.raises(Refused) as refused, world.change() as session:
        offices.give_role(
            session,
            membership=session.get_one(Membership, own.id),
            role=Role.HELP_DESK,
            actor=world.admin,
            now=world.now,
            policy=world.policy,
        )
    assert refused.value.reason == Reason.SAME_PERSON
    with world.change() as session:
        offices.give_role(
            session,
            membership=session.get_one(Membership, own.id),
            role=Role.HELP_DESK,
            actor=PORTAL,
            now=world.now,
            policy=world.policy,
        )
    assert own.agency_id == LEAD


def test_a_role_that_ended_counts_no_more_from_today(world: World) -> None:
    agency = world.agency()
    membership = world.member(agency, None, Role.SECURITY_OFFICER)
    with world.change() as session:
        offices.end_role(
            session,
            membership=session.get_one(Membership, membership.id),
            role=Role.SECURITY_OFFICER,
            actor=world.desk,
            now=world.now,
            policy=world.policy,
            reason="Another officer was named.",
        )
    with world.look() as session:
        assert offices.roles(session, membership.id, on=world.today) == []
        assert session.scalar(select(func.count()).select_from(Account)) == 0
