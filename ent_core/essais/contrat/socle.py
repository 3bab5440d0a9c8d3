"""Ce que toutes les parties du contrat partagent : la brique, ses exemples, et une instance par classe.

L'instance se monte une fois par classe ; chaque essai y travaille dans une transaction que rien ne valide,
défaite à la fin : les essais ne se voient pas, dans quelque ordre qu'ils passent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Table, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import BriqueChargee, Chargement, charger, dossier
from ent_core.contrat.donnees import Donnee
from ent_core.contrat.offres import Demande
from ent_core.contrat.resultats import Anomalie, Niveau
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, Annuaire
from ent_core.essais.application import configuration_essai
from ent_core.essais.contrat.banc import Banc
from ent_core.essais.contrat.observation import Envois
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.parcours import Parcours
from ent_core.essais.serveur import Serveur
from ent_core.essais.vivier import Vivier
from ent_core.socle.calendrier import HorlogeFixe

__all__ = ["Commun", "banc", "contient", "erreurs", "instance_du_contrat", "parcours"]

NOYAU = "noyau"


class Commun:
    """La brique éprouvée.

    ``brique`` est son module ; ``enonces_par_accueil``, ce que ses vignettes peuvent ajouter d'énoncés à
    l'accueil. ``comptent_un_auteur`` nomme ce qui compte et cite un auteur sans le compter, et dit pourquoi.
    """

    brique: Any
    enonces_par_accueil: int = 3
    comptent_un_auteur: Mapping[str, str] = {}

    def exemples(self, session: Session, annuaire: Annuaire, uai: str) -> Mapping[str, Any]:
        """Crée au moins une ligne de chaque table, chaque donnée personnelle remplie ; peut être rappelée.

        :param session: session de l'académie ; ne pas valider.
        :param annuaire: personnes et divisions inventées.
        :param uai: établissement où créer.
        :returns: une valeur pour chaque paramètre de route (``mot_id`` → identifiant créé).
        """
        return {}

    def offres(self, annuaire: Annuaire) -> Sequence[Demande[Any]]:
        """Ce qu'une autre brique peut lui demander et que les exemples savent remplir (``ent_repondre``).

        :param annuaire: personnes et divisions inventées.
        """
        return ()

    def envois(self, annuaire: Annuaire) -> Envois:
        """Ce que les formulaires acceptent : « POST /adresse » → champs. Facultatif : montre qui écrit où.

        :param annuaire: personnes et divisions inventées.
        """
        return {}

    @property
    def identifiant(self) -> str:
        """Identifiant de la brique éprouvée."""
        return str(self.brique.ent_manifeste().id)

    def remplir(self, instance: InstanceEssai, uai: str = ECOLE) -> dict[str, Any]:
        """Crée les exemples dans un établissement.

        :param uai: établissement.
        """
        with instance.base.academie("essai : exemples") as session:
            return dict(self.exemples(session, instance.annuaire, uai))

    def chargement(self) -> Chargement:
        """La brique, seule avec le noyau."""
        en_plus = {} if self.identifiant == NOYAU else {self.identifiant: self.brique}
        return charger([], en_plus)

    def chargee(self) -> BriqueChargee:
        """La brique et tout ce qu'elle déclare."""
        trouvee = self.chargement().brique(self.identifiant)
        assert trouvee is not None, "le manifeste est illisible"
        return trouvee

    def dossier(self) -> Path:
        """Dossier de son paquet."""
        return dossier(self.brique)

    def lignes(self, instance: InstanceEssai) -> dict[str, list[dict[str, Any]]]:
        """Toutes les lignes de ses tables.

        :param instance: instance d'essai.
        """
        with instance.base.academie("essai : lecture des tables de la brique") as session:
            return {table.name: list(_lire(session, table)) for table in self.chargee().tables}

    def textes(self, instance: InstanceEssai) -> set[str]:
        """Textes personnels des exemples, assez longs pour ne pas se trouver ailleurs par hasard.

        Une valeur prise dans une liste fermée par une contrainte n'en est pas : tout le monde la connaît.

        :param instance: instance d'essai.
        """
        lignes = self.lignes(instance)
        textes = set()
        for table in self.chargee().tables:
            listes = " ".join(str(c.sqltext) for c in table.constraints if isinstance(c, CheckConstraint))
            textes |= {
                valeur
                for colonne in table.columns
                if isinstance(declaration_colonne(colonne), Donnee)
                for valeur in (ligne[colonne.name] for ligne in lignes[table.name])
                if isinstance(valeur, str) and len(valeur) > 5 and f"'{valeur}'" not in listes
            }
        return textes


def _eprouvee(request: pytest.FixtureRequest) -> Commun:
    assert request.cls is not None, "le contrat s'hérite"
    eprouvee = request.cls()
    assert isinstance(eprouvee, Commun), "le contrat s'hérite"
    return eprouvee


@pytest.fixture(scope="class")
def instance_du_contrat(
    request: pytest.FixtureRequest,
    vivier: Vivier,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[InstanceEssai, dict[str, Any]]]:
    """La brique ouverte partout, avec ses exemples dans le premier collège : une instance par classe."""
    eprouvee = _eprouvee(request)
    fabrique = FabriqueInstance(vivier, HorlogeFixe())
    reglages = configuration_essai(donnees=str(tmp_path_factory.mktemp("donnees")))
    briques = [] if eprouvee.identifiant == NOYAU else [eprouvee.brique]
    instance = fabrique(*briques, configuration=reglages)
    if eprouvee.identifiant != NOYAU:
        for uai in (AUTRE, RECTORAT):
            instance.ouvrir(eprouvee.identifiant, uai)
    yield instance, eprouvee.remplir(instance)
    fabrique.fermer()


@pytest.fixture
def parcours(
    request: pytest.FixtureRequest, instance_du_contrat: tuple[InstanceEssai, dict[str, Any]]
) -> Iterator[Parcours]:
    """Les routes et les personnes de l'instance ; ce que l'essai y change est défait."""
    instance, exemples = instance_du_contrat
    with instance.base.moteur.connect() as connexion:
        connexion.begin()
        instance.base.lier(connexion)
        yield Parcours(instance, _eprouvee(request).identifiant, exemples)
        connexion.rollback()


@pytest.fixture
def banc(
    request: pytest.FixtureRequest,
    instance_du_contrat: tuple[InstanceEssai, dict[str, Any]],
    serveur: Serveur,
    vivier: Vivier,
) -> Iterator[Banc]:
    """La base de l'instance, tenue par son propriétaire : semer, tout relire, revenir en arrière."""
    instance, _ = instance_du_contrat
    eprouvee = _eprouvee(request)
    adresse = make_url(serveur.url).set(drivername="postgresql+psycopg", database=instance.base.url.database)
    proprietaire = vivier.bases.maitre(adresse)
    base = vivier.bases.ouvrir(instance.base.url)
    base.chiffreur = instance.base.chiffreur
    with tempfile.TemporaryDirectory(prefix="ent-contrat-") as donnees, proprietaire.connect() as connexion:
        connexion.begin()
        base.lier(connexion)
        yield Banc(
            base, connexion, eprouvee.chargement(), eprouvee.identifiant, instance.annuaire,
            HorlogeFixe(), Path(donnees),
        )  # fmt: skip
        connexion.rollback()
    base.fermer()
    proprietaire.dispose()


def _lire(session: Session, table: Table) -> Iterator[dict[str, Any]]:
    for ligne in session.execute(select(table).order_by(*table.primary_key.columns)):
        yield dict(ligne._mapping)


def contient(apres: dict[str, list[dict[str, Any]]], avant: dict[str, list[dict[str, Any]]]) -> bool:
    """Vrai si rien de ce qui était là n'a changé ni disparu.

    :param apres: lignes par table.
    :param avant: lignes par table, plus tôt.
    """
    return all(ligne in apres[table] for table, lignes in avant.items() for ligne in lignes)


def erreurs(anomalies: Iterator[Anomalie] | list[Anomalie]) -> list[str]:
    """Anomalies qui empêchent de servir, en toutes lettres.

    :param anomalies: anomalies trouvées.
    """
    return [str(anomalie) for anomalie in anomalies if anomalie.niveau is Niveau.ERREUR]
