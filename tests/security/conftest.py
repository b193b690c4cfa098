"""The town of two Agencies for the tests that attack the portal: built once, every test has a copy of its database."""

from tests.support import town as shared

built, engine, town, browser = shared.built, shared.engine, shared.town, shared.browser
