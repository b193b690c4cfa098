"""Incidents and complaints: reported, investigated, contained, concluded."""
