"""The one wiring place: what web, worker and command line share, made from the settings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from portal.adapters.core_hmis.port import AccountOrder, CoreHMIS, CoreUserRow
from portal.adapters.core_hmis.work_order import WorkOrderHMIS
from portal.adapters.mail import make_mailer
from portal.adapters.mail.port import Mailer
from portal.config import Settings
from portal.db import Sessions, make_engine, make_sessionmaker, reading, transaction, utc_now
from portal.secrets import Keys
from portal.services.desk import work_orders
from workflows.policy import Policy, load

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything that reaches the world, in one place; tests hand in their own clock, mailer and core HMIS."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    policy: Policy
    keys: Keys
    mailer: Mailer
    core_hmis: CoreHMIS
    clock: Clock


def make_context(settings: Settings, *, clock: Clock = utc_now) -> Context:
    """The context that these settings describe; the pack is read here, so that a wrong one stops the start."""
    engine = make_engine(settings.database_url)
    sessions = make_sessionmaker(engine)
    policy = load(settings.policy)
    return Context(
        settings=settings,
        engine=engine,
        sessions=sessions,
        policy=policy,
        keys=Keys(settings.secret_keys),
        mailer=make_mailer(settings.mail_url),
        core_hmis=work_order_hmis(sessions, policy, clock),
        clock=clock,
    )


def work_order_hmis(sessions: Sessions, policy: Policy, clock: Clock) -> CoreHMIS:
    """The default core HMIS: its orders are rows that somebody carries out by hand."""

    def place(act: str, order: AccountOrder) -> tuple[int | None, bool]:
        with transaction(sessions) as session:
            return work_orders.place(session, act=act, order=order, now=clock(), policy=policy)

    def known() -> Iterable[CoreUserRow]:
        with reading(sessions) as session:
            return work_orders.known_users(session)

    return WorkOrderHMIS(place, known)
