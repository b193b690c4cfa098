"""Documents from their preparation to their execution: who may sign what, what follows, and what is refused."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from forms import documents
from portal.actors import PORTAL
from portal.models import AuditEntry, Document, Evidence, Signature
from portal.refusals import Refused
from portal.services import evidence, links, paperwork
from tests.services.paper import AGREEMENT, NOW, POLICY, TODAY, USER, build
from workflows.vocabulary import PROTOCOLS, RECEIPTS, About, Kind, Reason


@pytest.fixture
def world(session):
    return build(session)


@pytest.fixture
def each_world(each_session):
    return build(each_session)


def verify(world, document, how="submitted", who="desk"):
    paperwork.verify(world.session, document=document, how=how, actor=world.actor(who), now=NOW)


def countersign(world, document, who="admin"):
    return paperwork.countersign(
        world.session, document=document, name=world.people[who].name, title="HMIS manager", authority=True, consent=True,
        actor=world.actor(who), now=NOW, policy=POLICY,
    )  # fmt: skip


def scan(world, document, by_hand, *, signed_on=TODAY - timedelta(3), who="manager"):
    paperwork.upload_scan(
        world.session, document=document, scan=paperwork.Scan("a" * 64, "application/pdf", 1000, 3, "scan.pdf"), signed_on=signed_on,
        by_hand={capacity: paperwork.ByHand(world.people[who].name, "Director") for capacity, who in by_hand.items()},
        actor=world.actor(who), now=NOW, policy=POLICY,
    )  # fmt: skip


def test_the_participation_agreement_is_executed_by_the_leads_signature(each_world):
    world = each_world
    document = world.prepare("participation_agreement", "director", AGREEMENT)
    assert document.answers["agency_name"] == "Sample Shelter"
    signature = world.sign(document, "director")
    assert (document.status, world.kinds(document)) == ("signed", [("participation_agreement_signed", "")])
    assert signature.code_entered_at == NOW
    assert signature.address == "192.0.2.1"
    assert "Sample Shelter" in signature.authority
    assert signature.consent_sha256 == documents.latest("electronic_consent").sha256
    countersign(world, document)
    assert document.status == "executed"
    row = evidence.in_force(world.session, About.AGENCY, world.agency.id, Kind.PARTICIPATION_AGREEMENT, on=TODAY)[0]
    assert (row.version, row.valid_from, row.valid_until) == ("2026-1", TODAY, date(2027, 10, 31))
    assert [job.payload["document_id"] for job in world.jobs("executed_copy")] == [document.id]


@pytest.mark.parametrize(
    ("kind", "who", "answers", "gives"),
    [
        ("user_agreement", "user", USER, [("privacy_pledge", ""), ("user_agreement", "")]),
        ("privacy_notice", "user",
         {"privacy_contact": "Office", "privacy_phone": "207-555-0100", "privacy_email": "p@example.org", "effective_on": "2026-01-01"},
         [("privacy_pledge", "")]),
        ("receipt_of_manuals", None, {f"{name}_version": "2026" for name in RECEIPTS}, [("receipt", name) for name in sorted(RECEIPTS)]),
        ("security_protocols", None,
         {f"{t}_document": "Handbook" for t in PROTOCOLS} | {f"{t}_date": "2026-01-01" for t in PROTOCOLS},
         [("protocol", name) for name in sorted(PROTOCOLS)]),
    ],
)  # fmt: skip
def test_one_signature_executes_and_gives_its_evidence(world, kind, who, answers, gives):
    document = world.prepare(kind, who, answers)
    world.sign(document, who or "director")
    assert (document.status, world.kinds(document)) == ("executed", gives)


TWO = [
    ("agency_admin_agreement", "manager", {"part": "Agency Administrator", "work_phone": "1"}, False, [("agency_admin_agreement", "")]),
    ("security_officer_acceptance", "manager", {"also_agency_admin": "Yes", "work_phone": "1"}, False, [("security_officer_acceptance", "")]),
    ("laptop_statement", "user", {"asset_tag": "7", "locations": "Office"}, True, [("laptop_statement", "")]),
    ("home_office_authorisation", "user",
     {"home_office_place": "Bath", "policy_title": "P", "policy_date": "2026-01-01", "starts_on": "2026-12-01", "review_on": "2027-12-01"},
     True, [("home_office", "authorisation")]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "who", "answers", "device", "gives"), TWO)
def test_the_second_signer_gets_a_link_by_itself_and_executes(world, kind, who, answers, device, gives):
    document = world.prepare(kind, who, answers, device=device)
    world.sign(document, who)
    assert (document.status, world.kinds(document)) == ("signed", [])
    sent = links.open_links(world.session, document, now=NOW)
    assert [link.person_id for link in sent] == [world.people["director"].id]
    world.sign(document, "director")
    assert (document.status, world.kinds(document)) == ("executed", gives)


@pytest.mark.parametrize(("kind", "who", "answers", "device", "gives"), TWO)
def test_paper_gives_the_same_evidence_from_the_day_it_was_signed(world, kind, who, answers, device, gives):
    document = world.prepare(kind, who, answers, device=device)
    own = paperwork.text_of(document).signers[0].capacity
    scan(world, document, {own: who, "executive_director": "director"})
    assert (document.status, world.kinds(document)) == ("scanned", [])
    verify(world, document)
    assert (document.status, world.kinds(document)) == ("executed", gives)
    assert {
        row.valid_from for row in world.session.scalars(select(Evidence).where(Evidence.rests_on_id == document.id))
    } == {TODAY - timedelta(3)}
    assert {s.method for s in paperwork.signatures(world.session, document)} == {"paper"}


def test_a_participation_agreement_on_paper_is_equal_to_the_electronic_one(each_world):
    world = each_world
    document = world.prepare("participation_agreement", "director")
    scan(world, document, {"executive_director": "director"})
    with pytest.raises(Refused, match="Verify the scan first"):
        countersign(world, document)
    verify(world, document)
    assert (document.status, world.kinds(document)) == ("scanned", [("participation_agreement_signed", "")])
    countersign(world, document)
    assert (document.status, [kind for kind, _ in world.kinds(document)]) == (
        "executed", ["participation_agreement", "participation_agreement_signed", "security_review"],
    )  # fmt: skip


def test_whoever_signed_does_not_verify_or_countersign(world):
    document = world.prepare("participation_agreement", "director", AGREEMENT)
    world.sign(document, "director")
    with pytest.raises(Refused) as refused:
        verify(world, document, who="director")
    assert refused.value.reason == Reason.NOT_ALLOWED
    with pytest.raises(Refused) as refused:
        countersign(world, document, who="desk")
    assert refused.value.reason == Reason.NOT_ALLOWED


def test_an_executed_document_is_verified_afterwards_and_its_copy_made_anew(world):
    document = world.prepare("user_agreement", "user", USER)
    world.sign(document, "user")
    verify(world, document, "viewed on site")
    assert (document.verified_how, document.verified_by) == ("viewed on site", world.people["desk"].id)
    with pytest.raises(Refused) as refused:
        verify(world, document)
    assert refused.value.reason == Reason.ALREADY_DONE


FORM = {
    "organization_type": "Nonprofit", "victim_service_provider": "No", "legal_service_provider": "No", "counties": "York", "expected_users": 4,
    "contact.1.contact_name": "Jamie Sample", "contact.1.contact_role": "Executive director", "contact.1.contact_email": "j@example.org",
    "contact.1.contact_phone": "207-555-0100", "project.1.project_name": "Sample Shelter: Home", "project.1.project_type": "Street outreach",
    "project.1.project_starts_on": date(2020, 1, 1),
}  # fmt: skip


def submit(world, document, answers, who="manager"):
    return paperwork.submit(
        world.session,
        document=document,
        answers=answers,
        title="Agency Administrator",
        consent=True,
        actor=world.actor(who),
        now=NOW,
        policy=POLICY,
    )


def information_form(world):
    text = documents.latest("information_form")
    document = world.prepare("information_form")
    needed = {
        key: value
        for key, value in FORM.items()
        if "." not in key or key.split(".")[2] in {f.name for f in text.fields}
    }
    missing = list(
        text.missing(
            paperwork.as_read(
                text, document.answers | {k: str(v) for k, v in needed.items() if not isinstance(v, date)}
            )
        )
    )
    for blank in missing:
        if blank.name not in {key.split(".")[-1] for key in needed}:
            key = (
                f"{blank.group}.1.{blank.name}"
                if any(g.repeats and g.id == blank.group for g in text.groups)
                else blank.name
            )
            needed[key] = blank.choices[0] if blank.choices else "1"
    return document, needed


def test_a_form_is_submitted_verified_and_can_be_sent_back_with_every_answer_kept(each_world):
    world = each_world
    document, answers = information_form(world)
    submit(world, document, answers)
    assert (document.status, world.kinds(document)) == ("signed", [("information_form_sent", "")])
    paperwork.reject(
        world.session, document=document, reason="The ZIP code is wrong.", actor=world.actor("desk"), now=NOW
    )
    assert (document.status, world.kinds(document)) == ("rejected", [])
    assert document.answers["counties"] == "York"
    assert world.jobs()[-1].payload == {
        "mail": "document_rejected",
        "person_id": world.people["manager"].id,
        "document_id": document.id,
    }
    submit(world, document, {"zip_code": "04102"})
    verify(world, document, "viewed on site")
    assert (document.status, document.round) == ("executed", 2)
    assert world.kinds(document) == [("information_form", ""), ("information_form_sent", "")]
    row = evidence.in_force(world.session, About.AGENCY, world.agency.id, Kind.INFORMATION_FORM, on=TODAY)[0]
    assert row.verified_how == "viewed on site"


def test_a_form_that_says_victim_service_provider_excludes_the_agency_once_verified(world):
    document, answers = information_form(world)
    submit(world, document, answers | {"victim_service_provider": "Yes"})
    verify(world, document)
    assert ("excluded_provider", "victim_service") in world.kinds(document)


BEDS = {
    "counted_on": "2026-01-28", "no_lodging": "No", "inventory.1.project_name": "Sample Shelter: Home", "inventory.1.project_type": "Safe haven",
    "inventory.1.household_type": "Households without children", "inventory.1.unit_inventory": "4", "inventory.1.bed_inventory": "7",
    "inventory.1.inventory_starts_on": "2020-01-01",
} | {
    f"inventory.1.{name}": "1"
    for name in ("ch_vet_beds", "youth_vet_beds", "vet_beds", "ch_youth_beds", "youth_beds", "ch_beds", "other_beds")
}  # fmt: skip


def test_the_housing_inventory_carries_its_year_and_refuses_wrong_sums(world):
    document = world.prepare("housing_inventory")
    with pytest.raises(Refused, match="add up to 7, but the total is 8"):
        submit(world, document, BEDS | {"inventory.1.bed_inventory": "8"})
    world.session.refresh(document)
    submit(world, document, BEDS)
    verify(world, document)
    row = evidence.in_force(world.session, About.AGENCY, world.agency.id, Kind.HOUSING_INVENTORY, on=TODAY)[0]
    assert row.version == "2026"


REFUSED = [
    ({"name": "Robin Other"}, "name", "Jesse Simple"),
    ({"name": ""}, "name", "Type your full name"),
    ({"name": "Jesse " + "x" * 300 + " Simple"}, "name", "200"),
    ({"consent": False}, "consent", "on paper"),
    ({"authority": False}, "authority", "tell the help desk"),
    ({"initials": {}}, "initials-own_login", "Put your initials"),
    ({"initials": "one missing"}, "initials-lasting_duty", "Put your initials"),
    ({"initials": "two hands"}, "initials-lasting_duty", "same initials"),
    ({"initials": "digits"}, "initials-own_login", "1 to 5 letters"),
    ({"title": "x" * 101}, "title", "100"),
    ({"answers": {"purpose": ""}}, "purpose", "Fill in: Why the job needs the HMIS"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field", "words"), REFUSED, ids=[f"{field}-{number}" for number, (_, field, _) in enumerate(REFUSED)]
)
def test_a_refused_signature_names_its_field_and_keeps_nothing(sessions, changes, field, words):
    with sessions() as session, session.begin():
        world = build(session)
        document = world.prepare("user_agreement", "user", USER | {"purpose": ""} if field == "purpose" else USER)
        link = world.link(document, "user")
        number = document.id
    clauses = documents.latest("user_agreement").initialled
    hands = {
        "one missing": dict.fromkeys(clauses[:-1], "JS"), "two hands": dict.fromkeys(clauses, "JS") | {clauses[-1]: "XX"},
        "digits": dict.fromkeys(clauses, "12"),
    }  # fmt: skip
    if isinstance(changes.get("initials"), str):
        changes = {"initials": hands[changes["initials"]]}
    with sessions() as session:
        world.session = session
        before = session.scalar(select(func.count()).select_from(AuditEntry))
        with pytest.raises(Refused, match=words) as refused:
            world.sign(session.get_one(Document, number), "user", session.merge(link), **changes)
        session.rollback()
        assert refused.value.field == field
        assert session.get_one(Document, number).status == "prepared"
        assert session.scalar(select(func.count()).select_from(Signature)) == 0
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == before
        assert session.get_one(type(link), link.id).used_at is None


@pytest.mark.parametrize(
    ("first", "last", "typed"),
    [
        ("Анна", "Петрова", "Анна Петрова"), ("José", "Núñez", "Jose Nunez"), ("Jamie", "Sample", "J. Sample"),
        ("Mary Ann", "O'Neil-Smith", "mary ann o'neil-smith"), ("<b>Bob</b>", "'; DROP TABLE person; --", "<b>Bob</b> '; DROP TABLE person; --"),
        ("X" * 100, "Y" * 99, "X" * 100 + " " + "Y" * 99), ("Wei", "Wei", "Wei Wei"),
    ],
)  # fmt: skip
def test_unusual_names_can_sign(world, first, last, typed):
    world.person("odd", first, last, world.agency)
    document = world.prepare("user_agreement", "odd", USER)
    assert world.sign(document, "odd", name=typed).name == " ".join(typed.split())


def test_a_link_signs_for_its_addressee_and_its_document_alone(world):
    document, other = world.prepare("user_agreement", "user", USER), world.prepare("user_agreement", "manager", USER)
    link, elsewhere = world.link(document, "user"), world.link(other, "manager")
    for wrong_link, who in ((elsewhere, "user"), (link, "manager")):
        with pytest.raises(Refused) as refused:
            world.sign(document, who, wrong_link)
        assert refused.value.reason == Reason.NOT_ALLOWED


def test_without_the_code_nobody_signs(world):
    document = world.prepare("user_agreement", "user", USER)
    with pytest.raises(Refused) as refused:
        world.sign(document, "user", world.link(document, "user", proven=False))
    assert refused.value.reason == Reason.WRONG_CODE


def test_a_text_that_changed_after_sending_is_not_signed(world):
    document = world.prepare("user_agreement", "user", USER)
    link = world.link(document, "user")
    document.text_sha256 = "0" * 64
    world.session.flush()
    with pytest.raises(Refused, match="text of this document has changed"):
        world.sign(document, "user", link)


def test_the_signer_fills_in_what_is_empty_and_nothing_else(world):
    document = world.prepare("user_agreement", "user", USER | {"purpose": ""})
    link = world.link(document, "user")
    with pytest.raises(Refused, match="what is empty"):
        world.sign(document, "user", link, answers={"purpose": "Intake", "projects": "Another"})
    world.sign(document, "user", link, answers={"purpose": "Intake"})
    assert document.answers["purpose"] == "Intake"


def test_only_whose_turn_it_is_gets_a_signing_link(world):
    document = world.prepare("user_agreement", "user", USER)
    with pytest.raises(Refused, match="It is the turn of"):
        world.link(document, "director")


def test_preparing_again_goes_on_with_the_same_document_and_replaces_an_older_version(world):
    old = paperwork.prepare(
        world.session,
        kind="user_agreement",
        agency=world.agency,
        membership=world.memberships["user"],
        version="2025-1",
        actor=PORTAL,
        now=NOW,
    )
    new = world.prepare("user_agreement", "user", USER)
    assert (old.status, new.version) == ("void", "2026-1")
    assert world.prepare("user_agreement", "user", {"purpose": "More"}).id == new.id
    assert new.answers["purpose"] == "More"
    world.sign(new, "user")
    assert world.prepare("user_agreement", "user", USER).id != new.id, "an executed one can be signed anew next year"


def test_the_version_in_force_is_the_one_published(world):
    evidence.record(
        world.session, actor=PORTAL, now=NOW, kind=Kind.PUBLISHED, about=About.LEAD, subject_id=0, detail="user_agreement", version="2025-1",
        valid_from=date(2025, 1, 1),
    )  # fmt: skip
    assert world.prepare("user_agreement", "user", USER).version == "2025-1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"signed_on": TODAY + timedelta(1)}, "not after today"), ({"signed_on": date(1900, 1, 1)}, "1990"), ({"by_hand": {}}, "Enter the name printed"),
     ({"by_hand": {"user": "director"}}, "the portal knows Jesse Simple")],
)  # fmt: skip
def test_a_scan_says_who_signed_and_when(world, changes, words):
    document = world.prepare("user_agreement", "user", USER)
    with pytest.raises(Refused, match=words):
        scan(world, document, **({"by_hand": {"user": "user"}} | changes))


def test_a_scan_ends_the_links_that_were_sent(world):
    document = world.prepare("user_agreement", "user", USER)
    link = world.link(document, "user")
    scan(world, document, {"user": "user"})
    assert link.revoked_at is not None
    with pytest.raises(Refused):
        world.sign(document, "user", link)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"nonsense": "1"}, "nonsense"),
        ({"work_email": "no address"}, "work_email"),
        ({"purpose": "x" * 4001}, "purpose"),
    ],
)
def test_answers_are_checked(world, answers, field):
    with pytest.raises(Refused) as refused:
        world.prepare("user_agreement", "user", answers)
    assert refused.value.field == field


def test_an_attestation_of_posting_is_evidence(world):
    paperwork.attest_posted(
        world.session, agency=world.agency, what="sign", on=TODAY, actor=world.actor("manager"), now=NOW
    )
    assert evidence.in_force(world.session, About.AGENCY, world.agency.id, Kind.POSTED, on=TODAY)[0].detail == "sign"
    with pytest.raises(Refused):
        paperwork.attest_posted(
            world.session, agency=world.agency, what="sign", on=TODAY, actor=world.actor("user"), now=NOW
        )


def test_code_entered_twelve_hours_ago_is_asked_for_again(world):
    document = world.prepare("user_agreement", "user", USER)
    with pytest.raises(Refused) as refused:
        world.sign(document, "user", world.link(document, "user"), now=datetime(2026, 11, 24, 15, 1))
    assert refused.value.reason == Reason.WRONG_CODE
