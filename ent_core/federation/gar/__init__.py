"""Le GAR : transmettre au gestionnaire national d'accès aux ressources l'annuaire des écoles ouvertes."""
