"""The key that seals the record in every test, and in every process that a test starts: they share databases."""

AUDIT_KEY = "seals-the-record-in-tests-only-0123456789"
