"""Les droits des personnes : demandes, copie, opposition, effacement qui dure."""
