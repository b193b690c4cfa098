"""The one lock that whoever writes evidence and whoever issues takes first, so that neither misses the other."""

from collections.abc import Iterable

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
    wanted = sorted(set(agencies) - {LEAD})
    session.execute(select(Agency.id).where(Agency.id == LEAD).with_for_update(read=not lead))
    for model, ids in ((Agency, wanted), (Person, sorted(set(people)))):
        if ids:
            session.execute(select(model.id).where(model.id.in_(ids)).order_by(model.id).with_for_update())


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
