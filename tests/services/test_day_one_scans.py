"""Scans in bulk: placed where the name is certain, in the tray where it is not, refused where the file is not fit."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from sqlalchemy import Engine, select

from portal.adapters.storage import Storage
from portal.models import Agency, BulkScan, Document, Evidence, Job, Membership, Person, StoredFile
from portal.refusals import Refused
from portal.services import paperwork
from portal.services.day_one import scans
from portal.services.day_one.scan_names import told_by
from tests.services.lists import bring, people
from tests.services.world import World
from tests.web.desk_world import stored
from workflows.vocabulary import LEAD, About, Effect, Kind

TWO_AGENCIES = "Sample Harbor", "Sample Inland"


def a_pdf(text: str) -> bytes:
    """A small PDF of its own for each text."""
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(200, 200))
        made.docinfo["/Title"] = text
        out = io.BytesIO()
        made.save(out, deterministic_id=True)
    return out.getvalue()


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return with_people(World(engine), tmp_path)


def with_people(world: World, tmp_path: Path) -> World:
    with world.change() as session:
        for name in TWO_AGENCIES:
            session.add(Agency(name=name, name_key=name.casefold(), mandated_by=[], cells={}, entered_at=world.now))
    world.record(
        Kind.PUBLISHED, About.LEAD, LEAD, detail="user_agreement", version="2025-1", valid_from=date(2025, 1, 1)
    )
    report = bring(
        world,
        people(
            "Sample Harbor,Jamie,Smith,jamie@example.org,,,jsmith,,,,,",
            "Sample Harbor,Robin,Model,robin@example.org,,,,,,,,",
            "Sample Inland,Robin,Model,robin.m@example.org,,,,,,,,",
            "Sample Inland,Jo,Double,jo@example.org,,,,,,,,",
            "Sample Harbor,Jo,Double,jo@example.org,,,,,,,,",
        ),
    )
    assert not report.refused, report.lines()
    return stored(world, tmp_path)


def arrive(world: World, files: dict[str, bytes], **more: Any) -> tuple[int, int]:
    storage = Storage(world.context.settings.storage)
    found = [scans.Arrived(storage.put(content), name, len(content)) for name, content in files.items()]
    with world.change() as session:
        return scans.arrive(session, found, actor=more.pop("actor", world.desk), now=world.now, **more)


def read(world: World, *names: str, **more: Any) -> dict[str, BulkScan]:
    arrive(world, {name: a_pdf(name) for name in names}, **more)
    world.drain()
    return states(world)


def states(world: World) -> dict[str, BulkScan]:
    with world.look() as session:
        return {scan.name: scan for scan in session.scalars(select(BulkScan).order_by(BulkScan.id))}


def document_of(world: World, scan: BulkScan) -> Document:
    with world.look() as session:
        return session.get_one(Document, scan.document_id)


# --- names


@pytest.mark.parametrize(
    ("name", "kind", "day", "words"),
    [
        ("smith_jamie_2025-03-01_user-agreement.pdf", "user_agreement", date(2025, 3, 1), {"smith", "jamie"}),
        ("Sample Harbor/Smith, Jamie - User Agreement 3-1-2025 (signed).PDF", "user_agreement", date(2025, 3, 1), {"smith", "jamie", "signed"}),
        ("jsmith 20250301 privacy pledge.png", "privacy_notice", date(2025, 3, 1), {"jsmith"}),
        ("scan0001.pdf", "", None, {"scan0001"}),
        ("smith_jamie_2025-13-41_user-agreement.pdf", "user_agreement", None, {"smith", "jamie", "2025", "13", "41"}),
    ],
)  # fmt: skip
def test_a_name_is_read_for_what_it_says_and_no_more(name: str, kind: str, day: date | None, words: set[str]) -> None:
    told = told_by(name)
    assert (told.kind, told.signed_on, told.words) == (kind, day, words)


# --- where they go


def test_a_certain_name_becomes_a_scan_that_waits_to_be_verified(world: World) -> None:
    scan = read(world, "smith_jamie_2025-03-01_user-agreement.pdf")["smith_jamie_2025-03-01_user-agreement.pdf"]
    assert (scan.status, scan.version, scan.signed_on) == ("placed", "2025-1", date(2025, 3, 1))
    document = document_of(world, scan)
    assert (document.status, document.route, document.signed_on) == ("scanned", "paper", date(2025, 3, 1))
    with world.look() as session:
        assert not session.scalars(select(Evidence).where(Evidence.rests_on == "document")).all()
        assert (
            session.scalars(select(StoredFile.sha256).where(StoredFile.document_id == document.id)).one() == scan.sha256
        )
    with world.change() as session:
        paperwork.verify(
            session, document=session.get_one(Document, document.id), how="submitted", actor=world.desk, now=world.now
        )
    with world.look() as session:
        row = session.scalars(select(Evidence).where(Evidence.kind == Kind.USER_AGREEMENT)).one()
        assert (row.version, row.valid_from, row.verified_how) == ("2025-1", date(2025, 3, 1), "submitted")


@pytest.mark.parametrize(
    "name",
    ["jamie@example.org_2025-03-01_user-agreement.pdf", "jsmith_2025-03-01_user-agreement.pdf", "Sample Inland/double jo 2025-03-01 user agreement.pdf"],
)  # fmt: skip
def test_an_address_a_user_id_or_an_agency_say_whose_it_is(world: World, name: str) -> None:
    assert read(world, name)[name].status == "placed"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("model_robin_2025-03-01_user-agreement.pdf", "Several people"),
        ("double_jo_2025-03-01_user-agreement.pdf", "at which Agency"),
        ("nobody_known_2025-03-01_user-agreement.pdf", "nobody's name"),
        ("stranger@example.org_2025-03-01_user-agreement.pdf", "Nobody here has the address"),
        ("smith_jamie_2025-03-01.pdf", "which document"),
        ("smith_jamie_user-agreement.pdf", "when it was signed"),
        ("smith_jamie_2020-03-01_user-agreement.pdf", "No version was published"),
        ("smith_jamie_2027-03-01_user-agreement.pdf", "not after today"),
        ("smith_jamie_2025-03-01_security-officer-acceptance.pdf", "No version was published"),
    ],
)  # fmt: skip
def test_what_is_not_certain_waits_in_the_tray_and_says_why(world: World, name: str, says: str) -> None:
    scan = read(world, name)[name]
    assert scan.status == "waiting" and says in scan.why
    assert scan.document_id is None
    with world.look() as session:
        assert not session.scalars(select(Document)).all()


def test_what_holds_for_the_bundle_fills_what_the_names_leave_open(world: World) -> None:
    name = "smith_jamie_2020-03-01.pdf"
    assert read(world, name, kind="user_agreement", version="2025-1")[name].status == "placed"


def test_the_same_file_is_taken_once_and_a_second_paper_of_the_kind_waits(world: World) -> None:
    first, second = "smith_jamie_2025-03-01_user-agreement.pdf", "smith_jamie_2025-03-02_user-agreement.pdf"
    read(world, first)
    assert arrive(world, {"again.pdf": a_pdf(first)}) == (0, 1)
    waits = read(world, second)[second]
    assert waits.status == "waiting" and "signed and waits" in waits.why


def test_sixty_files_with_doubles_strangers_wrong_kinds_and_a_bomb(world: World) -> None:
    rows = [
        f"Sample Harbor,Person,Number{chr(97 + n // 26)}{chr(97 + n % 26)},p{n}@example.org,,,,,,,," for n in range(48)
    ]
    report = bring(world, people(*rows), decide={f"p{n}@example.org": "new" for n in range(48)})
    assert not report.refused, report.lines()[-3:]
    files = {f"p{n}@example.org_2025-03-01_user-agreement.pdf": a_pdf(str(n)) for n in range(48)}
    files |= {f"stranger{n}@example.org_2025-03-01_user-agreement.pdf": a_pdf(f"s{n}") for n in range(4)}
    files |= {"model_robin_2025-03-01_user-agreement.pdf": a_pdf("r"), "copy of p0.pdf": a_pdf("0")}
    files |= {f"note{n}.docx": f"PK\x03\x04 wrong {n}".encode() for n in range(4)}
    files |= {"bomb_2025-03-01_user-agreement.pdf": _bomb(), "cut.pdf": a_pdf("cut")[:200]}
    assert len(files) == 60
    assert arrive(world, files) == (59, 1)
    assert world.count(Job, Job.effect == Effect.READ_SCANS.value, Job.state == "waiting") == 1
    world.drain()
    with world.look() as session:
        assert scans.counts(session) == {"placed": 48, "waiting": 5, "refused": 6}
        bomb = session.scalars(select(BulkScan).where(BulkScan.name.like("bomb%"))).one()
        assert "unpacks" in bomb.why
        assert session.scalars(select(Document.status).distinct()).all() == ["scanned"]


def _bomb() -> bytes:
    with pikepdf.new() as made:
        page = made.add_blank_page(page_size=(200, 200))
        page.Contents = made.make_stream(b"0" * 300_000_000)
        out = io.BytesIO()
        made.save(out, compress_streams=True)
    return out.getvalue()


# --- by hand


def waiting(world: World) -> BulkScan:
    name = "model_robin_2025-03-01_user-agreement.pdf"
    return read(world, name)[name]


def test_a_file_of_the_tray_is_put_with_its_person(world: World) -> None:
    scan = waiting(world)
    with world.look() as session:
        member = session.scalars(
            select(Membership)
            .join(Person, Person.id == Membership.person_id)
            .where(Person.email_key == "robin.m@example.org")
        ).one()
    with world.change() as session:
        document = scans.place(
            session, scan=session.get_one(BulkScan, scan.id), membership=session.get_one(Membership, member.id), kind="user_agreement",
            version="2025-1", signed_on=date(2025, 3, 1), actor=world.desk, now=world.now, policy=world.policy,
        )  # fmt: skip
        assert document.membership_id == member.id and document.status == "scanned"
    assert states(world)[scan.name].status == "placed"
    with world.look() as session:
        assert scans.following(session, scan.id) is None


def test_a_file_is_left_out_with_a_reason(world: World) -> None:
    scan = waiting(world)
    with pytest.raises(Refused), world.change() as session:
        scans.leave_out(session, scan=session.get_one(BulkScan, scan.id), reason=" ", actor=world.desk, now=world.now)
    with world.change() as session:
        scans.leave_out(
            session, scan=session.get_one(BulkScan, scan.id), reason="Not ours.", actor=world.desk, now=world.now
        )
    assert states(world)[scan.name].status == "left_out"


def test_a_scan_that_was_read_wrongly_goes_back_and_mails_nobody(world: World) -> None:
    name = "smith_jamie_2025-03-01_user-agreement.pdf"
    scan = read(world, name)[name]
    with world.change() as session:
        scans.take_back(
            session,
            document=session.get_one(Document, scan.document_id),
            reason="It says April.",
            actor=world.desk,
            now=world.now,
        )
    after = states(world)[name]
    assert (after.status, after.document_id) == ("waiting", None)
    assert document_of(world, scan).status == "void"
    assert world.count(Job, Job.effect == Effect.MAIL.value) == 0


def test_only_the_help_desk_sorts_scans(world: World) -> None:
    trainer = world.actor(world.member(world.agency(licences_=0)))
    with pytest.raises(Refused):
        arrive(world, {"a.pdf": a_pdf("a")}, actor=trainer)


def test_both_databases_place_and_wait(each_engine: Engine, tmp_path: Path) -> None:
    world = with_people(World(each_engine), tmp_path)
    found = read(world, "smith_jamie_2025-03-01_user-agreement.pdf", "scan1.pdf")
    assert [scan.status for scan in found.values()] == ["placed", "waiting"]
