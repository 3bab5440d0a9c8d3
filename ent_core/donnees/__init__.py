"""La base : tables déclarées, sessions cloisonnées, migrations."""
