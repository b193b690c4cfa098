"""A town of two Agencies, each with its people and a row of every kind: for tests that ask who may see and do what."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from portal import jobs
from portal.actors import PORTAL
from portal.models import (
    Article,
    Device,
    Document,
    Evidence,
    Job,
    Membership,
    Outage,
    Person,
    Project,
    StoredFile,
    TicketFile,
    TrainingResult,
    WebSession,
    WorkOrder,
)
from portal.secrets import hash_of
from portal.services import paperwork
from portal.services.account import sign_in
from portal.services.agencies import agencies, delegations, devices, projects
from portal.services.helpdesk.feedback import surveys
from portal.services.helpdesk.feedback.surveys import Drafted
from portal.services.helpdesk.knowledge import articles
from portal.services.helpdesk.knowledge.articles import Written
from portal.services.helpdesk.outages import entering
from portal.services.helpdesk.outages.entering import Entered
from portal.services.helpdesk.requests import service_requests
from portal.services.helpdesk.tickets import opening, writing
from portal.services.helpdesk.tickets.entries import Attached
from portal.services.paperwork import Scan
from portal.services.people import certificates, waivers
from portal.services.security import kept_files
from portal.services.security.actions import actions
from portal.services.security.incidents import (
    containment,
    incident_chain,
    incident_files,
    incident_people,
    incident_reports,
    incident_timeline,
    incident_triage,
)
from portal.services.security.plans import board_records, plan_approval, plan_feedback, plans, releases
from portal.services.security.reviews import helping, reviews
from portal.services.security.sanctions import sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from tests.services.world import World
from workflows.survey_questions import Question
from workflows.vocabulary import Effect, Role, Scope


@dataclass
class Side:
    """One Agency of the town. `members` by part: director, admin, officer, user (let in), comer (whose order is open),
    delegate (an end user whom the director lets do everything that can be let)."""

    name: str
    agency_id: int
    members: dict[str, Membership] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """What nobody of another Agency may read."""
        return (self.name, *(self.ids_of_people))

    @property
    def ids_of_people(self) -> tuple[str, ...]:
        return tuple(f"{part.title()}-of-{self.name.split()[1]}" for part in self.members)

    def arguments(self) -> Mapping[str, Any]:
        """For every argument of a route an object of this Agency."""
        return self.ids | {"envelope": "none", "purpose": "sign_in"}


def _certificate(whose: str) -> Scan:
    content = f"certificate of {whose}"
    return Scan(
        sha256=hash_of(content), media_type="application/pdf", size=len(content), pages=1, name="certificate.pdf"
    )


class Town(World):
    """Sample Harbor and Sample Inland; `town.token(membership)` is a session's token for a browser."""

    def build(self) -> "Town":
        self.trainer, self.guard = self.staff(Role.TRAINER), self.staff(Role.LEAD_SECURITY)
        self.harbor, self.inland = self.side("Sample Harbor"), self.side("Sample Inland")
        shared = self._of_the_continuum()
        self.harbor.ids |= shared
        self.inland.ids |= shared
        return self

    def side(self, name: str) -> Side:
        agency = self.agency(name)
        side = Side(name, agency.id)
        where = name.split()[1]
        with self.look() as session:
            side.members["officer"] = session.scalars(select(Membership).where(Membership.agency_id == agency.id)).one()
        parts = {
            "director": (Role.EXECUTIVE_DIRECTOR,),
            "admin": (Role.AGENCY_ADMIN,),
            "user": (Role.END_USER,),
            "comer": (Role.END_USER,),
        }
        for part, roles in parts.items():
            person = self.person(part.title(), f"{part.title()}-of-{where}")
            if roles == (Role.END_USER,):
                side.members[part] = self.ready(agency, person)
                self.let_in(side.members[part]) if part == "user" else self.drain()
            else:
                side.members[part] = self.member(agency, person, *roles)
        side.members["delegate"] = self.member(agency, self.person("Delegate", f"Delegate-of-{where}"))
        self._things(side)
        return side

    def _things(self, side: Side) -> None:
        admin, comer = self.actor(side.members["admin"]), side.members["comer"]
        with self.change() as session:
            agency = session.get_one(agencies.Agency, side.agency_id)
            member = session.get_one(Membership, comer.id)
            project = projects.add(session, agency=agency, name="Day room", project_type=0, actor=admin, now=self.now)
            device = devices.enter(
                session, agency=agency, label=f"Laptop of {side.name}", kind=self.policy.device_kinds[0].id, safeguards=(), actor=admin,
                now=self.now, policy=self.policy,
            )  # fmt: skip
            document = paperwork.prepare(
                session, kind="user_agreement", agency=agency, membership=member, actor=admin, now=self.now
            )
            form = paperwork.prepare(session, kind="information_form", agency=agency, actor=admin, now=self.now)
            result = certificates.claim(
                session,
                person=session.get_one(Person, comer.person_id),
                course=self.policy.courses[0].id,
                score=8100,
                taken_on=self.today,
                file=_certificate(side.name),
                actor=admin,
                now=self.now,
                policy=self.policy,
            )
            given, waiver = self._let_and_asked(session, side, agency, member)
            jobs.enqueue(session, Effect.EXPIRE, key=f"seat:{side.agency_id}", now=self.now.replace(year=2030))
            session.flush()
            of_agency = select(WorkOrder).where(WorkOrder.agency_id == agency.id, WorkOrder.status == "open")
            order = session.scalars(of_agency).first()
            order = order or session.scalars(select(WorkOrder).order_by(WorkOrder.id.desc())).first()
            job = session.scalars(select(Job).order_by(Job.id.desc())).first()
            row = session.scalars(
                select(Evidence).where(Evidence.subject_id == member.id, Evidence.about == "membership")
            ).first()
            assert order and job and row
            side.ids = {
                "agency_id": agency.id,
                "membership_id": member.id,
                "person_id": comer.person_id,
                "project_id": project.id,
                "device_id": device.id,
                "document_id": document.id,
                "order_id": order.id,
                "result_id": result.id,
                "file_id": result.file_id or 0,
                "job_id": job.id,
                "evidence_id": row.id,
                "row_id": row.id,
                "subject_id": member.id,
                "form_id": form.id,
                "delegation_id": given,
                "waiver_id": waiver,
                **self._incident(session, side),
                **self._review(session, agency, side),
                **self._corrective(session, side),
                **self._sanctioned(session, member),
                **self._ticket(session, side),
                "request_id": self._wish(session, side),
            }

    def _review(self, session: Session, agency: Any, side: Side) -> dict[str, int]:
        """A security review that is being answered, with an item in an end user's hands."""
        officer = self.actor(side.members["officer"])
        review = reviews.begin(session, agency=agency, actor=officer, now=self.now, policy=self.policy)
        given = reviews.Given("yes", f"Seen at {side.name}")
        reviews.save(session, review, item="MAL2", given=given, seen=0, actor=officer, now=self.now, policy=self.policy)
        helping.hand_over(
            session,
            review,
            items=["PRV1"],
            to=side.members["delegate"].person_id,
            actor=officer,
            now=self.now,
            policy=self.policy,
        )
        return {"review_id": review.id}

    def _of_the_continuum(self) -> dict[str, int]:
        """A draft of a plan, a comment on another, a task of a third, a record on file and a release that was asked for."""
        more: dict[str, Any] = {"now": self.now, "policy": self.policy}
        speaker, file = self.actor(self.harbor.members["admin"]), _certificate("the Board")
        with self.change() as session:
            first, second, third = (
                plans.draft(
                    session,
                    kind=kind,
                    changes="The first one.",
                    body="Keep it safe.",
                    file=None,
                    actor=self.admin,
                    **more,
                )
                for kind in ("security_plan", "privacy_policy", "governance_charter")
            )
            plans.ask_for_feedback(session, second, until=self.today + timedelta(14), actor=self.admin, **more)
            said = plan_feedback.comment(
                session, second, agency_id=None, place="", text="Say more.", actor=speaker, **more
            )
            plans.take_over(session, third, actor=self.admin, **more)
            vote = plan_approval.Vote(on=self.today, approved=True, votes_for=3, against=0, abstained=0, minutes=file)
            plan_approval.record_vote(session, third, vote, actor=self.guard, **more)
            owner = self.desk.person_id or 0
            task = plan_approval.add_task(
                session, third, what="Tell them.", owner_id=owner, due=self.today, actor=self.admin, **more
            )
            record = board_records.keep(
                session, kind="lead_monitoring", about="", held_on=self.today, due_again=None, file=file, filed_at="", note="",
                actor=self.admin, **more,
            )  # fmt: skip
            asked = releases.Asked(
                "An example", "A study.", "Stays.", self.today, self.today, 11, "Left out.", self.today, True
            )
            release = releases.enter(session, asked, actor=self.desk, **more)
            return {
                "version_id": first.id, "comment_id": said.id, "task_id": task.id, "record_id": record.id, "release_id": release.id,
                "outage_id": self._outage(session).id,
                **self._front(session),
            }  # fmt: skip

    def _front(self, session: Session) -> dict[str, int]:
        """An article of two versions for whoever is signed in, a survey that users are asked by mail, a ready answer."""
        written = Written(title="Signing in", body="Ask for a link.", topic="getting_in", audience="signed_in")
        more: dict[str, Any] = {"actor": self.admin, "now": self.now, "policy": self.policy}
        version = articles.write(session, None, written=written, **more)
        article = session.get_one(Article, version.article_id)
        articles.publish(session, article, number=1, **more)
        articles.write(
            session,
            article,
            written=replace(written, body="Ask for a link, or for a password.", why="Passwords came."),
            **more,
        )
        first = self.now.date()
        drafted = Drafted(
            title="How is it for you?", asked="users", questions=[Question("", "scale", "How well does it work?")], opens_on=first,
            closes_on=first + timedelta(30),
        )  # fmt: skip
        survey = surveys.draft(session, None, drafted=drafted, **more)
        surveys.open_survey(session, survey, **more)
        writing.save_ready(session, None, title="Where to ask", body="Ask the help desk.", kinds=[], **more)
        return {"article_id": version.article_id, "survey_id": survey.id}

    def _wish(self, session: Session, side: Side) -> int:
        """A service request of this Agency's Agency Administrator."""
        return service_requests.ask(
            session, title=f"A bell for {side.name}", description="It rings when a bed is free.", sent_to="vendor",
            agency_id=side.agency_id, actor=self.actor(side.members["admin"]), now=self.now,
        ).id  # fmt: skip

    def _outage(self, session: Session) -> Outage:
        entered = Entered(
            title="Servers are moved", systems=["core_hmis"], impact="down", starts_at=self.now + timedelta(9),
            ends_expected_at=self.now + timedelta(10), text="Save your work.", tells="",
        )  # fmt: skip
        return entering.announce(session, entered, actor=self.desk, now=self.now, policy=self.policy)

    def _let_and_asked(self, session: Session, side: Side, agency: Any, member: Membership) -> tuple[int, int]:
        """The ids of a delegation and of a waiver that waits."""
        given = delegations.give(
            session, agency=agency, to=session.get_one(Membership, side.members["delegate"].id), scopes=list(Scope), starts_on=self.today,
            ends_on=self.today, reason="On leave.", actor=self.actor(side.members["director"]), now=self.now, policy=self.policy,
        )  # fmt: skip
        waiver = waivers.ask(
            session, agency=agency, membership=member, prerequisite=next(p.id for p in self.policy.prerequisites if p.waivable),
            until=self.today, reason="Until the course is held again.", actor=self.actor(side.members["admin"]), now=self.now, policy=self.policy,
        )  # fmt: skip
        return given[0].id, waiver.id

    def _sanctioned(self, session: Session, member: Membership) -> dict[str, int]:
        """A reprimand that is in force and can be appealed, with its letter to the person."""
        row = sanctions.draft(
            session, subject=sanctions.of_membership(member), violation="policies", facts="Notes were kept on paper.",
            measure=Measure(measure="reprimand"), actor=self.guard, now=self.now, policy=self.policy,
        )  # fmt: skip
        sanctions.decide(session, row, reason="Found as drafted.", actor=self.admin, now=self.now, policy=self.policy)
        return {"sanction_id": row.id, "notice_id": row.notices[0].id}

    def _corrective(self, session: Session, side: Side) -> dict[str, int]:
        """A corrective action that is planned, for an owner at the Agency."""
        more: dict[str, Any] = {"actor": self.guard, "now": self.now, "policy": self.policy}
        owner, day = side.members["officer"].person_id, self.policy.corrective.exception.after(self.today)
        row = actions.open_action(
            session, agency_id=side.agency_id, source=actions.Source(plan_id=1), category="physical", wrong=f"No lock at {side.name}.", due=day, **more
        )  # fmt: skip
        actions.plan(
            session, row, doing="Buy a lock.", owner_id=owner, due=day, steps=[actions.Step("Buy it", day)], **more
        )
        return {"action_id": row.id}

    def _ticket(self, session: Session, side: Side) -> dict[str, int]:
        """A question of the user, with a file, on the step of the Agency Administrator."""
        certificate = _certificate(f"{side.name}, attached")
        file = kept_files.keep(session, certificate, actor=self.desk, now=self.now)
        whose = session.get_one(Person, side.members["user"].person_id)
        ticket = opening.open_ticket(
            session, subject=f"Question of {whose.name}", text=f"At {side.name} the report stays empty.", kind="other", channel="mail",
            requester=whose, agency_id=side.agency_id, rung="agency_admin", files=[Attached(name="report.pdf", file=file)],
            actor=PORTAL, now=self.now, policy=self.policy,
        )  # fmt: skip
        attached = session.scalars(select(TicketFile).where(TicketFile.entry_id == ticket.last_entry_id)).one()
        return {"ticket_id": ticket.id, "said_id": ticket.last_entry_id, "attached_id": attached.id}

    def _incident(self, session: Session, side: Side) -> dict[str, int]:
        """An incident of this Agency that is being investigated, with everything that belongs to one."""
        guard, told = self.guard, incident_reports.Told(said=f"A shared login at {side.name}.")
        more: dict[str, Any] = {"actor": guard, "now": self.now}
        row, _ = incident_reports.report(
            session, told=told, named=True, address="203.0.113.9", actor=self.actor(side.members["admin"]), now=self.now, policy=self.policy
        )  # fmt: skip
        facts = incident_triage.Facts(
            title="Shared login", kind="shared_login", severity="major", agency_id=side.agency_id
        )
        incident_triage.triage(session, row, facts=facts, policy=self.policy, **more)
        incident_triage.assign(session, row, person_id=guard.person_id or 0, policy=self.policy, **more)
        involved = [
            incident_people.name(
                session, row, person=session.get_one(Person, side.members[part].person_id), membership=None, part="accused", **more
            )
            for part in ("comer", "delegate")
        ]  # fmt: skip
        incident_people.open_to(session, involved[0], asked="Whose login was it?", **more)
        kept = incident_files.keep(session, row, scan=_certificate(f"incident at {side.name}"), what="A screen", **more)
        target = containment.Target("person", side.members["delegate"].person_id)
        held = containment.contain(
            session, row, targets=[target], reason="Still signed in.", policy=self.policy, **more
        )
        return {
            "incident_id": row.id, "involved_id": involved[0].id, "kept_id": kept.id, "containment_id": held[0].id,
            "chain_id": incident_chain.steps(session, row)[0].id, "entry_id": incident_timeline.entries(session, row)[0].id,
        }  # fmt: skip

    def moved_to(self, engine: Engine) -> "Town":
        """The same town on a copy of its database."""
        there = copy.copy(self)
        there.numbers = copy.copy(self.numbers)
        there.move(engine)
        return there

    def token(self, membership_or_actor: Any, via: str = "password") -> str:
        """A session past its second factor, as the sign-in pages would have made it."""
        with self.change() as session:
            person = session.get_one(Person, membership_or_actor.person_id)
            token = sign_in.start_session(session, person=person, via=via, actor=self.desk, now=self.now)
            session.execute(
                update(WebSession).where(WebSession.token_hash == hash_of(token)).values(second_factor_at=self.now)
            )
        return token


__all__ = ["Device", "Document", "Project", "Side", "StoredFile", "Town", "TrainingResult"]
