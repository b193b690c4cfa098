"""The application as a production server finds it: `wsgi:app`."""

from portal import create_app, logs

logs.configure()
app = create_app()
