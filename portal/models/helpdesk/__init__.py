"""Tables of the help desk: tickets, outages, articles, surveys, service requests."""
