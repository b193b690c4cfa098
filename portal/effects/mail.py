"""Sends one mail: loads what it is about, makes the link or computes the code it carries, renders it, hands it over."""

from portal import jobs
from portal.db import transaction
from portal.effects.mail_before import BEFORE, before
from portal.effects.mail_tickets import OF_TICKETS, in_conversation
from portal.effects.mails.facts import load
from portal.effects.mails.kinds import MAILS
from portal.effects.mails.rendering import frame, render
from portal.jobs import Job
from portal.services.security.sanctions import sanction_notices
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """Sends the mail named in the payload to `person_id`, or to the help desk's mailbox where there is none.

    A KeyError for a mail that does not exist. Nothing is sent where its link or code no longer counts.
    """
    if job.payload["mail"] in BEFORE:
        before(context, job)
        return
    kind = MAILS[job.payload["mail"]]
    with transaction(context.sessions) as session:
        if not jobs.holds(session, job):
            return
        facts = load(session, job.payload, context)
        if facts is None:
            return
        action = facts.pop("link_href", "") or (context.settings.base_url + kind.path(facts) if kind.label else "")
        message = render(job.payload["mail"], facts | frame(context, kind.label, action), job, context)
        if job.payload["mail"] in OF_TICKETS and facts["ticket"] is not None:
            message = in_conversation(session, facts["ticket"], message, job, context)
        session.expunge_all()
    context.mailer.send(message)
    if job.payload.get("notice_id"):
        with transaction(context.sessions) as session:
            sanction_notices.handed_over(session, job.payload["notice_id"], now=context.clock())
