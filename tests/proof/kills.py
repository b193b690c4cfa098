"""Web and worker processes that are killed at random while people are let in, end to end to a SCIM server."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import Engine, select

from portal.auditor import audit
from portal.db import utc_now
from portal.demo.people import listed
from portal.models import Account, Grant, Handover, Membership
from tests.services.world import KEY, World
from tests.support import peers
from tests.support.record import AUDIT_KEY
from workflows.vocabulary import About, Kind

ROOT = Path(__file__).resolve().parents[2]
PORTAL = [sys.executable, "-c", "from portal.cli import main; main()"]
PER_AGENCY = 10
LEASE = 4
PATIENCE = 300.0
QUIET = 1200.0
"""Seconds: for the pages to come back, and for the workers to finish what is left."""


@dataclass
class Victim:
    """A process that is started again as often as it is killed."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    killed: int = 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=log
            )

    def kill(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} had ended by itself: {self.log.read_text()[-2000:]}"
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
        self.killed += 1

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)


@dataclass
class Rig:
    """The world, the server, the processes, and the people who are let in one act at a time."""

    world: World
    server: peers.ScimServer
    folder: Path
    rng: random.Random
    port: int = field(default_factory=peers.free_port)
    members: list[Membership] = field(default_factory=list)
    shut: list[Membership] = field(default_factory=list)
    tries: int = 0

    # --- before

    def people(self, how_many: int) -> None:
        """Everybody has everything but the acknowledgement of the privacy notice."""
        agency = None
        for n in range(how_many):
            if n % PER_AGENCY == 0:
                agency = self.world.agency(licences_=PER_AGENCY)
            assert agency is not None
            member = self.world.ready(agency)
            self.world.withdraw(Kind.PRIVACY_PLEDGE, About.MEMBERSHIP, member.id)
            self.members.append(member)

    def environment(self) -> dict[str, str]:
        told = {
            "DATABASE_URL": self.world.engine.url.render_as_string(hide_password=False), "SECRET_KEY": KEY,
            "BASE_URL": f"http://127.0.0.1:{self.port}", "MAIL_URL": f"file:{self.folder / 'mail'}", "DEMO": "1",
            "STORAGE": str(self.folder / "storage"), "CORE_HMIS": f"scim+{self.server.base}", "SCIM_TOKEN": peers.TOKEN,
            "CORE_HMIS_PRIVATE": "127.0.0.1", "AUDIT_KEY": AUDIT_KEY, "AUDIT_ANCHOR": str(self.folder / "anchors"),
        }  # fmt: skip
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        return inherited | {f"PORTAL_{name}": value for name, value in told.items()}

    @contextmanager
    def processes(self, workers: int) -> Iterator[list[Victim]]:
        env = self.environment()
        victims = [Victim("web", [*PORTAL, "serve", "--port", str(self.port)], env, self.folder / "web.log")]
        victims += [
            Victim(f"worker {n}", [*PORTAL, "worker", "--lease", str(LEASE)], env, self.folder / f"worker{n}.log")
            for n in range(workers)
        ]
        try:
            for victim in victims:
                victim.start()
            yield victims
        finally:
            for victim in victims:
                victim.end()

    # --- while

    def browser(self) -> "Browser":
        with self.world.look() as session:
            desk = next(
                one
                for one in listed(session, on=self.world.today, now=self.world.now)
                if "help desk" in one.role.lower()
            )
        return Browser(f"http://127.0.0.1:{self.port}", desk.person_id)

    def let_in(self, browser: "Browser", members: list[Membership]) -> None:
        for member in members:
            self.tries += browser.acknowledge(member.id, self.world.today.isoformat())
            if self.rng.random() < 0.1:
                self.shut.append(member)
                self.world.now = utc_now()
                self.world.record(
                    Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=self.world.today
                )

    def run(self, *, kills: int, workers: int) -> int:
        """Lets everybody in, a share between one kill and the next; how many were killed in all."""
        shares = [self.members[n::kills] for n in range(kills)]
        with ThreadPoolExecutor(1) as crew, self.processes(workers) as victims, closing(self.browser()) as browser:
            for share in shares:
                feeding = crew.submit(self.let_in, browser, share)
                time.sleep(self.rng.uniform(0.0, 1.5))
                victim = self.rng.choice(victims)
                victim.kill()
                victim.start()
                feeding.result(PATIENCE)
            self.wait_until_quiet(victims)
        return sum(victim.killed for victim in victims)

    def wait_until_quiet(self, victims: list[Victim]) -> None:
        until, seen = time.monotonic() + QUIET, ""
        while time.monotonic() < until:
            seen = self.unsettled()
            if not seen:
                return
            time.sleep(0.5)
        logs = "\n".join(f"--- {v.name}: {v.log.read_text()[-1500:]}" for v in victims if v.log.exists())
        raise AssertionError(f"The workers did not come to rest: {seen}\n{logs}")

    def unsettled(self) -> str:
        given = (self.world.policy.version, self.world.policy.text)
        report = audit(self.world.engine, now=utc_now(), in_force=given, grace=timedelta(0))
        under_way = report.counts["unfinished jobs"]
        going = [
            problem
            for problem in report.problems
            if problem.check in {"account-lost", "unmet-before-use", "speaks-against", "forgotten"}
        ]
        with self.world.look() as session:
            waiting = session.scalars(select(Account.status)).all()
        moving = sum(status in {"ordered", "restoring", "suspending", "removing"} for status in waiting)
        return f"{under_way} jobs, {moving} accounts under way, {going[:2]}" if under_way or moving else ""

    # --- after

    def audit(self, core: Path | None = None) -> dict[str, Any]:
        """`portal auditor` in a process of its own, as an operator runs it, forgiving nothing."""
        command = [*PORTAL, "auditor", "--json", "--grace", "0", *(["--core", str(core)] if core else [])]
        done = subprocess.run(command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1) and done.stdout, done.stderr
        return json.loads(done.stdout)

    def core_list(self) -> Path:
        path = self.folder / "core.json"
        rows = [
            {
                "user_id": user["userName"],
                "external_id": user.get("externalId", ""),
                "active": user.get("active", False),
            }
            for user in self.server.users()
        ]
        path.write_text(json.dumps(rows), encoding="utf-8")
        return path

    def sealed(self) -> dict[str, str]:
        """The temporary passwords that wait for their people, by external id."""
        with self.world.look() as session:
            rows = session.execute(
                select(Account.external_id, Handover.sealed).join(Handover, Handover.account_id == Account.id)
                .where(Handover.sealed.is_not(None))
            ).all()  # fmt: skip
        keys = [key for key, _ in rows]
        assert len(set(keys)) == len(keys), "somebody has two temporary passwords"
        return {key: self.world.keys.unseal(sealed) for key, sealed in rows}

    def verdict(self) -> None:
        """Nobody wrong, lost or doubled: by the auditor, by the core HMIS's own list, and by the passwords it holds."""
        report, until = self.audit(self.core_list()), time.monotonic() + 60
        # A worker that was started last may ask for its daily duties only now: that is work, and no mistake.
        while {each["check"] for each in report["problems"]} == {"job-late"} and time.monotonic() < until:
            time.sleep(0.5)
            report = self.audit(self.core_list())
        assert report["clean"], report["problems"][:5]
        shut = {member.id for member in self.shut}
        with self.world.look() as session:
            grants = session.execute(select(Grant.membership_id, Grant.status)).all()
        live = {membership for membership, status in grants if status == "live"}
        assert live == {member.id for member in self.members} - shut, "lost or wrong"
        assert len(grants) == len({membership for membership, _ in grants}), "doubled"
        sealed = self.sealed()
        held = self.server.stop()
        assert {key: held[key].get("password") for key in sealed} == sealed, (
            "a temporary password that is not the one set"
        )
        with self.world.look() as session:
            confirmed = set(session.scalars(select(Account.external_id).where(Account.confirmed_at.is_not(None))))
        assert confirmed == set(sealed), "an account without its temporary password"
        assert {key for key in held if held[key].get("active")} == self.active_here(), "the server has others"

    def active_here(self) -> set[str]:
        with self.world.look() as session:
            return set(session.scalars(select(Account.external_id).where(Account.status == "active")))


class Browser:
    """Somebody of the help desk at a browser: comes back as often as the pages are away."""

    def __init__(self, base: str, person_id: int) -> None:
        self._client = httpx2.Client(base_url=base, timeout=20, trust_env=False)
        self._person_id, self._token, self._version = person_id, "", ""

    def close(self) -> None:
        self._client.close()

    def acknowledge(self, membership_id: int, day: str) -> int:
        """Records that the privacy notice is acknowledged, until the portal says it is done; how many tries it took."""
        until, tries = time.monotonic() + PATIENCE, 0
        while time.monotonic() < until:
            tries += 1
            with suppress(httpx2.TransportError):
                if self._signed_in(membership_id) and self._record(membership_id, day):
                    return tries
            time.sleep(0.2)
        raise AssertionError(f"the pages did not record it in {tries} tries")

    def _signed_in(self, membership_id: int) -> bool:
        if self._token:
            return True
        page = self._client.get("/demo")
        self._client.post("/demo/sign-in", data={"person_id": self._person_id, "csrf_token": token_in(page.text)})
        page = self._client.get(f"/desk/evidence/membership/{membership_id}/record/privacy_pledge")
        assert page.status_code == 200, page.text[:300]
        self._version = re.findall(r'<option value="([^"]+)"', page.text.partition('name="version"')[2])[0]
        self._token = token_in(page.text)
        return True

    def _record(self, membership_id: int, day: str) -> bool:
        answer = self._client.post(
            f"/desk/evidence/membership/{membership_id}/record/privacy_pledge",
            data={
                "csrf_token": self._token, "valid_from": day, "version": self._version, "verified_by": "Sample Desk", "verified_how": "viewed on site",
                "note": "Filed at the desk.", "confirmed": "1",
            },
        )  # fmt: skip
        if answer.status_code in (302, 303):
            self._client.get(
                answer.headers["location"]
            )  # as a browser does: what was said stays in the cookie until then
            return True
        if "This is on record already" in answer.text:
            return True  # it was killed between its commit and its answer
        assert answer.status_code >= 500, f"{answer.status_code}: {_errors(answer.text)}"
        return False


def _errors(page: str) -> list[str]:
    return [line.strip() for line in page.splitlines() if "rror" in line or "refus" in line][:20]


def token_in(page: str) -> str:
    _, _, rest = page.partition('name="csrf_token"')
    return rest.partition('value="')[2].partition('"')[0]


def proven(engine: Engine, folder: Path, *, people: int, kills: int, workers: int, seed: int) -> str:
    """One whole run; what it was, in a sentence. AssertionError says what is wrong, lost or doubled."""
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    began = time.monotonic()
    with peers.scim2_server(folder / "core.dump") as server:
        rig = Rig(World(engine, now=utc_now() - timedelta(minutes=1)), server, folder, random.Random(seed))
        rig.people(people)
        killed = rig.run(kills=kills, workers=workers)
        rig.verdict()
    said = (
        f"{engine.dialect.name}: {people} issuances, {killed} killed, {len(rig.shut)} sanctioned on the way, "
        f"{rig.tries} requests, {time.monotonic() - began:.0f} s, seed {seed}"
    )
    print(said)  # noqa: T201 - what the proof shows
    return said
