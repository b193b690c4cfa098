"""Articles of the knowledge base: written in versions, published, looked at again, retired, drafted from solved tickets."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Article, ArticleVersion, ArticleWord, Ticket, TicketEntry
from portal.models.helpdesk.knowledge import AUDIENCES
from portal.refusals import Refused, a_reason, bad_input
from portal.services.helpdesk.knowledge import naming
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.client_data import looks_like_client
from workflows.policy import Policy
from workflows.search_words import weighed
from workflows.vocabulary import Reason

TITLE, SUMMARY, BODY, WHY = 150, 300, 60_000, 300
_TITLE_WEIGHS, _WORDS_WEIGH, _SUMMARY_WEIGHS, _BODY_WEIGHS = 8, 6, 4, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An article as somebody wrote it: Markdown in `body`, in `words` what people may call it, in `why` what has changed."""

    title: str
    body: str
    topic: str = "other"
    audience: str = "signed_in"
    summary: str = ""
    words: str = ""
    kinds: tuple[str, ...] = ()
    why: str = ""


def write(
    session: Session,
    article: Article | None,
    *,
    written: Written,
    actor: Actor,
    now: datetime,
    policy: Policy,
    expected: int | None = None,
    from_ticket_id: int | None = None,
) -> ArticleVersion:
    """A new article, or the next version of one; readers see it once it is published.

    BAD_INPUT by field; CONFLICT where somebody wrote another version after the `expected` one.
    """
    new = article is None
    if article is None:
        article = Article(
            topic=written.topic, audience=written.audience, title="", created_by=actor.person_id, created_at=now,
            kinds=[], from_ticket_id=from_ticket_id, printed=0, written=0,
        )  # fmt: skip
    else:
        session.refresh(article, with_for_update=True)
    permissions.check(session, actor, Action.ARTICLE_WRITE, article)
    checked = _checked(written, policy, new=new)
    if expected is not None and expected != article.written:
        raise Refused(
            Reason.CONFLICT,
            "Somebody else has written a newer version meanwhile. Read it first, then add what you have here to it.",
        )
    article.written += 1
    if article.printed == 0:
        _shown(article, checked)
    session.add(article)
    session.flush()
    version = ArticleVersion(
        article_id=article.id, number=article.written, topic=checked.topic, audience=checked.audience, title=checked.title,
        summary=checked.summary, kinds=list(checked.kinds), words=checked.words, body=checked.body, why=checked.why,
        written_by=actor.person_id, written_at=now,
    )  # fmt: skip
    session.add(version)
    session.flush()
    said = f"Wrote version {version.number} of the article “{version.title}”." + (
        f" {version.why}" if version.why else ""
    )
    audit.record(session, actor=actor, now=now, act="article.write", thing=article, said=said)
    return version


def publish(
    session: Session, article: Article, *, number: int, actor: Actor, now: datetime, policy: Policy, sure: bool = False
) -> None:
    """Puts a version in print: readers see it and find it by its words. The newest one or, to go back, an earlier one.

    BAD_INPUT for what looks like a client's data, and for names of people around the ticket that it was begun from,
    unless whoever publishes is `sure`.
    """
    session.refresh(article, with_for_update=True)
    permissions.check(session, actor, Action.ARTICLE_WRITE, article)
    version = version_of(session, article, number)
    if version is None:
        raise bad_input("There is no such version. Load the page again.")
    if article.status == "published" and article.printed == number:
        raise Refused(Reason.ALREADY_DONE, "This version is in print already.")
    doubts = _doubts(session, article, version)
    if doubts and not sure:
        raise bad_input(
            f"{' '.join(doubts)} Take it out and write a new version, or tick the box if it may stay.", "sure"
        )
    transition(session, article, "publish", actor=actor, now=now, why=f"version {number}")
    article.printed, article.published_at = number, now
    article.reviewed_on, article.reviewed_by = local_day(now, policy.zone), actor.person_id
    _shown(article, version)
    session.flush()
    _index(session, article, version)


def retire(session: Session, article: Article, *, reason: str, actor: Actor, now: datetime) -> None:
    """Takes an article out of the knowledge base, or drops a draft: nobody finds it any more, its versions stay on record."""
    why = a_reason(reason)
    transition(session, article, "drop" if article.status == "draft" else "retire", actor=actor, now=now, why=why)
    session.execute(delete(ArticleWord).where(ArticleWord.article_id == article.id))


def looked_at(session: Session, article: Article, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Records that somebody read the article and found it still right; a year begins anew."""
    permissions.check(session, actor, Action.ARTICLE_WRITE, article)
    if article.status != "published":
        raise Refused(Reason.ILLEGAL_MOVE, "Only what is in print is looked at again.")
    article.reviewed_on, article.reviewed_by = local_day(now, policy.zone), actor.person_id
    session.flush()
    said = f"Looked at the article “{article.title}” and found it still right."
    audit.record(session, actor=actor, now=now, act="article.look", thing=article, said=said)


def version_of(session: Session, article: Article, number: int) -> ArticleVersion | None:
    query = select(ArticleVersion).where(ArticleVersion.article_id == article.id, ArticleVersion.number == number)
    return session.scalar(query)


def from_ticket(session: Session, ticket: Ticket, *, actor: Actor, policy: Policy) -> Written:
    """A first draft from what was asked and answered: nobody's name, what looks like a client's data blacked out.

    Whoever is named around the ticket is left out; whoever writes the article reads it over.
    """
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    permissions.check(session, actor, Action.ARTICLE_WRITE)
    query = select(TicketEntry).where(TicketEntry.ticket_id == ticket.id, TicketEntry.kind.in_(("in", "out")))
    entries, names = session.scalars(query.order_by(TicketEntry.id)).all(), naming.around(session, ticket)
    asked = next((entry.shown for entry in entries if entry.kind == "in"), "")
    answers = [naming.nameless(entry.shown, names) for entry in entries if entry.kind == "out"]
    body = f"## The question\n\n{naming.nameless(asked, names)}\n\n## The answer\n\n" + "\n\n".join(answers)
    topics = {topic.id for topic in policy.front.topics}
    return Written(
        title=naming.nameless(ticket.subject, names)[:TITLE], body=body.strip(), kinds=(ticket.kind,),
        topic="other" if "other" in topics else policy.front.topics[0].id, why=f"Drafted from {ticket.reference}.",
    )  # fmt: skip


def _doubts(session: Session, article: Article, version: ArticleVersion) -> list[str]:
    """What speaks against printing a version as it is, a sentence each."""
    text = f"{version.title}\n{version.summary}\n{version.body}"
    doubts = list(looks_like_client(text))
    ticket = session.get(Ticket, article.from_ticket_id) if article.from_ticket_id else None
    if ticket is not None and (names := naming.still_named(text, naming.around(session, ticket))):
        said = ", ".join(f"“{name}”" for name in names[:5])
        doubts.append(f"It names somebody from the ticket it was begun from: {said}.")
    return doubts


def _checked(written: Written, policy: Policy, *, new: bool) -> Written:
    title, summary, words = (" ".join(text.split()) for text in (written.title, written.summary, written.words))
    body = written.body.replace("\r\n", "\n").strip()
    for field, text, most, what in (
        ("title", title, TITLE, "The title"), ("summary", summary, SUMMARY, "The summary"), ("words", words, SUMMARY, "The list"),
        ("body", body, BODY, "The article"), ("why", written.why, WHY, "The reason"),
    ):  # fmt: skip
        if len(text) > most:
            raise bad_input(f"{what} may have {most:,} characters; this has {len(text):,}. Shorten it.", field)
    if len(title) < 3:
        raise bad_input("Enter a title: what somebody would look for.", "title")
    if not body:
        raise bad_input("Write the article first.", "body")
    if written.topic not in {topic.id for topic in policy.front.topics}:
        raise bad_input("Choose a topic.", "topic")
    if written.audience not in AUDIENCES:
        raise bad_input("Choose who may read it.", "audience")
    known = {kind.id for kind in policy.helpdesk.kinds}
    kinds = tuple(kind for kind in dict.fromkeys(written.kinds) if kind in known)
    why = (
        ""
        if new and not written.why.strip()
        else a_reason(written.why, "Say what has changed, in a few words.", field="why", most=WHY)
    )
    return Written(
        title=title, body=body, topic=written.topic, audience=written.audience, summary=summary, words=words, kinds=kinds,
        why=why,
    )  # fmt: skip


def _shown(article: Article, of: Written | ArticleVersion) -> None:
    """What stands in lists is what the version says."""
    article.topic, article.audience, article.title = of.topic, of.audience, of.title
    article.summary, article.kinds = of.summary, list(of.kinds)


def _index(session: Session, article: Article, version: ArticleVersion) -> None:
    session.execute(delete(ArticleWord).where(ArticleWord.article_id == article.id))
    weights = weighed((
        (version.title, _TITLE_WEIGHS), (version.words, _WORDS_WEIGH), (version.summary, _SUMMARY_WEIGHS),
        (version.body, _BODY_WEIGHS),
    ))  # fmt: skip
    session.add_all(ArticleWord(article_id=article.id, word=word, weight=weight) for word, weight in weights.items())
    session.flush()
