"""What libraries compile, kept for the whole process: nearly every test opens a database and builds an application anew.

Texts of templates, SQL of statements and functions that write addresses come out the same each time. A test that asks
for something new gets it compiled; nothing that the portal itself does is left out or taken over from another test.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

DIALECTS = {"sqlite": "Sqlite", "postgresql.psycopg": "Postgres"}

# What decides, besides its text, what becomes of a template.
READ_BY = ("trim_blocks", "lstrip_blocks", "keep_trailing_newline", "autoescape", "undefined", "finalize", "optimized")


@contextmanager
def kept() -> Iterator[None]:
    """While the block lasts, applications and engines share what is compiled for them."""
    options, builder = Flask.jinja_options, Rule._compile_builder
    Flask.jinja_options = {**options, "bytecode_cache": Templates()}
    Rule._compile_builder = _remembering(builder)  # type: ignore[method-assign]
    for name, dialect in DIALECTS.items():
        registry.register(name, __name__, dialect)
    try:
        yield
    finally:
        Flask.jinja_options = options
        Rule._compile_builder = builder  # type: ignore[method-assign]
        for name in DIALECTS:
            registry.deregister(name)


class Templates(BytecodeCache):
    """In memory. A template is compiled anew where its text, or the way it is read, is another."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        how = [getattr(environment, each) for each in READ_BY]
        known = [sorted(environment.filters), sorted(environment.tests), sorted(environment.extensions)]
        return super().get_bucket(environment, name, filename, f"{how}{known}{source}")

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


class _Same:
    """Dialects of one class, here always on one library and one server, write the same SQL."""

    statements: LRUCache[Any, Any]

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.statements = LRUCache(10_000)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=cls.statements)


class Sqlite(_Same, SQLiteDialect_pysqlite):
    supports_statement_cache = True


class Postgres(_Same, PGDialect_psycopg):
    supports_statement_cache = True


def _remembering(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """An address's builder knows its rule by name only: the converters are handed to it with each call."""
    known: dict[object, Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, append_unknown, tuple(rule._trace), repr(rule.defaults))
        if key not in known:
            known[key] = compiled(rule, append_unknown)
        return known[key]

    return builder
