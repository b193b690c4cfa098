"""Tickets about an outage: proposed, linked, answered together each by itself, solved once it is over; and what waits for a word."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select

from portal.models import AuditEntry, Job, Outage, Ticket
from portal.refusals import Refused
from portal.services.helpdesk.outages import linked, moves
from portal.web.app import build
from tests.helpdesk.outaging import HOUR, Outaging
from tests.helpdesk.ticketing import Ticketing
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import Effect, Reason


class Both(Outaging):
    """A world with outages and with people who write about them."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.tickets = Ticketing(world)

    def ask(self, subject: str = "I cannot sign in", kind: str = "outage", **more: Any) -> Ticket:
        return self.tickets.open(subject=subject, text="It says nothing.", kind=kind, **more)

    def link(self, outage: Outage, *tickets: Ticket, actor: Any = None) -> int:
        with self.world.change() as session:
            rows = [session.get_one(Ticket, each.id) for each in tickets]
            return linked.link(
                session, session.get_one(Outage, outage.id), rows, actor=actor or self.world.desk, now=self.world.now
            )

    def answer(
        self, outage: Outage, expected: int, text: str = "We know.", solve: bool = False, **more: Any
    ) -> linked.Answered:
        with self.world.change() as session:
            return linked.answer_all(
                session, session.get_one(Outage, outage.id), text=text, solve=solve, expected=expected,
                **{"actor": self.world.desk, **self.when(), **more},
            )  # fmt: skip

    def suggested(self, outage: Outage, actor: Any = None) -> list[int]:
        with self.world.look() as session:
            found: Sequence[Ticket] = linked.suggested(
                session, actor or self.world.desk, session.get_one(Outage, outage.id)
            )
            return [each.id for each in found]

    def ticket_mails(self) -> int:
        with self.world.look() as session:
            return session.scalar(select(func.count()).select_from(Job).where(Job.effect == Effect.TICKET_MAIL)) or 0


@pytest.fixture
def here(each_engine: Engine) -> Both:
    return Both(World(each_engine))


@pytest.fixture
def one(engine: Engine, tmp_path: Path) -> Both:
    return Both(stored(World(engine), tmp_path))


@pytest.fixture
def app(one: Both) -> Flask:
    return build(context=one.world.context)


def refused(act: Any, *given: Any, **more: Any) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*given, **more)
    return no.value.reason, no.value.field


def test_what_may_be_about_it_is_proposed(here: Both) -> None:
    """Since shortly before it began: of the kind, or with two words of its title; open, and linked to none."""
    here.world.now -= 5 * HOUR
    too_early = here.ask()
    here.later(3 * HOUR)
    outage_at = here.world.now + HOUR
    shortly_before = here.ask()
    here.later(2 * HOUR)
    outage = here.report(title="Nobody can sign in", starts_at=outage_at)
    by_kind, by_words = here.ask(), here.ask("Sign in fails for nobody but me", "other")
    one_word = here.ask("How do I sign a form", "other")
    other = here.ask("The report is empty", "other")
    solved = here.ask()
    here.tickets.solve(solved)
    taken = here.ask()
    here.link(outage, taken)
    found = here.suggested(outage)
    assert found == [shortly_before.id, by_kind.id, by_words.id]
    assert not {too_early.id, one_word.id, other.id, solved.id, taken.id} & set(found)
    assert here.suggested(outage, here.admin) == []
    here.end(outage)
    here.later(3 * HOUR)
    assert here.ask().id not in here.suggested(outage)


def test_each_ticket_gets_its_own_answer_and_its_own_mail(here: Both) -> None:
    outage, tickets = here.report(), [here.ask(f"Question {number}") for number in range(4)]
    assert here.link(outage, *tickets) == 4 and here.link(outage, tickets[0]) == 0
    here.tickets.solve(tickets[3])
    mails = here.ticket_mails()
    assert here.answer(outage, 3) == linked.Answered(3, 0)
    assert here.ticket_mails() == mails + 3
    for ticket in tickets[:3]:
        out = [each for each in here.tickets.entries(ticket) if each.kind == "out"]
        assert [each.body for each in out] == ["We know."] and here.tickets.read(ticket).status == "open"
    assert [each for each in here.tickets.entries(tickets[3]) if each.kind == "out"] == []


def test_they_are_solved_with_it_only_once_it_is_over(one: Both) -> None:
    outage, tickets = one.report(), [one.ask(), one.ask()]
    one.link(outage, *tickets)
    assert refused(one.answer, outage, 2, solve=True) == (Reason.CONFLICT, "solve")
    one.end(outage)
    assert one.answer(outage, 2, "It is over.", solve=True) == linked.Answered(2, 2)
    assert {one.tickets.read(each).status for each in tickets} == {"solved"}
    assert refused(one.answer, outage, 0) == (Reason.CONFLICT, "")
    with one.world.look() as session:
        said = session.scalars(select(AuditEntry.said).where(AuditEntry.act == "outage.answer")).all()
    assert len(said) == 1 and said[0].endswith("answered 2 tickets together, and solved them.")


def test_whoever_was_shown_other_tickets_is_told(one: Both) -> None:
    outage = one.report()
    one.link(outage, one.ask(), one.ask())
    assert refused(one.answer, outage, 1) == (Reason.CONFLICT, "text")
    assert one.ticket_mails() == 0


def test_what_looks_like_a_client_s_goes_to_nobody(one: Both) -> None:
    outage = one.report()
    one.link(outage, one.ask(), one.ask())
    before = one.ticket_mails()
    doubtful = "The SSN 123-45-6789 was entered."
    assert refused(one.answer, outage, 2, doubtful) == (Reason.BAD_INPUT, "text")
    assert one.ticket_mails() == before
    assert one.answer(outage, 2, doubtful, anyway=True).answered == 2


def test_linking_is_refused_where_it_cannot_be(one: Both) -> None:
    outage, ticket, into = one.report(), one.ask(), one.ask()
    assert refused(one.link, outage) == (Reason.BAD_INPUT, "tickets")
    assert refused(one.link, outage, ticket, actor=one.admin) == (Reason.NOT_ALLOWED, "")
    one.link(outage, ticket)
    with one.world.change() as session:
        linked.unlink(session, session.get_one(Ticket, ticket.id), actor=one.world.desk, now=one.world.now)
    assert one.tickets.read(ticket).outage_id is None
    with pytest.raises(Refused), one.world.change() as session:
        linked.unlink(session, session.get_one(Ticket, ticket.id), actor=one.world.desk, now=one.world.now)
    bodies = [each.body for each in one.tickets.entries(ticket) if each.kind == "act"]
    assert bodies[-2:] == [f"Linked to the outage {outage.reference}.", "No longer linked to an outage."]
    assert one.tickets.read(into).outage_id is None


# --- pages


def sent(browser: ClientRequest, path: str, expect: int = 302, **values: object) -> Page:
    answer = browser.submit(browser.get(path), expect, **values)
    return browser.follow(answer) if expect == 302 else answer


def test_tickets_are_linked_answered_and_solved_on_the_pages(one: Both, app: Flask) -> None:
    desk = browser_of(one.world, one.world.desk, app)
    outage, tickets, odd = one.report(), [one.ask(), one.ask()], one.ask("The printer", "other")
    path = f"/outages/manage/{outage.id}"
    assert "None is linked yet." in desk.get(path).text
    nothing = sent(desk, f"{path}/tickets", 400)
    assert "Choose at least one ticket." in nothing.text
    unknown = sent(desk, f"{path}/tickets", 400, number="999999")
    assert "There is no such ticket." in unknown.text
    done = sent(desk, f"{path}/tickets", tickets=[str(each.id) for each in tickets], number=str(odd.id))
    assert "3 tickets are linked." in done.text and "Answer 3 open tickets together" in done.text
    off = done.document.xpath(f"//form[contains(@action, '/tickets/{odd.id}/unlink')]")[0]
    gone = desk.follow(desk.post(off.get("action"), dict(off.form_values())))
    assert "Answer 2 open tickets together" in gone.text
    page = desk.get(f"{path}/answer")
    assert "2 open tickets are linked to this outage" in page.text and not page.document.xpath("//input[@name='solve']")
    one.link(outage, odd)
    stale = desk.submit(page, 400, text="We know of it.")
    assert "There are 3 open tickets by now, not 2." in stale.text and "We know of it." in stale.text
    answered = desk.follow(desk.submit(stale))
    assert "3 tickets are answered. Each asker gets an e-mail." in answered.text
    over = sent(desk, f"{path}/end")
    assert "It is over." in over.text
    last = desk.get(f"{path}/answer")
    assert last.document.xpath("//input[@name='solve']/@checked")
    doubtful = desk.submit(last, 400, text="The SSN 123-45-6789 works.")
    assert "looks as if a client stood in it" in doubtful.text and doubtful.document.xpath("//input[@name='anyway']")
    solved = desk.follow(desk.submit(doubtful, text="It works again."))
    assert "3 tickets are answered, and solved." in solved.text
    assert "No open ticket is linked" in desk.get(f"{path}/answer").text


def test_the_page_costs_the_same_with_five_and_with_sixty(one: Both, app: Flask) -> None:
    desk = browser_of(one.world, one.world.desk, app)
    outage = one.report()
    paths = [f"/outages/manage/{outage.id}{end}" for end in ("", "/tickets", "/answer")]

    def counted() -> list[int]:
        found = []
        for path in paths:
            with statements(one.world.engine) as said:
                desk.get(path)
            found.append(len(said))
        return found

    for _ in range(5):
        one.link(outage, one.ask())
        one.ask()
    few = counted()
    for _ in range(30):
        one.link(outage, one.ask())
        one.ask()
    assert counted() == few


# --- what waits for a word


def waits(one: Both, app: Flask, who: Any = None) -> str:
    return browser_of(one.world, who or one.world.admin, app).get("/").text


def test_an_outage_of_which_nobody_says_anything_waits_for_the_lead(one: Both, app: Flask) -> None:
    outage = one.report(starts_at=one.world.now)
    one.later(timedelta(minutes=119))
    assert "Say how it goes" not in waits(one, app)
    one.do(moves.update, outage, public=False)
    one.later(timedelta(minutes=1))
    assert "Say how it goes: Nobody can sign in" in waits(one, app)
    assert "Say how it goes" not in waits(one, app, one.admin) + waits(one, app, one.auditor)
    one.do(moves.update, outage)
    assert "Say how it goes" not in waits(one, app)
    one.later(2 * HOUR)
    assert "Say how it goes" in waits(one, app)
    one.end(outage)
    assert "Say how it goes" not in waits(one, app)


def test_one_that_should_be_over_waits_at_once_and_one_that_was_announced_early_does_not(one: Both, app: Flask) -> None:
    one.announce()
    one.later(73 * HOUR)
    assert "Servers are moved" not in waits(one, app)
    one.later(HOUR)
    assert "Say whether it is over: Servers are moved" in waits(one, app)
