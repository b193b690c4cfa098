"""The records of one Agency, or of the Lead, as the facts beside a checklist need them: each read once, when it is first asked for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.models import Agency, Device, Evidence, Grant, Membership, Person
from portal.services import holders
from portal.standing.sweep import Standing, stand
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Role

YEAR = timedelta(days=366)


class Records:
    """The records of one Agency (0: the Lead) on a day; whatever an item needs is read once, when it is first asked for."""

    def __init__(self, session: Session, agency: Agency, *, on: date, policy: Policy, previous_id: int | None):
        self.session, self.agency, self.on, self.policy, self.previous_id = session, agency, on, policy, previous_id

    @cached_property
    def of_agency(self) -> Sequence[Evidence]:
        rows = self.session.scalars(
            select(Evidence)
            .where(Evidence.about == About.AGENCY, Evidence.subject_id == self.agency.id, *Evidence.in_force(self.on))
            .order_by(Evidence.id)
        )
        return rows.all()

    @cached_property
    def people(self) -> Mapping[int, Person]:
        """Everybody who holds an office or has access there, by membership."""
        live = select(Grant.membership_id).where(Grant.status == "live")
        offices = holders.held(self.on, *(role for role in Role if role != Role.END_USER)).with_only_columns(
            Membership.id
        )
        rows = self.session.execute(
            select(Membership.id, Person)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.agency_id == self.agency.id, or_(Membership.id.in_(live), Membership.id.in_(offices)))
            .order_by(Person.last_name, Person.first_name, Membership.id)
        )
        return {membership_id: person for membership_id, person in rows}  # noqa: C416

    @cached_property
    def with_access(self) -> Sequence[int]:
        live = select(Grant.membership_id).where(Grant.status == "live", Grant.membership_id.in_(list(self.people)))
        return self.session.scalars(live.order_by(Grant.membership_id)).all()

    @cached_property
    def of_people(self) -> Mapping[int, list[Evidence]]:
        """What holds about these memberships."""
        found: dict[int, list[Evidence]] = {membership_id: [] for membership_id in self.people}
        rows = self.session.scalars(
            select(Evidence).where(
                Evidence.about == About.MEMBERSHIP,
                Evidence.subject_id.in_(list(self.people)),
                *Evidence.in_force(self.on),
            )
        )
        for row in rows:
            found[row.subject_id].append(row)
        return found

    @cached_property
    def standings(self) -> Mapping[int, Standing]:
        """How the gate sees each of them: the same rule that lets them in."""
        return {
            each.membership_id: each
            for each in stand(self.session, self.policy, self.on, memberships=list(self.people))
        }

    @cached_property
    def devices(self) -> Mapping[int, tuple[str, frozenset[str]]]:
        """Each device's label and, as 'kind=detail', what holds about it."""
        rows = self.session.execute(
            select(Device.id, Device.label, Evidence.kind, Evidence.detail)
            .outerjoin(
                Evidence,
                (Evidence.about == About.DEVICE)
                & (Evidence.subject_id == Device.id)
                & Evidence.in_force(self.on)[0]
                & Evidence.in_force(self.on)[1],
            )
            .where(Device.agency_id == self.agency.id)
            .order_by(Device.label)
        )
        found: dict[int, tuple[str, frozenset[str]]] = {}
        for device_id, label, kind, detail in rows:
            found[device_id] = (
                label,
                found.get(device_id, ("", frozenset()))[1] | ({f"{kind}={detail}"} if kind else frozenset()),
            )
        return found

    @cached_property
    def departures(self) -> Sequence[tuple[str, date, datetime | None, int]]:
        """Who left within a year: name, last day, when the last grant ended, and how many grants are still open."""
        rows = self.session.execute(
            select(
                Person.first_name, Person.last_name, Evidence.valid_from, func.max(Grant.ended_at),
                func.count(Grant.id).filter(Grant.status != "ended"),
            )
            .join(Membership, (Evidence.about == About.MEMBERSHIP) & (Evidence.subject_id == Membership.id))
            .join(Person, Person.id == Membership.person_id)
            .join(Grant, Grant.membership_id == Membership.id)
            .where(
                Membership.agency_id == self.agency.id, Evidence.kind == Kind.DEPARTURE, Evidence.withdrawn_at == datetime.max,
                Evidence.valid_from > self.on - YEAR, Evidence.valid_from <= self.on,
            )
            .group_by(Membership.id, Person.first_name, Person.last_name, Evidence.valid_from)
            .order_by(Person.last_name, Person.first_name, Membership.id)
        )  # fmt: skip
        return [(f"{first} {last}", day, ended, still) for first, last, day, ended, still in rows]

    def names(self, memberships: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.people[each].name for each in memberships)

    def lacking(self, kind: Kind, memberships: Iterable[int], detail: str = "") -> list[int]:
        """Of these, for whom the gate finds a prerequisite that asks for this kind unmet."""
        asked = {p.id for p in self.policy.prerequisites if p.evidence == kind and (not detail or detail in p.detail)}
        return [each for each in memberships if asked & set(self.standings[each].unmet)]

    def has(self, membership_id: int, kind: Kind, *details: str) -> bool:
        return any(row.kind == kind and (not details or row.detail in details) for row in self.of_people[membership_id])
