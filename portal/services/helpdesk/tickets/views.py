"""Filters of the list of tickets that somebody keeps under a name: for themselves, or for the whole desk."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import SavedView
from portal.refusals import a_reason, bad_input, not_found
from workflows.actions import Action

KEPT = ("show", "kind", "priority", "agency", "tag", "outage", "q", "sort")
MOST = 30


def of(session: Session, *, actor: Actor) -> Sequence[SavedView]:
    """The desk's views, then the actor's own; each by name."""
    mine = or_(SavedView.owner_id.is_(None), SavedView.owner_id == actor.person_id)
    return session.scalars(
        select(SavedView).where(mine).order_by(SavedView.owner_id.is_not(None), SavedView.name).limit(2 * MOST)
    ).all()


def query_of(address: str) -> str:
    """Of an address's query what makes a view: no page, no format, nothing empty."""
    pairs = [(key, value) for key, value in parse_qsl(address) if key in KEPT and value.strip()]
    return urlencode(sorted(pairs))


def save(session: Session, *, name: str, query: str, shared: bool, actor: Actor, now: datetime) -> SavedView:
    """Keeps a filter under a name; the same name again replaces it. BAD_INPUT for no filter, no name, too many."""
    permissions.check(session, actor, Action.TICKET_WORK)
    called = a_reason(name, "Give the view a name.", field="name", least=2, most=60)
    kept = query_of(query)
    if not kept:
        raise bad_input("Choose a filter first: this would show everything.", "name")
    if len(kept) > 1000:
        raise bad_input("This filter is too long to be kept. Search for fewer words.", "name")
    owner = None if shared else actor.person_id
    whose = SavedView.owner_id.is_(None) if owner is None else SavedView.owner_id == owner
    rows = session.scalars(select(SavedView).where(whose).with_for_update()).all()
    row = next((each for each in rows if each.name == called), None)
    if row is None:
        if len(rows) >= MOST:
            raise bad_input(f"At most {MOST} views. Remove one first.", "name")
        row = SavedView(owner_id=owner, name=called, query=kept, made_by=actor.person_id, made_at=now)
        session.add(row)
    else:
        row.query, row.made_by, row.made_at = kept, actor.person_id, now
    session.flush()
    if shared:
        audit.record(
            session, actor=actor, now=now, act="view.save", thing=row, said=f"Kept the desk's view '{called}'."
        )
    return row


def remove(session: Session, view_id: int, *, actor: Actor, now: datetime) -> str:
    """Removes a view of one's own, or one of the desk's; what it was called. NOT_FOUND for somebody else's."""
    permissions.check(session, actor, Action.TICKET_WORK)
    row = session.get(SavedView, view_id, with_for_update=True)
    if row is None or row.owner_id not in (None, actor.person_id):
        raise not_found()
    called = row.name
    if row.owner_id is None:
        audit.record(session, actor=actor, now=now, act="view.remove", thing=row, said=f"Removed the desk's view '{called}'.")  # fmt: skip
    session.delete(row)
    return called
