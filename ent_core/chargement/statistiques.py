"""Les statistiques d'une instance : celles que les briques déclarent, et ce qui est à figer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from sqlalchemy import select

from ent_core.chargement.activation import Activation
from ent_core.chargement.decouverte import Chargement
from ent_core.contrat.interface import Portee
from ent_core.contrat.statistiques import Statistique
from ent_core.contrat.taches import Tache
from ent_core.donnees.connexion import cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import ErreurEnt, Introuvable
from ent_core.vie_privee.registre import Registre
from ent_core.vie_privee.statistiques.comptage import EcoleComptee
from ent_core.vie_privee.statistiques.modeles import PublicationStatistique
from ent_core.vie_privee.statistiques.periodes import PeriodeStatistique, a_figer
from ent_core.vie_privee.statistiques.publication import figer

__all__ = ["Statistiques", "tache_des_statistiques"]


class Statistiques:
    """Fige ce qui est fini, école par école : une panne ici ne défait rien ailleurs.

    :param chargement: briques chargées.
    :param activation: où elles sont ouvertes.
    :param configuration: clé secrète de l'instance.
    """

    def __init__(self, chargement: Chargement, activation: Activation, configuration: Configuration) -> None:
        self._registre = Registre.reunir(brique.declaration() for brique in chargement.briques)
        self._activation = activation
        self._configuration = configuration
        self.declarees: Mapping[str, Statistique] = {
            s.cle: s for brique in chargement.briques for s in brique.statistiques
        }

    def declaree(self, cle: str) -> Statistique:
        """Statistique déclarée.

        :param cle: clé.
        :raises Introuvable: aucune brique chargée ne la déclare.
        """
        if cle not in self.declarees:
            raise Introuvable(
                f"aucune brique chargée ne déclare la statistique « {cle} ».",
                remede="« ent statistiques lister » montre celles qui le sont.",
            )
        return self.declarees[cle]

    def figer_les_echues(self, base: BaseDeDonnees, horloge: Horloge, cle: str | None = None) -> int:
        """Fige toutes les périodes finies qui ne le sont pas encore.

        :param base: base de l'instance ; une transaction par publication.
        :param horloge: horloge de l'instance.
        :param cle: une seule statistique ; par défaut, toutes.
        :returns: nombre de publications nouvelles.
        :raises ErreurEnt: la première erreur, une fois tout le reste figé.
        """
        voulues = [self.declaree(cle)] if cle is not None else list(self.declarees.values())
        echecs: list[ErreurEnt] = []
        nouvelles = 0
        secret = hmac.new(cle_secrete(self._configuration).encode(), b"statistiques", hashlib.sha256).digest()
        for statistique in voulues:
            for periode in a_figer(statistique.rythme, horloge.aujourd_hui()):
                for uai, ecoles in self._a_compter(base, statistique, periode):
                    try:
                        with base.academie(f"statistique : figer {statistique.cle}") as session:
                            figer(session, horloge, self._registre, statistique, periode, ecoles, secret, uai)
                    except ErreurEnt as echec:
                        echecs.append(echec)
                    else:
                        nouvelles += 1
        if echecs:
            raise echecs[0]
        return nouvelles

    def _a_compter(
        self, base: BaseDeDonnees, statistique: Statistique, periode: PeriodeStatistique
    ) -> list[tuple[str | None, list[EcoleComptee]]]:
        """À qui il manque la publication d'une période, et les établissements qu'elle compte."""
        brique = statistique.cle.partition(".")[0]
        p = PublicationStatistique
        with base.academie(f"statistique : chercher ce qui manque pour {statistique.cle}") as session:
            figees = set(
                session.scalars(
                    select(p.uai).where(p.statistique == statistique.cle, p.periode == periode.code)
                )
            )
            etablissements = select(Etablissement.uai, Etablissement.nom).where(Etablissement.degre > 0)
            noms = {uai: nom for uai, nom in session.execute(etablissements.order_by(Etablissement.uai))}
            ouvertes: set[str] = set()
            for jour in _jalons(periode):
                decisions = self._activation.decisions_de(session, list(noms), jour)
                ouvertes |= {
                    uai for uai, prises in decisions.items() if brique in prises and prises[brique].ouverte
                }
        ecoles = [EcoleComptee(uai, nom) for uai, nom in noms.items() if uai in ouvertes]
        if statistique.portee is Portee.ACADEMIE:
            return [(None, ecoles)] if ecoles and None not in figees else []
        return [(ecole.uai, [ecole]) for ecole in ecoles if ecole.uai not in figees]


def _jalons(periode: PeriodeStatistique) -> Iterator[date]:
    """Le 15 de chaque mois : une brique ouverte à l'un d'eux a compté dans la période."""
    jour = periode.debut.replace(day=15)
    while jour < periode.fin:
        yield jour
        jour = (jour + timedelta(days=31)).replace(day=15)


def tache_des_statistiques(statistiques: Statistiques) -> Tache:
    """Chaque nuit, avant que la conservation n'élimine : figer ce qui est fini.

    :param statistiques: celles de l'instance.
    """

    def figer_la_nuit(base: BaseDeDonnees, horloge: Horloge) -> None:
        statistiques.figer_les_echues(base, horloge)

    return Tache(
        "noyau.figer_statistiques", figer_la_nuit, periode="10 1 * * *", libelle="Figer les statistiques dues"
    )
