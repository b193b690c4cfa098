"""Sends one answer of a ticket: handed over once, or visibly in doubt; never a second time by itself."""

import dataclasses
import logging

from portal import jobs
from portal.adapters.mail import Attachment, MailError, MailUncertain, Message
from portal.adapters.storage import FileLost, Storage
from portal.db import transaction
from portal.effects.mails.rendering import frame, render
from portal.jobs import TRIES, Job
from portal.services.helpdesk.mail import answering
from portal.services.helpdesk.mail.answering import Letter
from portal.services.helpdesk.tickets import rating
from portal.wiring import Context
from workflows.business_time import us_date

log = logging.getLogger("portal.mail")


class NotToBeSent(Exception):
    """Somebody else has the job, or the answer is not to be sent any more."""


def handle(context: Context, job: Job) -> None:
    """Sends the entry of `entry_id` to whoever asked and follows, if it still waits for that."""
    entry_id = int(job.payload["entry_id"])
    with transaction(context.sessions) as session:
        if not jobs.holds(session, job):
            return
        letter = answering.prepare(
            session, entry_id, keys=context.keys, now=context.clock(), host=_host(context), policy=context.policy
        )
    if letter is None:
        return

    try:
        refused = context.mailer.send(
            message_of(context, job, letter), before=lambda: _handing_over(context, job, entry_id)
        )
    except NotToBeSent:
        return
    except MailUncertain as error:
        with transaction(context.sessions) as session:
            answering.in_doubt(session, entry_id, why=str(error), now=context.clock())
    except (MailError, FileLost) as error:
        _not_taken(context, job, entry_id, error)
    else:
        with transaction(context.sessions) as session:
            answering.taken(session, entry_id, refused=refused, now=context.clock())


def _handing_over(context: Context, job: Job, entry_id: int) -> None:
    with transaction(context.sessions) as session:
        if not jobs.keep(session, job, now=context.clock()) or not answering.handing_over(session, entry_id):
            raise NotToBeSent


def _not_taken(context: Context, job: Job, entry_id: int, error: MailError | FileLost) -> None:
    """Says so in the ticket once it is final; raises the error again where the job is to be tried once more."""
    final = isinstance(error, FileLost) or error.final or job.tries >= TRIES
    with transaction(context.sessions) as session:
        if not jobs.holds(session, job):
            return
        answering.not_taken(session, entry_id, why=str(error), final=final, now=context.clock())
    if not final:
        raise error
    log.warning("answer %s could not be sent", entry_id)


def message_of(context: Context, job: Job, letter: Letter) -> Message:
    """The mail of an answer: text and HTML, its own id, what it answers, whom it goes to, and its files. FileLost."""
    storage = Storage(context.settings.storage)
    name, email = letter.to
    facts = {
        "to": None, "to_name": name or email, "to_email": email, "letter": letter,
        "paragraphs": [each.split("\n") for each in letter.body.split("\n\n")],
        "attachments": tuple(Attachment(name, media, storage.get(sha256)) for name, media, sha256 in letter.files),
    }  # fmt: skip
    facts["closes_on"] = us_date(letter.closes_on) if letter.closes_on else ""
    plain = render("ticket_answer", facts | frame(context, *_button(context, letter)), job, context)
    return dataclasses.replace(
        plain, id=letter.local_id, to_name=name, cc=letter.cc, in_reply_to=letter.in_reply_to, references=letter.references,
        automatic="auto-replied" if letter.automatic else "", sent_at=letter.written_at,
    )  # fmt: skip


def _button(context: Context, letter: Letter) -> tuple[str, str]:
    """What the one button says and where it leads: rating it where this solves it, else the ticket where one may see it."""
    if letter.rating:
        return "Say whether it was solved well", f"{context.settings.base_url}{rating.PATH}{letter.rating}"
    if letter.known:
        return "See it in the portal", f"{context.settings.base_url}/help/{letter.ticket_id}"
    return "", ""


def _host(context: Context) -> str:
    return context.settings.mail_from.rpartition("@")[2].strip("> ")
