"""SCIM 2.0 on the wire: five requests, and one error for whatever a core HMIS may answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx2
from scim2_client import SCIMClientException
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import Error, PatchOp, SCIMException, ScimProvider, User

from portal.adapters.core_hmis.port import CoreHMISError
from portal.adapters.core_hmis.scim_users import Found, read

PAGE = 200
_ERROR = str(Error.__schema__)

Operations = Sequence[tuple[str, Any]]
"""Attribute by attribute what it becomes. Each with its path: without one, a peer added to lists instead of replacing."""


class Taken(Exception):
    """409: something of the new account belongs to another one already."""


class Changed(Exception):
    """412: the account is no longer as it was read."""


class Wire:
    """What the portal asks of a SCIM service. CoreHMISError for all that is neither its answer nor a conflict.

    Answers are read with tolerance (a neighbor's misspelled e-mail address must not stop an account), requests are
    built with the models, so that nothing leaves that is no SCIM.
    """

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client
        self._scim = SyncSCIMClient(client, provider=ScimProvider(models=[User]), check_response_payload=False)

    def close(self) -> None:
        """Lets go of the connections that wait for a next call."""
        self._client.close()

    def by_external_id(self, external_id: str) -> list[Found]:
        """Every account that carries this external id; there should be one at most."""
        found = self._matching(f"externalId eq {json.dumps(external_id)}")
        if strangers := [each for each in found if each.external_id != external_id]:
            raise CoreHMISError(
                f"The core HMIS was asked for the external id {external_id} and answered with {strangers[0].user_name}. "
                "It does not filter accounts, so the portal cannot know which one is ours."
            )
        return found

    def holds(self, user_name: str) -> bool:
        """Whether any account has this user name, in whatever case."""
        found = self._matching(f"userName eq {json.dumps(user_name)}")
        return any(each.user_name.lower() == user_name.lower() for each in found)

    def read(self, id_: str) -> Found:
        return read(_told(self._call(lambda: self._scim.query(User, id_))))

    def create(self, user: User[Any]) -> Found:
        """The account as the core HMIS made it; Taken where it knows the user name."""
        return read(_told(self._call(lambda: self._scim.create(user))))

    def change(self, account: Found, operations: Operations) -> None:
        """Replaces these attributes; Changed where somebody was there first and the core HMIS can tell."""
        asked = [{"op": "replace", "path": path, "value": value} for path, value in operations]
        message = PatchOp[User[Any]].model_validate({"schemas": [str(PatchOp.__schema__)], "Operations": asked})
        # Without a version of the account there is nothing to compare with: such a service cannot tell a late request.
        match: dict[str, Any] = {"headers": {"If-Match": account.tag}} if account.tag else {}
        _told(self._call(lambda: self._scim.modify(User, account.id, message, **match)), empty=True)

    def everybody(self) -> list[Found]:
        """Every account, page by page; CoreHMISError rather than a list that is not whole."""
        found: dict[str, Found] = {}
        start, total = 1, 1
        while start <= total:
            page, total = self._page({"startIndex": start, "count": PAGE})
            before = len(found)
            found |= {each.id: each for each in page}
            if len(found) == before:
                break
            start += len(page)
        if len(found) < total:
            raise CoreHMISError(f"The core HMIS says that it has {total} accounts and listed {len(found)} of them.")
        return list(found.values())

    def _matching(self, condition: str) -> list[Found]:
        return self._page({"filter": condition})[0]

    def _page(self, asked: Mapping[str, Any]) -> tuple[list[Found], int]:
        answer = _told(self._call(lambda: self._scim.query(User, query_parameters=dict(asked))))
        listed, total = answer.get("Resources") or [], answer.get("totalResults", 0)
        if not isinstance(listed, list) or not isinstance(total, int):
            raise CoreHMISError("The core HMIS answered with something that is no list of accounts.")
        return [read(each) for each in listed], total

    def _call(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except SCIMClientException as error:
            cause = error.__cause__
            if isinstance(cause, CoreHMISError):
                raise cause from None
            said = f"{type(cause).__name__} ({cause})" if cause else str(error)
            raise CoreHMISError(f"The core HMIS did not answer as SCIM asks: {said[:300]}") from error
        except SCIMException as error:
            raise CoreHMISError(f"The order cannot be written as SCIM: {str(error)[:300]}") from error


def _told(answer: Any, *, empty: bool = False) -> dict[str, Any]:
    """The answer's fields. Taken or Changed for a conflict, CoreHMISError for any other refusal."""
    if answer is None and empty:
        return {}
    if not isinstance(answer, dict):
        raise CoreHMISError("The core HMIS answered with something that is no SCIM.")
    if _ERROR not in (answer.get("schemas") or ()):
        return answer
    status, detail = str(answer.get("status", "")), str(answer.get("detail") or "")[:300]
    if status == "409":
        raise Taken(detail)
    if status == "412":
        raise Changed(detail)
    raise CoreHMISError(f"The core HMIS refused with {status or 'an error'}: {detail or 'it does not say why'}")
