"""Inviting the director, and the director's naming of Agency Administrator and security officer."""

from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.agency import EndOffice, InviteDirector, OfficerForm, choices
from portal.db import reading, transaction
from portal.models import Agency, Document, Membership, Person
from portal.refusals import Refused, not_found
from portal.services.agencies import directors, officers
from portal.services.people import particulars
from portal.services.people.particulars import PersonFields
from portal.web.agency import blueprint
from portal.web.agency.common import found, may, page, trail
from portal.web.agency.overview import CALLED
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.proving import proven
from workflows.actions import Action
from workflows.vocabulary import Role

NAMED = {Role.AGENCY_ADMIN: "Agency Administrator", Role.SECURITY_OFFICER: "security officer"}


@blueprint.route("/<int:agency_id>/invite-director", methods=["GET", "POST"])
@permission(Action.DIRECTOR_INVITE)
def invite_director(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.DIRECTOR_INVITE)
        held = [
            (str(each.id), f"The office of {each.person.name}, who leaves it")
            for each in directors.directors(session, agency.id, on=today())
        ]
        form = InviteDirector(**_proposed(session, agency))
        form.instead_of.choices = choices([("", "A further director or designee" if held else "It is free"), *held])
        session.expunge_all()
    checked, back = request.form.get("checked"), request.form.get("back")
    if form.validate_on_submit() and not form.names_private_mailbox(
        particulars.is_free_mail(form.email.data), particulars.free_mail_sentence(form.email.data)
    ):
        if not checked and not back:
            return page(
                "invite_check.html", agency, form=form, rows=_rows(form), way=trail(agency, ("Invite the director", ""))
            )
        if checked:
            try:
                with transaction(sessions()) as session:
                    invited = _invite(session, agency_id, form)
                    name, sent = invited.membership.person.name, len(invited.documents)
            except Refused as no:
                form.refuse(no.sentence, no.field)
            else:
                return page("invited.html", agency, name=name, sent=sent, way=trail(agency, ("Invited", "")))
    return page(
        "invite_director.html",
        agency,
        400 if form.errors else 200,
        form=form,
        way=trail(agency, ("Invite the director", "")),
    )


@blueprint.route("/<int:agency_id>/officers", methods=["GET", "POST"], endpoint="officers")
@permission(Action.AGENCY_SEE)
@proven
def officers_page(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        may_name = may(session, Action.OFFICER_NAME, agency) and agency.status != "ended"
        shown = _officers(session, agency)
        form = OfficerForm(office="both" if not any(row["role"] in NAMED for row in shown) else None)
        form.who.choices = choices(
            [("", "Somebody else: enter the name below"), *directors.active_members(session, agency.id, on=today())]
        )
        form.designate.label.text = f"I designate this person for {agency.name}, and may make this designation"
        session.expunge_all()
    if request.method == "POST" and not may_name:
        raise not_found()
    if form.validate_on_submit() and not (
        not form.who.data
        and form.names_private_mailbox(
            particulars.is_free_mail(form.email.data or ""), particulars.free_mail_sentence(form.email.data or "")
        )
    ):
        try:
            with transaction(sessions()) as session:
                named = _name(session, agency_id, form)
                sent, notes = len(named.documents), named.notes
                who = (named.admin or named.security_officer).person.name  # type: ignore[union-attr]
                hint = _background_hint(session, named)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(
                f"{who} is named. {sent} document{'s go' if sent != 1 else ' goes'} out to be signed."
                if sent
                else f"{who} is named.",
                "success",
            )
            for note in (*notes, *hint):
                flash(note, "warning")
            return redirect(url_for("agency.officers", agency_id=agency_id))
    return page(
        "officers.html", agency, 400 if form.errors else 200, here="agency.officers", form=form, officers=shown, may_name=may_name,
        way=trail(agency, ("Officers", "")), called=CALLED,
    )  # fmt: skip


@blueprint.route(
    "/<int:agency_id>/officers/<int:membership_id>/<any(agency_admin, security_officer):role>/end",
    methods=["GET", "POST"],
)
@permission(Action.OFFICER_NAME)
def end_office(agency_id: int, membership_id: int, role: str) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.OFFICER_NAME)
        membership = next(
            (
                each
                for each in directors.holders(session, agency.id, Role(role), on=today())
                if each.id == membership_id
            ),
            None,
        )
        if membership is None:
            raise not_found()
        name = membership.person.name
        last = len(directors.holders(session, agency.id, Role(role), on=today())) == 1
        session.expunge_all()
    form = EndOffice()
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                officers.end_office(
                    session, membership=session.get_one(Membership, membership_id), role=Role(role), reason=form.reason.data, actor=actor(), now=now(),
                    policy=policy(),
                )  # fmt: skip
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(f"{name} is no longer {NAMED[Role(role)]}.", "success")
            return redirect(url_for("agency.officers", agency_id=agency_id))
    return page(
        "end_office.html", agency, 400 if form.errors else 200, form=form, name=name, office=NAMED[Role(role)], last=last,
        way=trail(agency, ("Officers", url_for("agency.officers", agency_id=agency_id)), ("End the office", "")),
    )  # fmt: skip


def _invite(session: Session, agency_id: int, form: InviteDirector) -> directors.Invited:
    agency = found(session, agency_id, Action.DIRECTOR_INVITE)
    instead = session.get(Membership, int(form.instead_of.data)) if form.instead_of.data else None
    return directors.invite_director(
        session, agency=agency, person=_typed(form), agreement=form.filled(form.AGREEMENT), manuals=form.filled(form.MANUALS),
        instead_of=instead if instead is not None and instead.agency_id == agency.id else None, actor=actor(), now=now(), policy=policy(),
    )  # fmt: skip


def _typed(form: Any) -> PersonFields:
    return PersonFields(
        first_name=form.first_name.data or "", last_name=form.last_name.data or "", email=form.email.data or "", phone=form.phone.data or "",
        title=form.title.data or "",
    )  # fmt: skip


def _proposed(session: Session, agency: Agency) -> dict[str, Any]:
    """The agreement's particulars as far as the record knows them: a year from the first of next month, the manuals in force."""
    titles = {funder.id: funder.title for funder in policy().funders}
    day = today()
    first = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return {
        "effective_on": first, "ends_on": date.fromordinal(date(first.year + 1, first.month, 1).toordinal() - 1),
        "participation_option": "Required by a funder" if agency.mandated_by else "Voluntary",
        "funders": ", ".join(titles.get(each, each) for each in agency.mandated_by), **directors.versions_published(session, on=day),
    }  # fmt: skip


def _rows(form: InviteDirector) -> list[dict[str, str]]:
    """What is about to be sent, for the check-answers page."""
    rows = [{"key": "Director", "value": f"{form.first_name.data} {form.last_name.data}"}]
    for field in form:
        if field.short_name in ("first_name", "last_name", "free_mail_ok", "csrf_token") or not field.data:
            continue
        value = field.data
        if field.short_name == "instead_of":
            value = next(choice.label for choice in field.choices if choice.value == field.data)
        rows.append(
            {
                "key": field.label.text,
                "value": f"{value:%B} {value.day}, {value.year}" if isinstance(value, date) else value,
            }
        )
    return rows


def _officers(session: Session, agency: Agency) -> list[dict[str, Any]]:
    """Everybody who holds an office, with how far their own paper is."""
    held = [
        (role, membership) for role in CALLED for membership in directors.holders(session, agency.id, role, on=today())
    ]
    query = select(Document).where(
        Document.agency_id == agency.id, Document.kind.in_(officers.PAPERS.values()), Document.status != "void"
    )
    papers = {
        (document.membership_id, document.kind): document for document in session.scalars(query.order_by(Document.id))
    }
    return [
        {
            "membership_id": membership.id, "name": membership.person.name, "email": membership.person.email, "role": role.value, "office": CALLED[role],
            "document": papers.get((membership.id, officers.PAPERS.get(role, ""))),
            "accepted": role not in officers.ACCEPTED or officers.has_accepted(session, membership, role, on=today()),
        }
        for role, membership in held
    ]  # fmt: skip


def _name(session: Session, agency_id: int, form: OfficerForm) -> officers.Named:
    agency = found(session, agency_id, Action.OFFICER_NAME)
    whom: Any = _typed(form)
    if form.who.data:
        whom = session.get_one(Membership, int(form.who.data))
    admin = whom if form.office.data in ("both", "agency_admin") else None
    officer = whom if form.office.data == "security_officer" else None
    return officers.name_officers(
        session, agency=agency, admin=admin, security_officer=officer, same=form.office.data == "both", purpose=form.purpose.data or "", actor=actor(),
        now=now(), policy=policy(),
    )  # fmt: skip


def _background_hint(session: Session, named: officers.Named) -> list[str]:
    """Who needs a background check that nobody has ordered yet ('Workforce security')."""
    wanted = {each.id: each for each in (named.admin, named.security_officer) if each is not None}
    lacking = [each for each in wanted.values() if officers.needs_background_check(session, each, on=today())]
    names = ", ".join(session.get_one(Person, each.person_id).name for each in lacking)
    return (
        [
            f"{names}: a background check is needed before access is given. Order it, and enter the result on the person's page."
        ]
        if lacking
        else []
    )
