"""The application as a production server finds it: `wsgi:app`."""

from portal import create_app

app = create_app()
