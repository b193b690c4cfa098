"""Which handler carries out which effect: every effect has one, and the worker knows no other way."""

from collections.abc import Callable, Mapping

from portal.effects import executed_copy, expire, mail, provision, read_scans, reconsider, sign_again
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
}
