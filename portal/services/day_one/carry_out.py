"""Carries a plan out through the services: people, memberships, roles, evidence, licenses and access that is inherited."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.actors import Actor
from portal.adapters.lms import TrainingFile, TrainingRow
from portal.models import Agency, DayOneImport, Grant, Membership, OtherAddress, Person, RosterEntry
from portal.refusals import Refused
from portal.services import evidence
from portal.services.day_one.on_record import RUN, Member, Plan, roster_values
from portal.services.day_one.options import Options
from portal.services.day_one.who import Who
from portal.services.desk import import_training
from portal.services.locks import lock
from portal.services.people import accounts, background, inheriting, licences, offices, people
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Reason

MOST_LICENCES = 500
DECIDER = "The Agency, before the portal"
FROM_LIST = "list of day one"


class Work:
    """One import under way: who acts, when, and the run that evidence rests on."""

    def __init__(
        self, session: Session, run: DayOneImport, *, actor: Actor, now: datetime, policy: Policy, options: Options
    ):
        self.session, self.run, self.actor, self.now, self.policy, self.options = (
            session,
            run,
            actor,
            now,
            policy,
            options,
        )
        self.today = local_day(now, policy.zone)
        self.people: dict[int, Person] = {}

    def person(self, who: Who) -> Person:
        """The person of the file, named here where nobody is known by that address."""
        if id(who) not in self.people:
            first = who.rows[0][0]
            person = who.person or people.name_person(
                self.session, first_name=who.first_name, last_name=who.last_name, email=first.email, phone=first.phone,
                title=first.title, actor=self.actor, now=self.now,
            )  # fmt: skip
            self.people[id(who)] = person
            for email in dict.fromkeys(who.other_addresses):
                self._also_at(person, email)
        return self.people[id(who)]

    def _also_at(self, person: Person, email: str) -> None:
        if email == person.email_key or self.session.get(OtherAddress, email) is not None:
            return
        self.session.add(
            OtherAddress(email_key=email, person_id=person.id, said_at=self.now, said_by=self.actor.person_id)
        )
        audit.record(
            self.session, actor=self.actor, now=self.now, act="person.other_address", thing=person, after={"email": email},
            said=f"Lists that name {email} mean {person.name}: decided when one was brought in.",
        )  # fmt: skip


def carry_out(
    session: Session, plan: Plan, run: DayOneImport, *, actor: Actor, now: datetime, policy: Policy, options: Options
) -> None:
    """Writes all of a plan in the caller's transaction; locks everybody concerned first, in one order."""
    work = Work(session, run, actor=actor, now=now, policy=policy, options=options)
    lock(
        session,
        agencies={member.agency.id for member in plan.members},
        people={member.who.person.id for member in plan.members if member.who.person is not None},
        lead=any(member.agency.id == LEAD for member in plan.members),
    )
    _roster(work, plan)
    _licences(work, plan.members)
    memberships = [_member(work, member) for member in plan.members]
    _quizzes(work, plan)
    for member, membership in zip(plan.members, memberships, strict=True):  # last: the decision then has all the facts
        _access(work, member, membership)


def _roster(work: Work, plan: Plan) -> None:
    """What the roster says, cell by cell, and every User ID on it, so that nobody is given one of them."""
    known = {entry.user_id: entry for entry in work.session.scalars(select(RosterEntry))} if plan.roster else {}
    for row in plan.roster:
        accounts.learn(work.session, row.user_id, now=work.now, source="roster", name=row.name[:200])
        entry = known.get(row.user_id)
        if entry is None:
            entry = known[row.user_id] = RosterEntry(user_id=row.user_id)
            work.session.add(entry)
        for name, value in roster_values(row).items():
            setattr(entry, name, value)
        entry.import_id = work.run.id


def _licences(work: Work, members: Iterable[Member]) -> None:
    """As many as the accounts occupy already and are not granted here: what the Lead gave before the portal."""
    needed = Counter(member.agency.id for member in members if member.inherits)
    for agency_id in sorted(needed):
        lacking = needed[agency_id] - licences.free_seats(work.session, agency_id)
        agency = work.session.get_one(Agency, agency_id)
        while lacking > 0:
            count = min(lacking, MOST_LICENCES)
            licences.grant_licences(
                work.session, agency, count=count, actor=work.actor, now=work.now, policy=work.policy
            )
            lacking -= count


def licences_needed(session: Session, members: Iterable[Member]) -> int:
    """How many licences would be entered as granted."""
    needed = Counter(member.agency.id for member in members if member.inherits)
    return sum(max(0, count - licences.free_seats(session, agency_id)) for agency_id, count in needed.items())


def _member(work: Work, member: Member) -> Membership:
    session, actor, now, policy = work.session, work.actor, work.now, work.policy
    person = work.person(member.who)
    membership = people.member(session, agency=member.agency, person=person, now=now, actor=actor)
    for role in member.roles:
        offices.give_role(
            session, membership=membership, role=role, actor=actor, now=now, policy=policy, rests_on=RUN, rests_on_id=work.run.id, note=FROM_LIST
        )  # fmt: skip
    if member.level:
        _one_at_a_time(work, member, membership, Kind.ACCESS_LEVEL, member.level)
    if member.worker:
        _one_at_a_time(work, member, membership, Kind.WORKER, member.worker)
    if member.agreed_on:
        _agreement(work, membership, member)
    if member.checked_on:
        decided = member.check_status in background.DECIDED
        background.enter(
            session, membership=membership, status=member.check_status, ordered_on=member.checked_on, actor=actor, now=now, policy=policy,
            decided_on=member.checked_on if decided else None, decider=DECIDER if decided else "",
        )  # fmt: skip
    return membership


def _access(work: Work, member: Member, membership: Membership) -> None:
    session, actor, now, policy = work.session, work.actor, work.now, work.policy
    if member.inherits:
        inheriting.inherit(
            session, membership=membership, user_id=member.user_id, takes_over=work.options.takes_over, actor=actor, now=now,
            policy=policy, rests_on_id=work.run.id,
        )  # fmt: skip
    elif member.user_id and not member.active:
        accounts.take_over(session, work.person(member.who), member.user_id, active=False, actor=actor, now=now)
    if member.moves_day:
        inheriting.move_day(
            session, membership=membership, takes_over=work.options.takes_over, actor=actor, now=now, policy=policy, rests_on_id=work.run.id
        )  # fmt: skip
    if member.fills_level:
        _fill_level(work, membership, member.level)


def _one_at_a_time(work: Work, member: Member, membership: Membership, kind: Kind, detail: str) -> None:
    new: dict[str, Any] = {
        "kind": kind, "about": About.MEMBERSHIP, "subject_id": membership.id, "detail": detail, "rests_on": RUN,
        "rests_on_id": work.run.id, "note": FROM_LIST,
    }  # fmt: skip
    if member.membership is None:  # a membership of this moment has nothing to replace
        evidence.record(work.session, actor=work.actor, now=work.now, valid_from=work.today, **new)
        return
    why = "A list of day one says otherwise."
    evidence.replace(work.session, actor=work.actor, now=work.now, on=work.today, reason=why, **new)


def _agreement(work: Work, membership: Membership, member: Member) -> None:
    """Signed on paper, before the portal: its version is the one the operator names, and without one it is of none."""
    for row in member.replaces_agreement:
        evidence.withdraw(
            work.session, row, actor=work.actor, now=work.now, reason="A later list of day one corrected it."
        )
    signed_on = member.agreed_on
    if signed_on is None:
        return
    evidence.record(
        work.session, actor=work.actor, now=work.now, kind=Kind.USER_AGREEMENT, about=About.MEMBERSHIP, subject_id=membership.id,
        version=work.options.agreement_version, valid_from=signed_on, rests_on=RUN, rests_on_id=work.run.id, verified_how=FROM_LIST,
        note="Signed before the portal, as the list of day one says.",
    )  # fmt: skip


def _fill_level(work: Work, membership: Membership, level: str) -> None:
    grant = work.session.scalars(
        select(Grant).where(Grant.membership_id == membership.id, Grant.status != "ended")
    ).one()
    grant.access_level = level
    audit.record(
        work.session, actor=work.actor, now=work.now, act="access.level", thing=membership, before={"access_level": ""},
        after={"access_level": level}, said=f"The access level that the core HMIS has was entered: {level.replace('_', ' ')}.",
    )  # fmt: skip


def results(plan: Plan, email_of: dict[int, str]) -> TrainingFile:
    """The quiz results of a list as the learning system's own files have them; `email_of` by id() of a Who."""
    rows = []
    for who, row, quiz, course in plan.quizzes:
        email = email_of.get(id(who), "")
        parts = (email, course, str(quiz.score), quiz.taken.on.isoformat())
        rows.append(
            TrainingRow(
                line=row.line, learner_name=row.name, email=email, uid="", course=course, score=quiz.score, score_as_written=quiz.score_as_written,
                max_score="", taken_at=quiz.taken.at, taken_on=quiz.taken.on, attempt=None, status="", flags=quiz.flags,
                fingerprint=hashlib.sha256("\x1f".join(("day one", *parts)).encode()).hexdigest(),
            )
        )  # fmt: skip
    return TrainingFile(tuple(rows), (), "plain", len(rows))


def _quizzes(work: Work, plan: Plan) -> None:
    """Through the import of quiz results: raw scores, corrections, nothing doubled."""
    if not plan.quizzes:
        return
    emails = {id(who): work.person(who).email_key for who, *_ in plan.quizzes}
    report = import_training.import_rows(
        work.session, results(plan, emails), plan.sheet.name, actor=work.actor, now=work.now, policy=work.policy
    )
    if report.refused:
        raise Refused(Reason.CONFLICT, f"The quiz results cannot come in: {report.errors[0].sentence}")
