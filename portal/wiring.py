"""The one wiring place: what web, worker and command line share, made from the settings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, inspect

from portal.adapters.core_hmis.port import AccountOrder, CoreHMIS, CoreUserRow
from portal.adapters.core_hmis.work_order import WorkOrderHMIS
from portal.adapters.inbox import Inbox, make_inbox
from portal.adapters.mail import make_mailer
from portal.adapters.mail.port import Mailer
from portal.adapters.tokens import Tokens
from portal.adapters.trust import trusting
from portal.config import Settings, SettingsError
from portal.db import Sessions, make_engine, make_sessionmaker, reading, transaction, utc_now
from portal.models import PackActivation
from portal.secrets import Keys
from portal.services import packs
from portal.services.desk import work_orders
from portal.services.people import accounts
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
    inbox: Inbox | None = None


def make_context(settings: Settings, *, clock: Clock = utc_now) -> Context:
    """The context that these settings describe; the pack is read here, so that a wrong one stops the start."""
    engine = make_engine(settings.database_url)
    sessions = make_sessionmaker(engine, record_keys=settings.record_keys)
    policy = load(settings.policy)
    tokens = _tokens(settings)
    if settings.mail_ca is not None:
        trusting(settings.mail_ca)  # what is no certificate stops the start
    return Context(
        settings=settings,
        engine=engine,
        sessions=sessions,
        policy=policy,
        keys=Keys(settings.secret_keys),
        mailer=make_mailer(settings.mail_url, tokens=tokens, authority=settings.mail_ca),
        core_hmis=core_hmis_of(settings, sessions, policy, clock),
        clock=clock,
        inbox=make_inbox(settings.inbox_url, tokens=tokens, authority=settings.mail_ca),
    )


def _tokens(settings: Settings) -> Tokens | None:
    """What signs the portal in to a mailbox without a password; None where the settings name nothing of the kind."""
    if not settings.mail_token_url:
        return None
    return Tokens(
        settings.mail_token_url, client_id=settings.mail_client_id, client_secret=settings.mail_client_secret,
        refresh_token=settings.mail_refresh_token, scope=settings.mail_scope,
    )  # fmt: skip


def settle_on_pack(context: Context) -> str:
    """Adopts the pack of the settings where none was ever in force; otherwise a sentence where another one rules, or ''.

    Nothing where the database was not migrated yet. PolicyError where this version cannot read the pack in force.
    """
    if not inspect(context.engine).has_table(PackActivation.__tablename__):
        return ""
    with transaction(context.sessions) as session:
        packs.adopt(session, context.policy, now=context.clock())
        rules = packs.in_force(session, context.policy)
    if rules.version == context.policy.version:
        return ""
    return (
        f"The pack in force is {rules.name}, version {rules.version[:12]}; {context.settings.policy.name} differs from it "
        f"(version {context.policy.version[:12]}) and changes nothing by itself. To propose it: portal policy activate FILE"
    )


def core_hmis_of(settings: Settings, sessions: Sessions, policy: Policy, clock: Clock) -> CoreHMIS:
    """The core HMIS that PORTAL_CORE_HMIS names."""
    if settings.core_hmis == "work-order":
        return work_order_hmis(sessions, policy, clock)
    if policy.scim is None:
        raise SettingsError(
            "PORTAL_CORE_HMIS names a SCIM address, and the policy pack does not say how access is written there. "
            "Add [core_hmis.scim] to the pack."
        )
    return scim_hmis(settings, sessions, policy, clock)


def scim_hmis(settings: Settings, sessions: Sessions, policy: Policy, clock: Clock) -> CoreHMIS:
    """A core HMIS with a SCIM 2.0 interface, told in the words of the pack in force."""
    from portal.adapters.core_hmis.address import make_client  # the work order needs neither models nor client
    from portal.adapters.core_hmis.scim import ScimHMIS
    from portal.adapters.core_hmis.scim_wire import Wire

    def pack() -> Policy:
        with reading(sessions) as session:
            return packs.in_force(session, policy)

    def another_name(account_id: int, taken: str) -> str:
        with transaction(sessions) as session:
            return accounts.another_user_id(session, account_id=account_id, taken=taken, now=clock())

    client = make_client(
        settings.core_hmis.removeprefix("scim+"), settings.scim_token, allowed=settings.core_hmis_private
    )
    return ScimHMIS(Wire(client), pack, another_name)


def work_order_hmis(sessions: Sessions, policy: Policy, clock: Clock) -> CoreHMIS:
    """The default core HMIS: its orders are rows that somebody carries out by hand."""

    def place(act: str, order: AccountOrder) -> tuple[int | None, bool]:
        with transaction(sessions) as session:
            return work_orders.place(session, act=act, order=order, now=clock(), policy=packs.in_force(session, policy))

    def known() -> Iterable[CoreUserRow]:
        with reading(sessions) as session:
            return work_orders.known_users(session)

    return WorkOrderHMIS(place, known)
