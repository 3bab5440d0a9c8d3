"""Ce que tous les essais ont en commun ; le code est dans la trousse ``ent_core.essais``."""

pytest_plugins = ["ent_core.essais", "ent_core.essais.navigateur"]
