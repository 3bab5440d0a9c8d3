"""L'ENT, fournisseur OpenID Connect : codes, jetons, clés, accords. Le web n'est pas ici."""
