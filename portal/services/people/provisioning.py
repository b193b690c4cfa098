"""What the core HMIS is to be told about one account: decided again just before the call, and settled after it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import PORTAL
from portal.adapters.core_hmis.port import AccountOrder, AgencyAccess, Outcome
from portal.models import Account, Agency, Evidence, Grant, Membership, Person, Project
from portal.secrets import Keys
from portal.services import evidence, packs
from portal.services.locks import lock
from portal.services.people import accounts, grants, handover
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import About, Kind

UNDER_WAY = frozenset({"ordered", "suspending", "restoring", "removing"})
"""The statuses of an account that the core HMIS has not yet confirmed."""


@dataclass(frozen=True, slots=True)
class Call:
    """One verb of the port (ensure, suspend, restore, remove) and what to say with it."""

    act: str
    order: AccountOrder


def prepare(session: Session, *, account_id: int, now: datetime, policy: Policy) -> Call | None:
    """The call that is due for an account; None where there is none, or where the gate has shut since it was ordered.

    Locks as issuing does and asks the gate again for every grant. Where that changes the account, the change has
    ordered a call of its own, later in the queue, and this one is dropped.
    """
    account = session.get(Account, account_id)
    if account is None:
        return None
    members = list(
        session.scalars(
            select(Membership)
            .join(Grant, Grant.membership_id == Membership.id)
            .where(Grant.account_id == account_id, Grant.status != "ended")
        )
    )
    lock(session, agencies=[m.agency_id for m in members], people=[account.person_id])
    policy = packs.in_force(session, policy)
    session.refresh(account, with_for_update=True)
    before = account.version
    for membership in members:
        grants.reconsider(session, membership_id=membership.id, now=now, policy=policy)
    if account.version != before or account.status not in UNDER_WAY:
        return None
    act, order = _act(account), describe(session, account, now=now, policy=policy)
    if act == "ensure":
        account.asked_at = account.asked_at or now
    return Call(act, order)


def settle(session: Session, *, call: Call, outcome: Outcome, now: datetime, policy: Policy, keys: Keys) -> None:
    """Notes what the core HMIS answered, unless the account has moved on: then a later call is under way."""
    account = session.get_one(Account, call.order.account_id, with_for_update=True)
    if not outcome.done or account.version != call.order.version or account.status not in UNDER_WAY:
        return
    accounts.confirmed(session, account, actor=PORTAL, now=now, user_id=outcome.user_id)
    if outcome.temporary_password:
        handover.keep(
            session,
            account=account,
            password=outcome.temporary_password,
            actor=PORTAL,
            now=now,
            policy=policy,
            keys=keys,
        )


def tell_again(session: Session, *, call: Call, now: datetime, policy: Policy) -> None:
    """Has the account told anew after a call whose worker had lost its job: it may have undone what came after it.

    A first password that waits unopened is forgotten and owed again, because the late call may have set another.
    """
    account = session.get_one(Account, call.order.account_id, with_for_update=True)
    if call.order.first and handover.forget(session, account=account, now=now):
        account.confirmed_at = None
    why = "A worker that had lost its job called the core HMIS late."
    accounts.tell_again(session, account, now=now, policy_version=policy.version, why=why)


def _act(account: Account) -> str:
    if account.status == "restoring" and account.confirmed_at is None:
        return "ensure"  # what was never there cannot be restored, and a first password is owed
    return {"ordered": "ensure", "suspending": "suspend", "restoring": "restore", "removing": "remove"}[account.status]


def describe(session: Session, account: Account, *, now: datetime, policy: Policy) -> AccountOrder:
    """How the account shall be now: the person's data, and what each live grant reaches."""
    person = session.get_one(Person, account.person_id)
    return AccountOrder(
        external_id=account.external_id,
        account_id=account.id,
        version=account.version,
        user_id=account.user_id,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        phone=person.phone,
        agencies=tuple(_access(session, grant, now=now, policy=policy) for grant in _told_of(session, account)),
        first=account.confirmed_at is None,
        asked=account.asked_at is not None,
    )


def _told_of(session: Session, account: Account) -> list[Grant]:
    """The live grants; without any, the suspended ones, or the one that ended last: somebody must know where it was."""
    rows = list(session.scalars(select(Grant).where(Grant.account_id == account.id).order_by(Grant.id)))
    live = [row for row in rows if row.status == "live"]
    return live or [row for row in rows if row.status != "ended"] or rows[-1:]


def _access(session: Session, grant: Grant, *, now: datetime, policy: Policy) -> AgencyAccess:
    membership = session.get_one(Membership, grant.membership_id)
    agency = session.get_one(Agency, membership.agency_id)
    titles = {level.id: level.title for level in policy.access_levels}
    worked_for = evidence.in_force(
        session, About.MEMBERSHIP, membership.id, Kind.PROJECT, on=local_day(now, policy.zone)
    )
    return AgencyAccess(
        agency_id=agency.id,
        agency=agency.name,
        provider_id=agency.provider_id,
        access_level=titles.get(grant.access_level, grant.access_level),
        projects=_projects(session, agency, worked_for),
        level=grant.access_level,
    )


def _projects(session: Session, agency: Agency, worked_for: list[Evidence]) -> tuple[str, ...]:
    wanted = {int(row.detail) for row in worked_for if row.detail.isdigit()}
    rows = session.scalars(
        select(Project).where(Project.agency_id == agency.id, Project.id.in_(wanted)).order_by(Project.name)
    )
    return tuple(project_label(agency.name, row.name, row.provider_id) for row in rows)


def project_label(agency: str, project: str, provider_id: str = "") -> str:
    """'Agency name: Project' as the core HMIS names it, once, and its provider id where it is known.

    Source: 'Setting up a New HMIS Agency'.
    """
    name = project if project.lower().startswith(f"{agency.lower()}:") else f"{agency}: {project}"
    return f"{name} ({provider_id})" if provider_id else name
