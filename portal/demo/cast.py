"""Who there is in the made-up community: the Lead's people, the Agencies with their stories, and everybody who asks for access."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from portal.demo import names
from portal.demo.calendar import Calendar
from portal.demo.house import STEPS, House, Staff
from portal.demo.users import LEVELS, PURPOSES, STORIES, Going
from workflows.vocabulary import Role

STAFF = (
    ("admin", Role.LEAD_ADMIN, "Jordan", "Sample", "Lead administrator"),
    ("second_admin", Role.LEAD_ADMIN, "Morgan", "Example", "Lead administrator"),
    ("desk", Role.HELP_DESK, "Casey", "Specimen", "Help desk"),
    ("second_desk", Role.HELP_DESK, "Riley", "Beispiel", "Help desk"),
    ("security", Role.LEAD_SECURITY, "Avery", "Muster", "Lead security officer"),
    ("trainer", Role.TRAINER, "Quinn", "Ejemplo", "Trainer"),
    ("board", Role.BOARD_MEMBER, "Rowan", "Voorbeeld", "Board member"),
    ("committee", Role.COMMITTEE_MEMBER, "Robin", "Exemplo", "Data committee member"),
    ("auditor", Role.AUDITOR, "Taylor", "Esempio", "Security compliance auditor"),
)  # fmt: skip
HOUSES = (
    "big",
    "one_for_all",
    "full",
    "suspended",
    "ended",
    "late",
    "entered",
    "invited",
    "signed",
    "paper",
    "forms",
    "ready",
    "victim",
)
"""One Agency for each story; all others participate, as the first three do: the one with the people's stories, the one
with all offices in one person, the one without a free seat."""

JOINING = {"invited": 3, "signed": 4, "paper": 5, "forms": 14, "ready": 19}
"""How many working days ago an Agency that is still joining was invited."""

ENDED, SUSPENDED, NEW_VERSIONS = 60, 12, 10
STAGE_DAYS = {
    "requested": 0,
    "unsigned": 7,
    "signed": 4,
    "almost": 10,
    "security_missing": 12,
    "background": 15,
    "queueing": 17,
    "ordered": 9,
    "password": 11,
    "certificate": 13,
    "unmatched": 14,
}
"""How many working days ago access was asked for, where the story is still going on."""


class Cast:
    """The cast, drawn once by chance; the same chance draws the same one. `begins` and `last` are the days it plays between."""

    def __init__(self, chance: random.Random, calendar: Calendar, *, begins: date, people: int):
        self.chance, self.calendar, self.begins, self.last, self.wanted = (
            chance,
            calendar,
            begins,
            calendar.last,
            people,
        )
        self.people = names.people(chance)
        self.staff_people = [
            names.somebody(first, last, 9001 + n, title) for n, (_, _, first, last, title) in enumerate(STAFF)
        ]
        self.staff = Staff(**{key: one.email for (key, *_), one in zip(STAFF, self.staff_people, strict=True)})
        self.houses = list(self._houses(30 if people >= 150 else len(HOUSES)))

    def _houses(self, count_: int) -> Iterator[House]:
        stories = [*HOUSES[:3], *["more"] * (count_ - len(HOUSES)), *HOUSES[3:]]
        early = [story for story in stories if story not in JOINING and story not in ("entered", "victim")]
        for number, (story, name) in enumerate(zip(stories, names.AGENCIES, strict=False)):
            director, admin, officer = next(self.people), next(self.people), next(self.people)
            if story == "one_for_all":
                admin = officer = director
            elif story != "big" and (story != "more" or number % 2):
                officer = admin
            place = early.index(story) + number if story in early else 0
            started = (
                self.calendar.after(self.last, -JOINING[story])
                if story in JOINING
                else self.begins + timedelta(2 + (place * 11) % 330 * (story == "more"))
            )
            yield House(number, name, story, started, director, admin, officer)

    def participates_on(self, house: House) -> date:
        return self.calendar.after(house.starts, 21)

    def offices(self) -> int:
        """How many people have an office at the Lead or at an Agency."""
        found = {one.email for one in self.staff_people}
        for house in self.houses:
            if house.reaches >= 1:
                found.add(house.director.email)
            if house.reaches >= 4:
                found |= {house.admin.email, house.officer.email}
        return len(found)

    def goings(self) -> list[Going]:
        """Everybody who asks for access: one for each story, and active people at the Agencies that participate."""
        open_to = [house for house in self.houses if house.reaches == len(STEPS) - 1 and house.story != "one_for_all"]
        big, full = self.houses[0], self.houses[2]
        goings = [self._going(story, full if story == "queueing" else big) for story in STORIES]
        other = goings[STORIES.index("two_agencies")]
        goings.append(
            Going(other.somebody, full, "active", self.last - timedelta(90), other.level, other.purpose, other.worker)
        )
        some = [house for house in open_to if house.story in ("suspended", "ended", "late", "full")] * 2
        left = self.wanted - self.offices() - len(STORIES)
        others = [house for house in open_to if house.story == "more"] or [big]
        some += [others[number % len(others)] for number in range(len(some), max(left, len(some)))]
        goings += [self._going("active", house) for house in some]
        for house in open_to + [house for house in self.houses if house.story == "one_for_all"]:
            people_here = (
                sum(1 for going in goings if going.house is house and going.story not in ("queueing", "background")) + 1
            )
            house.licences = people_here if house.story == "full" else people_here + 3
        return goings

    def _going(self, story: str, house: House) -> Going:
        return Going(
            next(self.people),
            house,
            story,
            self._asked_on(story, house),
            "agency_admin" if story == "background" else self.chance.choice(LEVELS),
            self.chance.choice(PURPOSES),
            self.chance.choice(("staff", "staff", "staff", "volunteer", "contractor")),
        )

    def _asked_on(self, story: str, house: House) -> date:
        if story in STAGE_DAYS:
            return self.calendar.after(self.last, -STAGE_DAYS[story])
        first = self.participates_on(house) + timedelta(3)
        if story == "lapsed":
            return self.last - timedelta(396)
        if story in ("departed", "rehired", "sanctioned", "two_agencies"):
            return first + timedelta(self.chance.randrange(60))
        until = {"ended": ENDED + 40, "suspended": SUSPENDED + 30}.get(house.story, 26)
        return first + timedelta(self.chance.randrange(max(1, (self.last - first).days - until)))
