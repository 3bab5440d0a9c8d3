"""La brique « Annonces »."""

__version__ = "0.1.0"
