"""La fédération : les voies d'entrée et de sortie par des protocoles (CAS, OpenID Connect, SAML)."""
