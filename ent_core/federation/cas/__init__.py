"""Le serveur CAS : protocoles 2.0 et 3.0."""
