"""Ce que tous les essais ont en commun ; le code est dans la trousse ``ent_core.essais``."""

pytest_plugins = [
    # Le serveur de base de données : ``serveur``.
    "ent_core.essais.serveur",
    # Des bases migrées et l'horloge : ``base``, ``session``, ``horloge``, ``fabrique_bases``.
    "ent_core.essais.base",
    # Un annuaire inventé (``annuaire``), une application et ses clients (``application``, ``client_de``).
    "ent_core.essais.annuaire",
    "ent_core.essais.application",
]
