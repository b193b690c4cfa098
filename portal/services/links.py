"""Links that leave the portal and the one-time codes mailed to whom they were sent: opening consumes nothing, acting does."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from forms import documents
from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Document, Link, Person
from portal.refusals import Refused, bad_input
from portal.secrets import Keys, hash_of, new_token
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason

OLDEST = timedelta(days=400)
AGAIN = timedelta(seconds=60)
CODES = 5
A_DAY = 10
PATHS = {"signing": "/s/", "invitation": "/l/invitation/", "sign_in": "/l/sign_in/", "reset": "/l/reset/"}
MAILS = {"signing": "sign_request", "invitation": "invite_staff", "sign_in": "sign_in_link", "reset": "password_reset"}
ASK = "Ask whoever sent it, or the help desk, for a new one."


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a code was right; if not, the sentence to show. The caller commits either way, for the count of tries."""

    proven: bool
    sentence: str = ""
    tries_left: int = 0


def invite(
    session: Session,
    *,
    person: Person,
    purpose: str,
    document: Document | None = None,
    actor: Actor,
    now: datetime,
    policy: Policy,
    mail: str = "",
    life: timedelta | None = None,
    more: Mapping[str, int] | None = None,
) -> Link:
    """Sends a link to a person's own mailbox. Its token is made by the worker while it sends: nobody here ever holds it.

    Earlier open links of the same purpose, person and document end. `mail` names another message than the purpose's own,
    `more` what else it is about, by its ids; `life` is how long the link works, where that is not the pack's.
    """
    permissions.check(session, actor, Action.LINK_SEND, document if document is not None else person)
    link = _new(session, person, purpose, document, actor, now, policy)
    if life is not None:
        link.expires_at = now + life
    jobs.enqueue(
        session, Effect.MAIL, key=f"link:{link.id}", now=now,
        payload={"mail": mail or MAILS[purpose], "person_id": person.id, "link_id": link.id, **(more or {})},
    )  # fmt: skip
    audit.record(
        session,
        actor=actor,
        now=now,
        act="link.send",
        thing=document or person,
        said=f"A link ({purpose.replace('_', ' ')}) goes to {person.name}.",
    )
    return link


def issue_here(session: Session, *, keys: Keys, document: Document, actor: Actor, now: datetime, policy: Policy) -> str:
    """A signing link for whoever is signed in, as an envelope for this very browser; the code still goes to the mailbox."""
    permissions.check(session, actor, Action.DOCUMENT_SEE, document)
    person = session.get_one(Person, actor.person_id)
    link = _new(session, person, "signing", document, actor, now, policy)
    return send(session, link=link, keys=keys)


def send(session: Session, *, link: Link, keys: Keys) -> str:
    """Makes the link's token and returns its envelope; a token made before stops working. For whoever delivers it, alone."""
    token = new_token()
    link.token_hash = hash_of(token)
    session.flush()
    return keys.envelope(link.purpose, [link.id, token])


def open_link(
    session: Session, *, keys: Keys, envelope: str, purpose: str, now: datetime, policy: Policy | None = None
) -> Link:
    """The link in an envelope, if it still works; LINK_SPENT otherwise. Consumes nothing, however often it is called.

    A wrong signature, purpose or age is refused before any query.
    """
    age = _life(policy, purpose) if policy is not None else OLDEST
    content = keys.open(purpose, envelope, max_age=int(age.total_seconds()))
    link_id, token = content if isinstance(content, list) and len(content) == 2 else (0, "")
    link = session.get(Link, link_id) if isinstance(link_id, int) else None
    if link is None or link.purpose != purpose or not hmac.compare_digest(link.token_hash, hash_of(str(token))):
        raise Refused(
            Reason.LINK_SPENT,
            "A newer message has replaced this link. Use the newest one, or ask the help desk for another.",
        )
    refuse_spent(link, now)
    return link


def refuse_spent(link: Link, now: datetime) -> None:
    """LINK_SPENT for a link that was used, taken back, has expired, or whose document has changed since it was sent."""
    if link.used_at is not None:
        raise Refused(
            Reason.LINK_SPENT, "This link has been used already, and it works once. Nothing more is to be done with it."
        )
    if link.revoked_at is not None:
        raise Refused(
            Reason.LINK_SPENT, f"This link was taken back or replaced by a newer one. Use the newest message. {ASK}"
        )
    if link.expires_at <= now:
        raise Refused(Reason.LINK_SPENT, f"This link has expired. {ASK}")
    if link.document_id is not None:
        _refuse_changed(link)


def mail_code(session: Session, *, link: Link, now: datetime, policy: Policy, asked: bool = False) -> bool:
    """Has a one-time code mailed to whom the link was sent; False where none is due. The worker computes it as it sends.

    Opening the link (`asked` false) mails one only where none could be entered; asking for another replaces the one
    before, a minute later at the earliest, five times for a link (LINK_SPENT afterwards).
    """
    session.flush()
    session.refresh(link, with_for_update=True)
    refuse_spent(link, now)
    if link.code_sent_at is not None and now - link.code_sent_at < AGAIN:
        return False
    if link.codes_mailed >= CODES and asked:
        raise Refused(
            Reason.LINK_SPENT, f"{CODES} codes were mailed for this link, which is as many as there are. {ASK}"
        )
    if not asked and (link.codes_mailed >= CODES or has_live_code(link, now=now, policy=policy)):
        return False
    link.code_secret = link.code_secret or pyotp.random_base32()
    link.code_counter += 1
    link.codes_mailed += 1
    link.code_tries, link.code_sent_at = 0, now
    jobs.enqueue(
        session, Effect.MAIL, key=f"code:{link.id}", now=now, policy_version=policy.version,
        payload={"mail": "code", "person_id": link.person_id, "link_id": link.id},
    )  # fmt: skip
    return True


def code_of(link: Link, *, digits: int) -> str:
    """The code that counts now: for the worker, which mails it to the addressee and tells nobody else."""
    return pyotp.HOTP(link.code_secret, digits=digits).at(link.code_counter)


def has_live_code(link: Link, *, now: datetime, policy: Policy) -> bool:
    """Whether a code that was mailed could still be entered."""
    sent = link.code_sent_at
    return (
        sent is not None
        and now - sent < timedelta(minutes=policy.one_time_code.minutes)
        and link.code_tries < policy.one_time_code.tries
    )


def prove_code(session: Session, *, link: Link, code: str, now: datetime, policy: Policy) -> Proof:
    """Whether this is the code mailed last. Every wrong one is counted under the row's lock; a right one works once.

    Returns rather than raises, so that the caller commits the count.
    """
    session.flush()
    session.refresh(link, with_for_update=True)
    refuse_spent(link, now)
    if not has_live_code(link, now=now, policy=policy):
        return Proof(
            False,
            "There is no code to enter any more: it has been used, has expired, or was tried too often. Have a new one mailed.",
        )
    typed = "".join(code.split())
    if not hmac.compare_digest(typed.encode(), code_of(link, digits=policy.one_time_code.digits).encode()):
        link.code_tries += 1
        left = policy.one_time_code.tries - link.code_tries
        if not left:
            return Proof(False, "This was the wrong code too often. Have a new one mailed.", 0)
        tries = "One try is" if left == 1 else f"{left} tries are"
        return Proof(False, f"This is not the code of the newest message. {tries} left.", left)
    link.code_proven_at, link.code_sent_at, link.opened_at = now, None, link.opened_at or now
    return Proof(True)


def use(session: Session, *, link: Link, now: datetime) -> None:
    """Consumes the link: of any number of callers at once, one; LINK_SPENT for all others."""
    session.flush()
    taken = update(Link).where(
        Link.id == link.id, Link.used_at.is_(None), Link.revoked_at.is_(None), Link.expires_at > now
    )
    if session.execute(taken.values(used_at=now)).rowcount != 1:  # type: ignore[attr-defined]
        session.refresh(link)
        refuse_spent(link, now)
        raise Refused(Reason.LINK_SPENT, f"This link does not work any more. {ASK}")
    session.refresh(link)


def revoke(session: Session, *, link: Link, actor: Actor, now: datetime) -> None:
    """Takes a link back. ALREADY_DONE where it was used, revoked or has expired."""
    thing = link.document or link.person
    permissions.check(session, actor, Action.LINK_SEND, thing)
    session.flush()
    session.refresh(link, with_for_update=True)
    if link.used_at or link.revoked_at or link.expires_at <= now:
        raise Refused(Reason.ALREADY_DONE, "This link does not work any more as it is.")
    link.revoked_at = now
    audit.record(
        session,
        actor=actor,
        now=now,
        act="link.revoke",
        thing=thing,
        said=f"The link sent to {link.person.name} was taken back.",
    )


def revoke_for(session: Session, document: Document, *, now: datetime) -> None:
    """Ends every open link of a document: it was signed on paper, sent back or set aside."""
    _end(session, Link.document_id == document.id, now=now)


def revoke_own(session: Session, *, person_id: int, purposes: Iterable[str], now: datetime) -> None:
    """Ends every open link of these purposes that a person was sent: the password or the address has changed since."""
    _end(session, Link.person_id == person_id, Link.purpose.in_(list(purposes)), now=now)


def begin_anew(session: Session, document: Document, *, but: int | None, now: datetime) -> None:
    """What was filled in has changed: whoever is about to sign enters a new code and reads again, but for `but`, who changed it."""
    for link in open_links(session, document, now=now):
        if link.person_id != but and link.code_proven_at is not None:
            link.code_proven_at = None


def open_links(session: Session, document: Document, *, now: datetime) -> list[Link]:
    """The links of a document that still work, oldest first."""
    query = select(Link).where(
        Link.document_id == document.id, Link.used_at.is_(None), Link.revoked_at.is_(None), Link.expires_at > now
    )
    return list(session.scalars(query.order_by(Link.id)))


def proven(session: Session, document: Document, person_id: int | None, *, now: datetime) -> Link | None:
    """The person's link to a document whose code was entered and that has not been used: what signing goes on with."""
    mine = [
        link
        for link in open_links(session, document, now=now)
        if link.person_id == person_id and link.code_proven_at is not None
    ]
    return mine[-1] if mine else None


def _new(
    session: Session,
    person: Person,
    purpose: str,
    document: Document | None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Link:
    if purpose not in PATHS:
        raise KeyError(purpose)
    if (purpose == "signing") != (document is not None):
        raise bad_input("A signing link is for a document, and no other link is.")
    same = Link.document_id == document.id if document is not None else Link.document_id.is_(None)
    if document is not None and not actor.is_portal:
        _refuse_flood(session, person, same, now)
    _end(session, Link.person_id == person.id, Link.purpose == purpose, same, now=now)
    link = Link(
        purpose=purpose, token_hash=hash_of(new_token()), person_id=person.id, document_id=document.id if document is not None else None,
        document_sha256=document.text_sha256 if document is not None else "", sent_at=now, sent_by=actor.person_id,
        expires_at=now + _life(policy, purpose), code_secret="", code_counter=0, code_tries=0, codes_mailed=0,
    )  # fmt: skip
    session.add(link)
    session.flush()
    return link


def _refuse_flood(session: Session, person: Person, same: ColumnElement[bool], now: datetime) -> None:
    """Every link brings five codes with five tries each, and a message: without a limit both could go on all night."""
    recent = select(func.count()).where(Link.person_id == person.id, same, Link.sent_at > now - timedelta(days=1))
    if (session.scalar(recent) or 0) >= A_DAY:
        raise Refused(
            Reason.CONFLICT,
            f"{A_DAY} links to this document went to {person.name} within a day. Use the newest message, or try again tomorrow.",
        )


def _end(session: Session, *which: ColumnElement[bool], now: datetime) -> None:
    session.flush()
    query = select(Link).where(*which, Link.used_at.is_(None), Link.revoked_at.is_(None)).order_by(Link.id)
    for link in session.scalars(query.with_for_update().execution_options(populate_existing=True)):
        link.revoked_at = now
    session.flush()


def _life(policy: Policy, purpose: str) -> timedelta:
    return {"signing": policy.links.signing, "invitation": policy.links.invitation}.get(purpose, policy.links.reset)


def _refuse_changed(link: Link) -> None:
    document = link.document
    if document is None or document.text_sha256 != link.document_sha256 or not same_text(document):
        raise Refused(
            Reason.LINK_SPENT,
            f"The text of this document has changed since the link was sent, so it cannot be signed by it. {ASK}",
        )


def same_text(document: Document) -> bool:
    """Whether the text that the portal would show is still, letter for letter, the one this document was prepared with."""
    try:
        return documents.text(document.kind, document.version).sha256 == document.text_sha256
    except KeyError:
        return False


__all__ = [
    "PATHS", "Proof", "begin_anew", "code_of", "has_live_code", "invite", "issue_here", "mail_code", "open_link", "open_links", "prove_code", "proven",
    "refuse_spent", "revoke", "revoke_for", "revoke_own", "same_text", "send", "use",
]  # fmt: skip
