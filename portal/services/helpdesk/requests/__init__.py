"""Service requests: what the HMIS should do, and what became of it."""
