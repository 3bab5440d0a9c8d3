"""La base redémarre : la requête suivante est servie, et rien ne s'ajoute aux autres."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from ent_core.donnees.session import BaseDeDonnees, connecter
from ent_core.essais.instance import FabriqueInstance, compter_enonces
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import BaseIndisponible

_COUPER = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
    " where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
)


def couper(base: BaseDeDonnees) -> int:
    """Met fin à toutes les connexions de l'application, comme le fait un redémarrage."""
    autre = BaseDeDonnees(base.url)
    with connecter(autre.moteur) as connexion:
        coupees = connexion.exec_driver_sql(_COUPER).scalars().all()
    autre.fermer()
    assert all(coupees)
    return len(coupees)


def test_apres_un_redemarrage_de_la_base_la_premiere_requete_est_servie(
    application_avec: FabriqueInstance,
) -> None:
    ecole = application_avec()
    client = ecole.client("parent")
    assert client.get("/").status_code == 200
    with ecole.base.moteur.connect(), ecole.base.moteur.connect():
        pass  # toute la réserve est ouverte
    with compter_enonces(ecole.base) as avant:
        client.get("/")
    for _ in range(2):
        assert couper(ecole.base) == 2
        with compter_enonces(ecole.base) as enonces:
            assert client.get("/").status_code == 200
        assert enonces == avant, "rien n'est rejoué, rien n'est ajouté"
        with ecole.base.moteur.connect(), ecole.base.moteur.connect():
            pass


def test_une_connexion_coupee_au_milieu_ne_se_reprend_pas(base: BaseDeDonnees) -> None:
    """Ce qu'une transaction a commencé est perdu avec elle : le taire serait en rejouer la moitié."""

    def couper_au_milieu() -> None:
        with base.academie("essai") as session:
            session.scalar(select(func.count()).select_from(Etablissement))
            couper(base)
            session.scalar(select(func.count()).select_from(Etablissement))

    for _ in range(2):
        with pytest.raises(BaseIndisponible):
            couper_au_milieu()
    with base.academie("essai") as session:
        assert session.scalar(select(func.count()).select_from(Etablissement)) is not None
