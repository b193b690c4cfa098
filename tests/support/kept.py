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
    options, compiled = Flask.jinja_options, Rule.compile
    Flask.jinja_options = {**options, "bytecode_cache": Templates()}
    Rule.compile = _remembering(compiled)  # type: ignore[method-assign, assignment]
    for name, dialect in DIALECTS.items():
        registry.register(name, __name__, dialect)
    try:
        yield
    finally:
        Flask.jinja_options = options
        Rule.compile = compiled  # type: ignore[method-assign]
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


def _remembering(compiled: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """What an address is taken apart into and put together from follows from how it is written and from its converters."""
    known: dict[object, Rule] = {}

    def compile_(rule: Rule) -> None:
        how = (rule.rule, rule.merge_slashes, rule.subdomain, rule.host, repr(rule.defaults), frozenset(rule.arguments))
        key = (how, rule.map.host_matching, tuple(rule.map.converters.items()))
        if (same := known.get(key)) is None:
            compiled(rule)
            known[key] = rule
            return
        rule._parts, rule._trace = list(same._parts), list(same._trace)
        rule._converters, rule.arguments = dict(same._converters), set(same.arguments)
        rule._build = same._build.__func__.__get__(rule, None)  # type: ignore[attr-defined]
        rule._build_unknown = same._build_unknown.__func__.__get__(rule, None)  # type: ignore[attr-defined]

    return compile_
