"""A core HMIS that takes its time and keeps what it is told: for proofs that look at the calls themselves."""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from portal.adapters.core_hmis.port import AccountOrder, CoreUserRow, Outcome
from portal.auditor import CoreAccount


@dataclass
class Core:
    """`takes`: seconds of the calls to come; `together`: how often somebody called while another was still there."""

    takes: list[float] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=list)
    accounts: dict[str, tuple[int, bool, str]] = field(default_factory=dict)
    together: int = 0
    _inside: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ensure(self, order: AccountOrder) -> Outcome:
        return self._tell("ensure", order, active=True)

    def suspend(self, order: AccountOrder) -> Outcome:
        return self._tell("suspend", order, active=False)

    def restore(self, order: AccountOrder) -> Outcome:
        return self._tell("restore", order, active=True)

    def remove(self, order: AccountOrder) -> Outcome:
        return self._tell("remove", order, active=False)

    def list(self) -> Iterable[CoreUserRow]:
        return ()

    def _tell(self, act: str, order: AccountOrder, *, active: bool) -> Outcome:
        with self._lock:
            self.together += order.external_id in self._inside
            self._inside.add(order.external_id)
            wait = self.takes.pop(0) if self.takes else 0.02
        time.sleep(wait)
        with self._lock:
            self._inside.discard(order.external_id)
            self.told.append((act, order.version))
            if order.version >= self.accounts.get(order.external_id, (0, False, ""))[0]:
                self.accounts[order.external_id] = (order.version, active, order.user_id)
            else:
                return Outcome(False, order.user_id)
        return Outcome(True, order.user_id, "Harbor42Lights" if order.first else None)

    @property
    def listed(self) -> Sequence[CoreAccount]:
        return [CoreAccount(user_id, key, active) for key, (_, active, user_id) in self.accounts.items()]
