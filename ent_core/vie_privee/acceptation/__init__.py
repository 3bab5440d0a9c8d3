"""L'acceptation : chaque établissement dit oui à ce qu'une brique déclare, puis à ce qui s'élargit."""
