"""Tickets and their mail, outages, knowledge, feedback, service requests."""
