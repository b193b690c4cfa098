"""Which policy pack was in force at a moment that is past, and how we know."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Decision, PackActivation, PolicyPack
from portal.services import packs
from workflows.policy import Policy

ACTIVATED = "it had been put in force"
DECIDED = "the last decision about this person had been made under it"
USED = "it was the last one under which anything had been decided"
TODAYS = "no decision had been made by then, so today's pack is asked"


@dataclass(frozen=True, slots=True)
class PackThen:
    """A pack and how it was found: one of ACTIVATED, DECIDED, USED and TODAYS."""

    policy: Policy
    how: str

    @property
    def number(self) -> str:
        """The first letters of the version, as people compare them."""
        return self.policy.version[:12]


def pack_at(session: Session, *, at: datetime, policy: Policy, membership_id: int | None = None) -> PackThen:
    """The pack in force at a moment (naive UTC), by the history of activations.

    Before the first activation: the one under which the membership's last decision had been made, else the one that had
    come into use last, else `policy`, which is today's.
    """
    activated = select(PackActivation.version).where(PackActivation.activated_at <= at)
    decided = select(Decision.policy_version).where(Decision.membership_id == membership_id, Decision.made_at <= at)
    used = select(PolicyPack.version).where(PolicyPack.first_used_at <= at)
    for query, how in (
        (activated.order_by(PackActivation.activated_at.desc(), PackActivation.id.desc()), ACTIVATED),
        (decided.order_by(Decision.made_at.desc(), Decision.id.desc()), DECIDED),
        (used.order_by(PolicyPack.first_used_at.desc(), PolicyPack.version), USED),
    ):
        version = session.scalar(query.limit(1))
        if version is not None:
            return PackThen(kept(session, version, policy), how)
    return PackThen(policy, TODAYS)


def kept(session: Session, version: str, policy: Policy) -> Policy:
    """The pack of that version: from the text that was kept with the first decision made under it."""
    return policy if version == policy.version else packs.of_version(session, version)
