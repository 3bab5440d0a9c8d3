"""Les pages et les adresses des protocoles : entrer par un fournisseur d'identité, sortir vers un service."""
