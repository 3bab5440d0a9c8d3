"""Les statistiques : des nombres protégés, figés une fois par période, qui survivent à ce qu'ils comptent."""
