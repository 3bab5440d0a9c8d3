"""La trousse d'essais des auteurs de briques : un seul greffon pytest, ``-p ent_core.essais``.

Elle apporte ``serveur``, ``fabrique_bases``, ``base``, ``session``, ``horloge``, ``annuaire``,
``application``, ``client_de`` et ``application_avec``, l'option ``--brique NOM``, la marque ``exigence``, et
le contrat commun à toutes les briques (``ent_core.essais.contrat.ContratBrique``).
"""

import gc

import pytest

pytest_plugins = [
    "ent_core.essais.serveur",
    "ent_core.essais.base",
    "ent_core.essais.application",
    "ent_core.essais.base_nue",
    "ent_core.essais.vivier",
    "ent_core.essais.instance",
    "ent_core.essais.contrat",
]


def pytest_collection_finish() -> None:
    """Ce qui est chargé le reste jusqu'au bout : le ramasse-miettes n'a plus à le relire à chaque passage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_configure(config: pytest.Config) -> None:
    """Le contrat et les essais des briques disent l'exigence qu'ils tiennent, où qu'ils soient lancés."""
    config.addinivalue_line(
        "markers", "long: exhaustif et long ; « make epreuves » le lance, « make test » non"
    )
    config.addinivalue_line("markers", "exigence(identifiant): l'exigence que le test tient")
