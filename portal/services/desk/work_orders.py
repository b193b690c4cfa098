"""Work orders: what somebody types into the core HMIS, confirmed by typing the User ID back ('User Accounts')."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portal import jobs, permissions
from portal.actors import PORTAL, Actor
from portal.adapters.core_hmis.port import AccountOrder, CoreUserRow
from portal.models import Account, CoreUser, Person, WorkOrder
from portal.refusals import Refused, bad_input
from portal.secrets import Keys
from portal.services.desk.order_fields import fields_of
from portal.services.people import accounts, handover
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import add_business_hours
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Effect, Reason

TITLES = {
    "configure": "Set up an Agency",
    "ensure": "Make an account",
    "suspend": "Suspend an account",
    "restore": "Restore or change an account",
    "remove": "Remove an account",
}
OVERTAKEN = (
    "This order was overtaken by a later order for the same account. Open the latest one in the list and follow that."
)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A line of the desk's list."""

    order: WorkOrder
    title: str
    about: str
    agency: str
    overdue: bool


def place(session: Session, *, act: str, order: AccountOrder, now: datetime, policy: Policy) -> tuple[int | None, bool]:
    """Opens the order of this version once, and sets aside what is older; its number and whether it is done.

    (None, False) where a later version is on order already.
    """
    session.scalar(select(Account.id).where(Account.id == order.account_id).with_for_update())
    orders = session.scalars(
        select(WorkOrder).where(WorkOrder.account_id == order.account_id).order_by(WorkOrder.account_version)
    ).all()
    if orders and ((latest := orders[-1]).account_version or 0) >= order.version:
        same = latest.account_version == order.version
        return (latest.id, latest.status == "done") if same else (None, False)
    for older in orders:
        if older.status == "open":
            transition(session, older, "replace", actor=PORTAL, now=now)
    row = open_order(
        session,
        act=act,
        agency_id=order.agencies[0].agency_id if order.agencies else LEAD,
        fields=fields_of(act, order, policy),
        now=now,
        policy=policy,
        account_id=order.account_id,
        account_version=order.version,
    )
    return row.id, False


def open_order(
    session: Session,
    *,
    act: str,
    agency_id: int,
    fields: Sequence[dict[str, str]],
    now: datetime,
    policy: Policy,
    account_id: int | None = None,
    account_version: int | None = None,
) -> WorkOrder:
    """A new order, due when the pack's business hours have passed."""
    due = add_business_hours(now, policy.work_orders.due_hours, policy.hours, policy.holidays)
    row = WorkOrder(
        act=act,
        agency_id=agency_id,
        account_id=account_id,
        account_version=account_version,
        fields=list(fields),
        opened_at=now,
        due_at=due,
    )
    session.add(row)
    session.flush()
    return row


def confirm(
    session: Session,
    *,
    order: WorkOrder,
    actor: Actor,
    now: datetime,
    policy: Policy,
    keys: Keys,
    typed_user_id: str,
    really_made: str = "",
    temporary_password: str = "",
) -> None:
    """Notes that an order was carried out: the User ID typed back, and for a new account its temporary password.

    `really_made` is the User ID that was made because the core HMIS knew the proposed one already; it is typed back
    too. Refuses whoever may not, the account's own person (SAME_PERSON), an order that is done (ALREADY_DONE) or
    overtaken (CONFLICT), and a User ID that is not this one (BAD_INPUT). Source: 'User Passwords', 'User Accounts'.
    """
    account = _account_of(session, order)
    _refuse_who(session, order, account, actor, policy)
    session.refresh(order, with_for_update=True)
    _refuse_when(session, order, account)
    expected = _expected(order, account, really_made)
    if typed_user_id.strip().lower() != expected:
        raise bad_input(_mistyped(typed_user_id.strip(), expected, order.act), "typed_user_id")
    first_time = order.act == "ensure" and account.confirmed_at is None
    if first_time and not temporary_password:
        raise bad_input(
            "Paste the temporary password that the core HMIS made: the person cannot start without it.",
            "temporary_password",
        )
    if temporary_password:
        handover.check_password(temporary_password, policy.core_password)
    order.done_at, order.done_by, order.typed_back = now, actor.person_id, expected
    transition(
        session,
        order,
        "confirm",
        actor=actor,
        now=now,
        why="" if expected == account.user_id else f"made as {expected}",
    )
    accounts.confirmed(session, account, actor=actor, now=now, user_id=expected)
    if temporary_password:
        handover.keep(
            session, account=account, password=temporary_password, actor=actor, now=now, policy=policy, keys=keys
        )


def may_confirm(session: Session, order: WorkOrder, actor: Actor, policy: Policy) -> bool:
    """Whether this actor is the one whom the pack lets confirm: the help desk, or the Agency's own Agency Admin too."""
    by_desk = bool(actor.lead_roles) or actor.is_portal
    return permissions.allows(session, actor, Action.ORDER_CONFIRM, order) and (
        by_desk or policy.work_orders.confirmed_by == "agency_admin"
    )


def list_orders(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    status: str = "open",
    act: str = "",
    agency_id: int | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[OrderRow]:
    """The orders of a status that the actor may see, oldest first (done: newest first), from the `after`th on."""
    query = select(WorkOrder).where(
        WorkOrder.status == status, permissions.visible(actor, Action.ORDER_LIST, WorkOrder)
    )
    if act:
        query = query.where(WorkOrder.act == act)
    if agency_id is not None:
        query = query.where(WorkOrder.agency_id == agency_id)
    oldest = (
        (WorkOrder.opened_at, WorkOrder.id) if status == "open" else (WorkOrder.opened_at.desc(), WorkOrder.id.desc())
    )
    query = query.options(joinedload(WorkOrder.agency), joinedload(WorkOrder.account).joinedload(Account.person))
    return [row_of(order, now) for order in session.scalars(query.order_by(*oldest).offset(after).limit(limit))]


def row_of(order: WorkOrder, now: datetime) -> OrderRow:
    about = f"{order.account.person.name} ({order.account.user_id})" if order.account else order.agency.name
    return OrderRow(order, TITLES[order.act], about, order.agency.name, order.status == "open" and now > order.due_at)


def makes_account(order: WorkOrder) -> bool:
    """Whether the order makes an account that was never confirmed: then a temporary password belongs to it."""
    return order.act == "ensure" and (order.account is None or order.account.confirmed_at is None)


def latest_of(session: Session, order: WorkOrder) -> int | None:
    """The number of the open order about the same account, where this one was overtaken."""
    if order.status != "replaced" or order.account_id is None:
        return None
    return session.scalar(
        select(WorkOrder.id).where(WorkOrder.account_id == order.account_id, WorkOrder.status == "open")
    )


def confirmer(session: Session, order: WorkOrder) -> str:
    """Who confirmed the order; empty where nobody has."""
    person = session.get(Person, order.done_by) if order.done_by else None
    return person.name if person else ""


def count(session: Session, *, actor: Actor, status: str = "open") -> int:
    return (
        session.scalar(
            select(func.count()).where(
                WorkOrder.status == status, permissions.visible(actor, Action.ORDER_LIST, WorkOrder)
            )
        )
        or 0
    )


def alarm_overdue(session: Session, *, now: datetime, policy: Policy) -> list[int]:
    """Tells the desk, once for each, of the orders that have waited longer than the pack's alarm; their numbers."""
    asked = policy.work_orders.alarm_hours
    waiting = session.scalars(
        select(WorkOrder)
        .where(WorkOrder.status == "open", WorkOrder.alarmed_at.is_(None), WorkOrder.due_at < now)
        .with_for_update()
        .order_by(WorkOrder.id)
    )
    late = [
        order for order in waiting if add_business_hours(order.opened_at, asked, policy.hours, policy.holidays) <= now
    ]
    for order in late:
        order.alarmed_at = now
    numbers = [order.id for order in late]
    if numbers:
        jobs.enqueue(
            session,
            Effect.MAIL,
            key=f"order_overdue:{numbers[0]}",
            now=now,
            payload={"mail": "order_overdue", "order_ids": numbers},
        )
    return numbers


def known_users(session: Session) -> list[CoreUserRow]:
    """Every account that the portal knows to be in the core HMIS: confirmed ones, and User IDs learned elsewhere."""
    made = session.execute(
        select(Account.user_id, Person.first_name, Person.last_name, Person.email, Account.status, Account.external_id)
        .join(Person, Person.id == Account.person_id)
        .where(Account.confirmed_at.is_not(None))
        .order_by(Account.user_id)
    )
    mine = [
        CoreUserRow(user_id, f"{first} {last}", email, status not in {"suspended", "removed"}, key)
        for user_id, first, last, email, status, key in made
    ]
    seen = {row.user_id for row in mine}
    learned = session.scalars(select(CoreUser).order_by(CoreUser.user_id))
    return mine + [CoreUserRow(row.user_id, row.name) for row in learned if row.user_id not in seen]


def _account_of(session: Session, order: WorkOrder) -> Account:
    if order.account_id is None:
        raise Refused(Reason.CONFLICT, "This order sets an Agency up. Confirm it with the provider ids instead.")
    return session.get_one(Account, order.account_id, with_for_update=True, populate_existing=True)


def _refuse_who(session: Session, order: WorkOrder, account: Account, actor: Actor, policy: Policy) -> None:
    permissions.check(session, actor, Action.ORDER_CONFIRM, order)
    if not may_confirm(session, order, actor, policy):
        raise Refused(
            Reason.NOT_ALLOWED,
            "Work orders are confirmed by the help desk here. Write to the help desk if this one was carried out.",
        )
    if actor.person_id is not None and actor.person_id == account.person_id:
        raise Refused(
            Reason.SAME_PERSON,
            "This order is about your own account, so somebody else has to carry it out and confirm it.",
        )


def _refuse_when(session: Session, order: WorkOrder, account: Account) -> None:
    if order.status == "done":
        by = confirmer(session, order)
        raise Refused(
            Reason.ALREADY_DONE,
            f"This order was confirmed before{f' by {by}' if by else ''}. There is nothing left to do.",
        )
    if order.status != "open" or order.account_version != account.version:
        raise Refused(Reason.CONFLICT, OVERTAKEN)


def _expected(order: WorkOrder, account: Account, really_made: str) -> str:
    made = really_made.strip().lower()
    if made and (order.act != "ensure" or account.confirmed_at is not None):
        raise bad_input(
            f"The account exists already as {account.user_id}. Leave this empty and look that account up.",
            "really_made",
        )
    return made or account.user_id


def _mistyped(typed: str, expected: str, act: str) -> str:
    if not typed:
        return "Type the User ID back as the core HMIS shows it."
    other = (
        " If the core HMIS had that User ID already, say below which one you made instead." if act == "ensure" else ""
    )
    said = f"You typed {typed[:60]}, and this order is for {expected}."
    return f"{said} Look at the core HMIS again and type its User ID.{other}"
