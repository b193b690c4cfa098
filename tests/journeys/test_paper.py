"""The paper route, without a script: printed, signed by hand, scanned, verified and countersigned; then it counts as any other."""

from tests.journeys.conftest import Visit
from tests.journeys.path import Path
from tests.support.living import Living


def test_paper_route(living: Living, visitor: Visit) -> None:
    path = Path(living, visitor, script=False)
    path.the_administrator_comes_in()
    path.the_lead_publishes_the_documents()
    path.the_lead_enters_the_agency()
    path.the_lead_invites_the_director()
    path.the_director_signs_on_paper()
