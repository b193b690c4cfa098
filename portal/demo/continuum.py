"""The made-up Continuum: its plans at every stage, what is on file and what is not, and figures that were asked for."""

from datetime import date, timedelta
from functools import partial
from io import BytesIO
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from portal.adapters import pdf
from portal.adapters.storage import Storage
from portal.demo.calendar import Calendar
from portal.demo.driver import Driver
from portal.demo.house import House, Staff
from portal.models import DataRelease, PlanComment, PlanTask, PlanVersion
from portal.services.paperwork import Scan
from portal.services.security.plans import board_records, plan_approval, plan_feedback, plan_upkeep, plans, releases

TEXT = """# Aim

This is a sample. It says how the HMIS Lead keeps client information confidential, whole and available.

# Who is responsible

The Lead's security officer answers for this plan. Every Agency names a security officer of its own.

# What is done

- Reviews are held once a year, and what they find is put right by a day.
- Access ends on the day somebody leaves.
- Whoever notices an incident reports it at once.
"""
RECORDS = (
    ("lead_designation", "", 3000), ("software_designation", "", 3000), ("lead_agreement", "", 300), ("lead_monitoring", "", 350),
    ("conflict_of_interest", "", 500), ("drug_free_workplace", "", 500), ("equal_opportunity", "", 500), ("data_release_protocol", "", 200),
    ("vendor_contract", "Sample Systems", 120), ("vendor_contract", "Example Hosting", 380),
)  # fmt: skip
"""Which record, about whom, and how many days ago: one is due soon, one overdue, two are missing."""


class Continuum:
    """Plans what the Lead, the Board and the Agencies do about plans, records and releases."""

    def __init__(self, driver: Driver, calendar: Calendar, staff: Staff):
        self.driver, self.calendar, self.staff = driver, calendar, staff

    def plan(self, houses: list[House]) -> None:
        """Puts it all into the calendar; comments come from the directors of the first Agencies."""
        last, at = self.calendar.last, self.calendar.morning
        for kind, voted, taken in (
            ("governance_charter", 385, 380), ("privacy_policy", 352, 345), ("policies_and_procedures", 230, 225),
        ):  # fmt: skip
            at(last - timedelta(taken), partial(self._take_over, kind, last - timedelta(voted)))
        at(last - timedelta(110), self._put_on_file)
        at(last - timedelta(75), self._change)
        ends = last - timedelta(42)
        at(last - timedelta(62), partial(self._ask, "security_plan", self.staff.security, ends))
        for house, words in zip(
            houses, ("Please say who is told first.", "How often are passwords changed?"), strict=False
        ):
            at(last - timedelta(55), partial(self._comment, "security_plan", house, words))
        at(ends + timedelta(1), self._answer_and_submit)
        at(last - timedelta(31), self._approve)
        at(last - timedelta(7), partial(self._ask, "data_quality_plan", self.staff.admin, last + timedelta(10)))
        at(
            last - timedelta(5),
            partial(self._comment, "data_quality_plan", houses[0], "Can a day be added for intakes on paper?"),
        )
        at(last - timedelta(24), partial(self._release, "Sample University, school of social work", hand_over=True))
        at(last - timedelta(2), partial(self._release, "Example County, planning office", hand_over=False))

    # --- plans

    def _take_over(self, kind: str, voted_on: date) -> None:
        row = self._draft(kind, self.staff.admin, file=True)
        self._do(plans.take_over, row, self.staff.admin)
        self._vote(row, self.staff.second_admin, voted_on)
        self._do(plan_approval.enforce, row, self.staff.admin, since=self.driver.today)

    def _ask(self, kind: str, who: str, until: date) -> None:
        self._do(plans.ask_for_feedback, self._draft(kind, who), who, until=until)

    def _comment(self, kind: str, house: House, text: str) -> None:
        self._do(
            plan_feedback.comment,
            self._row(kind),
            house.director.email,
            agency_id=None,
            place="What is done",
            text=text,
        )

    def _answer_and_submit(self) -> None:
        row = self._row("security_plan")
        with self.driver.change() as session:
            asked = session.scalars(select(PlanComment).where(PlanComment.version_id == row)).all()
            for each in asked:
                plan_feedback.answer(
                    session, each, taken_up="yes", text="The plan says so now.", actor=self.driver.actor(session, self.staff.security),
                    **self.driver.about,
                )  # fmt: skip
        self._do(plans.submit, row, self.staff.security)

    def _approve(self) -> None:
        row, driver = self._row("security_plan"), self.driver
        self._vote(row, self.staff.board, driver.today)
        for what, owner, days in (
            ("Tell every security officer.", self.staff.desk, 21),
            ("Change the checklist.", self.staff.security, 90),
        ):
            with driver.change() as session:
                owner_id = driver.who(session, owner).id
            due = driver.today + timedelta(days)
            self._do(plan_approval.add_task, row, self.staff.security, what=what, owner_id=owner_id, due=due)
        with driver.change() as session:
            task = session.scalars(select(PlanTask).where(PlanTask.version_id == row).order_by(PlanTask.id)).first()
            if task is not None:
                plan_approval.finish_task(
                    session, task, note="By mail.", actor=driver.actor(session, self.staff.desk), **driver.about
                )  # fmt: skip

    def _change(self) -> None:
        with self.driver.change() as session:
            plan_upkeep.enter_change(
                session, what="Sharing between Agencies was switched on in the core HMIS.", changed_on=self.driver.today,
                kinds=["security_plan", "privacy_policy"], actor=self.driver.actor(session, self.staff.security), **self.driver.about,
            )  # fmt: skip

    def _draft(self, kind: str, who: str, *, file: bool = False) -> int:
        driver = self.driver
        kept = self._paper(f"{kind.replace('_', '-')}.pdf") if file else None
        with driver.change() as session:
            return plans.draft(
                session, kind=kind, changes="The first version that the portal holds. A sample.", body=TEXT, file=kept,
                actor=driver.actor(session, who), **driver.about,
            ).id  # fmt: skip

    def _vote(self, row: int, who: str, voted_on: date) -> None:
        minutes = self._paper("minutes.pdf")
        vote = plan_approval.Vote(on=voted_on, approved=True, votes_for=11, against=1, abstained=2, minutes=minutes)
        self._do(plan_approval.record_vote, row, who, vote=vote)

    def _do(self, verb: Any, row: int, who: str, **more: Any) -> None:
        """One verb on a version, by one person."""
        with self.driver.change() as session:
            there = session.get_one(PlanVersion, row)
            verb(session, there, actor=self.driver.actor(session, who), **self.driver.about, **more)

    def _row(self, kind: str) -> int:
        with self.driver.change() as session:
            return session.scalars(select(PlanVersion.id).where(PlanVersion.kind == kind)).one()

    # --- records and releases

    def _put_on_file(self) -> None:
        driver, last = self.driver, self.calendar.last
        paper = self._paper("record.pdf")
        with driver.change() as session:
            for kind, about, days in RECORDS:
                board_records.keep(
                    session, kind=kind, about=about, held_on=min(last - timedelta(days), driver.today), due_again=None, file=paper,
                    filed_at="", note="A sample.", actor=driver.actor(session, self.staff.admin), **driver.about,
                )  # fmt: skip

    def _release(self, recipient: str, *, hand_over: bool) -> None:
        driver, rule = self.driver, self.driver.policy.plans.release
        if rule is None:
            return
        year = driver.today.year
        asked = releases.Asked(
            recipient=recipient, purpose="A study of how long people stay in shelters.", what="Stays in emergency shelter by county and month.",
            period_from=date(year - 1, 1, 1), period_until=date(year - 1, 12, 31), smallest_cell=rule.smallest_cell,
            suppression=rule.suppression, asked_on=driver.today, aggregate=True,
        )  # fmt: skip
        with driver.change() as session:
            row = releases.enter(session, asked, actor=driver.actor(session, self.staff.desk), **driver.about).id
        if not hand_over:
            return
        with driver.change() as session:
            there = session.get_one(DataRelease, row)
            releases.approve(
                session, there, reason="No group is small.", actor=driver.actor(session, self.staff.security), now=driver.now
            )  # fmt: skip
            releases.hand_over(
                session, there, on=driver.today, how="By mail", sha256="", file_name="", actor=driver.actor(session, self.staff.desk),
                **driver.about,
            )  # fmt: skip

    def _paper(self, name: str) -> Scan:
        """A one-page PDF that says it is a sample, in the storage."""
        page = BytesIO()
        canvas = Canvas(page, invariant=1)
        canvas.drawString(72, 700, f"Sample of the demonstration: {name}")
        canvas.save()
        content = page.getvalue()
        found = pdf.inspect_upload(content, name)
        sha256 = Storage(self.driver.context.settings.storage).put(content)
        return Scan(sha256, "application/pdf", found.size, found.pages, name)
