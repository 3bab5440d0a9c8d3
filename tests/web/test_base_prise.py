"""Quand la base manque : aucune demande n'attend sans fin, et personne ne lit un remède d'hébergeur."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import FabriqueInstance
from ent_core.socle.configuration import Serveur

_UN = text("select 1")


def test_des_actes_dans_des_actes_se_servent_sans_s_attendre(fabrique_bases: Fabrique) -> None:
    """Chaque fil tient une connexion, et en demande deux de plus : il y en a toujours un qui finit."""
    serveur, adresses = Serveur(), fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application, connexions=serveur.connexions)
    tous_la = Barrier(serveur.fils)

    def demande(_rang: int) -> int:
        with base.ecole("0750001A", "essai : la page") as page:
            page.execute(_UN)
            tous_la.wait()
            with base.academie("essai : l'acte") as acte, base.ecole("0750002B", "essai : l'effet") as effet:
                acte.execute(_UN)
                valeur: int = effet.scalar(_UN)
        return valeur

    with ThreadPoolExecutor(serveur.fils) as fils:
        assert list(fils.map(demande, range(serveur.fils), timeout=20)) == [1] * serveur.fils
    base.fermer()
    fabrique_bases.retirer(adresses)


@pytest.mark.parametrize("adresse", ["/", "/api/v1/moi"])
def test_une_base_prise_se_dit_a_la_personne(
    application_avec: FabriqueInstance, monkeypatch: pytest.MonkeyPatch, adresse: str
) -> None:
    ecole = application_avec()
    client = ecole.client("parent")
    reserve = ecole.base.moteur.pool
    monkeypatch.setattr(reserve, "_timeout", 0.01)
    prises = [ecole.base.moteur.connect() for _ in range(_taille(ecole.base))]
    reponse = client.get(adresse)
    for prise in prises:
        prise.close()
    assert (reponse.status_code, reponse.headers["Retry-After"]) == (503, "60")
    assert "essayez dans une minute" in reponse.text
    assert not {"PostgreSQL", "ENT_BASE"} & set(reponse.text.split()), "c'est l'affaire de l'hébergeur"
    assert client.get(adresse).status_code == 200


def _taille(base: BaseDeDonnees) -> int:
    taille: int = base.moteur.pool.size()  # type: ignore[attr-defined] # une QueuePool
    return taille
