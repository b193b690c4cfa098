"""What the portal asks of any core HMIS: five verbs about accounts, each safe to repeat."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AgencyAccess:
    """What the account may reach at one Agency; `access_level` and `projects` in the core HMIS's own words.

    `level` is the access level's id in the pack, for a core HMIS that is told by value and not by title.
    """

    agency_id: int
    agency: str
    provider_id: str
    access_level: str
    projects: tuple[str, ...] = ()
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOrder:
    """How one account shall be. `external_id` names it for good, `version` counts the changes that were ordered.

    `first`: the portal has never confirmed this account, so that no first password of it has reached anybody.
    `asked`: it was ordered before, so that it may be there, or come to be there when a late request arrives.
    """

    external_id: str
    account_id: int
    version: int
    user_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    agencies: tuple[AgencyAccess, ...]
    first: bool = False
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call. Not `done`: somebody or something will confirm later; `reference` says where to look."""

    done: bool
    user_id: str
    temporary_password: str | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class CoreUserRow:
    """One account as the core HMIS shows it; no `external_id` where it keeps none or the portal did not make it."""

    user_id: str
    name: str = ""
    email: str = ""
    active: bool = True
    external_id: str = ""


class CoreHMISError(Exception):
    """The core HMIS could not be reached or refused; the worker tries again."""


class CoreHMIS(Protocol):
    """A core HMIS. Every verb is idempotent by `external_id` and `version`: a repeated call changes nothing more.

    None ever adopts an account that carries another external id: where its User ID is taken, `ensure` makes another one
    and says so in `Outcome.user_id`, or leaves it to whoever confirms. A call with an older version than one already
    seen does nothing. CoreHMISError where the system cannot answer.
    """

    def ensure(self, order: AccountOrder) -> Outcome:
        """Makes the account, or brings it to what the order says.

        A core HMIS with an interface answers with the first password as long as one is owed (`order.first`): a repeated
        call sets a new one, because nobody knows whether the one before reached the portal.
        """

    def suspend(self, order: AccountOrder) -> Outcome:
        """Lets nobody in with this account, and keeps it."""

    def restore(self, order: AccountOrder) -> Outcome:
        """Lets the account in again, as the order says."""

    def remove(self, order: AccountOrder) -> Outcome:
        """Takes the account's access for good; the same person may be restored to it later."""

    def list(self) -> Iterable[CoreUserRow]:
        """Every account that is known to be there."""
