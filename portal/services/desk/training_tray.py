"""The tray: results whose learner nobody here is known by, matched once by hand, never by a name alone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Person, TrainingResult
from portal.refusals import Refused
from portal.services.locks import lock
from portal.services.people.attempts import same_attempt
from portal.services.people.training import give, set_aside
from portal.services.transition import transition
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Reason


def match(
    session: Session, *, result: TrainingResult, person: Person, actor: Actor, now: datetime, policy: Policy
) -> list[TrainingResult]:
    """Says whose an unmatched result is; the learning system's id is remembered, and its other waiting results follow.

    All the results that were matched. Not to oneself. An id that somebody else is known by is refused (CONFLICT).
    """
    permissions.check(session, actor, Action.TRAINING_ENTER, person)
    lock(session, people=[person.id])
    uid = result.learner_uid
    if uid:
        _remember(session, person, uid, actor=actor, now=now)
    waiting = [result]
    if uid:
        others = select(TrainingResult).where(
            TrainingResult.status == "unmatched", TrainingResult.learner_uid == uid, TrainingResult.id != result.id
        )
        waiting += session.scalars(others.order_by(TrainingResult.taken_at, TrainingResult.id))
    for row in waiting:
        row.person_id = person.id
        earlier = same_attempt(session, person.id, row.course, row.taken_at, None, policy, but=row.id)
        transition(session, row, "match", actor=actor, now=now, why=f"{row.learner or uid} is {person.name}.")
        if earlier is not None and earlier.score != row.score:
            set_aside(
                session,
                earlier,
                actor=actor,
                now=now,
                reason=f"Corrected to {row.score / 100:g} % by the matched result.",
            )
        give(session, row, actor=actor, now=now, policy=policy, how="learning system")
    return waiting


def suggestions(session: Session, results: Sequence[TrainingResult], *, most: int = 5) -> dict[int, list[Person]]:
    """For each unmatched result the people with a similar name: to choose from, never chosen by itself."""
    words = {
        row.id: {word for word in _words(f"{row.learner} {row.learner_email.partition('@')[0]}") if len(word) > 1}
        for row in results
    }
    wanted = sorted(set().union(*words.values())) if words else []
    if not wanted:
        return {}
    last, first = Person.last_key.in_(wanted), Person.first_key.in_(wanted)
    some = [select(Person.id).where(*names).limit(500).subquery() for names in ((last, first), (last,), (first,))]
    people = list(session.scalars(select(Person).where(Person.id.in_(union(*(select(each.c.id) for each in some))))))
    ranked: dict[int, list[Person]] = {}
    for row in results:
        scored = [(len(words[row.id] & _words(person.name)), person) for person in people]
        best = sorted((pair for pair in scored if pair[0]), key=lambda pair: (-pair[0], pair[1].last_name, pair[1].id))
        ranked[row.id] = [person for _, person in best[:most]]
    return ranked


def _remember(session: Session, person: Person, uid: str, *, actor: Actor, now: datetime) -> None:
    holder = session.scalars(select(Person).where(Person.lms_uid == uid, Person.id != person.id)).one_or_none()
    if holder is not None:
        raise Refused(
            Reason.CONFLICT,
            f"The learning system's id {uid} is known to be {holder.name}. If that is wrong, correct it there first.",
            "person",
        )
    if person.lms_uid == uid:
        return
    before, person.lms_uid = person.lms_uid, uid
    session.flush()
    audit.record(
        session,
        actor=actor,
        now=now,
        act="training.remember",
        thing=person,
        before={"lms_uid": before or ""},
        after={"lms_uid": uid},
        said=f"The learning system knows {person.name} as {uid}.",
    )


def _words(text: str) -> set[str]:
    return set(text.casefold().replace(",", " ").replace(".", " ").replace("-", " ").replace("_", " ").split())
