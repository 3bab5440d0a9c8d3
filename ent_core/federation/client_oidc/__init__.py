"""L'entrée par OpenID Connect : un client strict, qui ne croit que ce qu'il a vérifié."""
