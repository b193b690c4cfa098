"""Agencies: entering, their officers, forms, devices, projects, and their end."""
