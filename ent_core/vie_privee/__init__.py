"""Le registre des traitements et son contrôle."""
