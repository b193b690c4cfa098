"""Tables of the security wing: reviews, actions, incidents, sanctions, plans and the Board's records."""
