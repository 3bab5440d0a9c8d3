"""Le client SAML face à SimpleSAMLphp : assertion chiffrée, noms d'EduConnect, fin de session propagée."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import Compte, Identifiant, LienIdentite, SessionWeb
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Courriel
from tests.federation.saml.saml_essai import cles, metadonnees, oublier_les_fichiers
from tests.pairs import simplesaml
from tests.pairs.navigateur import Navigateur, Page, formulaire, port_libre, servir

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CHEZ_LUI = "127.0.0.20"


class Rencontre:
    """Une instance et un SimpleSAMLphp qui se connaissent."""

    def __init__(self, instance: InstanceEssai, racine: str, idp: str) -> None:
        self.instance, self.racine, self.idp = instance, racine, idp

    def jusqu_a_la_reponse(self, navigateur: Navigateur, nom: str = "parent1") -> Page:
        page = navigateur.aller(f"{self.racine}/entree/educonnect?suite=/compte")
        return navigateur.remplir(page, username=nom, password="secret")  # noqa: S106 - compte d'essai

    def entre(self, navigateur: Navigateur) -> bool:
        return navigateur.aller(f"{self.racine}/compte")[1] == f"{self.racine}/compte"

    def sessions(self) -> int:
        with self.instance.base.academie("essai") as session:
            return len(session.scalars(select(SessionWeb.id)).all())


@pytest.fixture(scope="module")
def rencontre(vivier: Vivier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rencontre]:
    dossier = tmp_path_factory.mktemp("simplesaml")
    idp, ent = cles(dossier, "idp"), cles(dossier, "ent")
    ici, la_bas = port_libre(), port_libre(CHEZ_LUI)
    racine, chez_lui = f"http://localhost:{ici}", f"http://{CHEZ_LUI}:{la_bas}"
    sien = f"{chez_lui}/saml2/idp"
    (dossier / "idp.xml").write_text(
        metadonnees(
            idp, entite=f"{chez_lui}/idp", sso=f"{sien}/SSOService.php", slo=f"{sien}/SingleLogoutService.php"
        )
    )
    declare = Fournisseur(
        protocole="saml", nom="EduConnect", emetteur=f"{chez_lui}/idp", metadonnees=str(dossier / "idp.xml"),
        cle_fichier=str(ent.fichier_cle), certificat_fichier=str(ent.fichier_certificat),
        correspondance="educonnect", reseau_interne=True,
        cbc=True,  # cette version ne sait chiffrer qu'en AES-CBC, et signe alors toute la réponse
    )  # fmt: skip
    reglages = simplesaml.Reglages(
        dossier, CHEZ_LUI, la_bas, ent=f"{racine}/entree/educonnect/metadonnees",
        certificat="".join(ent.fichier_certificat.read_text().splitlines()[1:-1]),
        retour=f"{racine}/entree/educonnect/retour", sortie=f"{racine}/entree/educonnect/sortie",
        comptes={
            "parent1": {"57": ["a" * 40], "7": ["resp2d"], "FrEduCtRefId": ["{AAF}99|2D|600101", "{ECT}7"]},
            "parent2": {"57": ["b" * 40], "7": ["resp2d"]},
        },
    )  # fmt: skip
    fabrique = FabriqueInstance(vivier, HorlogeFixe(HorlogeSysteme().maintenant()))
    with simplesaml.lancer(reglages):
        instance = fabrique(
            configuration=configuration_essai(
                fournisseurs={"educonnect": declare}, courriel=Courriel(adresse_ent=racine)
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


@pytest.mark.exigence("SDET-AUTH-01", "IDF-S15", "IDF-S20", "IDF-S25")
def test_une_assertion_chiffree_fait_entrer_une_fois(rencontre: Rencontre) -> None:
    navigateur = Navigateur()
    reponse = rencontre.jusqu_a_la_reponse(navigateur)
    entree = navigateur.remplir(reponse)
    assert (entree[0], entree[1]) == (200, f"{rencontre.racine}/compte"), entree[2]
    with rencontre.instance.base.academie("essai") as session:
        lien = session.scalars(select(LienIdentite).where(LienIdentite.sujet == "a" * 40)).one()
        assert (lien.personne_id, lien.moyen) == (rencontre.instance.annuaire["parent"], "source")
    avant, (adresse, champs) = rencontre.sessions(), formulaire(reponse)
    navigateur.aller(adresse, **champs)
    assert rencontre.sessions() == avant

    inconnu = Navigateur()
    page = inconnu.remplir(rencontre.jusqu_a_la_reponse(inconnu, "parent2"))
    assert page[1].startswith(f"{rencontre.racine}/entree/relier"), "elle montre son compte une fois"


@pytest.mark.exigence("IDF-S24")
def test_une_fin_de_session_se_propage_dans_les_deux_sens(rencontre: Rencontre) -> None:
    chez_nous, chez_lui = Navigateur(), Navigateur()
    for navigateur in (chez_nous, chez_lui):
        navigateur.remplir(rencontre.jusqu_a_la_reponse(navigateur))
        assert rencontre.entre(navigateur)
    fin = f"{rencontre.idp}/saml2/idp/SingleLogoutService.php?ReturnTo={rencontre.idp}/module.php/core/logout"
    chez_lui.aller(fin)
    assert any("/entree/educonnect/sortie?SAMLRequest=" in vue for vue in chez_lui.passees)
    assert any("SingleLogoutService.php?SAMLResponse=" in vue for vue in chez_lui.passees)
    assert not rencontre.entre(chez_lui)
    assert rencontre.entre(chez_nous), "une annonce ne ferme que la session qu'elle nomme"

    _, _, page = chez_nous.aller(f"{rencontre.racine}/deconnexion", oui="1")
    assert "Quitter aussi EduConnect" in page
    _, adresse, page = chez_nous.aller(f"{rencontre.racine}/entree/educonnect/sortir")
    assert adresse == f"{rencontre.racine}/connexion", page
    assert "Vous avez aussi quitté EduConnect." in page


@pytest.mark.exigence("SDET-AUTH-07")
def test_se_prouver_de_nouveau_chez_lui_redemande_le_mot_de_passe(rencontre: Rencontre) -> None:
    navigateur = Navigateur()
    navigateur.remplir(rencontre.jusqu_a_la_reponse(navigateur))
    page = navigateur.aller(f"{rencontre.racine}/entree/educonnect/preuve?suite=/compte/preuve")
    assert 'name="password"' in page[2], "ForceAuthn : sa session ne suffit pas"
    reponse = navigateur.remplir(page, username="parent1", password="secret")  # noqa: S106 - compte d'essai
    assert navigateur.remplir(reponse)[1] == f"{rencontre.racine}/compte/preuve"
    page = navigateur.aller(f"{rencontre.racine}/entree/educonnect/preuve?suite=/compte")
    reponse = navigateur.remplir(page, username="parent2", password="secret")  # noqa: S106 - compte d'essai
    refusee = navigateur.remplir(reponse)
    assert (refusee[0], "sous un autre compte" in refusee[2]) == (403, True)
    assert rencontre.entre(navigateur), "la session n'a pas changé"
