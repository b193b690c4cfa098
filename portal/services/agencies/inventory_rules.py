"""What the numbers of a housing inventory must and should be, read from its answers ('Data Quality Standards')."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

BEDS = ("ch_vet_beds", "youth_vet_beds", "vet_beds", "ch_youth_beds", "youth_beds", "ch_beds", "other_beds")
CHRONIC = ("ch_vet_beds", "ch_youth_beds", "ch_beds")
VETERAN = ("ch_vet_beds", "youth_vet_beds", "vet_beds")
FAMILIES, CHILDREN = "Households with at least one adult and one child", "Households with only children"

Entry = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about the answers. A `stop` refuses the form; anything else may be sent as it is and is shown before."""

    sentence: str
    stop: bool = False
    field: str = ""


def remarks(entries: Sequence[Entry], served: Sequence[Entry], no_lodging: str) -> list[Remark]:
    """Everything to be said about an inventory: its entries of beds, of people served, and whether there are beds at all."""
    found = list(_whole(entries, served, no_lodging))
    for number, entry in enumerate(entries, 1):
        called = f"Entry {number}" + (f", {entry['project_name']}" if entry.get("project_name") else "")
        found += [
            Remark(f"{called}: {said}", stop, f"inventory.{number}.{field}") for said, stop, field in _entry(entry)
        ]
    return found


def _whole(entries: Sequence[Entry], served: Sequence[Entry], no_lodging: str) -> Iterator[Remark]:
    if no_lodging == "Yes" and entries:
        yield Remark(
            "The form says that there are no beds or units, and lists some. Correct one of them.", True, "no_lodging"
        )
    if no_lodging == "No" and not entries:
        yield Remark("Add an entry for each project with beds, or say that the Agency has none.", True, "no_lodging")
    if no_lodging == "Yes" and not served:
        yield Remark("Add how many people each project without beds served.", True, "no_lodging")
    seen: set[tuple[str, ...]] = set()
    for number, entry in enumerate(entries, 1):
        key = tuple(entry.get(name, "") for name in ("project_name", "household_type", "availability", "es_bed_type"))
        if key in seen:
            yield Remark(
                f"Entry {number} is for the same project, households and kind of beds as an earlier one. Check that nothing is counted twice."
            )
        seen.add(key)


def _entry(entry: Entry) -> Iterator[tuple[str, bool, str]]:
    beds, units, each = (
        _count(entry, "bed_inventory"),
        _count(entry, "unit_inventory"),
        sum(_count(entry, name) for name in BEDS),
    )
    if beds != each:
        yield f"the seven columns of beds add up to {each}, but the total is {beds}.", True, "bed_inventory"
    if units > beds:
        yield (
            f"there are more units ({units}) than beds ({beds}). A unit has at least one bed.",
            False,
            "unit_inventory",
        )
    kind = entry.get("project_type", "")
    yield from _shelter(entry, kind.startswith("Emergency shelter"))
    if kind != "Permanent supportive housing" and any(_count(entry, name) for name in CHRONIC):
        yield (
            "beds for people who are chronically homeless are counted in permanent supportive housing only.",
            False,
            "ch_beds",
        )
    if entry.get("household_type") == CHILDREN and any(_count(entry, name) for name in VETERAN):
        yield "households with only children have no beds for veterans.", False, "vet_beds"
    if kind == "Safe haven" and entry.get("household_type") == FAMILIES:
        yield "a safe haven has no beds for adults with children.", False, "household_type"


def _shelter(entry: Entry, shelter: bool) -> Iterator[tuple[str, bool, str]]:
    for name, called in (("availability", "availability"), ("es_bed_type", "the kind of shelter beds")):
        if shelter and not entry.get(name):
            yield f"give {called} for an emergency shelter.", False, name
        if not shelter and entry.get(name):
            yield f"only an emergency shelter has {called}. Leave it empty.", False, name
    if entry.get("availability") == "Seasonal" and not entry.get("inventory_ends_on"):
        yield "seasonal beds need the day on which the season ends.", False, "inventory_ends_on"


def _count(entry: Entry, name: str) -> int:
    text = entry.get(name) or "0"
    return int(text) if text.isdecimal() else 0
