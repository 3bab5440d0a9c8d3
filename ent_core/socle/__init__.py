"""Le socle : erreurs, horloge, configuration, journal."""
