"""A roster or a list of people comes in: worked out first, whole or not at all, the same list twice changing nothing."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from portal import audit, permissions
from portal.actors import Actor
from portal.adapters.people_files import Sheet, headers_sha256
from portal.models import ColumnMap, DayOneImport, Evidence
from portal.refusals import bad_input
from portal.services.day_one.carry_out import carry_out, licences_needed, results
from portal.services.day_one.on_record import Plan
from portal.services.day_one.options import DayOneReport, Options
from portal.services.day_one.plan import plan
from portal.services.desk import import_training
from portal.services.people import inheriting
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind


def import_sheet(
    session: Session,
    sheet: Sheet,
    options: Options,
    *,
    sha256: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
    dry_run: bool = False,
) -> DayOneReport:
    """Brings in the rows of a list that was read: all of them or, where one has an error, none unless `skip_bad`.

    A trial answers exactly what the import would; the caller rolls nothing back, since it writes nothing. Refuses
    BAD_INPUT for a day on which the gate cannot take over and a version of the user agreement that was never published.
    """
    permissions.check(session, actor, Action.DAY_ONE_IMPORT)
    inheriting.check_takes_over(options.takes_over, today=local_day(now, policy.zone))
    _refuse_unknown_version(session, options.agreement_version)
    report = DayOneReport(sheet.name, dry_run=dry_run)
    made = plan(session, sheet, options, report, actor=actor, now=now, policy=policy)
    report.problems = tuple(sorted(sheet.problems, key=lambda problem: problem.line))
    report.count("rows in the file", sheet.found)
    report.refused = bool(report.errors) and not options.skip_bad
    _count(session, made, report, actor=actor, now=now, policy=policy)
    _say(made, report, options)
    if report.refused or dry_run or not report.changes:
        return report
    run = DayOneImport(
        kind=sheet.kind, file_name=sheet.name, sha256=sha256, takes_over=options.takes_over, imported_at=now,
        agreement_version=options.agreement_version, counts=dict(report.counts), imported_by=actor.person_id,
    )  # fmt: skip
    session.add(run)
    session.flush()
    report.import_id = run.id
    carry_out(session, made, run, actor=actor, now=now, policy=policy, options=options)
    audit.record(
        session, actor=actor, now=now, act=f"day_one.{sheet.kind}", thing=run, after=dict(report.counts),
        said=f"Imported the {'roster of the core HMIS' if sheet.kind == 'roster' else 'list of people'} {sheet.name}: {report.counted()}. "
        f"The gate takes over on {us_date(options.takes_over)}.",
    )  # fmt: skip
    return report


def columns_kept(session: Session, kind: str, headers: tuple[str, ...]) -> dict[str, str]:
    """What somebody said of a list with these headers before; empty where nobody did."""
    found = session.scalar(
        select(ColumnMap.columns).where(ColumnMap.kind == kind, ColumnMap.headers_sha256 == headers_sha256(headers))
    )
    return dict(found or {})


def keep_columns(
    session: Session, kind: str, headers: tuple[str, ...], mapping: Mapping[str, str], *, actor: Actor, now: datetime
) -> None:
    """Remembers a mapping for the next list with the same headers."""
    permissions.check(session, actor, Action.DAY_ONE_IMPORT)
    key = headers_sha256(headers)
    found = session.scalars(
        select(ColumnMap).where(ColumnMap.kind == kind, ColumnMap.headers_sha256 == key)
    ).one_or_none()
    if found is None:
        found = ColumnMap(kind=kind, headers_sha256=key, columns={}, saved_at=now)
        session.add(found)
    if found.columns != dict(mapping):
        found.columns, found.saved_at, found.saved_by = dict(mapping), now, actor.person_id


def last_day(session: Session) -> date | None:
    """The day that the import before named, proposed for the next one; None where nothing came in yet."""
    return session.scalar(select(DayOneImport.takes_over).order_by(DayOneImport.id.desc()).limit(1))


def agreement_versions(session: Session) -> list[str]:
    """The published versions of the user agreement, the latest first: what signed ones may be of."""
    rows = session.execute(
        select(Evidence.version, Evidence.valid_from)
        .where(
            Evidence.about == About.LEAD, Evidence.subject_id == LEAD, Evidence.kind == Kind.PUBLISHED,
            Evidence.detail == Kind.USER_AGREEMENT, Evidence.withdrawn_at == datetime.max,
        )
        .order_by(Evidence.valid_from.desc(), Evidence.id.desc())
    )  # fmt: skip
    published = [row.version for row in rows]
    return list(dict.fromkeys([*published, *reversed(documents.versions(Kind.USER_AGREEMENT))]))


def _refuse_unknown_version(session: Session, version: str) -> None:
    if not version:
        return
    known = agreement_versions(session)
    if version not in known:
        raise bad_input(
            f"There is no version {version!r} of the user agreement. There are: {', '.join(known) or 'none'}. Leave it out where the "
            "signed ones are older: they are kept on record, and the version in force is signed anew.",
            "agreement_version",
        )


def _count(session: Session, made: Plan, report: DayOneReport, *, actor: Actor, now: datetime, policy: Policy) -> None:
    members = made.members
    new = {id(member.who): member.who for member in members if member.who.person is None}
    report.new_people = [(who.name, who.email, who.rows[0][1].name) for who in new.values()]
    counted = {
        "new people": len(new),
        "people who are known": len(made.people) - len(new),
        "memberships added": sum(1 for member in members if member.membership is None),
        "accounts taken over as inherited": sum(1 for member in members if member.inherits),
        "licenses entered as granted": licences_needed(session, members),
        "inactive accounts, their User IDs kept": len(made.inactive),
        "rows of the roster new or changed": len(made.roster),
        "roles": sum(len(member.roles) for member in members),
        "access levels": sum(1 for member in members if member.level),
        "kinds of worker": sum(1 for member in members if member.worker),
        "user agreements": sum(1 for member in members if member.agreed_on),
        "background checks": sum(1 for member in members if member.checked_on),
        "days of taking over changed": sum(1 for member in members if member.moves_day),
    }
    for name, count in counted.items():
        if count and name != "people who are known":
            report.count(name, count)
    for name, count in _quiz_counts(session, made, actor=actor, now=now, policy=policy).items():
        if count:
            report.count(name, count)
    if counted["people who are known"]:
        report.count("already on record", counted["people who are known"])
    left_out = len({problem.line for problem in report.errors})
    if left_out:
        report.count("left out", left_out)


def _quiz_counts(session: Session, made: Plan, *, actor: Actor, now: datetime, policy: Policy) -> dict[str, int]:
    """New people have no earlier results; of the others, the import of quiz results says what is new."""
    if not made.quizzes:
        return {}
    emails = {id(who): who.person.email_key for who, *_ in made.quizzes if who.person is not None}
    fresh = sum(1 for who, *_ in made.quizzes if who.person is None)
    known = Plan(made.sheet, quizzes=[quiz for quiz in made.quizzes if id(quiz[0]) in emails])
    tried = import_training.import_rows(
        session, results(known, emails), made.sheet.name, actor=actor, now=now, policy=policy, dry_run=True
    )
    return {
        "quiz results recorded": fresh + tried.counts.get("recorded", 0),
        "quiz results corrected": tried.counts.get("corrected", 0),
    }


def _say(made: Plan, report: DayOneReport, options: Options) -> None:
    inherits = sum(1 for member in made.members if member.inherits)
    day = us_date(options.takes_over)
    if inherits:
        report.said.append(
            f"{inherits:,} accounts come in as inherited: nobody is closed for what is missing until the gate takes over on {day}. "
            "Nobody is mailed by the import itself."
        )
        report.said.append(
            "Whoever has not signed the user agreement in force is asked to by e-mail when the worker next looks, in the "
            "night that follows. What each of them lacks stands in the list of inherited people."
        )
    agreed = [member for member in made.members if member.agreed_on]
    if agreed and not options.agreement_version:
        report.said.append(
            f"{len(agreed):,} signed user agreements are kept on record without a version. They do not satisfy the gate, which asks for "
            f"a version in force: name the version, or have the one in force signed before {day}."
        )
    without = sum(1 for member in made.members if not member.user_id and made.sheet.kind == "people")
    if without:
        report.said.append(
            f"{without:,} of them have no account that is older than the portal: access is requested for them as for anybody new."
        )
    if not report.changes and not report.refused:
        report.said.append("Everything in this file is on record already, so nothing was changed.")


__all__ = ["agreement_versions", "columns_kept", "import_sheet", "keep_columns", "last_day"]
