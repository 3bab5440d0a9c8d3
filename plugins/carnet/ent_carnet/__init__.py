"""Brique Carnet : la vie scolaire, de l'appel au papier dans le cartable."""

__version__ = "0.2.0"
