"""Le client SAML face à un fournisseur que personne ici n'a écrit : npm ``samlp``, entrée et sorties."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import Compte, Identifiant, SessionWeb
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Courriel
from tests.federation.saml.saml_essai import cles, metadonnees, oublier_les_fichiers
from tests.pairs import npm
from tests.pairs.navigateur import Navigateur, Page, formulaire, port_libre, servir

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CHEZ_LUI = "127.0.0.21"


class Rencontre:
    """Une instance, un fournisseur ``samlp``, et la personne qu'ils ont en commun."""

    def __init__(self, instance: InstanceEssai, racine: str, idp: str) -> None:
        self.instance, self.racine, self.idp = instance, racine, idp

    def arriver(self, navigateur: Navigateur) -> Page:
        """La page que le fournisseur rend : un formulaire qui porte sa réponse."""
        return navigateur.aller(f"{self.racine}/entree/pair?suite=/compte")

    def entre(self, navigateur: Navigateur) -> bool:
        return navigateur.aller(f"{self.racine}/compte")[1] == f"{self.racine}/compte"

    def sessions(self) -> int:
        with self.instance.base.academie("essai") as session:
            return len(session.scalars(select(SessionWeb.id)).all())


@pytest.fixture(scope="module")
def rencontre(vivier: Vivier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rencontre]:
    dossier = tmp_path_factory.mktemp("samlp")
    idp, ent = cles(dossier, "idp"), cles(dossier, "ent")
    ici, la_bas = port_libre(), port_libre(CHEZ_LUI)
    racine, chez_lui = f"http://localhost:{ici}", f"http://{CHEZ_LUI}:{la_bas}"
    (dossier / "idp.xml").write_text(
        metadonnees(idp, entite=f"{chez_lui}/idp", sso=f"{chez_lui}/entrer", slo=f"{chez_lui}/sortir")
    )
    declare = Fournisseur(
        protocole="saml", nom="Pair", emetteur=f"{chez_lui}/idp", metadonnees=str(dossier / "idp.xml"),
        cle_fichier=str(ent.fichier_cle), certificat_fichier=str(ent.fichier_certificat),
        correspondance="educonnect", reseau_interne=True,
    )  # fmt: skip
    reglages = {
        "hote": CHEZ_LUI, "port": la_bas, "entite": f"{chez_lui}/idp", "sujet": "sujet-chez-lui",
        "cle": idp.fichier_cle.read_text(), "certificat": idp.fichier_certificat.read_text(),
        "ent": f"{racine}/entree/pair/metadonnees", "certificat_ent": ent.fichier_certificat.read_text(),
        "retour": f"{racine}/entree/pair/retour", "sortie": f"{racine}/entree/pair/sortie",
        "attributs": {"FrEduCtRefId": ["{AAF}99|2D|600101", "{ECT}7"], "FrEduCtPersonAffiliation": "resp2d"},
    }  # fmt: skip
    fabrique = FabriqueInstance(vivier, HorlogeFixe(HorlogeSysteme().maintenant()))
    with npm.lancer("idp.mjs", json.dumps(reglages)):
        instance = fabrique(
            configuration=configuration_essai(
                fournisseurs={"pair": declare}, courriel=Courriel(adresse_ent=racine)
            )
        )
        personne = instance.annuaire["parent"]
        with instance.base.academie("essai") as session:
            session.add(
                Identifiant(source="AAF:099", type="ENTPersonJointure", valeur="600101", personne_id=personne)
            )
            session.add(Compte(personne_id=personne, identifiant="parent.pair", etat="actif"))
        with servir(instance.application, ici):
            yield Rencontre(instance, racine, chez_lui)
        fabrique.fermer()
        oublier_les_fichiers()


@pytest.mark.exigence("SDET-AUTH-01", "IDF-S15", "IDF-S17")
def test_entrer_par_samlp_et_ne_pas_rejouer_sa_reponse(rencontre: Rencontre) -> None:
    navigateur, voleur = Navigateur(), Navigateur()
    reponse = rencontre.arriver(navigateur)
    entree = navigateur.remplir(reponse)
    assert (entree[0], entree[1]) == (200, f"{rencontre.racine}/compte"), entree[2]
    avant = rencontre.sessions()
    adresse, champs = formulaire(reponse)
    assert navigateur.aller(adresse, **champs)[1] != f"{rencontre.racine}/compte" or (
        rencontre.sessions() == avant
    )
    voleur.aller(adresse, **champs)
    assert (rencontre.sessions(), rencontre.entre(voleur)) == (avant, False)


@pytest.mark.exigence("IDF-S24")
def test_sa_deconnexion_ferme_la_session_d_ici_et_la_notre_la_sienne(rencontre: Rencontre) -> None:
    navigateur = Navigateur()
    navigateur.remplir(rencontre.arriver(navigateur))
    assert rencontre.entre(navigateur)
    statut, adresse, page = navigateur.aller(f"{rencontre.idp}/sortir")
    assert (statut, page) == (200, "fini"), f"il refuse notre réponse : {page}"
    assert adresse.startswith(f"{rencontre.idp}/sortir?SAMLResponse=")
    assert not rencontre.entre(navigateur)

    navigateur.remplir(rencontre.arriver(navigateur))
    _, _, page = navigateur.aller(f"{rencontre.racine}/deconnexion", oui="1")
    assert "Quitter aussi Pair" in page
    statut, adresse, page = navigateur.aller(f"{rencontre.racine}/entree/pair/sortir")
    assert (statut, adresse) == (200, f"{rencontre.racine}/connexion"), page
    assert "Vous avez aussi quitté Pair." in page
