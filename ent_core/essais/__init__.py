"""La trousse d'essais des auteurs de briques : un seul greffon pytest, ``-p ent_core.essais``.

Elle apporte ``serveur``, ``fabrique_bases``, ``base``, ``session``, ``horloge``, ``annuaire``,
``application``, ``client_de`` et ``application_avec``, l'option ``--brique NOM``, et le contrat
commun à toutes les briques (``ent_core.essais.contrat.ContratBrique``).
"""

pytest_plugins = [
    "ent_core.essais.serveur",
    "ent_core.essais.base",
    "ent_core.essais.annuaire",
    "ent_core.essais.application",
    "ent_core.essais.instance",
    "ent_core.essais.contrat",
]
