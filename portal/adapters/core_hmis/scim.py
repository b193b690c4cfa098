"""A core HMIS with a SCIM 2.0 interface: accounts are looked up by external id, made, changed, never adopted or deleted."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from portal import first_password
from portal.adapters.core_hmis import scim_users
from portal.adapters.core_hmis.port import AccountOrder, CoreHMISError, CoreUserRow, Outcome
from portal.adapters.core_hmis.scim_users import Found
from portal.adapters.core_hmis.scim_wire import Changed, Taken, Wire
from workflows.policy import Policy
from workflows.scim_words import ScimWords

AnotherName = Callable[[int, str], str]
"""Called with an account and the User ID that the core HMIS gave to somebody else: the User ID to try instead."""

NAMES, ROUNDS = 50, 3


class ScimHMIS:
    """Tells a SCIM service what the orders say. `pack` gives the words, `another_name` a User ID for one that is taken."""

    def __init__(self, wire: Wire, pack: Callable[[], Policy], another_name: AnotherName) -> None:
        self._wire, self._pack, self._another_name = wire, pack, another_name

    def ensure(self, order: AccountOrder) -> Outcome:
        """As the port says. A password is owed as long as the portal never confirmed the account: then a new one is set."""
        if self._ours(order) is None:
            if not order.first:
                raise _gone(order)
            made = self._make(order)
            if made is not None:
                return made
        return self._let_in(order, new_password=order.first)

    def suspend(self, order: AccountOrder) -> Outcome:
        return self._shut(order, lambda account: {"active": False, "entitlements": scim_users.unmarked(account)})

    def restore(self, order: AccountOrder) -> Outcome:
        return self._let_in(order, new_password=False)

    def remove(self, order: AccountOrder) -> Outcome:
        """Shuts the account and takes every role from it; deleted, its User ID could be given to somebody else."""
        words = _words(self._pack())
        return self._shut(
            order, lambda account: {"active": False, "roles": [], "entitlements": scim_users.not_ours(account, words)}
        )

    def list(self) -> Iterable[CoreUserRow]:
        return [
            CoreUserRow(each.user_name, each.name, each.email, each.active, each.external_id)
            for each in self._wire.everybody()
        ]

    def close(self) -> None:
        self._wire.close()

    def _make(self, order: AccountOrder, *, shut: bool = False) -> Outcome | None:
        """The outcome of making it; None where it turns out to be there, since an earlier call had done it after all."""
        pack = self._pack()
        words = _words(pack)
        for _ in range(NAMES):
            password = first_password.make(pack.core_password)
            try:
                account = self._wire.create(scim_users.new_user(order, words, password, shut=shut))
            except Taken as taken:
                if self._ours(order) is not None:
                    return None
                if not self._wire.holds(order.user_id):
                    raise CoreHMISError(f"The core HMIS refused the new account: {taken or 'conflict'}") from None
                order = dataclasses.replace(order, user_id=self._another_name(order.account_id, order.user_id))
                continue
            if account.external_id != order.external_id or account.version != order.version:
                raise _forgets(order)
            return Outcome(True, account.user_name.lower(), None if shut else password)
        raise CoreHMISError(
            f"The core HMIS knew {NAMES} User IDs in a row for {order.external_id}; {order.user_id} too."
        )

    def _let_in(self, order: AccountOrder, *, new_password: bool) -> Outcome:
        pack = self._pack()
        words = _words(pack)
        password = first_password.make(pack.core_password) if new_password else None

        def wanted(account: Found) -> dict[str, Any]:
            return scim_users.wanted_by(order, words, kept=scim_users.not_ours(account, words))

        return self._bring(order, wanted, password=password)

    def _shut(self, order: AccountOrder, wanted: Callable[[Found], dict[str, Any]]) -> Outcome:
        def marked(account: Found) -> dict[str, Any]:
            fields = wanted(account)
            return fields | {"entitlements": fields["entitlements"] + [scim_users.mark(order)]}

        if order.first and self._ours(order) is None:
            if not order.asked:
                return Outcome(True, order.user_id)
            # An earlier request that nobody answered may still arrive. Made shut, the account takes its place: whatever
            # comes late finds the User ID taken.
            made = self._make(order, shut=True)
            if made is not None:
                return made
        return self._bring(order, marked)

    def _bring(
        self, order: AccountOrder, wanted: Callable[[Found], dict[str, Any]], *, password: str | None = None
    ) -> Outcome:
        """Brings the account to what is wanted and looks again; whoever changed it meanwhile is let finish first."""
        for _ in range(ROUNDS):
            account = self._ours(order)
            if account is None:
                raise _gone(order)
            if account.version > order.version:
                return Outcome(False, account.user_name.lower())
            fields = wanted(account)
            changes = scim_users.differing(account, fields)
            if password is not None:
                changes = [*changes, ("password", password)]
            if not changes:
                return Outcome(True, account.user_name.lower())
            try:
                self._wire.change(account, changes)
            except Changed:
                continue
            except Taken as taken:
                raise CoreHMISError(
                    f"The core HMIS refused to change {account.user_name}: {taken or 'conflict'}"
                ) from None
            return self._seen(order, self._wire.read(account.id), fields, password)
        raise CoreHMISError(f"The account {order.external_id} was changed by others each time the portal wrote to it.")

    def _seen(self, order: AccountOrder, account: Found, fields: dict[str, Any], password: str | None) -> Outcome:
        if account.version > order.version:
            return Outcome(False, account.user_name.lower())
        if account.external_id != order.external_id or account.version != order.version:
            raise _forgets(order)
        if account.active != fields["active"] or _values(account.told["roles"]) != _values(
            fields.get("roles", account.told["roles"])
        ):
            raise CoreHMISError(f"The core HMIS took the order for {account.user_name} and did not follow it.")
        return Outcome(True, account.user_name.lower(), password)

    def _ours(self, order: AccountOrder) -> Found | None:
        found = self._wire.by_external_id(order.external_id)
        if len(found) > 1:
            names = " and ".join(sorted(each.user_name for each in found))
            raise CoreHMISError(
                f"In the core HMIS {names} carry the same external id {order.external_id}. "
                "Take it off the one that the person does not use, and try again."
            )
        return found[0] if found else None


def _words(pack: Policy) -> ScimWords:
    if pack.scim is None:
        raise CoreHMISError("The policy pack in force does not say how access is written: it has no [core_hmis.scim].")
    return pack.scim


def _values(entries: Iterable[dict[str, Any]]) -> set[str]:
    return {each["value"] for each in entries}


def _gone(order: AccountOrder) -> CoreHMISError:
    return CoreHMISError(
        f"No account in the core HMIS carries the external id {order.external_id}, which the portal knows as "
        f"{order.user_id}. If the account is there, write this external id on it; the portal never takes over an account by its name."
    )


def _forgets(order: AccountOrder) -> CoreHMISError:
    return CoreHMISError(
        f"The core HMIS did not keep the external id or the entitlements of {order.user_id}. "
        "The portal needs both, to find the account again and to tell a late order from a new one."
    )
