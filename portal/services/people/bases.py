"""On whose word access is asked for: the Agency Administrator's, the director's, or the Lead's on a signed instruction."""

from dataclasses import dataclass, field

from portal.actors import Actor
from portal.models import Agency
from portal.refusals import bad_input
from workflows.vocabulary import LEAD, Role, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What one request rests on, as the request and its evidence keep it; `note` is the instruction, where there is one."""

    called: str
    note: str = ""
    needs_second_person: bool = field(default=False)


def basis_of(actor: Actor, agency: Agency, instruction: str) -> Basis:
    """By the actor's office at this Agency; the Lead's people need an `instruction` of ten characters (BAD_INPUT)."""
    if agency.id == LEAD:
        return Basis(called="lead")
    if agency.id in actor.at(Role.AGENCY_ADMIN):
        return Basis(called="agency_admin")
    if agency.id in actor.at(Role.EXECUTIVE_DIRECTOR) | actor.let(Scope.REQUEST_ACCESS):
        return Basis(called="executive_director")
    if actor.is_portal:
        return Basis(called="portal")
    note = " ".join(instruction.split())
    if len(note) < 10:
        raise bad_input(
            "The Lead asks for an Agency's people on the director's signed instruction only. Say who signed "
            "it, on which day, and where it is kept.",
            "instruction",
        )
    return Basis(called="director_instruction", note=note[:900])
