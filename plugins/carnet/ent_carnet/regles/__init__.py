"""Les règles : des fonctions pures, sans base ni web, chacune avec sa source."""
