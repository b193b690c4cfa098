"""The made-up people's questions: of every kind, in every state, asked and answered by those whose it is."""

from sqlalchemy import func, select

from portal.db import reading
from portal.demo.questions import QUESTIONS
from portal.models import Ticket, TicketEntry


def test_there_are_tickets_of_every_kind_in_every_state(each_community):
    policy = each_community.policy
    assert {kind for kind, *_ in QUESTIONS} == {kind.id for kind in policy.helpdesk.kinds}
    with reading(each_community.sessions) as session:
        tickets = session.scalars(select(Ticket)).all()
        assert len(tickets) >= 2 * len(QUESTIONS)
        assert {ticket.kind for ticket in tickets} == {kind.id for kind in policy.helpdesk.kinds}
        assert {"new", "open", "waiting", "solved", "closed"} <= {ticket.status for ticket in tickets}
        assert {ticket.rating for ticket in tickets} == {"", "good", "bad"}
        assert {ticket.rung for ticket in tickets} == {"agency_admin", "lead"}
        assert {ticket.requester_id for ticket in tickets} > {None}


def test_agency_administrators_and_the_desk_answer_and_questions_climb_by_themselves(each_community):
    with reading(each_community.sessions) as session:
        acts = session.scalars(select(TicketEntry.body).where(TicketEntry.kind == "act")).all()
        assert any("did not answer within" in said for said in acts)
        assert any("I tried it too" in said for said in acts)
        answered = select(func.count(func.distinct(TicketEntry.author_id))).where(TicketEntry.kind == "out")
        assert session.scalar(answered) > 1
