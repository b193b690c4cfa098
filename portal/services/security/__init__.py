"""What keeps everyone honest: reviews, actions, incidents, sanctions, plans and the Board's records."""
