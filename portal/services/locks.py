"""The one lock that whoever writes evidence and whoever issues takes first, so that neither misses the other."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import is_postgres
from portal.models import Agency, Device, Membership, Person
from workflows.vocabulary import LEAD, About


def lock(session: Session, *, agencies: Iterable[int] = (), people: Iterable[int] = (), lead: bool = False) -> None:
    """Locks the Lead, then agencies, then people, each in order of id; read afterwards, in a new statement.

    Agencies and not memberships: locking memberships lets one that is being added slip through. The Lead's row is
    shared by issuers and taken whole only by whoever publishes a document version. SQLite has one writer at a time: its
    BEGIN IMMEDIATE did it all before anything was read.
    """
    session.flush()
    if not is_postgres(session):
        return
    held = _held(session)
    if (LEAD, lead) not in held:
        session.execute(select(Agency.id).where(Agency.id == LEAD).with_for_update(read=not lead))
    wanted = {(Agency, one) for one in agencies if one != LEAD} | {(Person, one) for one in people}
    for model in (Agency, Person):
        ids = sorted(one for kind, one in wanted - held if kind is model)
        if ids:
            session.execute(select(model.id).where(model.id.in_(ids)).order_by(model.id).with_for_update())
    if not session.in_nested_transaction():  # what a savepoint locks, its rollback lets go
        held |= wanted | {(LEAD, lead), (LEAD, False)}


def _held(session: Session) -> set[tuple[Any, Any]]:
    """What this transaction has locked already: issuing asks for the same rows five times over."""
    now = session.get_transaction()
    whose, held = session.info.get("locked", (None, set()))
    if whose is not now:
        held = set()
        session.info["locked"] = (now, held)
    return held


def lock_concerned(session: Session, about: str, subject_id: int) -> None:
    """Locks whom evidence about this subject concerns: a membership's and a device's counts as its agency's."""
    if about == About.LEAD:
        lock(session, lead=True)
    elif about == About.PERSON:
        lock(session, people=[subject_id])
    elif about == About.AGENCY:
        lock(session, agencies=[subject_id], lead=subject_id == LEAD)
    else:
        if not is_postgres(session):  # as in lock(): no need even to ask whose it is
            session.flush()
            return
        model = Membership if about == About.MEMBERSHIP else Device
        agency = session.scalar(select(model.agency_id).where(model.id == subject_id))
        lock(session, agencies=[] if agency is None else [agency], lead=agency == LEAD)
