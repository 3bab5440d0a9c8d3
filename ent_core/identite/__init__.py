"""L'identité : établissements, personnes, liens, comptes, et ce qui les alimente."""
