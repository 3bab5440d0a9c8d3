"""La minimisation : quelles colonnes déclarées personne ne lit, pour cesser de les recueillir."""
