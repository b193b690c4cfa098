"""Workstations: every safeguard or no authorisation, two offices or one person who holds both, papers, withdrawal."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, AuditEntry, Device, Evidence, Membership
from portal.refusals import Refused
from portal.services.agencies import devices
from portal.services.agencies.devices import SAFEGUARDS
from tests.services.joining import ADMIN, DIRECTOR, OFFICER, Joining, joining
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason

ALL = tuple(SAFEGUARDS)


@pytest.fixture
def harbor(engine: Engine) -> Joining:
    made = joining(World(engine))
    made.name_officers()
    return made


def enter(harbor: Joining, who=ADMIN, kind: str = "workstation", safeguards=ALL, label: str = "Front desk") -> Device:
    with harbor.world.change() as session:
        return devices.enter(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            label=label,
            kind=kind,
            safeguards=safeguards,
            **harbor.terms(harbor.actor(who)),
        )


def authorise(harbor: Joining, device: Device, who) -> bool:
    with harbor.world.change() as session:
        return devices.authorise(session, device=session.get_one(Device, device.id), **harbor.terms(harbor.actor(who)))


def standing(harbor: Joining, device: Device) -> devices.Standing:
    with harbor.world.look() as session:
        return devices.standings(session, [session.get_one(Device, device.id)], on=harbor.world.today)[device.id]


def authorised(harbor: Joining, device: Device) -> bool:
    return bool(harbor.evidence(Kind.DEVICE_AUTHORISED, About.DEVICE, device.id))


def test_the_admin_who_enters_it_has_authorised_it_and_the_director_still_must(harbor: Joining) -> None:
    device = enter(harbor)
    assert not authorised(harbor, device)
    assert standing(harbor, device).lacks == ("Waits for the authorization of the executive director.",)
    assert authorise(harbor, device, DIRECTOR)
    assert authorised(harbor, device)
    assert standing(harbor, device).usable


def test_entered_by_the_security_officer_it_needs_both(harbor: Joining) -> None:
    device = enter(harbor, OFFICER)
    assert authorise(harbor, device, DIRECTOR) is False
    assert not authorised(harbor, device)
    assert authorise(harbor, device, ADMIN) is True
    assert authorised(harbor, device)


def test_the_same_office_cannot_authorise_twice(harbor: Joining) -> None:
    device = enter(harbor)
    with pytest.raises(Refused) as no:
        authorise(harbor, device, ADMIN)
    assert no.value.reason is Reason.ALREADY_DONE
    assert "waits for the executive director" in no.value.sentence


def test_the_security_officer_authorises_nothing(harbor: Joining) -> None:
    device = enter(harbor)
    with pytest.raises(Refused) as no:
        authorise(harbor, device, OFFICER)
    assert no.value.reason is Reason.NOT_ALLOWED


def test_one_person_with_both_offices_is_enough_and_the_record_says_so(engine: Engine) -> None:
    harbor = joining(World(engine))
    harbor.name_officers(admin=DIRECTOR, security_officer=None, same=True)
    device = enter(harbor, DIRECTOR)
    assert authorised(harbor, device)
    with harbor.world.look() as session:
        row = session.scalars(select(Evidence).where(Evidence.kind == Kind.DEVICE_AUTHORISED)).one()
        said = session.scalars(select(AuditEntry.said).where(AuditEntry.act == "device.authorise")).one()
    assert row.note == "One person holds both offices."
    assert "in one person" in said


@pytest.mark.parametrize("without", ALL)
def test_a_device_that_lacks_any_safeguard_cannot_be_authorised(harbor: Joining, without: str) -> None:
    device = enter(harbor, safeguards=[each for each in ALL if each != without])
    with pytest.raises(Refused) as no:
        authorise(harbor, device, DIRECTOR)
    assert no.value.reason is Reason.GATE_CLOSED
    assert SAFEGUARDS[without][1:] in no.value.sentence


def test_completing_the_safeguards_asks_both_again(harbor: Joining) -> None:
    device = enter(harbor, safeguards=ALL[:-1])
    with harbor.world.change() as session:
        devices.change(
            session,
            device=session.get_one(Device, device.id),
            description="By the door",
            safeguards=ALL,
            **harbor.terms(harbor.actor(ADMIN)),
        )
    assert authorise(harbor, device, DIRECTOR)


def test_an_authorised_device_is_not_changed_under_its_authorisation(harbor: Joining) -> None:
    device = enter(harbor)
    authorise(harbor, device, DIRECTOR)
    with pytest.raises(Refused) as no, harbor.world.change() as session:
        devices.change(
            session,
            device=session.get_one(Device, device.id),
            description="",
            safeguards=[],
            **harbor.terms(harbor.actor(ADMIN)),
        )
    assert no.value.reason is Reason.CONFLICT


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"label": " "}, "label"),
        ({"label": "x" * 101}, "label"),
        ({"kind": "toaster"}, "kind"),
        ({"safeguards": ["prayer"]}, "safeguards"),
    ],
)
def test_bad_input_is_refused_by_field(harbor: Joining, given: dict, field: str) -> None:
    with pytest.raises(Refused) as no:
        enter(harbor, **given)
    assert no.value.field == field
    assert harbor.world.count(Device) == 0


def test_two_devices_of_one_name_are_refused(harbor: Joining) -> None:
    enter(harbor)
    with pytest.raises(Refused) as no:
        enter(harbor, label="FRONT desk")
    assert "has a device named FRONT desk already" in no.value.sentence


def test_a_laptop_in_a_home_office_needs_statement_authorisation_and_policy(harbor: Joining) -> None:
    device = enter(harbor, kind="home_laptop")
    authorise(harbor, device, DIRECTOR)
    assert [said.split(" is ")[0] for said in standing(harbor, device).lacks] == [
        "The laptop statement", "The work-at-home authorization", "The home-office policy",
    ]  # fmt: skip
    world = harbor.world
    with world.look() as session:
        admin = session.scalars(select(Membership).where(Membership.person_id == harbor.actor(ADMIN).person_id)).one()
    with world.change() as session:
        devices.send_statement(
            session, device=session.get_one(Device, device.id), membership=session.get_one(Membership, admin.id), kind="laptop_statement",
            answers={"asset_tag": "A-17", "locations": "Office and shelter"}, **harbor.terms(harbor.actor(DIRECTOR)),
        )  # fmt: skip
        devices.policy_on_file(
            session, device=session.get_one(Device, device.id), on=world.today, how="submitted", **harbor.terms()
        )
    harbor.sign("laptop_statement", ADMIN)
    harbor.sign("laptop_statement", DIRECTOR)
    assert standing(harbor, device).lacks == ("The work-at-home authorization is not signed.",)


def test_the_policy_is_the_leads_to_record(harbor: Joining) -> None:
    device = enter(harbor, kind="home_workstation")
    for who, on, expected in (
        (harbor.actor(ADMIN), harbor.world.today, Reason.NOT_ALLOWED),
        (harbor.world.desk, harbor.world.today + timedelta(1), Reason.BAD_INPUT),
    ):
        with pytest.raises(Refused) as no, harbor.world.change() as session:
            devices.policy_on_file(
                session, device=session.get_one(Device, device.id), on=on, how="submitted", **harbor.terms(who)
            )
        assert no.value.reason is expected


def test_a_withdrawn_device_is_no_longer_authorised_and_both_must_act_anew(harbor: Joining) -> None:
    device = enter(harbor)
    authorise(harbor, device, DIRECTOR)
    with harbor.world.change() as session:
        devices.withdraw(
            session,
            device=session.get_one(Device, device.id),
            reason="It was stolen.",
            **harbor.terms(harbor.actor(ADMIN)),
        )
    assert not authorised(harbor, device)
    assert authorise(harbor, device, DIRECTOR) is False
    assert authorise(harbor, device, ADMIN) is True
    with pytest.raises(Refused), harbor.world.change() as session:
        devices.withdraw(
            session, device=session.get_one(Device, device.id), reason=" ", **harbor.terms(harbor.actor(ADMIN))
        )


def test_who_uses_a_device_is_named(harbor: Joining) -> None:
    device = enter(harbor)
    harbor.world.record(Kind.DEVICE_IN_USE, About.MEMBERSHIP, harbor.director.id, value=device.id)
    assert standing(harbor, device).users == ("Dana Sample",)
