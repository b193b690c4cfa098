"""From a participation agreement to access in the core HMIS and back, walked by six people in Chromium."""

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.path import Path
from tests.support.living import Living


@pytest.mark.parametrize("script", [True, pytest.param(False, marks=pytest.mark.proof)], ids=["script", "no-script"])
def test_whole_path(living: Living, visitor: Visit, script: bool) -> None:
    path = Path(living, visitor, script=script)
    path.the_administrator_comes_in()
    path.the_lead_publishes_the_documents()
    path.the_lead_enters_the_agency()
    path.the_lead_invites_the_director()
    path.the_director_signs()
    path.the_lead_countersigns()
    path.both_get_the_pdf()
    path.the_lead_grants_licences()
    path.the_director_names_officers()
    path.the_officers_sign()
    path.the_admin_completes_the_information_form()
    path.the_admin_completes_the_inventory()
    path.the_admin_attests_the_protocols()
    path.the_admin_enters_a_device_and_the_director_authorises_it()
    path.the_help_desk_comes_in()
    path.the_help_desk_verifies_everything()
    path.the_agency_is_set_up()
    path.the_admin_asks_for_access()
    path.the_help_desk_cannot_enrol_before_she_signs()
    path.the_person_signs()
    path.the_help_desk_enrols()
    path.a_result_just_below_keeps_the_gate_shut()
    path.the_gate_opens_by_itself()
    path.the_work_order_is_typed_back()
    path.the_person_is_welcomed_and_sees_the_password_once()
    path.the_admin_deactivates()
    living.settled()
