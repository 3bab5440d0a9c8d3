"""Ce que la brique sait faire : la session vient en premier, et n'est jamais validée ici."""
