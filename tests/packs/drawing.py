"""Random packs and random days in a small community, for what a preview says and what then happens."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from portal.models import AccessRequest, Agency, Evidence, Grant, Membership, WorkOrder
from portal.services import evidence
from portal.services.people import licences
from tests.services.world import World
from workflows.policy import MAINE, Policy, PolicyError, load, text_of
from workflows.vocabulary import About, Kind

A, P, M = About.AGENCY, About.PERSON, About.MEMBERSHIP
HOURS = (
    timedelta(0),
    timedelta(hours=4),
    timedelta(hours=9),
    timedelta(hours=14),
    timedelta(days=1),
    timedelta(days=4),
)
"""From a Monday at ten in the morning on: within the desk's hours, in the evening, at night, the next day, on a Friday."""

OFTEN = ('"security-training"', '"courses-passed"', '"user-agreement"', '"device"', '"privacy-notice-acknowledged"')
"""What people here often lack."""

# --- packs


def pieces(text: str) -> tuple[str, list[str]]:
    head, *stanzas = text.split("[[prerequisite]]\n")
    return head, stanzas


def whole(head: str, stanzas: list[str]) -> str:
    return "".join((head, *(f"[[prerequisite]]\n{stanza}" for stanza in stanzas)))


def field_set(stanza: str, key: str, value: str) -> str:
    """The stanza with one field written anew, added, or taken away where `value` is empty."""
    line = f"{key} = {value}\n" if value else ""
    bare = re.sub(rf"(?m)^{key}\s*=.*\n", "", stanza)
    return line + bare


def draw_pack(rng: Random, number: int) -> Policy:
    """Maine's pack with one to three things changed; a draw that makes no sense is drawn again."""
    while True:
        head, stanzas = pieces(text_of(MAINE))
        for _ in range(rng.randint(1, 3)):
            head, stanzas = _changed(rng, head, stanzas)
        try:
            return load(whole(f"# draw {number}\n{head}", stanzas), f"draw {number}")
        except PolicyError:
            continue


def _changed(rng: Random, head: str, stanzas: list[str]) -> tuple[str, list[str]]:
    at = rng.randrange(len(stanzas))
    match rng.choice(
        ("mark", "age", "age", "drop", "soften", "soften", "lapse", "lapse", "version", "waivable", "everybody")
    ):
        case "mark":
            head = re.sub(r"pass_mark = [\d.]+", f"pass_mark = {rng.choice((70, 79, 81, 85, 95))}", head)
        case "age":
            held = [n for n, one in enumerate(stanzas) if 'needs    = "held"' in one]
            at = rng.choice(held)
            stanzas[at] = field_set(
                stanzas[at], "max_age", rng.choice(('"P3D"', '"P11D"', '"P12D"', '"P20D"', '"P1Y"'))
            )
            stanzas[at] = field_set(stanzas[at], "on_lapse", rng.choice(('"suspend"', '"suspend"', '"hold_new"')))
        case "drop":
            del stanzas[at]
        case "soften":
            gone = rng.sample(OFTEN, 2)
            stanzas = [one for one in stanzas if not any(called in one.split("\n", 1)[0] for called in gone)]
        case "lapse":
            stanzas[at] = field_set(
                stanzas[at], "on_lapse", rng.choice(('"suspend"', '"suspend"', '"hold_new"', '"warn"'))
            )
        case "version":
            at = rng.choice([n for n, one in enumerate(stanzas) if "version" in one])
            stanzas[at] = field_set(stanzas[at], "grace", rng.choice(('"P1D"', '"P1Y"')))
        case "waivable":
            stanzas[at] = field_set(stanzas[at], "waivable", rng.choice(("true", "false")))
        case "everybody":
            at = rng.choice([n for n, one in enumerate(stanzas) if "applies_to" in one])
            stanzas[at] = re.sub(r"(?s)applies_to\s*=\s*\[.*?\]\n", "", stanzas[at])
    return head, stanzas


# --- days


class Town(World):
    """Two small Agencies where something happens every day."""

    def settle(self, rng: Random) -> None:
        self.rng = rng
        self.places = [self.agency(licences_=rng.randint(2, 5)) for _ in range(2)]
        self.members: list[Membership] = []
        for _ in range(6):
            self.newcomer()
        self.drain()
        for _ in range(4):
            self.carry_out()

    def newcomer(self) -> None:
        member = self.ready(
            self.rng.choice(self.places), level=self.rng.choice(("case_manager_1", "agency_admin")), request=False
        )
        self.members.append(member)
        ahead = self.today + timedelta(self.rng.choice((0, 0, 0, 400)))
        self.now += timedelta(seconds=1)  # nobody else asked in that moment
        self.request(member, start_on=ahead, reserve=self.rng.random() < 0.2)
        if self.rng.random() < 0.25:
            self.take_away(member)
        if self.rng.random() < 0.15:
            self.record(Kind.INHERITED, M, member.id)

    def carry_out(self) -> None:
        """The help desk carries one open order out."""
        with self.look() as session:
            waits = session.scalars(
                select(WorkOrder).where(WorkOrder.status == "open", WorkOrder.account_id.is_not(None))
            ).first()
            member = (
                waits
                and session.scalars(
                    select(Membership)
                    .join(Grant, Grant.membership_id == Membership.id)
                    .where(Grant.account_id == waits.account_id)
                ).first()
            )
        if member:
            self.confirm(member)

    def take_away(self, member: Membership) -> None:
        kind, about = self.rng.choice(
            ((Kind.TRAINING, P), (Kind.USER_AGREEMENT, M), (Kind.DEVICE_IN_USE, M), (Kind.PRIVACY_PLEDGE, M))
        )
        self.withdraw(kind, about, member.id if about == M else member.person_id)

    def give_back(self, member: Membership) -> None:
        for kind, about, detail in (
            (Kind.TRAINING, P, "security"), (Kind.TRAINING, P, "hmis-basics"), (Kind.USER_AGREEMENT, M, ""), (Kind.PRIVACY_PLEDGE, M, ""),
        ):  # fmt: skip
            score = self.rng.choice((7999, 8000, 8400, 9700)) if kind is Kind.TRAINING else 0
            self.record(
                kind,
                about,
                member.id if about == M else member.person_id,
                detail=detail,
                value=score,
                valid_from=self.today,
            )

    def end_something(self, member: Membership) -> None:
        with self.change() as session:
            for row in evidence.in_force(session, P, member.person_id, Kind.TRAINING, on=self.today)[:1]:
                evidence.end(
                    session,
                    row,
                    actor=self.desk,
                    now=self.now,
                    last_day=self.today + timedelta(self.rng.randint(-1, 2)),
                    reason="It ends.",
                )

    def punish(self, member: Membership) -> None:
        about = self.rng.choice((P, M))
        self.record(
            Kind.SANCTION,
            about,
            member.id if about == M else member.person_id,
            detail="suspension",
            valid_from=self.today,
        )

    def forgive(self, member: Membership) -> None:
        self.withdraw(Kind.SANCTION, P, member.person_id)
        self.withdraw(Kind.SANCTION, M, member.id)

    def waive(self, member: Membership) -> None:
        for_what = self.rng.choice(("security-review", "housing-inventory", "user-agreement", "security-training"))
        self.record(
            Kind.WAIVER, A, member.agency_id, detail=for_what, valid_from=self.today + timedelta(self.rng.randint(0, 1)),
            valid_until=self.today + timedelta(self.rng.randint(1, 30)),
        )  # fmt: skip

    def ask_for_more(self, member: Membership) -> None:
        with self.look() as session:
            asked = session.scalars(
                select(AccessRequest.id).where(AccessRequest.membership_id == member.id, AccessRequest.status == "open")
            ).first()
        if asked is None:
            self.request(member, level="case_manager_2")

    def license_one(self, member: Membership) -> None:
        with self.change() as session:
            licences.grant_licences(
                session,
                session.get_one(Agency, member.agency_id),
                count=1,
                actor=self.admin,
                now=self.now,
                policy=self.policy,
            )

    def one_day(self) -> None:
        """A few things happen, the worker is done with them, and it is some hour of some later day."""
        acts: list[Callable[[Membership], None]] = [
            self.take_away, self.give_back, self.give_back, self.end_something, self.punish, self.forgive, self.waive, self.ask_for_more,
            self.license_one, lambda _member: self.newcomer(), lambda _member: self.carry_out(), lambda _member: self.carry_out(),
        ]  # fmt: skip
        for _ in range(self.rng.randint(2, 4)):
            self.rng.choice(acts)(self.rng.choice(self.members))
        self.now += self.rng.choice(HOURS)
        self.drain()


State = dict[int, tuple[str, frozenset[int]]]


def state_of(town: World) -> State:
    """By membership: how its access stands, and which of its requests are open."""
    with town.look() as session:
        rows = session.execute(select(Grant.membership_id, Grant.status).where(Grant.status != "ended"))
        grants = {row.membership_id: row.status for row in rows}
        asked: dict[int, set[int]] = {}
        for membership_id, number in session.execute(
            select(AccessRequest.membership_id, AccessRequest.id).where(AccessRequest.status == "open")
        ):
            asked.setdefault(membership_id, set()).add(number)
    return {m: (grants.get(m, "none"), frozenset(asked.get(m, ()))) for m in grants.keys() | asked.keys()}


def happened(before: State, after: State) -> dict[int, str]:
    """What became of each membership between two looks, in the words of a preview."""
    found: dict[int, str] = {}
    for member in before.keys() | after.keys():
        (was, asked), (is_, asks) = before.get(member, ("none", frozenset())), after.get(member, ("none", frozenset()))
        if was != is_:
            found[member] = {
                ("none", "live"): "opens",
                ("suspended", "live"): "restored",
                ("live", "suspended"): "closes",
            }[was, is_]
        elif asked - asks:
            found[member] = "changed"
    return found


def withdrawn(town: World) -> int:
    return town.count(Evidence, Evidence.withdrawn_at < datetime.max)
