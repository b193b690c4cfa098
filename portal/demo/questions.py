"""What the made-up people ask the help desk, and what becomes of it: the Agency Admin's answer, the ladder, the team's."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from portal.actors import PORTAL
from portal.demo.calendar import Calendar
from portal.demo.driver import Driver
from portal.demo.house import House, Staff
from portal.demo.users import Going
from portal.models import Ticket
from portal.services.helpdesk.tickets import asking, conversation, moves, opening, rating

ACROSS = 36
"""Over so many days the questions are spread; the last ones are of today."""

QUESTIONS: tuple[tuple[str, str, str, str], ...] = (
    (
        "how_to",
        "Where do I enter an exit date?",
        "I look for the place where a stay ends.",
        "On the program's entry/exit tab, with the pencil beside the exit date.",
    ),
    (
        "how_to",
        "Two projects on one screen",
        "Can I see both of our projects at the same time?",
        "Yes: choose the provider above them in 'Enter data as', then both are listed.",
    ),
    (
        "data_question",
        "The same household twice",
        "Record 104 and record 2210 are the same household.",
        "Thank you. We have merged them; record 104 is the one that stays.",
    ),
    (
        "data_question",
        "A bed that cannot be saved",
        "The bed list says 'not valid' when I save it.",
        "The inventory date was before the project began. With the later date it saves.",
    ),
    (
        "report",
        "The monthly report stays empty",
        "I chose last month, and no row is shown.",
        "It is run by provider: choose your project, not the Agency, and it fills.",
    ),
    (
        "report",
        "ART says that it has no license",
        "Since this morning the report opens a page about licenses.",
        "Your ART license had run out with the year. It is renewed; sign in once more.",
    ),
    (
        "access",
        "A second program",
        "From next month I work in the family program, too.",
        "Your Agency Administrator asked for it, and the program is added to your access.",
    ),
    (
        "why_not_yet",
        "Why can I not sign in to the HMIS?",
        "I signed everything two weeks ago.",
        "The security course is still open. As soon as it is passed, your access is issued.",
    ),
    (
        "lock_out",
        "Locked out before the night shift",
        "Three wrong passwords, and the shift begins at nine.",
        "It is open again. Take the password that you set last week.",
    ),
    (
        "reset",
        "No message comes for a new password",
        "'Forgot password' sends me nothing.",
        "The message lay in the spam folder of your mail system; we have sent another one.",
    ),
    (
        "user_agreement",
        "The signed agreement of our new colleague",
        "It is attached. She begins on Monday.",
        "Received with thanks; it is with the Lead for verification.",
    ),
    (
        "departure",
        "A colleague leaves at the end of the month",
        "Her last day is the thirtieth.",
        "Her access ends on that day. Please confirm it on her page.",
    ),
    (
        "program_change",
        "Our winter shelter opens again",
        "From December on, with twenty beds.",
        "We set the program up. Please send the housing inventory for it.",
    ),
    (
        "incident",
        "A screen was open at the front desk",
        "Nobody sat there when I passed by in the evening.",
        "Thank you for telling us. The security officer looks into it.",
    ),
    (
        "outage",
        "The HMIS does not open",
        "An empty page since eight o'clock, on all our computers.",
        "It was a fault at the vendor, and is over since half past nine.",
    ),
    (
        "feature",
        "A button that copies last year's inventory",
        "We type the same beds every January.",
        "We have put it on the list of service requests to the vendor.",
    ),
    (
        "other",
        "Training for a whole team",
        "Could somebody come to us in January?",
        "Gladly. The trainer calls you this week about a day.",
    ),
    (
        "how_to",
        "Who may see a note?",
        "Does everybody at the Agency read what I write?",
        "Only people of your program. The lock beside the note shows it.",
    ),
    (
        "data_question",
        "A gender that is missing in the list",
        "The list has fewer answers than the form on paper.",
        "The list follows the data standards of this year; the form on paper is an old one.",
    ),
    (
        "report",
        "The annual report and the bed count differ",
        "One says 18, the other 20.",
        "One counts beds in use and the other beds in the inventory. Both are right.",
    ),
)
"""Kind, subject, text, answer."""

STRANGER = ("A. Stranger", "a.stranger@example.org", "Do you have a bed tonight?", "I was given this address. Where can I go?")  # fmt: skip


@dataclass(slots=True)
class Asked:
    """One question on its way, and who asks it."""

    going: Going
    question: tuple[str, str, str, str]
    ticket_id: int = 0


class Questions:
    """Plans some forty tickets in every state, each act by the person whose it is."""

    def __init__(self, driver: Driver, calendar: Calendar, staff: Staff):
        self.driver, self.calendar, self.staff = driver, calendar, staff

    def plan(self, goings: list[Going]) -> None:
        last, at = self.calendar.last, self.calendar
        first = last - timedelta(ACROSS + 10)
        people = [each for each in goings if each.story == "active" and each.asked < first and _answers(each.house)]
        if not people:
            return
        for number in range(2 * len(QUESTIONS)):
            asked = Asked(people[number * 7 % len(people)], QUESTIONS[number % len(QUESTIONS)])
            day = self._day(number)
            plan = at.afternoon if number >= 2 * len(QUESTIONS) - 3 else at.morning
            plan(day, partial(self._ask, asked))
            if day < last - timedelta(1):
                self._plan_answer(asked, number)
        at.morning(last - timedelta(2), self._stranger)

    def _plan_answer(self, asked: Asked, number: int) -> None:
        """What becomes of it goes round: answered at the Agency, passed on, left to the ladder, answered by the team."""
        at, next_day = self.calendar, self.calendar.after(self._day(number), 1)
        later = self.calendar.after(next_day, 1)
        match number % 5:
            case 0:
                at.afternoon(self._day(number), partial(self._answer, asked, by_admin=True, after="solve"))
            case 1:
                at.afternoon(self._day(number), partial(self._pass_on, asked))
                at.morning(next_day, partial(self._answer, asked, after="solve"))
                at.afternoon(next_day, partial(self._rate, asked, "good", "Quick and clear."))
            case 2:
                at.morning(next_day, partial(self._answer, asked, after="wait"))
            case 3:
                at.morning(next_day, partial(self._take, asked))
            case _:
                at.morning(next_day, partial(self._answer, asked, after="solve"))
                at.afternoon(next_day, partial(self._rate, asked, "bad", "It was the same on the next day."))
                at.morning(later, partial(self._again, asked))

    def _day(self, number: int) -> date:
        many = 2 * len(QUESTIONS) - 1
        return self.calendar.working(self.calendar.last - timedelta(ACROSS * (many - number) // many))

    # --- acts

    def _ask(self, asked: Asked) -> None:
        driver, (kind, subject, text, _) = self.driver, asked.question
        with driver.change() as session:
            agency = driver.agency(session, asked.going.house.name)
            actor = driver.actor(session, asked.going.somebody.email)
            asked.ticket_id = asking.ask(
                session, kind=kind, subject=subject, text=text, answers={}, agency_id=agency.id, actor=actor, **driver.about
            ).id  # fmt: skip

    def _answer(self, asked: Asked, *, by_admin: bool = False, after: str) -> None:
        """By the Agency Administrator as long as they have it, else by the help desk."""
        driver = self.driver
        with driver.change() as session:
            ticket = session.get_one(Ticket, asked.ticket_id)
            here = by_admin and ticket.rung == "agency_admin"
            actor = driver.actor(session, asked.going.house.admin.email if here else self.staff.desk)
            conversation.answer(session, ticket, text=asked.question[3], after=after, actor=actor, **driver.about)

    def _pass_on(self, asked: Asked) -> None:
        driver = self.driver
        with driver.change() as session:
            ticket = session.get_one(Ticket, asked.ticket_id)
            if ticket.rung == "agency_admin":
                actor = driver.actor(session, asked.going.house.admin.email)
                asking.pass_on(
                    session, ticket, words="I tried it too, and it is the same for me.", actor=actor, now=driver.now
                )

    def _take(self, asked: Asked) -> None:
        driver = self.driver
        with driver.change() as session:
            ticket = session.get_one(Ticket, asked.ticket_id)
            desk = driver.who(session, self.staff.second_desk)
            moves.assign(session, ticket, to=desk, actor=driver.actor(session, self.staff.admin), **driver.about)

    def _rate(self, asked: Asked, word: str, said: str) -> None:
        driver = self.driver
        with driver.change() as session:
            ticket = session.get_one(Ticket, asked.ticket_id)
            if ticket.status in ("solved", "closed"):
                rating.rate(session, ticket, rating=word, said=said, actor=rating.BY_LINK, now=driver.now)

    def _again(self, asked: Asked) -> None:
        driver = self.driver
        with driver.change() as session:
            ticket, actor = session.get_one(Ticket, asked.ticket_id), driver.actor(session, asked.going.somebody.email)
            asking.again(
                session, ticket, text="Today it is as it was before. Could you look again?", actor=actor, **driver.about
            )

    def _stranger(self) -> None:
        name, email, subject, text = STRANGER
        with self.driver.change() as session:
            opening.open_ticket(
                session, subject=subject, text=text, kind="other", channel="mail", requester=None, email=email, name=name, actor=PORTAL,
                **self.driver.about,
            )  # fmt: skip


def _answers(house: House) -> bool:
    """Whether its Agency Administrator is there and takes part."""
    return house.story in ("big", "full", "more")
