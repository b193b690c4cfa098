"""A clock that stands still until a test moves it."""

from datetime import datetime, timedelta


class Clock:
    """Called, it says the moment as naive UTC; `advance(hours=73)` moves it on."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now
