"""What the pack says of changes of an Agency's programs: which there are, and what the Lead sets up for each ('Agency Administrator')."""

from dataclasses import dataclass

from workflows.questions import Basis
from workflows.stanza import Stanza

MOST_TASKS = 12


@dataclass(frozen=True, slots=True)
class ProgramChangeKind:
    """One kind of change. `becomes` asks for what is new ('New name'), empty where nothing is; `new`: the program begins with it.

    `tasks` is what the HMIS Team does in the core HMIS, in this order.
    """

    id: str
    title: str
    becomes: str
    new: bool
    tasks: tuple[str, ...]
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Programs:
    """All kinds, in the order in which they are offered."""

    kinds: tuple[ProgramChangeKind, ...]

    def kind(self, kind_id: str) -> ProgramChangeKind | None:
        return next((kind for kind in self.kinds if kind.id == kind_id), None)

    def title_of(self, kind_id: str) -> str:
        """What a kind is called; one that a former pack had is called by its id."""
        kind = self.kind(kind_id)
        return kind.title if kind else kind_id.replace("_", " ").capitalize()


FROM_BEFORE = Programs((
    ProgramChangeKind(
        "other", "A program changes", "What changes", False, ("Set it up in the HMIS.",), "Agency Administrator", Basis.LOCAL
    ),
))  # fmt: skip
"""For packs kept from before there were any."""


def read_programs(pack: Stanza) -> Programs:
    """The stanzas [[program_change]] of a pack."""
    return Programs(pack.each("program_change", _kind)) if "program_change" in pack else FROM_BEFORE


def _kind(s: Stanza) -> ProgramChangeKind:
    made = ProgramChangeKind(
        s.text("id", longest=40), s.text("title", longest=80), s.text("becomes", "", longest=80), s.flag("new"),
        s.texts("tasks"), s.text("cite"), s.choice("basis", Basis),
    )  # fmt: skip
    if not 1 <= len(made.tasks) <= MOST_TASKS:
        raise s.wrong("tasks", f"a change has 1 to {MOST_TASKS} tasks, and this has {len(made.tasks)}")
    if long := next((task for task in made.tasks if len(task) > 200), ""):
        raise s.wrong("tasks", f"a task has at most 200 characters: {long[:40]!r}")
    return made
