"""What people fill in: Flask-WTF classes and the texts they sign; no queries, choices are handed in."""
