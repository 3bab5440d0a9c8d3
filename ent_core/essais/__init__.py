"""La trousse d'essais : ce que les essais du noyau et des briques ont en commun."""
