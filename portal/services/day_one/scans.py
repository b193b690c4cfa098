"""Signed paper in bulk: each file is put with its person and waits to be verified, or waits in a tray for somebody to say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from forms import documents
from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor
from portal.models import Agency, BulkScan, Document, Evidence, Membership, Person
from portal.refusals import Refused, bad_input
from portal.services import paperwork
from portal.services.day_one.scan_names import KINDS, People, told_by
from portal.services.paperwork import ByHand, Scan, signers
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason

KEY = "scans"
LIVE = ("arrived", "waiting", "placed")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file of a bundle that lies in the storage, unread as yet."""

    sha256: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What inspecting a file found: its media type and pages, or the sentence with which it was refused."""

    media_type: str = ""
    pages: int = 0
    refused: str = ""


def arrive(
    session: Session, files: Iterable[Arrived], *, kind: str = "", version: str = "", actor: Actor, now: datetime
) -> tuple[int, int]:
    """Takes in a bundle; how many files are new, and how many were left out because they came before.

    `kind` and `version` hold for files whose name does not say. The worker reads them, one after the other.
    """
    permissions.check(session, actor, Action.SCAN_SORT)
    if kind and kind not in KINDS:
        raise bad_input("Choose what the files are.", "kind")
    if version and version not in documents.versions(kind or "user_agreement"):
        raise bad_input("Choose a version of that document.", "version")
    files = list(files)
    there = set(session.scalars(select(BulkScan.sha256).where(BulkScan.status.in_(LIVE))))
    fresh = 0
    for file in files:
        if file.sha256 in there:
            continue
        there.add(file.sha256)
        fresh += 1
        session.add(
            BulkScan(
                sha256=file.sha256, name=file.name[-200:], size=file.size, kind=kind, version=version, arrived_at=now,
                arrived_by=actor.person_id,
            )
        )  # fmt: skip
    session.flush()
    if fresh:
        jobs.enqueue(session, Effect.READ_SCANS, key=KEY, now=now)
        audit.record(session, actor=actor, now=now, act="scan.arrive", said=f"Brought in {fresh} scanned files.")
    return fresh, len(files) - fresh


def unread(session: Session, *, most: int = 50) -> list[tuple[int, str, str]]:
    """Id, fingerprint and name of files that nobody has looked into yet, the oldest first."""
    query = select(BulkScan.id, BulkScan.sha256, BulkScan.name).where(BulkScan.status == "arrived")
    return [(row.id, row.sha256, row.name) for row in session.execute(query.order_by(BulkScan.id).limit(most))]


def settle(session: Session, scan_id: int, verdict: Verdict, people: People, *, now: datetime, policy: Policy) -> str:
    """Puts one inspected file with its document, or into the tray with the reason; its status then."""
    scan = session.get(BulkScan, scan_id, with_for_update=True)
    if scan is None or scan.status != "arrived":
        return scan.status if scan else ""
    if verdict.refused:
        scan.why = verdict.refused[:500]
        transition(session, scan, "refuse", actor=PORTAL, now=now, why=verdict.refused)
        return scan.status
    scan.media_type, scan.pages = verdict.media_type, verdict.pages
    told = told_by(scan.name)
    match = people.match(told)
    scan.kind, scan.signed_on = told.kind or scan.kind, told.signed_on
    scan.membership_id = match.membership.id if match.membership else None
    if scan.kind and scan.signed_on and not scan.version:
        scan.version = version_on(session, scan.kind, scan.signed_on)
    lacking = match.why or _lacking(scan)
    if not lacking and match.membership is not None:
        try:
            with session.begin_nested():
                _place(session, scan, match.membership, actor=PORTAL, now=now, policy=policy)
        except Refused as no:
            lacking = no.sentence
    if lacking:
        scan.why = lacking[:500]
        transition(session, scan, "wait", actor=PORTAL, now=now, why=lacking)
    return scan.status


def place(
    session: Session, *, scan: BulkScan, membership: Membership, kind: str, version: str, signed_on: date, actor: Actor, now: datetime,
    policy: Policy,
) -> Document:  # fmt: skip
    """Puts a file of the tray with its person's document, as somebody says; it then waits to be verified like any scan."""
    permissions.check(session, actor, Action.SCAN_SORT)
    if kind not in KINDS:
        raise bad_input("Choose what it is.", "kind")
    if version not in documents.versions(kind):
        raise bad_input("Choose the version that stands on the paper.", "version")
    scan.kind, scan.version, scan.signed_on = kind, version, signed_on
    return _place(session, scan, membership, actor=actor, now=now, policy=policy)


def leave_out(session: Session, *, scan: BulkScan, reason: str, actor: Actor, now: datetime) -> None:
    """Sets a file of the tray aside with the reason; the file itself stays in the storage."""
    if not reason.strip():
        raise bad_input("Say why it is left out.", "reason")
    scan.why = reason.strip()[:500]
    transition(session, scan, "leave_out", actor=actor, now=now, why=reason.strip())


def take_back(session: Session, *, document: Document, reason: str, actor: Actor, now: datetime) -> BulkScan:
    """Puts a scan that was read wrongly from its name back into the tray; nobody is mailed, unlike when it is sent back."""
    scan = of_document(session, document)
    if scan is None:
        raise Refused(Reason.NOT_FOUND, "This document did not come in with a bundle of scans.")
    paperwork.void(session, document=document, reason=reason, actor=actor, now=now)
    scan.document_id, scan.why = None, reason.strip()[:500]
    transition(session, scan, "take_back", actor=actor, now=now, why=reason)
    return scan


def of_document(session: Session, document: Document) -> BulkScan | None:
    """The file of a bundle that this document came with, while it can still be taken back."""
    query = select(BulkScan).where(BulkScan.document_id == document.id, BulkScan.status == "placed")
    return session.scalars(query).one_or_none() if document.status == "scanned" else None


def tray(session: Session, *, after: int = 0, most: int = 50) -> list[BulkScan]:
    """What waits for somebody to say whose it is, the oldest first; one more than `most` where there are more."""
    query = (
        select(BulkScan).where(BulkScan.status == "waiting", BulkScan.id > after).order_by(BulkScan.id).limit(most + 1)
    )
    return list(session.scalars(query.options(joinedload(BulkScan.membership))).unique())


def following(session: Session, scan_id: int) -> int | None:
    """The next one in the tray after this one, or the first that is left."""
    ids = select(BulkScan.id).where(BulkScan.status == "waiting", BulkScan.id != scan_id).order_by(BulkScan.id)
    return session.scalar(ids.where(BulkScan.id > scan_id).limit(1)) or session.scalar(ids.limit(1))


def members_called(session: Session, search: str, *, most: int) -> dict[int, str]:
    """Memberships by words of the name or the address, by id with name and Agency."""
    query = (
        select(Membership.id, Person.first_name, Person.last_name, Agency.name)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
    )
    for word in search.lower().split()[:5]:
        some = f"%{word.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        text = func.lower(Person.first_name + " " + Person.last_name + " " + Person.email_key + " " + Agency.name)
        query = query.where(text.like(some, escape="!"))
    rows = session.execute(query.order_by(func.lower(Person.last_name), Membership.id).limit(most))
    return {key: f"{first} {last}, {agency}" for key, first, last, agency in rows}


def counts(session: Session) -> dict[str, int]:
    """How many files there are in each state."""
    rows = session.execute(select(BulkScan.status, func.count()).group_by(BulkScan.status))
    return {status: count for status, count in rows}  # noqa: C416 (rows, not pairs)


def refused(session: Session, *, most: int = 50) -> list[BulkScan]:
    """Files that could not be kept, the latest first."""
    query = select(BulkScan).where(BulkScan.status == "refused").order_by(BulkScan.id.desc()).limit(most)
    return list(session.scalars(query))


def version_on(session: Session, kind: str, day: date) -> str:
    """The version that was published by a day, as far as the portal has its text; '' where none was: nobody guesses."""
    found = session.scalars(
        select(Evidence.version)
        .where(
            Evidence.about == About.LEAD, Evidence.subject_id == LEAD, Evidence.kind == Kind.PUBLISHED, Evidence.detail == kind,
            Evidence.valid_from <= day, Evidence.withdrawn_at == datetime.max, Evidence.version.in_(documents.versions(kind)),
        )
        .order_by(Evidence.valid_from.desc(), Evidence.id.desc())
        .limit(1)
    ).first()  # fmt: skip
    return found or ""


def _lacking(scan: BulkScan) -> str:
    if not scan.kind:
        return "The name does not say which document it is."
    if not scan.signed_on:
        return "The name does not say when it was signed."
    return (
        "" if scan.version else "No version was published by the day it was signed. Say which one stands on the paper."
    )


def _place(
    session: Session, scan: BulkScan, membership: Membership, *, actor: Actor, now: datetime, policy: Policy
) -> Document:
    """Prepares the document in its version and hands the scan in, as anybody does on the paper route."""
    if scan.signed_on is None:
        raise bad_input("Enter the day it was signed.", "signed_on")
    executed = session.scalar(
        select(Document.id).where(
            Document.kind == scan.kind, Document.version == scan.version, Document.membership_id == membership.id,
            Document.status == "executed", Document.signed_on == scan.signed_on,
        )
    )  # fmt: skip
    if executed is not None:
        raise Refused(
            Reason.ALREADY_DONE, "The same document, signed on the same day, is verified already. Leave it out."
        )
    document = paperwork.prepare(
        session,
        kind=scan.kind,
        agency=membership.agency,
        membership=membership,
        version=scan.version,
        actor=actor,
        now=now,
    )
    by_hand = _by_hand(session, document, membership, on=local_day(now, policy.zone))
    file = Scan(scan.sha256, scan.media_type, scan.size, scan.pages, scan.name)
    paperwork.upload_scan(
        session, document=document, scan=file, signed_on=scan.signed_on, by_hand=by_hand, actor=actor, now=now, policy=policy
    )  # fmt: skip
    scan.membership_id, scan.document_id, scan.why = membership.id, document.id, ""
    transition(session, scan, "place", actor=actor, now=now)
    return document


def _by_hand(session: Session, document: Document, membership: Membership, *, on: date) -> dict[str, ByHand]:
    """Who is taken to have signed, for the help desk to compare: the person, and the one director where one has to."""
    person = session.get_one(Person, membership.person_id)
    found = {}
    for signer in paperwork.text_of(document).signers:
        if signer.capacity == "lead":
            continue
        able = signers.people_for(session, document, signer.capacity, on=on)
        if len(able) != 1:
            who = "several people hold that office" if able else "nobody is recorded for it"
            raise Refused(Reason.CONFLICT, f"{signer.label}: {who}, so hand it in on the document's own page.")
        found[signer.capacity] = ByHand(able[0].name, person.title if able[0].id == person.id else able[0].title)
    return found
