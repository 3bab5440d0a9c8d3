"""Ce que les essais de l'archive ont en commun : une base, son archive, un moteur, des dossiers échus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.pool import NullPool

from ent_core.chargement.absentes import regles_completes
from ent_core.chargement.archive import archive_de, regler
from ent_core.chargement.coffre import chiffreur_de
from ent_core.chargement.conservation import executeur_de
from ent_core.chargement.decouverte import Chargement, charger
from ent_core.chargement.droits import Guichet
from ent_core.chargement.retrait import enregistrer_vues
from ent_core.donnees.compte_archive import preparer_compte
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, Annuaire
from ent_core.essais.application import configuration_essai
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import InstanceEssai
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Archive as ReglageArchive
from ent_core.socle.configuration import Configuration
from ent_core.vie_privee.archive.lieu import Archive
from ent_core.vie_privee.archive.modeles import UniteArchivee, UniteSousVisa
from ent_core.vie_privee.conservation.approbation import approuver, aviser
from ent_core.vie_privee.conservation.execution import Execution
from ent_core.vie_privee.conservation.modeles import PlanConservation
from ent_core.vie_privee.conservation.plan import lignes, planifier
from tests.vie_privee.brique_dossiers import Livret, RegistreVu, Sanction, Suite, brique_dossiers
from tests.vie_privee.conservation_essais import a_midi

__all__ = ["ECHEANCE", "FAIT", "TERME", "Depot", "monter", "ouvrir"]

FAIT = date(2026, 3, 10)
ECHEANCE = date(2027, 3, 10)
"""Fin de la vie active : douze mois après le fait."""
TERME = date(2027, 9, 10)
"""Fin de la durée intermédiaire : six mois de plus."""


@dataclass(slots=True)
class Depot:
    """Une instance et son archive."""

    base: BaseDeDonnees
    chargement: Chargement
    configuration: Configuration
    horloge: HorlogeFixe
    annuaire: Annuaire
    proprietaire: Engine

    @property
    def archive(self) -> Archive:
        posee = self.base.archive
        assert isinstance(posee, Archive)
        return posee

    @property
    def guichet(self) -> Guichet:
        return Guichet(self.configuration, self.chargement, self.horloge)

    def au(self, jour: date) -> None:
        """Avance l'horloge jusqu'à un jour."""
        self.horloge.instant = a_midi(jour)

    def ecrire(self, genre: type[Any], eleve: str = "eleve", **valeurs: Any) -> UUID:
        """Ajoute un écrit, le jour du fait."""
        with self.base.academie("essai : écrire") as session:
            complets = {"nature": "essai", "jour": FAIT, "uai": ECOLE, **valeurs}
            ligne = genre(eleve_id=self.annuaire[eleve], **complets)
            session.add(ligne)
            session.flush()
            identifiant: UUID = ligne.id
        return identifiant

    def suite(self, sanction: UUID, decision: str) -> None:
        """Ajoute la suite d'une sanction."""
        with self.base.academie("essai : écrire") as session:
            session.add(Suite(uai=ECOLE, sanction_id=sanction, decision=decision))

    def planifier(self) -> PlanConservation:
        with self.base.academie("essai : plan") as session:
            return planifier(session, self.horloge, regles_completes(session, self.chargement))

    def lignes(self, plan: PlanConservation) -> dict[str, Any]:
        """Table → ligne du plan."""
        with self.base.academie("essai : lignes") as session:
            return {ligne.objet: ligne for ligne in lignes(session, plan.id)}

    def approuver(self, plan: PlanConservation) -> None:
        for role in ("administrateur_academique", "dpd"):
            with self.base.academie("essai : approbation") as session:
                regles = regles_completes(session, self.chargement)
                approuver(
                    session, self.horloge, regles, plan.id, couvre=plan.empreinte, par=self.annuaire[role]
                )
        with self.base.academie("essai : avis") as session:
            aviser(session, self.horloge, regles_completes(session, self.chargement), plan.id)

    def executer(self, plan: PlanConservation) -> Execution:
        executeur = executeur_de(self.base, self.chargement, self.configuration, self.horloge)
        return executeur.executer(plan.id)

    def tout(self) -> Execution:
        """Planifie, approuve à deux, laisse passer le préavis de l'archive, exécute, règle."""
        plan = self.planifier()
        self.approuver(plan)
        self.horloge.avancer(timedelta(days=8))
        resultat = self.executer(plan)
        regler(self.base, self.horloge)
        return resultat

    def deplacer(self) -> None:
        """Passe la fin de la vie active, et déplace."""
        self.au(ECHEANCE)
        assert self.tout().finie

    def unites(self) -> list[UniteArchivee | UniteSousVisa]:
        with self.base.academie("essai : index") as session:
            return [*session.scalars(select(UniteArchivee)), *session.scalars(select(UniteSousVisa))]

    def compter(self, *genres: type[Any]) -> int:
        with self.base.academie("essai : compter") as session:
            return sum(
                session.scalar(select(func.count()).select_from(g)) or 0
                for g in genres or (Sanction, RegistreVu, Livret)
            )

    def contenus(self) -> int:
        """Contenus scellés du schéma « archive », comptés par le propriétaire."""
        with self.proprietaire.connect() as connexion:
            return int(connexion.exec_driver_sql("select count(*) from archive.contenu").scalar_one())

    def sans_brique(self) -> None:
        """Retire la brique : ses déclarations restent, son code n'est plus là."""
        self.chargement = charger([])


def ouvrir(instance: InstanceEssai, chargement: Chargement, configuration: Configuration) -> Depot:
    """L'archive d'une application d'essai.

    :param instance: application assemblée avec la brique « dossiers ».
    """
    base = instance.base
    maitre = base.url  # les pages n'ont pas besoin du propriétaire
    proprietaire = create_engine(maitre, poolclass=NullPool)
    return Depot(base, chargement, configuration, instance.horloge, instance.annuaire, proprietaire)


@contextmanager
def monter(fabrique: Fabrique, dossier: Path, ailleurs: str = "") -> Iterator[Depot]:
    """Monte une instance avec la brique « dossiers ».

    :param ailleurs: adresse d'une autre base pour les contenus.
    """
    configuration = configuration_essai(
        donnees=str(dossier), archive=ReglageArchive(url=ailleurs) if ailleurs else ReglageArchive()
    )
    chargement = charger([], {"dossiers": brique_dossiers()})
    adresses, annuaire = fabrique.peuplee(chargement.distributions)
    base = fabrique.ouvrir(adresses.application, connexions=3)
    base.chiffreur = chiffreur_de(configuration)
    base.archive = archive = archive_de(configuration, base.url)
    preparer_compte(adresses.proprietaire, archive.ici)
    proprietaire = fabrique.maitre(adresses.proprietaire)
    horloge = HorlogeFixe(a_midi(FAIT))
    with base.academie("essai : déclarations") as session:
        enregistrer_vues(session, horloge, chargement)
    try:
        yield Depot(base, chargement, configuration, horloge, annuaire, proprietaire)
    finally:
        base.fermer()
        fabrique.retirer(adresses)
