"""A SCIM user and an order of ours: how one is read, and what has to be written for it to become the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import Email, Entitlement, Name, PhoneNumber, Role, User

from portal.adapters.core_hmis.port import AccountOrder, AgencyAccess, CoreHMISError
from workflows.scim_words import ScimWords
from workflows.vocabulary import LEAD

ORDER = "hmis-access-portal-order"
"""The type of the entitlement that holds the version of the portal's latest order: a core attribute, so services keep it."""


@dataclass(frozen=True, slots=True)
class Found:
    """An account as the core HMIS shows it; `told` are the attributes that the portal may change, as they are now."""

    id: str
    user_name: str
    external_id: str
    active: bool
    tag: str
    version: int
    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        parts = self.told["name"]
        return " ".join(part for part in (parts.get("givenName"), parts.get("familyName")) if part)

    @property
    def email(self) -> str:
        return next((each["value"] for each in self.told["emails"]), "")


def read(fields: Any) -> Found:
    """Reads what matters of a user; CoreHMISError where the core HMIS does not say which one it is."""
    if not isinstance(fields, dict) or not fields.get("id") or not fields.get("userName"):
        raise CoreHMISError("The core HMIS answered with an account that has no id or no user name.")
    entitlements = _listed(fields, "entitlements", "type", "value", "display", "primary")
    versions = [int(each["value"]) for each in entitlements if each.get("type") == ORDER and each["value"].isdecimal()]
    meta = fields.get("meta")
    return Found(
        id=str(fields["id"]),
        user_name=str(fields["userName"]),
        external_id=str(fields.get("externalId") or ""),
        active=fields.get("active") is not False,  # where it does not say, somebody may be let in
        tag=str(meta.get("version") or "") if isinstance(meta, dict) else "",
        version=max(versions, default=0),
        told={
            "active": fields.get("active") is not False,
            "name": _chosen(fields.get("name"), "givenName", "familyName"),
            "emails": _listed(fields, "emails", "value", "type", "primary"),
            "phoneNumbers": _listed(fields, "phoneNumbers", "value", "type"),
            "roles": _listed(fields, "roles", "value", "display"),
            "entitlements": entitlements,
        },
    )


def new_user(order: AccountOrder, words: ScimWords, password: str, *, shut: bool) -> User[Any]:
    """The account to be made, with everything that the order says; `shut`: that lets nobody in and gives no access."""
    wanted = wanted_by(order, words, kept=[]) if not shut else shut_by(order)
    return User[Any](
        user_name=order.user_id.lower(),
        external_id=order.external_id,
        password=password,
        active=not shut,
        name=Name(given_name=order.first_name, family_name=order.last_name),
        emails=[Email(**each) for each in wanted["emails"]],
        phone_numbers=[PhoneNumber(**each) for each in wanted.get("phoneNumbers", ())] or None,
        roles=[Role(**each) for each in wanted["roles"]] or None,
        entitlements=[Entitlement(**each) for each in wanted["entitlements"]],
    )


def shut_by(order: AccountOrder) -> dict[str, Any]:
    """The attributes of an account that is there so that nobody gets in."""
    return {"active": False, "emails": _emails(order), "roles": [], "entitlements": [mark(order)]}


def wanted_by(order: AccountOrder, words: ScimWords, *, kept: list[dict[str, Any]]) -> dict[str, Any]:
    """The attributes as an order that lets somebody in wants them; `kept` are entitlements that are none of ours.

    All roles are ours: whatever the order does not say is access that no decision permits.
    """
    wanted: dict[str, Any] = {
        "active": True,
        "name": {"givenName": order.first_name, "familyName": order.last_name},
        "emails": _emails(order),
        "roles": _each_once([_role(access, words) for access in order.agencies]),
        "entitlements": kept + _entitlements(order, words) + [mark(order)],
    }
    if order.phone:
        wanted["phoneNumbers"] = [{"value": order.phone, "type": "work"}]
    return wanted


def _emails(order: AccountOrder) -> list[dict[str, Any]]:
    return [{"value": order.email, "type": "work", "primary": True}]


def mark(order: AccountOrder) -> dict[str, Any]:
    return {"type": ORDER, "value": str(order.version)}


def unmarked(account: Found) -> list[dict[str, Any]]:
    """The account's entitlements but for the version of the last order."""
    return [each for each in account.told["entitlements"] if each.get("type") != ORDER]


def not_ours(account: Found, words: ScimWords) -> list[dict[str, Any]]:
    """The account's entitlements of types that the portal does not write."""
    return [each for each in unmarked(account) if each.get("type") not in {words.agency, words.project} - {""}]


def differing(account: Found, wanted: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Attribute by attribute what has to be written; a list counts by what is in it, not by its order."""
    return [(name, value) for name, value in wanted.items() if not _same(account.told[name], value)]


def _same(here: Any, wanted: Any) -> bool:
    if not isinstance(wanted, list):
        return bool(here == wanted)
    return sorted(map(_sortable, here)) == sorted(map(_sortable, wanted))


def _sortable(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((key, str(value)) for key, value in entry.items())


def _role(access: AgencyAccess, words: ScimWords) -> dict[str, Any]:
    of_lead = access.agency_id == LEAD
    if not access.provider_id and not of_lead:
        raise CoreHMISError(
            f"{access.agency} has no provider id, so its access cannot be written in the core HMIS. "
            "Record the provider id on the Agency's page."
        )
    if access.level not in words.levels:
        raise CoreHMISError(f"The pack has no word of the core HMIS for the access level {access.level!r}.")
    value = words.role_of(access.level, access.provider_id, of_lead=of_lead)
    return {"value": value, "display": f"{access.access_level}, {access.agency}"}


def _entitlements(order: AccountOrder, words: ScimWords) -> list[dict[str, Any]]:
    providers = [
        {"type": words.agency, "value": access.provider_id, "display": access.agency}
        for access in order.agencies
        if words.agency and access.provider_id
    ]
    projects = [
        {"type": words.project, "value": project}
        for access in order.agencies
        for project in access.projects
        if words.project
    ]
    return _each_once(providers + projects)


def _each_once(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({tuple(_sortable(each)): each for each in entries}.values())


def _listed(fields: Mapping[str, Any], name: str, *keys: str) -> list[dict[str, Any]]:
    listed = fields.get(name)
    entries = [_chosen(each, *keys) for each in listed] if isinstance(listed, list) else []
    return [each | {"value": str(each["value"])} for each in entries if "value" in each]


def _chosen(value: Any, *keys: str) -> dict[str, Any]:
    return {key: value[key] for key in keys if value.get(key) is not None} if isinstance(value, dict) else {}
