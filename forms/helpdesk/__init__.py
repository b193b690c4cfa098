"""What is filled in at the help desk: tickets, outages, articles, surveys, service requests."""
