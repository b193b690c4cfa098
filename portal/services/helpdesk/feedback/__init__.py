"""Feedback: surveys, their answers, and what was done about them."""
