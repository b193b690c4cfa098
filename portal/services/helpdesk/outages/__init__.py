"""Outages: announced and reported, told once to each, ended or called off; and shown to everybody who looks."""
