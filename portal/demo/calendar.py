"""What happens on which day of the made-up history: mornings, signing hours and afternoons, until today."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from portal.demo.driver import Driver
from portal.demo.names import Somebody

Act = Callable[[], object]
MORNING, SIGNING, AFTERNOON = (
    time(14, 10),
    time(16, 30),
    time(18, 40),
)  # UTC: a working day in Maine, in summer and in winter
SATURDAY = 5
RECENT, SWEPT_LATELY, SWEPT = timedelta(45), timedelta(7), timedelta(28)
"""The sweep looks at everybody: once in a while is enough for what lies far back."""
APART = timedelta(seconds=20)


@dataclass
class Day:
    """What is planned for one day."""

    morning: list[Act] = field(default_factory=list)
    signers: list[tuple[Somebody, str]] = field(default_factory=list)
    afternoon: list[Act] = field(default_factory=list)


class Calendar:
    """Acts by day; a weekend passes its acts on to the next Monday, though never beyond the last day."""

    def __init__(self, driver: Driver):
        self.driver = driver
        self.last = driver.today
        self.days: dict[date, Day] = defaultdict(Day)
        self.before_closing: list[Act] = []
        """What is done at the end of every afternoon."""
        self._under_way = False

    def morning(self, day: date, act: Act) -> None:
        self._on(day, lambda planned: planned.morning.append(act))

    def afternoon(self, day: date, act: Act) -> None:
        self._on(day, lambda planned: planned.afternoon.append(act))

    def signing(self, day: date, somebody: Somebody, title: str = "") -> None:
        """Somebody reads the mail and signs whatever waits there."""
        self._on(day, lambda planned: planned.signers.append((somebody, title)))

    def _on(self, day: date, plan: Callable[[Day], object]) -> None:
        if day <= self.last:
            plan(self.days[self.working(day)])

    def working(self, day: date) -> date:
        """The day itself, or the Monday after a weekend where that is not still to come."""
        late = day.weekday() - SATURDAY
        moved = day + timedelta(2 - late) if late >= 0 else day
        return min(moved, self.last)

    def after(self, day: date, days: int) -> date:
        """So many working days after a day, or before it where `days` is negative."""
        step = timedelta(1 if days > 0 else -1)
        for _ in range(abs(days)):
            day += step
            while day.weekday() >= SATURDAY:
                day += step
        return day

    def run(self) -> None:
        """Lets every planned day pass, the worker at work after each part of it; ends at the present moment."""
        swept = date.min
        for day in sorted(self.days):
            planned = self.days[day]
            self._until(day, MORNING, hours_left=3)
            if day - swept >= (SWEPT_LATELY if day > self.last - RECENT else SWEPT):
                swept = day
                self.driver.duties()
            self._do(planned.morning)
            self.driver.work()
            if planned.signers:
                self._until(day, SIGNING, hours_left=2)
                for title in sorted({title for _, title in planned.signers}):
                    self.driver.sign(*(somebody for somebody, held in planned.signers if held == title), title=title)
            self._until(day, AFTERNOON, hours_left=1)
            self._do(planned.afternoon)
            self.driver.work()
            self._do(self.before_closing)
        self.driver.now = self.driver.end
        self.driver.duties()
        self.driver.work()

    def _do(self, acts: list[Act]) -> None:
        for act in acts:
            act()
            self.driver.now += APART

    def _until(self, day: date, at: time, *, hours_left: int) -> None:
        latest = self.driver.end - timedelta(hours=hours_left)
        wanted = min(datetime.combine(day, at), latest)
        self.driver.now = max(self.driver.now, wanted) if self._under_way else wanted
        self._under_way = True
