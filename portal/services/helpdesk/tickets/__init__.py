"""Tickets: how they are opened, answered, moved, timed and passed on."""
