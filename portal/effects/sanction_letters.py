"""Draws the letter about a sanction, keeps it by its hash, and has it mailed to each addressee who has a mailbox."""

from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import PORTAL
from portal.adapters.pdf.letter import Letter, letter
from portal.adapters.storage import Storage
from portal.db import reading, transaction
from portal.jobs import Job
from portal.models import Person, Sanction, SanctionNotice, StoredFile
from portal.services import links
from portal.services.security.sanctions.sanction_measures import in_words, measure_of, until_in_words
from portal.wiring import Context
from workflows.business_time import end_of_day, local_day, us_date
from workflows.enforcement_pack import Told
from workflows.policy import Policy
from workflows.vocabulary import Effect

TITLES = {
    "decision": "Notice of a sanction",
    "outcome": "Outcome of an appeal",
    "lifted": "A sanction is lifted",
}
REPRIMAND = "Letter of reprimand"
MAY_APPEAL = (Told.PERSON, Told.EXECUTIVE_DIRECTOR)


def handle(context: Context, job: Job) -> None:
    """Draws and keeps the letter of `sanction_id` about `what`. The same record gives the same bytes."""
    sanction_id, what = int(job.payload["sanction_id"]), str(job.payload["what"])
    with reading(context.sessions) as session:
        row = session.get_one(Sanction, sanction_id)
        paper = paper_of(session, row, what, context.policy)
    content = letter(paper)
    sha256 = Storage(context.settings.storage).put(content)
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            keep(session, session.get_one(Sanction, sanction_id), what, paper, sha256, len(content), context=context)


def keep(
    session: Session, row: Sanction, what: str, paper: Letter, sha256: str, size: int, *, context: Context
) -> None:
    """Puts the file with each notice and hands those with a mailbox to the mail; a repetition hands nothing over twice."""
    now = context.clock()
    waiting = session.scalars(_notices(row.id, what).where(SanctionNotice.file_id.is_(None)).with_for_update()).all()
    if not waiting:
        return
    # No Agency and no person: it is read by way of its notice alone.
    file = StoredFile(
        sha256=sha256, document_id=None, media_type="application/pdf", size=size, pages=0, name=f"{paper.title}, {row.id}.pdf",
        agency_id=None, person_id=None, stored_by=None, stored_at=now,
    )  # fmt: skip
    session.add(file)
    session.flush()
    audit.record(
        session, actor=PORTAL, now=now, act="sanction.letter", thing=row, after={"what": what, "sha256": sha256},
        said=f"The letter '{paper.title}' was made ({sha256[:12]}…), for {len(waiting)} addressees.",
    )  # fmt: skip
    for notice in waiting:
        notice.file_id = file.id
        if notice.role == Told.BOARD and context.settings.board_mail:
            notice.channel, notice.email = "mail", context.settings.board_mail
        if notice.channel == "mail":
            _hand_over(session, row, notice, context=context)


def _hand_over(session: Session, row: Sanction, notice: SanctionNotice, *, context: Context) -> None:
    now, payload = context.clock(), {"sanction_id": row.id, "agency_id": row.agency_id, "notice_id": notice.id}
    if notice.what == "decision" and notice.role in MAY_APPEAL and notice.person_id is not None and row.appeal_by:
        life = end_of_day(row.appeal_by, context.policy.zone) - now
        links.invite(
            session, person=session.get_one(Person, notice.person_id), purpose="sign_in", actor=PORTAL, now=now,
            policy=context.policy, mail="sanction_appealable", life=life, more=payload,
        )  # fmt: skip
        return
    mail = "sanction_letter" if notice.person_id is None else "sanction_notice"
    jobs.enqueue(
        session, Effect.MAIL, key=f"{mail}:{notice.id}", now=now, payload={"mail": mail, "person_id": notice.person_id, **payload}
    )  # fmt: skip


def paper_of(session: Session, row: Sanction, what: str, policy: Policy) -> Letter:
    """The letter's words: the pack's, with what is on record in their places."""
    pack, words = policy.enforcement, _places(row, policy)
    day = _day(row, what, policy)
    title = REPRIMAND if what == "decision" and row.measure == "reprimand" else TITLES[what]
    notices = session.scalars(_notices(row.id, what)).all()
    parts = {
        "decision": ("opening", "found", "measure", *(("appeal",) if row.appeal_by else ()), "closing"),
        "outcome": ({"upheld": "upheld", "lifted": "lifted"}.get(row.appeal_outcome, "changed"), "closing"),
        "lifted": ("lifted", "closing"),
    }[what]
    return Letter(
        title=title,
        day=us_date(day),
        to=[row.whom.name, row.agency.name] if row.whom else [f"The executive director of {row.agency.name}"],
        paragraphs=[filled(pack.letters[part], words) for part in parts],
        facts=_facts(row, what, words),
        copies=[notice.name for notice in notices if notice.role != Told.PERSON],
        reference=f"Sanction {row.id}",
        mark="Sample text for counsel" if pack.sample else "Confidential",
        author=policy.lead,
    )


def filled(text: str, words: dict[str, str]) -> str:
    """The pack's text with its places filled; what is written between other braces stays as it is."""
    for place, value in words.items():
        text = text.replace(f"{{{place}}}", value)
    return text


def _facts(row: Sanction, what: str, words: dict[str, str]) -> list[tuple[str, str]]:
    found = [
        ("About", words["whom"]),
        ("Agency", words["agency"]),
        ("Violation", words["violation"]),
        ("What was found", row.facts),
    ]
    reason = {"decision": row.decided_reason, "lifted": row.ended_reason}.get(
        what, row.appeal_reason or row.decided_reason
    )
    found += [("Measure", words["measure"]), ("Ends", words["until"]), ("Reason", reason)]
    if what == "decision" and row.appeal_by:
        found.append(("Appeal until", words["appeal_by"]))
    return found


def _places(row: Sanction, policy: Policy) -> dict[str, str]:
    return {
        "whom": row.whom.name if row.whom else row.agency.name, "agency": row.agency.name, "violation": row.violation_title,
        "measure": in_words(measure_of(row), row.about, policy), "from": us_date(row.first_day) if row.first_day else "",
        "until": until_in_words(row), "appeal_by": us_date(row.appeal_by) if row.appeal_by else "", "lead": policy.lead,
    }  # fmt: skip


def _day(row: Sanction, what: str, policy: Policy) -> date:
    moment: Any = {"lifted": row.ended_at, "outcome": row.appeal_decided_at}.get(what) or row.decided_at
    return local_day(moment, policy.zone)


def _notices(sanction_id: int, what: str) -> Select[SanctionNotice]:
    return (
        select(SanctionNotice)
        .where(SanctionNotice.sanction_id == sanction_id, SanctionNotice.what == what)
        .order_by(SanctionNotice.id)
    )
