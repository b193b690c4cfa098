"""The records that a policy pack is made of, besides its prerequisites; each cites the heading it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from workflows.passwords import PROFILES, Profile
from workflows.periods import Period

ACTS = ("configure", "ensure", "suspend", "restore", "remove")
ORDER_FIELDS = (
    "agency_name", "project_names", "provider_ids", "user_id", "first_name", "last_name", "email", "telephone",
    "default_provider", "access_level", "licence", "projects", "temporary_password", "active", "expires_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """A course of the learning system, and for which roles and access levels it is assigned."""

    id: str
    title: str
    roles: tuple[str, ...]
    levels: tuple[str, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class AccessLevel:
    """A user access level in the core HMIS's own words; `administers` calls for the background check."""

    id: str
    title: str
    administers: bool
    lead_only: bool
    cite: str


@dataclass(frozen=True, slots=True)
class DeviceKind:
    id: str
    title: str
    traits: tuple[str, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One of the security protocols that an Agency attests, with the sentence it puts its name to."""

    id: str
    title: str
    sentence: str
    cite: str


@dataclass(frozen=True, slots=True)
class Funder:
    """A funder that makes participation a duty; `codes` are those of the HMIS CSV's Funder file."""

    id: str
    title: str
    codes: tuple[int, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Seats:
    reservation: Period
    kinds: tuple[str, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    digits: int
    tries: int
    minutes: int
    cite: str


@dataclass(frozen=True, slots=True)
class Links:
    """How long a link that was sent may be opened."""

    invitation: timedelta
    signing: timedelta
    reset: timedelta
    download: timedelta
    survey: timedelta
    cite: str


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The core HMIS's rules for passwords, and how long its temporary one waits to be shown."""

    profile: str
    shortest: int
    longest: int
    digits: int
    change_after: Period
    reveal: timedelta
    cite: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """The portal's own sign-in: its password profile, when an idle session ends, how many failures lock an account.

    Failures within `address_minutes` from one address, and within `all_minutes` from everywhere, come before that.
    What weighs much is done only by whoever has shown within `prove_minutes` that it is them.
    """

    idle_minutes: int
    tries: int
    cite: str
    profile: str = "nist-63b4"
    address_tries: int = 10
    address_minutes: int = 15
    address_requests: int = 30
    all_tries: int = 100
    all_minutes: int = 5
    prove_minutes: int = 15

    @property
    def passwords(self) -> Profile:
        return PROFILES[self.profile]


@dataclass(frozen=True, slots=True)
class WorkOrders:
    """The order clock in business hours, who confirms, and what is typed in which order for each act."""

    due_hours: int
    alarm_hours: int
    confirmed_by: str
    fields: Mapping[str, tuple[str, ...]]
    cite: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Business days of notice for a change of program; months to carry out a plan that was approved."""

    program_change_days: int
    plan_months: int
    cite: str


@dataclass(frozen=True, slots=True)
class Retention:
    years: int
    cite: str


@dataclass(frozen=True, slots=True)
class Brake:
    """The share of live access, in hundredths of a percent, beyond which one day suspends nobody and asks the Lead.

    Fewer than `least` lapses never pull it, so that a Lead of ten accounts is not asked about each.
    """

    share: int
    least: int
    cite: str

    def allows(self, live: int) -> int:
        """How many of `live` accounts may be suspended for a lapse on one day without asking."""
        return max(live * self.share // 10_000, self.least - 1)


@dataclass(frozen=True, slots=True)
class Warnings:
    """How many days ahead of a lapse people are told, the furthest first; a prerequisite's own `warn` comes before."""

    days: tuple[int, ...]
    cite: str
