"""Le coffre : les clés des données chiffrées, hors de la base ; les détruire efface ce qu'elles ouvraient."""
