"""What can be gone to, noun by noun: each asks the query of its own list, so that it finds what its list shows."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.models import Account, Membership, Ticket, WorkOrder
from portal.services.agencies import agency_list
from portal.services.desk import incident_lists, work_orders
from portal.services.going.hits import Found, Hit, Look, Source, hit
from portal.services.helpdesk.knowledge import article_lists, searching
from portal.services.helpdesk.outages import shown
from portal.services.helpdesk.requests import request_lists
from portal.services.helpdesk.tickets import listing, own_lists
from portal.services.helpdesk.tickets.words import words_of
from portal.services.people import roster
from portal.services.security.actions import action_lists
from workflows.actions import Action
from workflows.vocabulary import LEAD

MOST_WORDS = 5
"""Words of a search that are looked for in tickets, each of which costs a statement."""


def people(session: Session, look: Look) -> Found:
    """By name, e-mail address, or the very User ID in the core HMIS."""
    rows, total = roster.named(session, roster.Wanted(q=look.text), actor=look.actor, on=look.on, limit=look.limit + 1)
    known = {row.id for row in rows}
    others = roster.with_user_id(session, look.text, actor=look.actor, limit=look.limit)
    by_id = [_member(look, "person", row, look.text) for row in others if row.id not in known]
    return [*by_id, *(_member(look, "person", row) for row in rows)], total + len(by_id)


def left(session: Session, look: Look) -> Found:
    """Whoever has left, as the list of people shows them apart."""
    wanted = roster.Wanted(q=look.text, standing="left")
    rows, total = roster.named(session, wanted, actor=look.actor, on=look.on, limit=look.limit + 1)
    return [_member(look, "left", row) for row in rows], total


def _member(look: Look, noun: str, row: Membership, *names: str) -> Hit:
    about = row.person
    return hit(look, noun, row.id, about.name, about.email, *names, where=f"{row.agency.name}, {about.email}")


def agencies(session: Session, look: Look) -> Found:
    rows, total = agency_list.named(session, look.actor, look.text, on=look.on, limit=look.limit + 1)
    return [hit(look, "agency", row.id, row.name, row.common_name, where=row.common_name) for row in rows], total


def tickets(session: Session, look: Look) -> Found:
    """For the staff: by number, else by the words of what was asked and answered."""
    rows = _numbered(session, look)
    words = words_of(look.text)[:MOST_WORDS]
    if words and not look.asked.prefix:
        wanted = listing.Wanted(show="all", words=" ".join(words))
        page = listing.page(
            session, look.actor, wanted=wanted, now=look.now, policy=look.policy, limit=look.limit + 1
        )  # fmt: skip
        rows += [ticket for (ticket,) in page.rows if ticket not in rows]
    return [_ticket(look, "ticket", row) for row in rows], None


def questions(session: Session, look: Look) -> Found:
    """For everybody else: one's own, and as Agency Administrator those of the Agency's people."""
    if permissions.may_anything(look.actor, Action.TICKET_WORK, session):
        return [], None
    rows = _numbered(session, look)
    if not look.asked.prefix:
        lists = [own_lists.mine, *([own_lists.with_the_admin] if own_lists.is_admin(look.actor) else [])]
        for listed in lists:
            page = listed(session, look.actor, search=look.text, limit=look.limit + 1)
            rows += [ticket for (ticket,) in page.rows if ticket not in rows]
    return [_ticket(look, "question", row) for row in rows], None


def _numbered(session: Session, look: Look) -> list[Ticket]:
    number = look.asked.number
    found = listing.numbered(session, look.actor, f"HD-{number}") if number is not None else None
    ticket = session.get(Ticket, found, options=[joinedload(Ticket.agency)]) if found is not None else None
    return [ticket] if ticket is not None else []


def _ticket(look: Look, noun: str, row: Ticket) -> Hit:
    where = ", ".join(filter(None, (row.asker, row.agency.name if row.agency else "")))
    return hit(
        look, noun, row.id, f"{row.reference} {row.subject}", row.subject, where=where, numbered=look.asked.means("HD", row.id)
    )  # fmt: skip


def orders(session: Session, look: Look) -> Found:
    """By number: what an order is about is found on its person's or Agency's page."""
    if look.asked.number is None:
        return [], None
    seen = permissions.visible(look.actor, Action.ORDER_SEE, WorkOrder)
    query = select(WorkOrder).where(WorkOrder.id == look.asked.number, seen)
    query = query.options(joinedload(WorkOrder.agency), joinedload(WorkOrder.account).joinedload(Account.person))
    rows = [work_orders.row_of(order, look.now) for order in session.scalars(query)]
    return [
        hit(
            look, "order", row.order.id, f"{row.title}, work order {row.order.id}", where=row.about,
            numbered=look.asked.means("WO", row.order.id),
        )
        for row in rows
    ], None  # fmt: skip


def incidents(session: Session, look: Look) -> Found:
    return _reported(session, look, "incident", "I")


def complaints(session: Session, look: Look) -> Found:
    return _reported(session, look, "complaint", "C")


def _reported(session: Session, look: Look, nature: str, prefix: str) -> Found:
    wanted = incident_lists.Wanted(nature=nature, show="all", word=_searched(look))
    page = incident_lists.page(session, look.actor, wanted=wanted, now=look.now, limit=look.limit + 1)
    return [
        hit(
            look, nature, row.id, f"{row.reference} {row.title}".rstrip(), row.title, where=row.agency.name if row.agency else "",
            numbered=look.asked.means(prefix, row.id, row.reported_at.year),
        )
        for row, _ in page.rows
    ], None  # fmt: skip


def corrective(session: Session, look: Look) -> Found:
    page = action_lists.page(session, look.actor, on=look.on, show="all", search=_searched(look), limit=look.limit + 1)
    return [
        hit(
            look, "corrective", row.id, f"{row.number} {row.wrong}", where=row.agency.name,
            numbered=look.asked.means("CA", row.id, row.opened_at.year),
        )
        for (row,) in page.rows
    ], None  # fmt: skip


def services(session: Session, look: Look) -> Found:
    page = request_lists.page(session, look.actor, on=look.on, show="all", search=_searched(look), limit=look.limit + 1)
    return [
        hit(
            look, "service", row.id, f"{row.number} {row.title}", row.title,
            where=row.agency.name if row.agency_id != LEAD else "", numbered=look.asked.means("SR", row.id, row.asked_at.year),
        )
        for (row,) in page.rows
    ], None  # fmt: skip


def outages(session: Session, look: Look) -> Found:
    chosen = shown.Filtered(search=_searched(look), everything=True)
    page = shown.history(session, chosen, now=look.now, policy=look.policy, limit=look.limit + 1)
    return [
        hit(
            look, "outage", row.id, f"{row.reference} {row.title}", row.title,
            numbered=look.asked.means("O", row.id, row.announced_at.year),
        )
        for (row,) in page.rows
    ], None  # fmt: skip


def articles(session: Session, look: Look) -> Found:
    """What is in print and may be read: also by words that mean the same."""
    found = searching.suggest(session, look.actor, look.text, look.limit + 1, policy=look.policy)
    return [hit(look, "article", each.id, each.title, where=each.summary) for each in found], None


def drafts(session: Session, look: Look) -> Found:
    page = article_lists.page(
        session, look.actor, on=look.on, policy=look.policy, show="draft", search=look.text, limit=look.limit + 1
    )
    return [hit(look, "draft", row.id, row.title, where=row.summary) for (row,) in page.rows], None


def _searched(look: Look) -> str:
    """What a list with numbers of its own is searched for: the bare number where one was typed."""
    return look.text if look.asked.number is None else str(look.asked.number)


SOURCES = (
    Source("person", Action.MEMBERSHIP_SEE, people),
    Source("agency", Action.AGENCY_SEE, agencies),
    Source("ticket", Action.TICKET_WORK, tickets, "HD"),
    Source("question", Action.TICKET_OPEN, questions, "HD"),
    Source("order", Action.ORDER_SEE, orders, "WO"),
    Source("incident", Action.INCIDENT_SEE, incidents, "I"),
    Source("complaint", Action.INCIDENT_SEE, complaints, "C"),
    Source("corrective", Action.CORRECTIVE_SEE, corrective, "CA"),
    Source("service", Action.SERVICE_SEE, services, "SR"),
    Source("outage", Action.HOME_SEE, outages, "O"),
    Source("article", Action.HOME_SEE, articles),
    Source("draft", Action.ARTICLE_SEE, drafts),
    Source("left", Action.MEMBERSHIP_SEE, left),
)
"""In the order in which they are shown where none fits better."""
