"""What is filled in for reviews, incidents, sanctions, plans and the Board's records."""
