"""A process as a table of moves: which status may follow which, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.actions import Action


class IllegalMove(Exception):
    """A move that the table does not have from this status."""

    def __init__(self, machine: str, status: str, move: str):
        super().__init__(f"{machine}: {move!r} is not possible while it is {status!r}")
        self.machine, self.status, self.move = machine, status, move


@dataclass(frozen=True, slots=True)
class Move:
    """From any of `sources` to `target`, by whoever the permission table lets do `action`; `said` is the audit's verb."""

    sources: tuple[str, ...]
    target: str
    action: Action
    said: str


@dataclass(frozen=True, slots=True)
class Machine:
    name: str
    initial: str
    moves: Mapping[str, Move]

    @property
    def states(self) -> tuple[str, ...]:
        """Every status, the first one first, each once."""
        named = [self.initial, *(state for move in self.moves.values() for state in (*move.sources, move.target))]
        return tuple(dict.fromkeys(named))

    def move(self, status: str, name: str) -> Move:
        """The move of that name from that status; IllegalMove where there is none, KeyError for an unknown name."""
        move = self.moves[name]
        if status not in move.sources:
            raise IllegalMove(self.name, status, name)
        return move

    def possible(self, status: str) -> tuple[str, ...]:
        return tuple(name for name, move in self.moves.items() if status in move.sources)
