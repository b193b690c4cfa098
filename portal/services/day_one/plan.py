"""What a list would do, worked out before anything is written: who is new, what is recorded, who would be closed at once."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.adapters.people_files import Row, Sheet
from portal.adapters.tables import Problem
from portal.models import Agency
from portal.services.day_one import words
from portal.services.day_one.on_record import RUN, Member, OnRecord, Plan
from portal.services.day_one.options import Closing, DayOneReport, Options
from portal.services.day_one.rows import located, refuse_repeated_ids, say_of_inactive
from portal.services.day_one.who import Known, Who, tell_apart
from portal.services.people import offices
from portal.standing.facts import standing_of
from workflows import gate
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Kind

NOBODY = -1


def plan(
    session: Session,
    sheet: Sheet,
    options: Options,
    report: DayOneReport,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Plan:
    """What the good rows of a list would do; whatever is wrong goes to `sheet.problems`, what is to decide to `report`."""
    made = Plan(sheet)
    today = local_day(now, policy.zone)
    known, there = Known(session), OnRecord(session, on=today)
    rows = located(session, sheet, options, report)
    if sheet.kind == "roster":
        made.inactive = [row for row in sheet.rows if row.active is False]
        made.roster = [row for row, _ in rows] + made.inactive
        refuse_repeated_ids(sheet, made.roster)
        say_of_inactive(sheet, made.inactive, known, there)
    everybody = tell_apart(sheet, rows, known, options, report.doubles)
    reader = words.Words(sheet, policy)
    for who in everybody:
        if who.person is not None and who.person.id == actor.person_id:
            _leave_out(
                sheet, who, "This is your own row, so it was left out. Somebody else of the Lead has to bring it in."
            )
            continue
        for agency_id in dict.fromkeys(agency.id for _, agency in who.rows):
            mine = [(row, agency) for row, agency in who.rows if agency.id == agency_id]
            member = _member(session, made, who, mine, reader, known, there, options, actor=actor, on=today)
            if member is not None:
                made.members.append(member)
        _quizzes(made, who, reader)
    _closing(session, made, options, report, policy=policy, on=today)
    bad = made.bad_lines
    made.members = [member for member in made.members if member.line not in bad]
    made.quizzes = [quiz for quiz in made.quizzes if quiz[1].line not in bad]
    made.roster = [row for row in made.roster if row.line not in bad and there.is_news(row)]
    made.inactive = [row for row in made.inactive if row.line not in bad and there.is_news(row)]
    return made


def _member(
    session: Session, made: Plan, who: Who, mine: list[tuple[Row, Agency]], reader: words.Words, known: Known, there: OnRecord,
    options: Options, *, actor: Actor, on: date,
) -> Member | None:  # fmt: skip
    sheet, agency = made.sheet, mine[0][1]
    rows = [row for row, _ in mine]
    line = rows[0].line
    membership = there.memberships.get((agency.id, who.person.id)) if who.person is not None else None
    member = Member(who, agency, line, membership)
    said = reader.of_member(rows, at_lead=agency.id == LEAD)
    if said is None:
        return None
    for role in said.roles:
        if not permissions.allows(session, actor, offices.GIVING[role], agency):
            sheet.error(line, "role", role, f"You may not give the role {role.replace('_', ' ')}.", "role")
    held = {row.detail for row in there.held(membership, Kind.ROLE)}
    member.roles = [role for role in said.roles if role.value not in held]
    levels = {row.detail for row in there.held(membership, Kind.ACCESS_LEVEL)}
    member.level = said.level if said.level and said.level not in levels else ""
    member.worker = (
        said.worker if said.worker not in {row.detail for row in there.held(membership, Kind.WORKER)} else ""
    )
    _agreement(member, said.agreed_on, there, options)
    _check(sheet, member, said, rows, there)
    if not _account(sheet, member, rows, known, there):
        return None
    grants = there.grants[membership.id] if membership is not None else []
    live = [grant for grant in grants if grant.status != "ended"]
    if live and member.level and not live[0].access_level and live[0].outcome == "inherited":
        member.fills_level = True
    inherited = [row for row in there.held(membership, Kind.INHERITED) if row.valid_from <= on]
    member.moves_day = bool(
        live and inherited and (inherited[-1].valid_until.toordinal() + 1) != options.takes_over.toordinal()
    )
    if member.user_id and member.active and not live:
        if grants:
            sentence = "This access ended here before, so no list brings it back. It has to be requested again."
            sheet.problems.append(Problem("warning", sheet.name, line, "", who.email, sentence, "ended-before"))
        else:
            member.inherits = True
    return member


def _agreement(member: Member, agreed_on: date | None, there: OnRecord, options: Options) -> None:
    """Recorded where it is not on record; another day in a later list corrects what an earlier list said."""
    if agreed_on is None:
        return
    rows = there.held(member.membership, Kind.USER_AGREEMENT)
    if any(row.valid_from == agreed_on and row.version == options.agreement_version for row in rows):
        return
    if not options.agreement_version and any(row.valid_from == agreed_on for row in rows):
        return  # on record already, and by now somebody has said which version it was
    member.agreed_on = agreed_on
    member.replaces_agreement = [row for row in rows if row.rests_on == RUN]


def _check(sheet: Sheet, member: Member, said: words.Said, rows: list[Row], there: OnRecord) -> None:
    if said.checked_on is None:
        return
    checks = there.checks[member.who.person.id] if member.who.person is not None else []
    if any((check.decided_on or check.ordered_on) == said.checked_on for check in checks):
        return
    if any(
        check.status in {"ordered", "pending"} or (check.decided_on or check.ordered_on) > said.checked_on
        for check in checks
    ):
        sentence = "The portal has a later background check of this person, so the one in the list was left out."
        sheet.problems.append(
            Problem("warning", sheet.name, rows[0].line, "background_checked_on", "", sentence, "later-check")
        )
        return
    member.checked_on, member.check_status = said.checked_on, said.check_status


def _account(sheet: Sheet, member: Member, rows: list[Row], known: Known, there: OnRecord) -> bool:
    """Which User ID the member has in the core HMIS, if any that is older than the portal; False where that cannot be."""
    who, line = member.who, rows[0].line
    written = list(dict.fromkeys(row.user_id for row, _ in who.rows if row.user_id))
    if len(written) > 1:
        sentence = (
            f"{who.name} has two User IDs in this file: {' and '.join(written)}. Nobody has two accounts; keep one."
        )
        sheet.error(line, "user_id", written[1], sentence, "two-accounts")
        return False
    of_person = known.account_of.get(who.person.id, "") if who.person is not None else ""
    user_id = written[0] if written else ""
    if of_person and user_id and user_id != of_person:
        sentence = f"{who.name} has the account {of_person} here already; nobody has two. Correct the User ID or leave it empty."
        sheet.error(line, "user_id", user_id, sentence, "two-accounts")
        return False
    if user_id in known.by_user_id and (who.person is None or known.by_user_id[user_id].id != who.person.id):
        owner = known.by_user_id[user_id]
        sheet.error(line, "user_id", user_id, f"{user_id} is {owner.name}'s account ({owner.email}).", "user-id-taken")
        return False
    if not user_id and not of_person and who.email in there.roster_by_email:
        user_id = there.roster_by_email[who.email].user_id
    if of_person and not user_id:
        # An account that the portal made is reached by asking for access, not by a list.
        user_id = of_person if who.person is not None and who.person.id in there.inherited_people else ""
    if of_person and user_id and who.person is not None and who.person.id not in there.inherited_people:
        user_id = user_id if user_id in there.roster else ""
    if user_id and sheet.kind == "people" and there.roster and user_id not in there.roster:
        sentence = f"{user_id} is not on the roster of the core HMIS. Correct it, or bring in a newer roster first."
        sheet.error(line, "hmis_user_id", user_id, sentence, "not-on-roster")
        return False
    member.user_id = user_id
    member.active = there.roster[user_id].active if sheet.kind == "people" and user_id in there.roster else True
    return True


def _quizzes(made: Plan, who: Who, reader: words.Words) -> None:
    taken: dict[tuple[str, datetime], tuple[int, int]] = {}
    for row, _ in who.rows:
        if row.quiz is None:
            continue
        course = reader.course(row, row.quiz)
        if not course:
            continue
        key, (score, line) = (course, row.quiz.taken.at), taken.get((course, row.quiz.taken.at), (row.quiz.score, 0))
        if score != row.quiz.score:
            sentence = f"Line {line} gives another score for the same quiz. Leave the right one in the list."
            made.sheet.error(row.line, "training_score", row.quiz.score_as_written, sentence, "contradiction")
        elif not line:
            taken[key] = (row.quiz.score, row.line)
            made.quizzes.append((who, row, row.quiz, course))
            for flag in row.quiz.flags:
                made.sheet.problems.append(
                    Problem(
                        "warning", made.sheet.name, row.line, "training_score", row.quiz.score_as_written, flag, "check"
                    )
                )


def _closing(session: Session, made: Plan, options: Options, report: DayOneReport, *, policy: Policy, on: date) -> None:
    """Whom something speaks against: access that would be shut the moment it came in."""
    of_agency: dict[int, tuple[str, ...]] = {}
    for member in made.members:
        if not member.inherits:
            continue
        known = member.who.person is not None
        if not known and member.agency.id in of_agency:
            sentences = of_agency[member.agency.id]
        else:
            asked = gate.Member(
                member.membership.id if member.membership is not None else NOBODY,
                member.agency.id,
                member.who.person.id if member.who.person is not None else NOBODY,
            )
            said = standing_of(session, asked, policy, on)
            sentences = tuple(f.sentence for f in said.closing if f.prerequisite.needs is gate.Needs.ABSENT)
            if not known:
                of_agency[member.agency.id] = sentences
        if not sentences:
            continue
        report.closings.append(Closing(member.line, member.who.email, member.who.name, member.agency.name, sentences))
        if not options.accept_closing:
            sentence = (
                f"This access would be closed at once: {' '.join(sentences)} Leave the row out, or confirm the closing."
            )
            made.sheet.error(member.line, "", member.who.email, sentence, "would-close")


def _leave_out(sheet: Sheet, who: Who, sentence: str) -> None:
    for row, _ in who.rows:
        sheet.problems.append(Problem("warning", sheet.name, row.line, "email", row.email, sentence, "own-row"))
