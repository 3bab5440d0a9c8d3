"""SAML 2.0 : les services qui reconnaissent les personnes par l'ENT (dont le GAR)."""
