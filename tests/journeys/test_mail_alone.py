"""Somebody who never opens the portal: asks by mail, is acknowledged, answered, answers, and says that it was solved well."""

import email
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default as policy_of_mail
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.models import Person, Ticket
from portal.services.helpdesk.tickets import clock
from tests.factories import Town
from tests.journeys.conftest import MovableClock, Visit
from tests.journeys.test_review import signed_in
from tests.support import databases
from tests.support.living import Letter, Living
from workflows.business_time import local_day, works

SUBJECT = "Exit dates"


@pytest.fixture
def town(clean_url: Callable[[str], str], wall_clock: MovableClock) -> Town:
    with databases.engine_on(clean_url("sqlite")) as engine:
        town = Town(engine, now=wall_clock())
        with town.look() as session:
            desk = clock.calendar(session, policy=town.policy)
        while not works(local_day(wall_clock(), town.policy.zone), desk):
            wall_clock.advance(days=1)
        town.now = wall_clock()
        return town.build()


@pytest.fixture
def database(town: Town) -> str:
    return town.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


@pytest.fixture
def inbox_url(folder: Path) -> str:
    return f"file:{folder}"


def write(folder: Path, living: Living, sender: str, text: str, *, answering: Letter | None = None) -> None:
    """A message of theirs to the desk, as a mail program sends it: an answer quotes and refers to what it answers."""
    message = EmailMessage()
    original = email.message_from_bytes(answering.path.read_bytes(), policy=policy_of_mail) if answering else None
    message["From"], message["To"] = f"A User <{sender}>", "hmis-help@example.org"
    message["Subject"] = f"Re: {answering.subject}" if answering else SUBJECT
    message["Message-ID"] = f"<{len(list(folder.rglob('*')))}.{len(text)}@phone.example.org>"
    quoted = ""
    if original is not None and answering is not None:
        message["In-Reply-To"] = message["References"] = str(original["Message-ID"])
        quoted = "\n\nOn Monday the help desk wrote:\n" + "\n".join(f"> {line}" for line in answering.text.splitlines())
    message.set_content(text + quoted)
    kept = folder / f"{len(list(folder.rglob('*')))}.part"
    kept.write_bytes(message.as_bytes())
    kept.rename(kept.with_suffix(".eml"))
    living.context.clock.advance(seconds=61)  # type: ignore[attr-defined]  # the worker looks once a minute


def the_ticket(town: Town) -> Ticket:
    with town.look() as session:
        return session.scalars(select(Ticket).where(Ticket.subject == SUBJECT)).one()


def test_by_mail_alone(living: Living, town: Town, visitor: Visit, folder: Path) -> None:
    user = town.harbor.members["user"]
    with town.look() as session:
        address = session.get_one(Person, user.person_id).email
    write(folder, living, address, "Where do I enter the exit date of a stay?")
    said = living.mail.fetch(address, about="HD-")
    ticket = the_ticket(town)
    assert (ticket.requester_id, ticket.agency_id, ticket.rung) == (user.person_id, town.harbor.agency_id, "lead")
    assert f"HD-{ticket.id}" in said.subject + said.text

    desk = visitor("Desk")
    signed_in(desk, town, town.desk.person_id)
    desk.go(f"/tickets/{ticket.id}").sees("Where do I enter the exit date of a stay?", "Sample Harbor")
    desk.fill("Your text", "On which tab are you?").choose("After that", "It waits for the sender").press(
        "Send the answer"
    )
    asked = living.mail.fetch(address, about="On which tab are you?")
    write(folder, living, address, "On the summary tab.", answering=asked)
    until_status(living, town, "open")
    desk.go(f"/tickets/{ticket.id}").sees("On the summary tab.")
    desk.fill("Your text", "Open the entry/exit tab; the pencil stands there.").choose(
        "After that", "It is solved"
    ).press("Send the answer")
    solved = living.mail.fetch(address, about="the pencil stands there")

    phone = visitor("User", width=390, script=False)
    phone.go(solved.link(living.base_url).removeprefix(living.base_url)).tick("Yes, it was solved well").press("Send")
    assert the_ticket(town).rating == "good"
    write(folder, living, address, "One more thing: may I change it later?", answering=solved)
    until_status(living, town, "open")  # an answer to that very message opens it again, and no second ticket
    assert the_ticket(town).id == ticket.id


def until_status(living: Living, town: Town, status: str) -> None:
    """Waits for the worker as a person waits for the mail."""
    for _ in range(400):
        if the_ticket(town).status == status:
            living.settled()
            return
        time.sleep(0.05)
    raise AssertionError(f"{the_ticket(town).reference} is {the_ticket(town).status}, not {status}")
