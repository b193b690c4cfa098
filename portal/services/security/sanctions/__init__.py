"""Sanctions: drafted, decided, told, appealed, over."""
