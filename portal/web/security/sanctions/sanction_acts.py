"""What people do about a sanction: draft, decide, withdraw, lift, and what follows it."""

from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from forms.security.sanctions import ChooseCase, Delivered, DraftSanction, Paid, Referred, TakeMeasure, WithReason
from portal import permissions
from portal.db import reading
from portal.models import Agency, Incident, Membership, Sanction
from portal.refusals import bad_input, not_found
from portal.services.security.sanctions import sanction_follow, sanction_notices, sanction_preview, sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from portal.services.security.sanctions.sanctions import Subject
from portal.web.desk.room import to_agency, to_person
from portal.web.kernel import acted, actor, an_id, now, permission, policy, sessions, status_of, today
from portal.web.proving import proven
from portal.web.security.room import blueprint
from portal.web.security.sanctions.sanctions import notice_of, words_of
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import LEAD

ABOUTS = {
    "membership": "The license: access at {agency} alone",
    "person": "All HMIS privileges, wherever {person} works",
    "agency": "The whole Agency: the access of everybody at {agency}",
}


def about(row: Sanction) -> dict[str, Any]:
    """What every page of an act shows around its form."""
    return {"sanction": row, "measure": words_of(row), "href": url_for("security.sanction", sanction_id=row.id)}


def courses() -> dict[str, str]:
    return {course.id: course.title for course in policy().courses}


def measure_of(form: TakeMeasure) -> Measure:
    """What was typed, as the service takes it: of the measure that was chosen alone, whatever the fields of others hold."""
    kind = form.measure.data
    suspended, fined = kind == "suspension", kind == "penalty"
    return Measure(
        measure=kind,
        days=form.days.data if suspended else None,
        remedy=(form.remedy.data or "") if suspended else "",
        course=(form.course.data or "") if kind == "training" else "",
        amount_cents=form.cents() if fined else None,
        due_on=form.due_on.data if fined else None,
        referred_to=(form.referred_to.data or "") if kind == "referral" else "",
    )


@blueprint.route("/sanctions/new", methods=["GET", "POST"], endpoint="new_sanction")
@permission(Action.SANCTION_DRAFT)
def new() -> Any:
    """For an Agency (`?agency=`) or one of its people (`?membership=`); the case is chosen first, in the address."""
    form = DraftSanction(courses=courses())
    said = "Drafted. Nothing has happened to anybody: another person of the Lead decides."
    if done := acted(
        form,
        lambda session: _draft(session, form),
        said,
        lambda made: url_for("security.sanction", sanction_id=made.id),
    ):
        return done
    with reading(sessions()) as session:
        agency, membership = _whom(session)
        case, abouts = _case(agency, membership)
        around = {
            "agency": agency,
            "membership": membership,
            "whom": membership.person.name if membership else agency.name,
            "back": to_person(membership.id) if membership else to_agency(agency.id),
            "case": case,
            "incident_id": request.args.get("incident", type=an_id),
        }
        violation = policy().enforcement.violation(case.violation.data or "")
        if violation is None or case.about.data not in abouts:
            case.about.data = case.about.data if case.about.data in abouts else next(iter(abouts))
            return render_template("pages/security/sanctions/case.html", **around)
        subject = subject_of(case.about.data, agency, membership)
        incident = _incident(session)
        proposal = sanctions.proposed(
            session, subject, violation.id, on=today(), policy=policy(), incident_id=incident.id if incident else None
        )
        if not form.is_submitted() and proposal is not None:
            form.measure.data, form.days.data, form.course.data = (
                proposal.measure,
                proposal.days or None,
                proposal.course,
            )
        return render_template(
            "pages/security/sanctions/draft.html",
            form=form,
            proposal=proposal,
            violation=violation,
            about_words=abouts[case.about.data],
            **around,
        ), status_of(form)


def _case(agency: Agency, membership: Membership | None) -> tuple[ChooseCase, dict[str, str]]:
    """The first step's form with what the address says, and what a sanction can be about here."""
    who = {"agency": agency.name, "person": membership.person.name if membership else ""}
    abouts = {key: text.format(**who) for key, text in ABOUTS.items() if (key == "agency") == (membership is None)}
    violations = [(v.id, f"{v.title} ({v.severity})") for v in policy().enforcement.violations]
    case = ChooseCase(request.args, abouts=abouts.items(), violations=violations)
    if membership is None:
        case.about.data = "agency"
    return case, abouts


def _draft(session: Session, form: DraftSanction) -> Sanction:
    agency, membership = _whom(session)
    case, abouts = _case(agency, membership)
    if case.about.data not in abouts:
        raise bad_input("Choose again what it is about: the address of this page is not complete.")
    return sanctions.draft(
        session, subject=subject_of(case.about.data, agency, membership), violation=case.violation.data or "", facts=form.facts.data or "",
        measure=measure_of(form), departs_because=form.departs_because.data or "", incident=_incident(session), actor=actor(), now=now(),
        policy=policy(),
    )  # fmt: skip


def subject_of(what: str, agency: Agency, membership: Membership | None) -> Subject:
    """Whom it is about, as it was chosen."""
    if membership is None:
        return sanctions.of_agency(agency)
    return sanctions.of_person(membership) if what == "person" else sanctions.of_membership(membership)


def _incident(session: Session) -> Incident | None:
    """The incident that it follows from, where the address names one that whoever asks may see."""
    incident_id = request.args.get("incident", type=an_id)
    if incident_id is None:
        return None
    return permissions.find(session, actor(), Action.INCIDENT_FILES, Incident, incident_id)


def _whom(session: Session) -> tuple[Agency, Membership | None]:
    membership_id, agency_id = request.args.get("membership", type=an_id), request.args.get("agency", type=an_id)
    if membership_id is not None:
        membership = permissions.find(session, actor(), Action.SANCTION_DRAFT, Membership, membership_id)
        return membership.agency, membership
    if agency_id is None or agency_id == LEAD:
        raise not_found()
    return permissions.find(session, actor(), Action.SANCTION_DRAFT, Agency, agency_id), None


@blueprint.route("/sanctions/<int:sanction_id>/decide", methods=["GET", "POST"], endpoint="decide_sanction")
@permission(Action.SANCTION_DECIDE)
@proven
def decide(sanction_id: int) -> Any:
    form = WithReason()

    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.SANCTION_DECIDE, Sanction, sanction_id)
        sanctions.decide(session, row, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy())

    said = "Decided and in force. Access that it closes is closed within a minute; the letters are on their way."
    if done := acted(form, act, said, url_for("security.sanction", sanction_id=sanction_id)):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SANCTION_DECIDE, Sanction, sanction_id)
        return render_template(
            "pages/security/sanctions/decide.html",
            form=form,
            happens=sanction_preview.what_happens(session, row, now=now(), policy=policy()),
            told=sanction_notices.addressees(session, row, on=today(), policy=policy()),
            appeal_days=policy().enforcement.appeal_days,
            **about(row),
        ), status_of(form)


def one_act(
    sanction_id: int, action: Action, template: str, form: Any, act: Callable[[Session, Sanction], None], done: str, **more: Any
) -> Any:  # fmt: skip
    """A page with a form that does one thing to one sanction, and says what was done."""

    def carry_out(session: Session) -> None:
        act(session, permissions.find(session, actor(), action, Sanction, sanction_id))

    if answer := acted(form, carry_out, done, url_for("security.sanction", sanction_id=sanction_id)):
        return answer
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), action, Sanction, sanction_id)
        page = render_template(f"pages/security/sanctions/{template}.html", form=form, **about(row), **more)
        return page, status_of(form)


@blueprint.route("/sanctions/<int:sanction_id>/withdraw", methods=["GET", "POST"], endpoint="withdraw_sanction")
@permission(Action.SANCTION_DRAFT)
def withdraw(sanction_id: int) -> Any:
    form = WithReason()

    def act(session: Session, row: Sanction) -> None:
        sanctions.withdraw(session, row, reason=form.reason.data or "", actor=actor(), now=now())

    said = "The draft is withdrawn. It stays on record, and nothing happened to anybody."
    return one_act(sanction_id, Action.SANCTION_DRAFT, "withdraw", form, act, said)


@blueprint.route("/sanctions/<int:sanction_id>/lift", methods=["GET", "POST"], endpoint="lift_sanction")
@permission(Action.SANCTION_LIFT)
@proven
def lift(sanction_id: int) -> Any:
    form = WithReason()

    def act(session: Session, row: Sanction) -> None:
        sanctions.lift(session, row, reason=form.reason.data or "", actor=actor(), now=now(), policy=policy())

    said = "Lifted. Everybody whom it held is put before the whole gate again; whoever lacks nothing gets access back."
    return one_act(sanction_id, Action.SANCTION_LIFT, "lift", form, act, said)


@blueprint.route("/sanctions/<int:sanction_id>/paid", methods=["GET", "POST"], endpoint="sanction_paid")
@permission(Action.SANCTION_FOLLOW)
def paid(sanction_id: int) -> Any:
    form = Paid()

    def act(session: Session, row: Sanction) -> None:
        sanction_follow.paid(session, row, on=form.paid_on.data, actor=actor(), now=now(), policy=policy())

    return one_act(sanction_id, Action.SANCTION_FOLLOW, "paid", form, act, "Recorded as paid.")


@blueprint.route("/sanctions/<int:sanction_id>/referred", methods=["GET", "POST"], endpoint="sanction_referred")
@permission(Action.SANCTION_FOLLOW)
def referred(sanction_id: int) -> Any:
    form = Referred()

    def act(session: Session, row: Sanction) -> None:
        sanction_follow.referred(session, row, reference=form.reference.data or "", actor=actor(), now=now())

    return one_act(sanction_id, Action.SANCTION_FOLLOW, "referred", form, act, "The reference is on record.")


@blueprint.route(
    "/sanctions/<int:sanction_id>/letters/<int:notice_id>/delivered", methods=["GET", "POST"], endpoint="letter_delivered"
)  # fmt: skip
@permission(Action.SANCTION_FOLLOW)
def delivered(sanction_id: int, notice_id: int) -> Any:
    form = Delivered()

    def act(session: Session, _row: Sanction) -> None:
        notice = notice_of(session, Action.SANCTION_FOLLOW, sanction_id, notice_id)
        sanction_notices.delivered(
            session, notice, on=form.delivered_on.data, how=form.how.data or "", actor=actor(), now=now(), policy=policy()
        )  # fmt: skip

    with reading(sessions()) as session:
        name = notice_of(session, Action.SANCTION_FOLLOW, sanction_id, notice_id).name
    said = f"Recorded: the letter to {name} was handed over."
    return one_act(
        sanction_id, Action.SANCTION_FOLLOW, "delivered", form, act, said, name=name, today_said=us_date(today())
    )
