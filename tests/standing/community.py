"""Draws random communities: agencies, people, devices and what is on record about them, mostly in order, partly not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

from workflows.gate import EVERYTHING, FOR_GOOD, LEAD, NEVER, Evidence, Member
from workflows.vocabulary import PROTOCOLS, RECEIPTS

DOCUMENTS = ("participation_agreement", "housing_inventory", "user_agreement", "agency_admin_agreement")
AROUND = (
    date(2028, 2, 29),
    date(2028, 3, 1),
    date(2029, 2, 28),
    date(2029, 3, 1),
    date(2026, 11, 23),
    date(2027, 1, 1),
)
"""Days to ask about: a leap day, the days on which a year from it ends, and days like any other."""

YEAR_AGO = (363, 364, 365, 366, 367)
COURSES = ("hmis-basics", "security", "agency-admin", "reports")
SCORES = (10_000, 9_500, 8_500, 8_001, 8_000, 8_000, 7_999, 7_900, 0)


@dataclass
class World:
    """Many communities that share one Lead, its publications and one database."""

    members: list[Member] = field(default_factory=list)
    rows: list[Evidence] = field(default_factory=list)
    bearing: dict[int, list[Evidence]] = field(default_factory=dict)
    """For each membership, all that is on record about it, its agency, person, devices and colleagues, and the Lead."""


def draw_world(rng: Random, communities: int) -> tuple[World, date]:
    """A world and the day around which things happen in it."""
    day = rng.choice(AROUND)
    world, drawing = World(), _Drawing(rng, day)
    drawing.publish()
    drawing.agency(LEAD)
    shared = list(drawing.rows)
    world.rows += shared
    for _ in range(communities):
        drawing.rows = []
        members = drawing.community()
        world.members += members
        world.rows += drawing.rows
        for member in members:
            colleagues = {m.id for m in members if m.agency_id == member.agency_id}
            mine = [e for e in drawing.rows if e.about != "membership" or e.subject_id in colleagues]
            world.bearing[member.id] = shared + mine
    return world, day


def questions(rng: Random, world: World, day: date, how_many: int) -> Iterator[tuple[date, datetime]]:
    """Days to ask about and moments to know it at, often exactly those at which something was recorded or withdrawn."""
    for _ in range(how_many):
        on = day + timedelta(rng.choice((0, 0, 0, 1, -1, 14, 44, 45, 46, -120)))
        some = rng.choice(world.rows)
        moments = (
            EVERYTHING,
            datetime.combine(on, datetime.min.time()),
            some.recorded_at,
            some.withdrawn_at,
            _gone(rng, world),
        )
        yield on, min(rng.choice(moments), EVERYTHING)


def _gone(rng: Random, world: World) -> datetime:
    withdrawn = [e.withdrawn_at for e in world.rows if e.withdrawn_at < NEVER]
    return rng.choice(withdrawn) if withdrawn else EVERYTHING


class _Drawing:
    def __init__(self, rng: Random, day: date) -> None:
        self.rng, self.day = rng, day
        self.rows: list[Evidence] = []
        self.versions: dict[str, list[str]] = {}
        self.noise = 0.0
        self._ids = {what: count(1) for what in ("evidence", "agency", "person", "membership", "device")}

    def publish(self) -> None:
        for document in DOCUMENTS:
            ages = (600, 400, 92, 91, 90, 89, 62, 46, 45, 44, 10, 1, 0, -5)
            how_many = 0 if self.rng.random() < 0.05 else self.rng.choice((1, 1, 2, 2, 3))
            chosen = sorted(self.rng.sample(ages, how_many), reverse=True)
            self.versions[document] = [f"{document[:4]}-{n}" for n in range(len(chosen))]
            for version, age in zip(self.versions[document], chosen, strict=True):
                self.noise = 0.05
                self.put(
                    "lead", LEAD, "published", document, version=version, since=self.day - timedelta(age), sure=True
                )

    def community(self) -> list[Member]:
        self.noise = self.rng.choice((0.0, 0.0, 0.0, 0.02, 0.02, 0.1, 0.3))
        agencies = [next(self._ids["agency"]) for _ in range(self.rng.choice((1, 1, 2)))]
        for agency in agencies:
            self.agency(agency)
        if self.rng.random() < 0.3:
            agencies.append(LEAD)
        members = []
        for _ in range(self.rng.choice((1, 2, 2, 3))):
            person = next(self._ids["person"])
            self.person(person)
            for agency in self.rng.sample(agencies, 1 if self.rng.random() < 0.7 else len(agencies)):
                members.append(Member(next(self._ids["membership"]), agency, person))
                self.membership(members[-1])
        return members

    def agency(self, agency: int) -> None:
        for kind in ("information_form", "configured"):
            self.put("agency", agency, kind)
        for document in ("participation_agreement", "housing_inventory"):
            self.document("agency", agency, document)
        for kind, details in (("receipt", RECEIPTS), ("protocol", PROTOCOLS), ("posted", ("privacy_notice", "sign"))):
            for detail in details:
                self.put("agency", agency, kind, detail, rare=10)
        self.put("agency", agency, "security_review", self.rng.choice(("", "joined")))
        if self.rng.random() < 0.4:
            self.put("agency", agency, "seat_free", self.rng.choice(("core", "core", "art")))
        self.speaks_against("agency", agency)
        self.maybe(0.4, "agency", agency, "excluded_provider", "victim_service")
        self.waivers("agency", agency)

    def person(self, person: int) -> None:
        for course in COURSES:
            for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
                self.put("person", person, "training", course, value=self.score())
        self.put(
            "person",
            person,
            "background_check",
            self.rng.choice(("cleared", "cleared", "cleared", "pending", "not_cleared")),
        )
        self.speaks_against("person", person)
        self.maybe(0.5, "person", person, "retraining", "security")

    def membership(self, member: Member) -> None:  # noqa: C901 (one line for each kind of evidence)
        me = "membership", member.id
        for role in ("end_user", "agency_admin", "security_officer"):
            if self.rng.random() < 0.75:
                self.put(*me, "role", role)
        if member.agency_id == LEAD and self.rng.random() < 0.5:
            self.put(*me, "role", "lead_security")
        self.put(*me, "access_level", self.rng.choice(("agency_staff", "agency_admin", "read_only", "system_operator")))
        for kind in ("request", "privacy_pledge", "security_officer_acceptance"):
            self.put(*me, kind)
        for document in ("user_agreement", "agency_admin_agreement"):
            self.document(*me, document)
        for course in self.rng.sample(COURSES[:3], self.rng.choice((1, 2, 2, 3))):
            self.put(*me, "course_assigned", course)
        if self.rng.random() < 0.8:
            self.put(*me, "seat", self.rng.choice(("core", "core", "core", "art")))
        if member.agency_id == LEAD or self.rng.random() < 0.1:
            self.put(*me, "lead_approval")
        for _ in range(self.rng.choice((1, 1, 2))):
            self.device(member)
        self.speaks_against(*me)
        self.maybe(0.5, *me, "departure")
        if self.rng.random() < 0.15:
            self.put(*me, "inherited")
        self.waivers(*me)

    def device(self, member: Member) -> None:
        device = next(self._ids["device"])
        for _ in range(self.rng.choice((1, 1, 1, 2))):
            self.put("membership", member.id, "device_in_use", value=device)
        self.put("device", device, "device_authorised")
        if self.rng.random() < 0.4:
            self.put("device", device, "trait", "laptop")
            self.put("device", device, "laptop_statement")
        if self.rng.random() < 0.3:
            self.put("device", device, "trait", "home_office")
            self.put("device", device, "home_office", "authorisation")
            self.put("device", device, "home_office", "policy")

    def document(self, about: str, subject: int, document: str) -> None:
        versions = self.versions[document] or ["never-published"]
        for version in {versions[-1], self.rng.choice(versions)} if self.noise else {versions[-1]}:
            self.put(about, subject, document, version=version)

    def speaks_against(self, about: str, subject: int) -> None:
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            self.maybe(
                0.7, about, subject, "sanction", self.rng.choice(("suspension", "revocation", "reprimand", "penalty"))
            )

    def waivers(self, about: str, subject: int) -> None:
        for what in ("housing-inventory", "privacy-notice-posted", "security-review", "agency-admin-training"):
            if self.rng.random() < 0.12:
                ends = self.day + timedelta(self.rng.choice((-1, 0, 1, 60)))
                self.put(about, subject, "waiver", what, since=self.day - timedelta(200), until=ends)
        self.maybe(0.3, about, subject, "waiver", "user-agreement")  # what cannot be waived is not

    def maybe(self, chance: float, about: str, subject: int, kind: str, detail: str = "") -> None:
        if self.rng.random() < chance * self.noise:
            self.put(about, subject, kind, detail)

    def score(self) -> int:
        return self.rng.choice(SCORES) if self.rng.random() < 0.1 + self.noise else 9_000

    def put(
        self, about: str, subject: int, kind: str, detail: str = "", *, value: int = 0, version: str = "",
        since: date | None = None, until: date | None = None, sure: bool = False, rare: int = 1,
    ) -> None:  # fmt: skip
        rng, odd = self.rng, self.noise / rare
        if not sure and rng.random() < odd:
            return
        start = since or self.day - timedelta(rng.randint(125, 360))
        if rng.random() < odd:
            start = rng.choice(
                (self.day, self.day + timedelta(1), self.day - timedelta(rng.choice(YEAR_AGO)), date(2028, 2, 29))
            )
        end = until or FOR_GOOD
        if rng.random() < odd:
            end = self.day + timedelta(rng.choice((-40, -1, 0, 0, 1, 30)))
        recorded = datetime.combine(start, datetime.min.time()) + timedelta(hours=rng.randint(0, 40))
        if rng.random() < odd:  # backdated: known only later than it held
            recorded = datetime.combine(self.day, datetime.min.time()) + timedelta(
                hours=rng.choice((-30, -1, 0, 0, 12, 30))
            )
        gone = NEVER
        if rng.random() < odd:
            gone = max(recorded, datetime.combine(self.day, datetime.min.time())) + timedelta(
                hours=rng.choice((0, 0, 12, 40))
            )
        self.rows.append(
            Evidence(
                id=next(self._ids["evidence"]),
                about=about,
                subject_id=subject,
                kind=kind,
                detail=detail,
                value=value,
                version=version,
                valid_from=start,
                valid_until=max(start, end),
                recorded_at=recorded,
                withdrawn_at=gone,
            )
        )
