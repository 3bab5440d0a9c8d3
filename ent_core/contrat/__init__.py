"""Le contrat : crochets et valeurs déclarées. Bibliothèque standard et pluggy, rien d'autre."""
