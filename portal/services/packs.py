"""Policy packs in force: proposed by one person, activated by another, and read anew by every transaction that decides."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor
from portal.db import is_postgres
from portal.models import PackActivation, PolicyPack
from portal.refusals import Refused, bad_input
from portal.services import holders
from portal.services.locks import lock
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy, load
from workflows.vocabulary import Effect, Reason, Role

log = logging.getLogger("portal.packs")

LONGEST = 200_000
"""How many characters a pack may have: Maine's has a tenth of it."""

_VERSION = select(PackActivation.version).where(PackActivation.status == "in_force")
_READ: dict[str, Policy] = {}


def in_force(session: Session, fallback: Policy) -> Policy:
    """The pack that rules, as this transaction sees it; `fallback` until one was ever put in force.

    Whoever decides asks after lock(): the Lead's row, which activating takes whole, is shared by then, so that nothing
    is permitted under a pack that another has replaced.
    """
    version = session.scalar(_VERSION)
    return fallback if version is None or version == fallback.version else of_version(session, version)


def of_version(session: Session, version: str) -> Policy:
    """A pack that the portal knows, by its version; parsed once in each process, since a version is its text's hash."""
    if version not in _READ:
        name, text = session.execute(
            select(PolicyPack.name, PolicyPack.text).where(PolicyPack.version == version)
        ).one()
        _READ[version] = load(text, name)
    return _READ[version]


def know(session: Session, policy: Policy, *, now: datetime) -> None:
    """Keeps a pack's text by version, so that a decision made under it can be read years later."""
    if session.get(PolicyPack, policy.version) is None:
        insert = (postgresql if is_postgres(session) else sqlite).insert(PolicyPack)
        values = {"version": policy.version, "name": policy.name, "text": policy.text, "first_used_at": now}
        # Somebody else may make the first decision under it in the same moment.
        session.execute(insert.values(values).on_conflict_do_nothing())


def adopt(session: Session, policy: Policy, *, now: datetime) -> bool:
    """Puts the pack of the settings in force where none ever was: the portal's own act, on its first start. True if so."""
    lock(session, lead=True)
    if session.scalar(select(PackActivation.id).limit(1)) is not None:
        return False
    try:
        with session.begin_nested():
            row = _proposal(
                session, policy, actor=PORTAL, now=now, note="The pack of the settings, on the first start."
            )
            _move(session, row, "adopt", actor=PORTAL, now=now)
    except IntegrityError:  # another process starts for the first time in the same moment
        return False
    return True


def propose(
    session: Session,
    policy: Policy,
    *,
    actor: Actor,
    now: datetime,
    note: str,
    foreseen: dict[str, Any] | None = None,
    by_scim: bool = False,
) -> PackActivation:
    """Has a pack wait for a second person, and mails the other Lead administrators.

    Refuses one that is in force already, and any while another waits (ALREADY_DONE); and, where the core HMIS is told
    by SCIM (`by_scim`), a pack that does not say how access is written there (BAD_INPUT): no account could be made.
    """
    permissions.check(session, actor, Action.PACK_PROPOSE)
    if by_scim and policy.scim is None:
        raise bad_input(
            "The core HMIS is told by SCIM here, and this pack does not say how access is written there. "
            "Add [core_hmis.scim] to it.",
            "text",
        )
    if not note.strip():
        raise bad_input("Say what changes and why, for whoever has to decide.", "note")
    lock(session, lead=True)
    other = waiting(session)
    if other is not None:
        raise Refused(
            Reason.ALREADY_DONE,
            f"{other.pack.name}, version {other.version[:12]}, proposed by {other.proposed_name}, still waits for a second "
            "person. Activate or withdraw that one first.",
        )
    if session.scalar(_VERSION) == policy.version:
        raise Refused(Reason.ALREADY_DONE, "This very pack is in force already: not one letter differs.", "text")
    row = _proposal(session, policy, actor=actor, now=now, note=note.strip(), foreseen=foreseen)
    audit.record(
        session, actor=actor, now=now, act="policy pack.propose", thing=row, after={"version": policy.version},
        said=f"Proposed the pack {policy.name}, version {policy.version[:12]}. Reason: {row.note}",
    )  # fmt: skip
    for person_id in holders.of_the_lead(session, Role.LEAD_ADMIN, on=local_day(now, policy.zone)):
        if person_id != actor.person_id:
            jobs.enqueue(
                session, Effect.MAIL, key=f"pack_proposed:{row.id}:{person_id}", now=now,
                payload={"mail": "pack_proposed", "person_id": person_id, "activation_id": row.id},
            )  # fmt: skip
    return row


def withdraw(session: Session, row: PackActivation, *, actor: Actor, now: datetime, reason: str) -> None:
    """Takes back a pack that waits; refuses one that is in force (ILLEGAL_MOVE) and an empty reason (BAD_INPUT)."""
    if not reason.strip():
        raise bad_input("Say why it is withdrawn.", "reason")
    transition(session, row, "withdraw", actor=actor, now=now, why=reason.strip())
    row.ended_at, row.ended_name, row.ended_reason = now, actor.name, reason.strip()


def activate(session: Session, row: PackActivation, *, actor: Actor, now: datetime, said: str = "") -> None:
    """Puts a pack in force, by somebody else than whoever proposed it (SAME_PERSON), and asks the gate about everybody.

    Takes the Lead's row whole: whoever issues meanwhile has committed under the pack before, or decides under this one.
    `said` is what the preview showed, for the record.
    """
    lock(session, lead=True)
    session.refresh(row, ["status", "proposed_by"], with_for_update=True)
    if row.proposed_by == actor.label:
        raise Refused(
            Reason.SAME_PERSON,
            "You proposed this pack, so a second person has to activate it: another Lead administrator, or another operator.",
        )
    before = session.scalars(select(PackActivation).where(PackActivation.status == "in_force")).one_or_none()
    permissions.check(session, actor, Action.PACK_ACTIVATE, row)
    if before is not None:
        transition(session, before, "supersede", actor=PORTAL, now=now)
        before.ended_at, before.ended_name = now, actor.name
        session.flush()
    _move(session, row, "activate", actor=actor, now=now, said=said)
    jobs.enqueue(session, Effect.RECONSIDER, key="lead", now=now, policy_version=row.version)


def waiting(session: Session) -> PackActivation | None:
    """The pack that waits for a second person; there is one at most."""
    return session.scalars(
        select(PackActivation).options(joinedload(PackActivation.pack)).where(PackActivation.status == "proposed")
    ).one_or_none()


def history(session: Session) -> list[PackActivation]:
    """Every pack that was ever proposed, the latest first."""
    query = select(PackActivation).options(joinedload(PackActivation.pack))
    return list(session.scalars(query.order_by(PackActivation.proposed_at.desc(), PackActivation.id.desc())))


def _proposal(
    session: Session, policy: Policy, *, actor: Actor, now: datetime, note: str, foreseen: dict[str, Any] | None = None
) -> PackActivation:
    know(session, policy, now=now)
    row = PackActivation(
        version=policy.version, note=note, foreseen=foreseen or {}, proposed_at=now, proposed_by=actor.label,
        proposed_name=actor.name,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _move(session: Session, row: PackActivation, name: str, *, actor: Actor, now: datetime, said: str = "") -> None:
    transition(session, row, name, actor=actor, now=now, why=said)
    # After it, in the same flush: a CHECK reads the status together with who activated.
    row.activated_at, row.activated_by, row.activated_name = now, actor.label, actor.name
    session.flush()
