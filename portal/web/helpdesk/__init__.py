"""The pages of the help desk: tickets, help, outages, knowledge, feedback."""
