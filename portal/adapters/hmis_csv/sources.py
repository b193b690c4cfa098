"""Where HMIS CSV files lie: a folder, or a zip file as the HMIS hands it out; only what the portal reads is opened."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from portal.adapters import zips
from portal.adapters.tables import Limits, Problem

# Files of the same format that describe people who are served: the portal never opens them.
CLIENT_FILES = frozenset(
    {
        "assessment.csv",
        "assessmentquestions.csv",
        "assessmentresults.csv",
        "client.csv",
        "currentlivingsituation.csv",
        "disabilities.csv",
        "employmenteducation.csv",
        "enrollment.csv",
        "event.csv",
        "exit.csv",
        "healthanddv.csv",
        "incomebenefits.csv",
        "services.csv",
        "youtheducationstatus.csv",
    }
)
_MOST_MEMBERS = 500


@dataclass
class Files:
    """The files to read, by HUD's name for them, the names of all others, and what was wrong with the place."""

    data: dict[str, bytes] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, file: str, sentence: str) -> None:
        """Note an error about a whole file, or about the place when `file` is ''."""
        self.problems.append(Problem("error", file, 0, "", "", sentence, "file"))

    def warn(self, file: str, rule: str, sentence: str) -> None:
        """Note a warning about a whole file."""
        self.problems.append(Problem("warning", file, 0, "", "", sentence, rule))


Member = tuple[str, Callable[[int], bytes]]


def _folder(place: Path) -> Iterator[Member]:
    def reader(path: Path) -> Callable[[int], bytes]:
        def read(most: int) -> bytes:
            with path.open("rb") as opened:
                return opened.read(most)

        return read

    for path in sorted(place.iterdir()):
        # A named pipe would wait for ever, so only plain files are opened.
        if path.is_file():
            yield path.name, reader(path)


def _zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    def reader(info: zipfile.ZipInfo) -> Callable[[int], bytes]:
        def read(most: int) -> bytes:
            return zips.content(archive, info, most=most)

        return read

    for info in archive.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if not info.filename.endswith("/") and "__MACOSX" not in path.parts:
            yield path.name, reader(info)


def _sort(members: Iterator[Member], wanted: dict[str, str], files: Files, limits: Limits) -> None:
    """Read what is wanted, up to the limits, and name the rest."""
    for name, read in members:
        official = wanted.get(name.casefold())
        if official is None:
            if not name.startswith("."):
                _ignore(name, files)
        elif official in files.data:
            files.refuse(official, f"{official} is there twice. Leave one of them.")
        else:
            try:
                data = read(limits.bytes + 1)
            except (OSError, zips.DamagedZip):
                files.refuse(official, f"{official} cannot be opened: it is damaged or protected. Export it again.")
                continue
            if len(data) > limits.bytes:
                said = f"{official} is larger than {limits.bytes // 1_000_000:,} MB."
                files.refuse(official, f"{said} Export fewer projects at a time.")
                continue
            files.data[official] = data


def _ignore(name: str, files: Files) -> None:
    files.ignored.append(name)
    if name.casefold() in CLIENT_FILES:
        said = f"{name} holds data about clients, which the portal must not have. It was not opened; leave it out."
        files.warn(name, "file-client-data", said)
    else:
        files.warn(name, "file-unknown", f"{name} is none of the files that the portal reads. It was ignored.")


def gather(source: Path | str | bytes, wanted: list[str], limits: Limits) -> Files:
    """The wanted files from a folder, a zip file or the bytes of one; every failing is a problem, nothing is raised."""
    files = Files()
    names = {name.casefold(): name for name in wanted}
    if not isinstance(source, bytes) and Path(source).is_dir():
        _sort(_folder(Path(source)), names, files, limits)
        place = "The folder"
    else:
        place = "The zip file"
        try:
            data = source if isinstance(source, bytes) else Path(source).read_bytes()
            with zips.opened(data, most=_MOST_MEMBERS) as archive:
                _sort(_zip(archive), names, files, limits)
        except zips.TooManyEntries:
            said = f"The zip file holds more than {_MOST_MEMBERS} files."
            files.refuse("", f"{said} Send the HMIS CSV files alone.")
            return files
        except FileNotFoundError:
            files.refuse("", "There is no such folder or zip file. Check the name.")
            return files
        except (OSError, zips.DamagedZip):
            said = "This is neither a folder nor a zip file. Give the folder of the files, or their zip file."
            files.refuse("", said)
            return files
    if not files.data and not any(problem.severity == "error" for problem in files.problems):
        files.refuse("", f"{place} holds none of the files that the portal reads: {', '.join(wanted)}.")
    return files
