"""Every kind of ticket that starts work, from the mail that came to the answer that went (H2); and service requests on screen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from portal.models import Credential, Document, Evidence, Incident, Job, Link, ProgramChange, ServiceRequest, Ticket
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.mails.sample import part, several
from tests.helpdesk.test_ticket_work import _document
from tests.services.asking import admin_of
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of
from tests.web.desk_world import stored
from tests.web.test_desk_work import a_pdf


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Mailing:
    return Mailing(stored(World(engine), tmp_path), tmp_path / "inbox")


@pytest.fixture
def staff(desk: Mailing) -> ClientRequest:
    return browser_of(desk.world, desk.world.desk)


def locked(desk: Mailing) -> None:
    now = desk.world.now
    with desk.world.change() as session:
        session.add(Credential(person_id=desk.asker.person_id, password_hash="x", changed_at=now, locked_since=now))


def has_password(desk: Mailing) -> None:
    with desk.world.change() as session:
        session.add(Credential(person_id=desk.asker.person_id, password_hash="x", changed_at=desk.world.now))


def agreement(desk: Mailing) -> None:
    with desk.world.change() as session:
        _document(desk, session)


def nothing(_desk: Mailing) -> None:
    pass


def counted(model, *where) -> Callable[[Mailing], bool]:
    def there(desk: Mailing) -> bool:
        with desk.world.look() as session:
            return session.scalar(select(func.count()).select_from(model).where(*where)) == 1

    return there


WALKS = {
    "lock_out": (
        locked, "unlock", {"reason": "Called, and known by voice."}, "Your account is unlocked",
        counted(Credential, Credential.locked_since.is_(None)),
    ),
    "reset": (
        has_password, "reset", {"reason": "Called, and known by voice."}, "A link to choose a new password was sent",
        counted(Link, Link.purpose == "reset"),
    ),
    "departure": (
        nothing, "departure", {"reason": "Left for another job."}, "is recorded: the access at",
        counted(Evidence, Evidence.kind == "departure"),
    ),
    "incident": (nothing, "incident", {}, "Thank you for telling us.", counted(Incident)),
    "why_not_yet": (nothing, "why", {}, "still lacks:", counted(Ticket)),
    "user_agreement": (
        agreement, "agreement", {"signed_on": "2026-11-20", "verified": "y"}, "was received and verified",
        counted(Document, Document.status == "executed"),
    ),
    "program_change": (
        nothing, "program-change", {"kind": "closes", "program": "Night shelter", "effective_on": "2026-12-15"},
        "The change of your program stands on the list of service requests as SR-2026-0001", counted(ProgramChange),
    ),
    "feature": (
        nothing, "service-request", {"sent_to": "vendor"}, "What you ask for stands on the list of service requests as SR-2026-0001",
        counted(ServiceRequest),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WALKS)
def test_it_walks_from_the_mail_to_the_answer(desk: Mailing, staff: ClientRequest, kind: str) -> None:
    begins, path, values, answer, done = WALKS[kind]
    begins(desk)
    pdf = part(a_pdf(), 'application/pdf; name="signed.pdf"', encoding="base64", Content_Disposition='attachment; filename="signed.pdf"')  # fmt: skip
    letter = several(part("Please see to it.", "text/plain"), pdf, From=desk.email, Message_ID="<walk@shelter.example.org>")  # fmt: skip
    ticket = desk.ticket_of(desk.arrive(letter))
    desk.send()
    sort = staff.get(f"/tickets/{ticket.id}")
    page = staff.follow(staff.submit(sort, having="priority", kind=kind, assignee=str(desk.world.desk.person_id)))
    offered = page.document.xpath("//*[contains(@class, 'usa-button')][contains(@href, '/start/')]/@href | //form[contains(@action, '/start/')]/@action")  # fmt: skip
    assert offered[0] == f"/tickets/{ticket.id}/start/{path}"  # its own kind's comes first

    if path == "why":
        token = page.document.xpath("//input[@name='csrf_token']/@value")[0]
        staff.follow(staff.post(offered[0], {"csrf_token": token}))
    else:
        form = staff.get(offered[0], 302 if path in ("program-change", "service-request") else 200)
        form = staff.follow(form) if form.location else form
        sure = {"how": "Called at the number on record."} if form.document.xpath("//*[@name='how']") else {}
        staff.submit(form, **values, **sure)
    assert done(desk)

    again = staff.get(f"/tickets/{ticket.id}")
    draft = again.document.xpath("string(//textarea[@name='text'])")
    assert answer in draft
    staff.submit(again, having="text", step="send", after="solve")
    [sent] = desk.send()
    assert answer in " ".join(sent.text.split()) and sent.to_email == desk.email
    assert desk.read(ticket).status == "solved" and "We take your question as solved" in sent.text
    with desk.world.look() as session:
        names = [job.payload["mail"] for job in session.scalars(select(Job).where(Job.effect == "mail"))]
    assert "ticket_solved" not in names


def sent(browser: ClientRequest, path: str, expect: int = 302, having: str | None = None, **values: object) -> Page:
    answer = browser.submit(browser.get(path), expect, having=having, **values)
    return browser.follow(answer) if expect == 302 else answer


# --- service requests and changes of programs on screen


def test_a_wish_begun_from_a_ticket_carries_over_and_both_show_the_other(desk: Mailing, staff: ClientRequest) -> None:
    ticket = desk.ticket_of(desk.arrive(desk.from_asker("Client Robin Sample waits for a bell.", Subject="A bell")))
    form = staff.follow(staff.get(f"/tickets/{ticket.id}/start/service-request", 302))
    value = form.document.xpath
    assert value("string(//input[@name='title']/@value)") == "A bell" and desk.agency.name in value("string(//option[@selected])")  # fmt: skip
    text = value("string(//textarea[@name='description'])")
    assert "waits for a bell" in text and "Robin" not in text and ticket.asker in form.text
    page = staff.follow(staff.submit(form, sent_to="lead"))
    assert f"{ticket.reference}: A bell" in page.text and f"by {ticket.asker}" in page.text
    assert "SR-2026-0001: A bell" in staff.get(f"/tickets/{ticket.id}").text
    ending = staff.get("/service-requests/1/work?do=decline")
    assert f"Answer {ticket.reference} with it" in ending.text
    wrong = staff.submit(ending, 400, resolution="Client Robin Sample, born on 04/05/1990, has one.")
    assert "birth date" in wrong.text and desk.read(ticket).status == "new"
    staff.submit(wrong, resolution="The vendor does not do it.", anyway=None)
    assert desk.read(ticket).status == "solved" and "The vendor does not do it." in " ".join(
        each.body for each in desk.entries(ticket) if each.kind == "out"
    )
    trainer = browser_of(desk.world, desk.world.staff("trainer"))
    seen = trainer.get(f"/tickets/{ticket.id}")
    assert "SR-2026-0001: A bell" in seen.text and not seen.document.xpath("//a[contains(@href, 'service-requests')]")


def test_an_agency_announces_late_and_sees_each_task_done(desk: Mailing, staff: ClientRequest) -> None:
    world = desk.world
    admin = browser_of(world, admin_of(world, desk.agency))
    page = admin.get("/service-requests/programs/new")
    assert "at least 5 business days ahead" in page.text and "from December 2, 2026 on" in page.text
    missing = admin.submit(page, 400, kind="renamed", program="Night shelter", effective_on="2026-11-25")
    assert "new name" in missing.text and "Night shelter" in missing.response.text
    seen = admin.follow(admin.submit(missing, kind="renamed", becomes="Harbor night shelter"))
    assert "Late notice" in seen.text and "2 business days, 5 asked for: late" in seen.text
    assert "These are done" not in seen.text
    assert "1 change of programs to set up in the HMIS" in staff.get("/").text
    one = staff.get("/service-requests?show=programs")
    assert "Change of a program" in one.text and "Late notice" in one.text
    half = sent(staff, "/service-requests/1", having="tasks", tasks=["1", "2"])
    assert "Kept." in half.text and "In progress" in half.text
    assert "Done" in admin.get("/service-requests/1").text
    assert "Choose at least one task" in sent(staff, "/service-requests/1", having="tasks").text
    full = sent(staff, "/service-requests/1", having="tasks", tasks=["3"])
    assert "Delivered" in full.text and "These are done" not in full.text
    proposed = staff.get("/service-requests/1/work?do=resolve")
    assert "Rename the program in the HMIS." in proposed.document.xpath("string(//textarea[@name='resolution'])")
    assert "Resolved" in staff.follow(staff.submit(proposed)).text
    table = staff.get("/service-requests?show=all&format=csv").response.get_data(as_text=True)
    assert (
        "Program,Holds from,Business days of notice,Late notice" in table and "Night shelter,2026-11-25,2,yes" in table
    )


def test_another_agencys_change_ticket_and_tasks_are_not_there(desk: Mailing, staff: ClientRequest) -> None:
    world = desk.world
    admin, other = browser_of(world, admin_of(world, desk.agency)), world.agency("Sample Elsewhere")
    stranger = browser_of(world, admin_of(world, other))
    sent(admin, "/service-requests/programs/new", kind="closes", program="Night shelter", effective_on="2026-12-15")
    stranger.get("/service-requests/1", 404)
    form = stranger.get("/service-requests/programs/new")
    stranger.submit(form, 400, kind="closes", program="Night shelter", effective_on="2026-12-15", agency=str(desk.agency.id))  # fmt: skip
    token = form.document.xpath("//input[@name='csrf_token']/@value")[0]
    stranger.post("/service-requests/1/tasks", {"csrf_token": token, "tasks": "1"}, 403)
    ticket = desk.open()
    for path in ("new", "programs/new"):
        admin.get(f"/service-requests/{path}?ticket={ticket.id}", 404)
        staff.get(f"/service-requests/{path}?ticket=999999", 404)
    browser_of(world, world.actor(desk.asker)).get("/service-requests/programs/new", 403)
