"""Confirming a work order: the User ID typed back, the temporary password, the provider ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, Optional

from forms.base import Form, OneLine

AS_SHOWN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class ConfirmOrder(Form):
    """An order about an account that exists."""

    typed_user_id = StringField(
        "User ID, typed back",
        [DataRequired("Type the User ID back as the core HMIS shows it."), OneLine(50)],
        description="Type it as the core HMIS shows it, so that a mix-up is noticed here.",
        render_kw=AS_SHOWN,
    )


class ConfirmNewAccount(ConfirmOrder):
    """An order that makes an account."""

    temporary_password = PasswordField(
        "Temporary password",
        [DataRequired("Paste the temporary password that the core HMIS made: the person cannot start without it.")],
        description="As the core HMIS made it. It is sealed at once; nobody but the person sees it again.",
        render_kw={"autocomplete": "off"},
    )
    really_made = StringField(
        "The User ID made instead",
        [Optional(), OneLine(50)],
        description="Only where the core HMIS had the User ID above already. Type the new one back above too.",
        render_kw=AS_SHOWN,
    )


class OrderFilter(Form):
    """Which orders to show; read from the address, so it carries no token."""

    class Meta(Form.Meta):
        csrf = False

    act = SelectField("What", validate_choice=False)

    def __init__(self, *args: Any, acts: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.act.choices = [("", "Everything"), *acts]


class OrderConfiguration(Form):
    """The button that orders an Agency's configuration."""


def configuration_form(agency: str, projects: Mapping[int, str]) -> type[Form]:
    """A form with one provider id for the Agency and one for each project: `project_<id>`."""
    fields: dict[str, Any] = {"__doc__": "The provider ids that the core HMIS gave."}
    named = {"provider_id": agency, **{f"project_{key}": name for key, name in projects.items()}}
    for field, name in named.items():
        needed = DataRequired(f"Enter the provider id that the core HMIS gave {name}.")
        fields[field] = StringField(f"Provider id of {name}", [needed, OneLine(32)], render_kw=AS_SHOWN)
    return type("ConfirmConfiguration", (Form,), fields)
