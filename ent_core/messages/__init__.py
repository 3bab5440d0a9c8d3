"""Les messages : prévenir qu'une information est disponible, par où et quand la personne l'accepte."""
