"""Le client face à un fournisseur que personne ici n'a écrit : npm ``oidc-provider``, de bout en bout."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import Compte, Identifiant
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Courriel
from tests.pairs import npm
from tests.pairs.navigateur import Navigateur, port_libre, servir

PARTAGE = "un secret: 100 % ASCII + des signes & plus de 32"


@pytest.fixture(scope="module")
def ent(vivier: Vivier) -> Iterator[tuple[InstanceEssai, str]]:
    ici, chez_lui = port_libre(), port_libre()
    racine = f"http://localhost:{ici}"
    declare = Fournisseur(
        protocole="oidc", nom="Pair", emetteur=f"http://127.0.0.1:{chez_lui}", client="ent", secret=PARTAGE,
        portees=("openid", "educonnect"), correspondance="educonnect", reseau_interne=True,
    )  # fmt: skip
    reglages = {
        "port": chez_lui, "client": "ent", "secret": PARTAGE, "retour": f"{racine}/entree/pair/retour",
        "sortie": f"{racine}/entree/pair/sortie", "apres": f"{racine}/connexion",
        "attributs": {"FrEduCtRefId": ["{AAF}99|2D|600101", "{ECT}7"], "FrEduCtPersonAffiliation": "resp2d"},
    }  # fmt: skip
    fabrique = FabriqueInstance(vivier, HorlogeFixe(HorlogeSysteme().maintenant()))
    with npm.lancer("op.mjs", json.dumps(reglages)):
        instance = fabrique(
            configuration=configuration_essai(
                fournisseurs={"pair": declare}, courriel=Courriel(adresse_ent=racine)
            )
        )
        with servir(instance.application, ici):
            yield instance, racine
        fabrique.fermer()


@pytest.mark.exigence("SDET-AUTH-06")
def test_entrer_par_un_vrai_fournisseur_puis_sortir_partout(ent: tuple[InstanceEssai, str]) -> None:
    instance, racine = ent
    personne = instance.annuaire["parent"]
    with instance.base.academie("essai") as session:
        session.add(
            Identifiant(source="AAF:099", type="ENTPersonJointure", valeur="600101", personne_id=personne)
        )
        session.add(Compte(personne_id=personne, identifiant="parent.pair", etat="actif"))
    navigateur = Navigateur()
    _, adresse, page = navigateur.aller(f"{racine}/entree/pair?suite=/compte")
    _, adresse, page = navigateur.aller(adresse, prompt="login", login="sujet-chez-lui", password="x")  # noqa: S106 - il accepte tout
    statut, adresse, page = navigateur.aller(adresse, prompt="consent")
    assert (statut, adresse) == (200, f"{racine}/compte"), page
    assert "Par où vous entrez" in page
    # La déconnexion chez le fournisseur : il l'annonce de serveur à serveur, et la session d'ici finit.
    _, adresse, page = navigateur.aller(
        f"{instance.ent.entrees.client('pair').fournisseur.emetteur}/session/end"
    )
    jeton = re.search(r'name="xsrf" value="([^"]+)"', page)
    action = re.search(r'action="([^"]+)"', page)
    assert jeton is not None
    assert action is not None
    navigateur.aller(urljoin(adresse, action[1]), xsrf=jeton[1], logout="yes")
    assert navigateur.aller(f"{racine}/compte")[1].startswith(f"{racine}/connexion")
