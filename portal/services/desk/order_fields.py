"""What a work order says to type, in the order of the core HMIS's own screens and in its words."""

from collections.abc import Callable, Mapping

from portal.adapters.core_hmis.port import AccountOrder
from workflows.policy import Policy

Field = dict[str, str]
NO_PROVIDER = "no provider id on record"
PASSWORD_NOTE = "Let the core HMIS make it, then paste it below. It is sealed until the person opens it."
ACTIVE = {"ensure": "Yes", "restore": "Yes", "suspend": "No", "remove": "No"}
LICENCE = {"ensure": "Assign one", "restore": "Assign one", "remove": "Take it back"}


def _provider(agency: str, provider_id: str) -> str:
    return f"{agency} ({provider_id or NO_PROVIDER})"


def _levels(order: AccountOrder) -> str:
    levels = {access.access_level for access in order.agencies}
    if len(levels) <= 1:
        return "".join(levels)
    return "; ".join(f"{access.access_level} at {access.agency}" for access in order.agencies)


SAYS: Mapping[str, tuple[str, Callable[[str, AccountOrder], str]]] = {
    "user_id": ("User ID", lambda _act, order: order.user_id),
    "first_name": ("First name", lambda _act, order: order.first_name),
    "last_name": ("Last name", lambda _act, order: order.last_name),
    "email": ("E-mail", lambda _act, order: order.email),
    "telephone": ("Telephone", lambda _act, order: order.phone),
    "default_provider": (
        "Default provider",
        lambda _act, order: (
            _provider(order.agencies[0].agency, order.agencies[0].provider_id) if order.agencies else ""
        ),
    ),
    "provider_ids": (
        "Providers",
        lambda _act, order: "; ".join(_provider(a.agency, a.provider_id) for a in order.agencies),
    ),
    "agency_name": ("Agency", lambda _act, order: "; ".join(a.agency for a in order.agencies)),
    "access_level": ("Access level", lambda _act, order: _levels(order)),
    "licence": ("License", lambda act, _order: LICENCE.get(act, "Leave it as it is")),
    "projects": ("Projects", lambda _act, order: "; ".join(project for a in order.agencies for project in a.projects)),
    "project_names": (
        "Projects",
        lambda _act, order: "; ".join(project for a in order.agencies for project in a.projects),
    ),
    "active": ("Active", lambda act, _order: ACTIVE[act]),
    "temporary_password": ("Temporary password", lambda _act, _order: ""),
    "expires_on": ("Expires on", lambda _act, _order: ""),
}


def fields_of(act: str, order: AccountOrder, policy: Policy) -> list[Field]:
    """The fields of an order about an account, as the pack lists them for the act: name, label, value and a note."""
    rows = []
    for name in policy.work_orders.fields[act]:
        label, says = SAYS[name]
        note = PASSWORD_NOTE if name == "temporary_password" else ""
        rows.append({"name": name, "label": label, "value": says(act, order), "note": note})
    return rows


def fields_of_agency(agency: str, projects: Mapping[int, str], policy: Policy) -> list[Field]:
    """The fields of an order that sets an Agency up: a row for each project, named 'Agency name: Project'."""
    rows = []
    for name in policy.work_orders.fields["configure"]:
        if name == "project_names":
            rows += [
                {"name": f"project_{key}", "label": "Project", "value": label, "note": ""}
                for key, label in projects.items()
            ]
        elif name == "provider_ids":
            rows.append(
                {
                    "name": name,
                    "label": "Provider ids",
                    "value": "",
                    "note": "Copy them from the core HMIS into the fields below.",
                }
            )
        else:
            rows.append({"name": name, "label": SAYS[name][0], "value": agency, "note": ""})
    return rows
