"""SAML 2.0 : l'entrée par un fournisseur d'identité qui le parle (EduConnect, guichet académique)."""
