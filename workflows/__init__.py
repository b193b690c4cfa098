"""The rules: pure, standard library only. Nothing here knows the web, a database, a clock or chance."""
