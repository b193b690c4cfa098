"""The made-up community's outages: two that nobody planned, one that was, one to come, an evening of maintenance that takes longer."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from portal.demo.calendar import Calendar
from portal.demo.driver import Driver
from portal.demo.house import Staff
from portal.models import Outage
from portal.services.helpdesk.outages import entering, moves
from portal.services.helpdesk.outages.entering import Entered
from portal.services.helpdesk.outages.moves import Said
from workflows.outage_pack import Audience

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Story:
    """One outage on its way."""

    title: str
    text: str
    system: str
    outage_id: int = 0


class Outages:
    """Plans some outages, each word said by the help desk."""

    def __init__(self, driver: Driver, calendar: Calendar, staff: Staff):
        self.driver, self.calendar, self.staff = driver, calendar, staff

    def plan(self) -> None:
        at, last = self.calendar, self.calendar.last
        self._unplanned(
            Story("The HMIS opens an empty page", "Since eight o'clock the HMIS shows an empty page to everybody. The vendor looks into it.", "core_hmis"),
            40,
            "A certificate had run out at the vendor. It has been renewed, and the HMIS opens again.",
        )  # fmt: skip
        self._unplanned(
            Story("Reports take very long", "Reports of the HMIS take several minutes. Nothing is lost; please be patient.", "reports"),
            12,
            "Reports are as quick as before. The vendor has given them a larger machine.",
        )  # fmt: skip
        moved = Story(
            "New servers for the HMIS",
            "The vendor moves the HMIS to new servers. Please save your work before.",
            "core_hmis",
        )
        at.morning(at.working(last - timedelta(75)), partial(self._announce, moved, in_days=5, hours=3))
        at.morning(
            at.working(last - timedelta(69)),
            partial(self._end, moved, "The HMIS runs on its new servers.", lasted=2 * HOUR),
        )
        coming = Story(
            "A new version of the HMIS", "The vendor brings a new version. Please save your work before.", "core_hmis"
        )
        at.morning(at.working(last - timedelta(2)), partial(self._announce, coming, in_days=9, hours=4))
        at.afternoon(at.working(last - timedelta(1)), self._longer)

    def _unplanned(self, story: Story, days_ago: int, over: str) -> None:
        day = self.calendar.working(self.calendar.last - timedelta(days_ago))
        self.calendar.morning(day, partial(self._report, story))
        self.calendar.afternoon(day, partial(self._end, story, over, lasted=3 * HOUR))

    # --- acts

    def _report(self, story: Story) -> None:
        driver = self.driver
        trouble = story.system != "core_hmis"
        entered = self._entered(
            story,
            Audience.ADMINS,
            starts_at=driver.now - HOUR,
            ends_expected_at=None,
            impact="trouble" if trouble else "down",
        )
        with driver.change() as session:
            outage = entering.report(session, entered, actor=driver.actor(session, self.staff.desk), **driver.about)
            story.outage_id = outage.id

    def _announce(self, story: Story, *, in_days: int, hours: int) -> None:
        driver = self.driver
        begins = driver.now.replace(hour=2, minute=0, second=0, microsecond=0) + timedelta(in_days)
        entered = self._entered(
            story, Audience.EVERYBODY, starts_at=begins, ends_expected_at=begins + hours * HOUR, impact="down"
        )
        with driver.change() as session:
            outage = entering.announce(session, entered, actor=driver.actor(session, self.staff.desk), **driver.about)
            story.outage_id = outage.id

    def _end(self, story: Story, words: str, *, lasted: timedelta) -> None:
        driver = self.driver
        with driver.change() as session:
            outage = session.get_one(Outage, story.outage_id)
            if outage.starts_at <= driver.now:
                moves.end(
                    session, outage, at=min(outage.starts_at + lasted, driver.now), said=Said(words, Audience.ADMINS),
                    actor=driver.actor(session, self.staff.desk), **driver.about,
                )  # fmt: skip

    def _longer(self) -> None:
        """The week after next, the weekly maintenance takes two hours more."""
        driver = self.driver
        evenings = entering.next_evenings(driver.context.policy, now=driver.now, days=21)
        if len(evenings) < 2:
            return
        with driver.change() as session:
            moves.prolong_evening(
                session, evenings[1].on, until=evenings[1].ends_at + 2 * HOUR, said=Said("The vendor brings an update along.", ""),
                actor=driver.actor(session, self.staff.desk), **driver.about,
            )  # fmt: skip

    def _entered(self, story: Story, tells: str, **more: object) -> Entered:
        return Entered(title=story.title, systems=[story.system], text=story.text, tells=tells, **more)  # type: ignore[arg-type]
