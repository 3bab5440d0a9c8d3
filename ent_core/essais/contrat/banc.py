"""Le banc : la base d'une instance tenue par son propriétaire, dans une transaction que rien ne valide.

On y sème, on y efface, on y relit tout, et l'on revient en arrière comme par une sauvegarde : le livre des
effacements et les têtes de la chaîne, eux, sont des fichiers, et restent.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Executable, text

from ent_core.chargement.conservation import regles_de
from ent_core.chargement.decouverte import BriqueChargee, Chargement, charger
from ent_core.chargement.droits import Guichet
from ent_core.chargement.retrait import enregistrer_vues
from ent_core.contrat.interface import Contexte
from ent_core.donnees.base import declaration
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, Annuaire
from ent_core.essais.application import configuration_essai
from ent_core.essais.contrat.canaris import Semeur
from ent_core.socle.calendrier import HorlogeFixe, annee_scolaire
from ent_core.vie_privee.conservation.preuve import Tetes
from ent_core.vie_privee.conservation.regles import Regle, Regles
from ent_core.vie_privee.droits.export import Composition, composer
from ent_core.vie_privee.droits.graphe import Place, places
from ent_core.vie_privee.droits.modeles import CopieMorceau, TexteARelire

__all__ = ["Banc"]

_HORS = {CopieMorceau.__tablename__, TexteARelire.__tablename__}
_TABLES = text(
    "select format('select t::text from %I.%I t', schemaname, tablename) from pg_tables"
    " where schemaname not in ('pg_catalog', 'information_schema')"
)


@dataclass(slots=True)
class Banc:
    """Une base, ses règles, son guichet.

    :param base: sessions de l'application, sur la connexion du propriétaire.
    :param brique: identifiant de la brique éprouvée.
    :param dossier: dossier des données, hors de la base.
    """

    base: BaseDeDonnees
    connexion: Connection
    chargement: Chargement
    brique: str
    annuaire: Annuaire
    horloge: HorlogeFixe
    dossier: Path

    @property
    def chargee(self) -> BriqueChargee:
        """La brique éprouvée."""
        trouvee = self.chargement.brique(self.brique)
        assert trouvee is not None
        return trouvee

    @property
    def guichet(self) -> Guichet:
        """Guichet des droits ; son livre est dans le dossier."""
        return Guichet(configuration_essai(donnees=str(self.dossier)), self.chargement, self.horloge)

    @property
    def regles(self) -> Regles:
        """Règles de conservation de l'instance."""
        return regles_de(self.chargement)

    @property
    def siennes(self) -> list[Regle]:
        """Règles des tables de la brique."""
        return [regle for regle in self.regles.toutes if regle.brique == self.brique]

    @property
    def tetes(self) -> Tetes:
        """Têtes de la chaîne, hors de la base."""
        return Tetes(self.dossier / "tetes.jsonl")

    @property
    def places(self) -> list[Place]:
        """Tables de la brique qui mènent à des personnes."""
        return [
            place for place in places(self.guichet.registre)
            if place.brique == self.brique and place.table.name not in _HORS
        ]  # fmt: skip

    def semer(self) -> Semeur:
        """Sème un canari dans chaque donnée de la brique : pour un élève, et pour son camarade."""
        self.maitre()
        semeur = Semeur(self.connexion, self.annuaire["eleve"], self.annuaire["camarade"])
        semeur.semer([place.table for place in self.places])
        return semeur

    def contexte(self, role: str) -> Contexte:
        """Qui agit, dans le premier collège.

        :param role: nom de rôle de l'annuaire.
        """
        jour = self.horloge.aujourd_hui()
        return Contexte(
            compte_id=self.annuaire[role], personne_id=self.annuaire[role], uai=ECOLE,
            etablissement_nom="Collège des Essais", profil=self.annuaire.profils[role], jour=jour,
            annee=annee_scolaire(jour), roles=frozenset({role}), briques=frozenset({self.brique}),
        )  # fmt: skip

    def vider(self) -> None:
        """Ôte les exemples de la brique ; du noyau, les journaux seuls, que peupler l'annuaire a remplis."""
        for place in self.places:
            declaree = declaration(place.table)
            if self.brique != "noyau" or (declaree is not None and declaree.ajout_seul):
                self.executer(f'delete from "{place.table.name}"')  # noqa: S608 - table déclarée

    def oter_la_brique(self) -> None:
        """La brique n'est plus chargée ; la base garde ses lignes, et ses dernières déclarations."""
        with self.base.academie("essai : brique ôtée") as session:
            enregistrer_vues(session, self.horloge, self.chargement)
        self.chargement = charger([])

    def fermer_la_brique(self) -> None:
        """Ferme la brique partout : aucune décision ne l'ouvre plus."""
        self.executer("delete from bascule where brique = :b", {"b": self.brique})

    def maitre(self) -> None:
        """Rend à la connexion le rôle du propriétaire, qu'une session vient de quitter."""
        self.connexion.exec_driver_sql("reset role")

    def executer(
        self, ordre: str | Executable, valeurs: Mapping[str, Any] | list[dict[str, Any]] | None = None
    ) -> None:
        """Exécute un ordre avec le compte propriétaire, sans déclencheur ni clé qui l'arrête.

        :param ordre: SQL.
        :param valeurs: valeurs liées ; une liste l'exécute autant de fois.
        """
        self.maitre()
        self.connexion.exec_driver_sql("set local session_replication_role = replica")
        enonce = text(ordre) if isinstance(ordre, str) else ordre
        self.connexion.execute(enonce, valeurs or {})
        self.connexion.exec_driver_sql("set local session_replication_role = origin")

    def toute_la_base(self) -> str:
        """Chaque ligne de chaque table de chaque schéma, en texte."""
        self.maitre()
        ordres = self.connexion.execute(_TABLES).scalars().all()
        return "\n".join(
            str(ligne) for ordre in ordres for ligne in self.connexion.exec_driver_sql(ordre).scalars()
        )

    @contextmanager
    def puis_revenir(self) -> Iterator[None]:
        """Ce qui est fait dans la base est défait, comme par la restauration d'une sauvegarde."""
        self.maitre()
        reprise = self.connexion.begin_nested()
        try:
            yield
        finally:
            reprise.rollback()

    def copie(self, personne: UUID) -> tuple[str, Composition]:
        """Copie d'une personne : son texte entier, et son bilan.

        :param personne: personne.
        """
        sortie, guichet = io.BytesIO(), self.guichet
        with self.base.academie("essai : copie") as session:
            bilan = composer(
                session, guichet.registre_complet(session), personne, sortie, guichet.entete(session, None),
                pieces=guichet.pieces, relus={},
            )  # fmt: skip
        with zipfile.ZipFile(sortie) as archive:
            noms = archive.namelist()
            return "\n".join(archive.read(nom).decode(errors="replace") for nom in noms), bilan
