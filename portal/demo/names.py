"""Made-up Agencies and people: every surname means 'sample' in some language, every address is below example.org."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

AGENCIES = (
    "Sample Harbor Shelter",
    "Sample County Community Action",
    "Sample Rivers Housing",
    "Sample Street Outreach",
    "Sample Pines Family Center",
    "Sample Bay Night Shelter",
    "Sample Veterans House",
    "Sample Youth Landing",
    "Sample Granite Homes",
    "Sample Lighthouse Network",
    "Sample Meadow Apartments",
    "Sample Refuge Project",
    "Sample Coastline Services",
    "Sample North Woods Shelter",
    "Sample Mill Town Housing",
    "Sample Island Neighbors",
    "Sample Valley Resource Hub",
    "Sample Covered Bridge Homes",
    "Sample Blueberry Hill Shelter",
    "Sample Tidewater House",
    "Sample Birch Street Center",
    "Sample Lakes Region Outreach",
    "Sample Old Port Day Shelter",
    "Sample Potato Barn Housing",
    "Sample Katahdin View Homes",
    "Sample Kennebec Landing",
    "Sample Penobscot Shore House",
    "Sample Loon Lake Families",
    "Sample Evergreen Supportive Housing",
    "Sample First Light Shelter",
)
TOWNS = (
    ("Portland", "04101"),
    ("Bangor", "04401"),
    ("Augusta", "04330"),
    ("Lewiston", "04240"),
    ("Rockland", "04841"),
    ("Ellsworth", "04605"),
    ("Presque Isle", "04769"),
    ("Waterville", "04901"),
    ("Biddeford", "04005"),
    ("Machias", "04654"),
)
GIVEN = (
    "Jamie",
    "Robin",
    "Alex",
    "Sam",
    "Casey",
    "Morgan",
    "Taylor",
    "Jordan",
    "Avery",
    "Riley",
    "Quinn",
    "Rowan",
    "Skyler",
    "Dakota",
    "Emerson",
    "Finley",
    "Harper",
    "Jesse",
    "Kendall",
    "Logan",
    "Marley",
    "Noel",
    "Parker",
    "Reese",
    "Sage",
    "Tatum",
    "Blair",
    "Cameron",
    "Drew",
    "Ellis",
    "Анна",
    "Сергей",
    "Олена",
    "José",
    "Zoë",
    "André",
    "Łukasz",
    "Søren",
    "Ngọc",
    "İpek",
    "Chloé",
    "Núria",
    "Mary Ann",
    "Jean-Luc",
    "Maximiliana-Theodora Wilhelmina Alexandrina Constantia Philippa",
)
FAMILY = (
    "Sample",
    "Example",
    "Specimen",
    "Beispiel",
    "Muster",
    "Ejemplo",
    "Muestra",
    "Exempel",
    "Échantillon",
    "Esempio",
    "Próbka",
    "Příklad",
    "Örnek",
    "Voorbeeld",
    "Exemplu",
    "Näyte",
    "Mẫu",
    "Пример",
    "Зразок",
    "Sample-Example",
    "O'Sample",
    "van der Sample",
    "Eksempel",
    "Minta",
    "Sýnishorn",
)
TITLES = (
    "Case manager",
    "Intake worker",
    "Outreach worker",
    "Data specialist",
    "Shelter supervisor",
    "Housing navigator",
    "Night staff",
    "Program assistant",
    "Volunteer coordinator",
    "Youth worker",
)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A made-up person as somebody else types them in."""

    first: str
    last: str
    email: str
    phone: str
    title: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def initials(self) -> str:
        return (self.first[0] + next(letter for letter in self.last if letter.isupper())).upper()


def people(chance: random.Random) -> Iterator[Somebody]:
    """Somebody new each time, without end; two may share a name, nobody shares an address."""
    number = 0
    while True:
        number += 1
        first, last = chance.choice(GIVEN), chance.choice(FAMILY)
        yield somebody(first, last, number, chance.choice(TITLES))


def somebody(first: str, last: str, number: int, title: str) -> Somebody:
    written = re.sub(r"[^a-z]", "", f"{first[:1]}{last}".lower()) or "sample"
    return Somebody(first, last, f"{written}{number}@example.org", f"207-555-{number % 10000:04}", title)
