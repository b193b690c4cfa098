"""Which handler carries out which effect: every effect has one, and the worker knows no other way."""

from collections.abc import Callable, Mapping

from portal.effects import (
    compare,
    executed_copy,
    expire,
    fetch_mail,
    mail,
    outage,
    provision,
    read_scans,
    reconsider,
    sign_again,
    survey_mail,
    ticket_mail,
    ticket_shred,
)
from portal.jobs import Job
from portal.wiring import Context
from workflows.vocabulary import Effect

Handler = Callable[[Context, Job], bool | None]
"""True: the job was finished in the very transaction of what it did, so that the two cannot come apart."""

HANDLERS: Mapping[Effect, Handler] = {
    Effect.RECONSIDER: reconsider.handle,
    Effect.PROVISION: provision.handle,
    Effect.MAIL: mail.handle,
    Effect.EXECUTED_COPY: executed_copy.handle,
    Effect.EXPIRE: expire.handle,
    Effect.SIGN_AGAIN: sign_again.handle,
    Effect.READ_SCANS: read_scans.handle,
    Effect.OUTAGE: outage.handle,
    Effect.SURVEY_MAIL: survey_mail.handle,
    Effect.COMPARE: compare.handle,
    Effect.TICKET_SHRED: ticket_shred.handle,
    Effect.TICKET_MAIL: ticket_mail.handle,
    Effect.FETCH_MAIL: fetch_mail.handle,
}
