"""The default core HMIS: a person carries the order out by hand and confirms it in the portal."""

from collections.abc import Callable, Iterable

from portal.adapters.core_hmis.port import AccountOrder, CoreUserRow, Outcome

Place = Callable[[str, AccountOrder], tuple[int | None, bool]]
"""Opens the work order of an act, once for each version; its number (None: overtaken) and whether it is done."""


class WorkOrderHMIS:
    """For a system without an API, such as ServicePoint ('User Passwords'). What is placed is confirmed elsewhere."""

    def __init__(self, place: Place, known: Callable[[], Iterable[CoreUserRow]]):
        self._place, self._known = place, known

    def ensure(self, order: AccountOrder) -> Outcome:
        return self._order("ensure", order)

    def suspend(self, order: AccountOrder) -> Outcome:
        return self._order("suspend", order)

    def restore(self, order: AccountOrder) -> Outcome:
        return self._order("restore", order)

    def remove(self, order: AccountOrder) -> Outcome:
        return self._order("remove", order)

    def list(self) -> Iterable[CoreUserRow]:
        return self._known()

    def _order(self, act: str, order: AccountOrder) -> Outcome:
        number, done = self._place(act, order)
        return Outcome(done=done, user_id=order.user_id, reference="" if number is None else f"work order {number}")
