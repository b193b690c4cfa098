"""Locked after three failures, until somebody else unlocks ('Unsuccessful Login'): counting, telling, unlocking."""

from datetime import date, datetime, timedelta

from sqlalchemy import case, exists, func, select, update
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor, roles_of
from portal.models import Credential, Membership, Person, WebSession
from portal.refusals import Refused, a_reason
from portal.services import holders
from portal.services.account import limits
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Effect, Reason, Role

SEVERAL, LATELY = 3, timedelta(hours=1)
SEEN_FOR = timedelta(days=1)
SETTLE = timedelta(seconds=5)
LOCKED = (
    "Your account is locked after too many failures. Your Agency Administrator or the HMIS help desk unlocks it; nobody can "
    "unlock their own."
)
_LEAD_ALONE = "Whoever administers an Agency, or works for the Lead, is unlocked by the Lead. Ask the help desk."


def take_try(session: Session, *, person_id: int, now: datetime, policy: Policy) -> bool:
    """Counts a failure before it is one, in one guarded statement: the last one allowed locks. False where none is left.

    The same statement is run for a person who is not there (id -1), so that its time tells nothing.
    """
    tries = policy.sign_in.tries
    last = Credential.failures + 1 >= tries
    taken = update(Credential).where(Credential.person_id == person_id, Credential.locked_since.is_(None))
    values = {"failures": Credential.failures + 1, "locked_since": case((last, now), else_=Credential.locked_since)}
    return bool(session.execute(taken.values(values)).rowcount)  # type: ignore[attr-defined]


def give_back_try(session: Session, *, person_id: int, all_of_them: bool) -> None:
    """The try was no failure: it alone is given back, or, once somebody has come all the way in, every one before."""
    left = 0 if all_of_them else case((Credential.failures > 0, Credential.failures - 1), else_=0)
    session.execute(
        update(Credential)
        .where(Credential.person_id == person_id)
        .values(failures=left, locked_since=None, told_at=None)
    )


def end_where_locked(session: Session, *, person_id: int, now: datetime) -> None:
    """Signs a person out everywhere if the account is locked; one statement whether or not, and for nobody too."""
    locked = exists().where(Credential.person_id == person_id, Credential.locked_since.is_not(None))
    session.execute(
        update(WebSession)
        .where(WebSession.person_id == person_id, WebSession.ended_at.is_(None), locked)
        .values(ended_at=now)
    )


def is_locked(session: Session, person_id: int) -> bool:
    return bool(
        session.scalar(
            select(func.count()).where(Credential.person_id == person_id, Credential.locked_since.is_not(None))
        )
    )


def have_it_noticed(session: Session, *, now: datetime) -> None:
    """Has the worker look for accounts that were locked: after every failure, whoever it was, so that time tells nothing."""
    jobs.enqueue(session, Effect.MAIL, key="locked_out", now=now, run_at=now + SETTLE, payload={"mail": "locked_out"})


def remind(session: Session, *, person_id: int, now: datetime) -> None:
    """Tells a locked person who can unlock: once an hour, however often somebody asks for a link."""
    if limits.take(session, f"reminded:{person_id}", most=1, within=LATELY, now=now):
        _mail(session, "account_locked", now, f"{person_id}:{now}", person_id=person_id)


def tell(session: Session, *, now: datetime, policy: Policy) -> None:
    """Mails whoever was locked and whoever can unlock them; Lead administrators too where it looks like an attack."""
    today = local_day(now, policy.zone)
    fresh = session.scalars(
        select(Credential)
        .where(Credential.locked_since.is_not(None), Credential.told_at.is_(None))
        .order_by(Credential.person_id)
        .limit(500)
        .with_for_update()
    ).all()
    for credential in fresh:
        credential.told_at = now
        person = session.get_one(Person, credential.person_id)
        audit.record(
            session, actor=PORTAL, now=now, act="account.lock", thing=person,
            said=f"The account of {person.name} was locked after {policy.sign_in.tries} failures.",
        )  # fmt: skip
        _mail(session, "account_locked", now, f"{person.id}:{credential.locked_since}", person_id=person.id)
        for helper, membership_id in _helpers(session, person.id, on=today):
            _mail(
                session, "colleague_locked", now, f"{person.id}:{helper}:{credential.locked_since}",
                person_id=helper, membership_id=membership_id,
            )  # fmt: skip
    if locked_lately(session, now=now) >= SEVERAL or failing_everywhere(session, now=now, policy=policy, within=LATELY):
        _alarm(session, now=now, on=today)


def locked_lately(session: Session, *, now: datetime, within: timedelta = LATELY) -> int:
    """How many accounts were locked within the last hour and still are."""
    return session.scalar(select(func.count()).where(Credential.locked_since > now - within)) or 0


def failing_everywhere(session: Session, *, now: datetime, policy: Policy, within: timedelta = SEEN_FOR) -> bool:
    """Whether failures reached the limit over all addresses lately."""
    return limits.reached(session, limits.EVERYBODY, most=policy.sign_in.all_tries, since=now - within)


def why_not_unlock(session: Session, *, person: Person, actor: Actor, on: date) -> str:
    """Why the actor may not unlock this person or have a new password chosen, in a sentence; '' where they may."""
    if not permissions.allows(session, actor, Action.ACCOUNT_UNLOCK, person):
        return "Only an Agency Administrator of the person's own Agency or the Lead unlocks, and nobody unlocks themselves."
    if actor.is_portal:
        return ""
    held = roles_of(session, person.id, on)
    of_the_lead = any(agency == LEAD for agency, _ in held)
    if of_the_lead and Role.LEAD_ADMIN not in actor.lead_roles:
        return "The Lead's own people are unlocked by a Lead administrator."
    administers = any(role == Role.AGENCY_ADMIN for _, role in held)
    if administers and not actor.lead_roles & {Role.LEAD_ADMIN, Role.HELP_DESK}:
        return _LEAD_ALONE
    return ""


def refuse_others(session: Session, *, person: Person, actor: Actor, on: date) -> None:
    """NOT_ALLOWED, or SAME_PERSON, where why_not_unlock has a sentence."""
    if why := why_not_unlock(session, person=person, actor=actor, on=on):
        own = actor.person_id is not None and actor.person_id == person.id
        raise Refused(Reason.SAME_PERSON if own else Reason.NOT_ALLOWED, why)


def unlock(session: Session, *, person: Person, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Lets a locked person sign in again, for a reason. ALREADY_DONE where the account is not locked.

    An Agency Administrator is unlocked by the Lead alone, the Lead's people by a Lead administrator, nobody by themselves.
    """
    permissions.check(session, actor, Action.ACCOUNT_UNLOCK, person)
    refuse_others(session, person=person, actor=actor, on=local_day(now, policy.zone))
    why = why_helped(reason)
    credential = session.get(Credential, person.id, with_for_update=True)
    if credential is None or credential.locked_since is None:
        raise Refused(Reason.ALREADY_DONE, f"The account of {person.name} is not locked.")
    since, credential.locked_since, credential.told_at, credential.failures = credential.locked_since, None, None, 0
    audit.record(
        session, actor=actor, now=now, act="account.unlock", thing=person, before={"locked_since": since.isoformat()},
        said=f"The account of {person.name} was unlocked. Reason: {why}",
    )  # fmt: skip
    _mail(session, "account_unlocked", now, f"{person.id}:{since}", person_id=person.id)


def why_helped(text: str) -> str:
    """Why somebody else's account is changed, as it goes on record; BAD_INPUT without a sentence."""
    return a_reason(text, "Say why in a sentence of 5 to 500 characters: it stands on record.", least=5, most=500)


def _helpers(session: Session, person_id: int, *, on: date) -> list[tuple[int, int]]:
    """Who can unlock the person, each once, with the person's membership by which they know them."""
    own = roles_of(session, person_id, on)
    memberships = session.execute(
        select(Membership.agency_id, Membership.id).where(Membership.person_id == person_id).order_by(Membership.id)
    ).all()
    by_agency = {agency_id: membership_id for agency_id, membership_id in memberships}  # noqa: C416
    found: dict[int, int] = {}
    if LEAD in by_agency or any(role == Role.AGENCY_ADMIN for _, role in own):
        for admin in holders.of_the_lead(session, Role.LEAD_ADMIN, on=on):
            found[admin] = by_agency.get(LEAD, next(iter(by_agency.values()), 0))
    else:
        admins = holders.held(on, Role.AGENCY_ADMIN).where(Membership.agency_id.in_(by_agency))
        for row in session.execute(admins):
            found.setdefault(row.person_id, by_agency[row.agency_id])
    found.pop(person_id, None)
    return sorted(found.items())


def _alarm(session: Session, *, now: datetime, on: date) -> None:
    if not limits.take(session, "alarm:sign-in", most=1, within=LATELY, now=now):
        return
    for admin in holders.of_the_lead(session, Role.LEAD_ADMIN, on=on):
        _mail(session, "sign_in_attack", now, f"{admin}:{now}", person_id=admin)


def _mail(session: Session, mail: str, now: datetime, key: str, **about: int) -> None:
    jobs.enqueue(session, Effect.MAIL, key=f"{mail}:{key}"[:100], now=now, payload={"mail": mail, **about})
