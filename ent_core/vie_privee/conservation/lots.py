"""Un lot : les lignes éliminées en une transaction, avec leur preuve. Tout est gardé, ou rien.

Le parcours suit la clé primaire : chaque lot reprend après le dernier, sans relire ce qui est parti.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    String,
    Table,
    Uuid,
    and_,
    collate,
    column,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import NamedFromClause

from ent_core.contrat.donnees import Sort
from ent_core.donnees.en_nombre import tableau
from ent_core.socle.calendrier import Horloge
from ent_core.vie_privee.archive.entree import Partante, verser
from ent_core.vie_privee.conservation.declencheurs import fait_date
from ent_core.vie_privee.conservation.expressions import Calcul, echeance_sql
from ent_core.vie_privee.conservation.gels import en_vigueur, partager_verrou
from ent_core.vie_privee.conservation.modeles import LigneConservation
from ent_core.vie_privee.conservation.preuve import ajouter_preuves, empreinte_lignes
from ent_core.vie_privee.conservation.regles import Regle, Regles, valeurs_anonymes
from ent_core.vie_privee.conservation.situation import Situation, periode_sql

__all__ = ["Atelier", "Lot", "compter_echues", "de_la_ligne", "eliminer"]


@dataclass(frozen=True, slots=True)
class Atelier:
    """Ce qu'il faut pour éliminer une ligne d'un plan.

    :param cle: clé des empreintes d'identifiants.
    :param plan: empreinte du plan.
    """

    horloge: Horloge
    regles: Regles
    regle: Regle
    ligne: LigneConservation
    jour: date
    repere: Any
    plan: str
    cle: bytes

    def situation(self, session: Session) -> Situation:
        """Conditions du moment : les gels sont relus sous le verrou partagé avec leur pose.

        :param session: session de l'académie, en tête de transaction.
        """
        partager_verrou(session)
        return Situation(self.regles, self.jour, en_vigueur(session), self.repere)

    def prouver(self, session: Session, nature: str, nombre: int, **valeurs: Any) -> int:
        """Ajoute une entrée à la chaîne ; rend son numéro.

        :param session: session de la transaction qui élimine.
        :param nature: lot, brique ou bilan.
        :param nombre: lignes éliminées.
        :param valeurs: le reste de l'entrée.
        """
        return ajouter_preuves(session, self.horloge, [self.entree(nature, nombre, **valeurs)])

    def entree(self, nature: str, nombre: int, **valeurs: Any) -> dict[str, Any]:
        """Entrée de la chaîne, telle que la ligne du plan la donne.

        :param nature: lot, brique, annee ou bilan.
        :param nombre: lignes éliminées.
        :param valeurs: le reste de l'entrée.
        """
        ligne = self.ligne
        return {
            "nature": nature, "plan_id": ligne.plan_id, "plan": self.plan, "rang": ligne.rang,
            "regle": ligne.traitement, "version": ligne.version, "autorite": ligne.autorite,
            "sort": ligne.sort, "objet": ligne.objet, "uai": ligne.uai, "periode": ligne.periode,
            "nombre": nombre, "echeance_min": None, "echeance_max": None, "lignes": "",
            "graine": ligne.graine, **valeurs,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lot:
    """Ce qu'un lot a fait.

    :param dernier: clé primaire de la dernière ligne ; le lot suivant reprend après elle.
    """

    nombre: int
    dernier: tuple[Any, ...] | None


def eliminer(
    session: Session, atelier: Atelier, *, apres: tuple[Any, ...] | None, taille: int, attendre: bool
) -> Lot:
    """Élimine un lot et ajoute sa preuve, dans la transaction de l'appelant.

    :param session: session de l'académie, transaction neuve.
    :param apres: clé primaire après laquelle reprendre.
    :param taille: nombre de lignes au plus.
    :param attendre: attendre les lignes qu'un autre tient, au lieu de les passer.
    """
    situation, regle = atelier.situation(session), atelier.regle
    alias = regle.table.alias("t")
    calcul = situation.calcul(regle, alias)
    cles = _parcours(regle, alias)
    lot = (
        select(
            *(alias.c[c.name] for c in regle.table.primary_key),
            echeance_sql(calcul, regle.duree).label("echeance_"),
        )
        .select_from(situation.source(alias, calcul))
        .where(de_la_ligne(regle, atelier.ligne, alias, calcul), situation.a_eliminer(regle, alias, calcul))
        .order_by(*map(_comparable, cles))
        .limit(taille)
    )
    if apres is not None:
        reprise = tuple_(*(literal(v, c.type) for v, c in zip(apres, cles, strict=True)))
        lot = lot.where(tuple_(*map(_comparable, cles)) > reprise)
    if regle.declaree.ajout_seul:
        parties = session.execute(lot).all()
        _archiver(session, atelier, parties)
    elif regle.deplace:
        parties = session.execute(lot.with_for_update(of=alias, skip_locked=not attendre)).all()
        _archiver(session, atelier, parties)
        parties = session.execute(_acte(regle, _memes(regle, parties))).all() if parties else parties
    else:
        retenu = lot.with_for_update(of=alias, skip_locked=not attendre).cte("lot")
        parties = session.execute(_acte(regle, retenu)).all()
    if not parties:
        return Lot(0, None)
    noms = [c.name for c in regle.table.primary_key]
    identifiants = [tuple(p[: len(noms)]) for p in parties]
    echeances = [e for dite in {p[-1] for p in parties} if (e := fait_date(dite)) is not None]
    numero = atelier.prouver(
        session, "lot", len(parties), echeance_min=min(echeances), echeance_max=max(echeances),
        lignes=empreinte_lignes(atelier.cle, identifiants),
    )  # fmt: skip
    if regle.declaree.ajout_seul:
        # Un journal ne se vide que par cette fonction, dans la transaction d'une preuve du même nombre.
        ids = literal([i[0] for i in identifiants], ARRAY(Uuid))
        session.execute(select(func.ent_eliminer(regle.table.name, ids, numero)))
    rangs = [noms.index(c.name) for c in cles]
    dernier = max(identifiants, key=itemgetter(*rangs))
    return Lot(len(parties), tuple(dernier[rang] for rang in rangs))


def _archiver(session: Session, atelier: Atelier, parties: Sequence[Any]) -> None:
    """Fait entrer dans l'archive ce qui va partir, si la règle le veut ; un échec annule tout le lot."""
    regle = atelier.regle
    if regle.deplace and parties:
        partantes = [
            Partante(tuple(partie[:-1]), echeance)
            for partie in parties
            if (echeance := fait_date(partie[-1])) is not None
        ]
        verser(session, atelier.horloge, atelier.regles, regle, atelier.ligne.periode, partantes)


def _memes(regle: Regle, parties: Sequence[Any]) -> Any:
    """Les lignes déjà tenues, sous la forme d'un lot."""
    return select(tableau([*regle.table.primary_key, column("echeance_", Date)], parties, "tenues")).cte(
        "lot"
    )


def compter_echues(session: Session, atelier: Atelier) -> tuple[int, int]:
    """Lignes échues encore là, et parmi elles celles que rien ne suspend.

    :param session: session de l'académie, transaction neuve.
    """
    situation, regle = atelier.situation(session), atelier.regle
    alias = regle.table.alias("t")
    calcul = situation.calcul(regle, alias)
    trouves = session.execute(
        select(func.count(), func.count().filter(situation.a_eliminer(regle, alias, calcul)))
        .select_from(situation.source(alias, calcul))
        .where(de_la_ligne(regle, atelier.ligne, alias, calcul), situation.echue(regle, alias, calcul))
    ).one()
    return int(trouves[0]), int(trouves[1])


def _parcours(regle: Regle, alias: NamedFromClause) -> list[Any]:
    """La clé primaire, sans ce que la ligne du plan fixe déjà."""
    fixes = {"uai"} if regle.par_uai else set()
    fixes |= {"annee"} if regle.par_annee else set()
    return [alias.c[c.name] for c in regle.table.primary_key if c.name not in fixes]


def _comparable(colonne: ColumnElement[Any]) -> ColumnElement[Any]:
    """Le même ordre ici et dans la base : un texte y suit ses octets, et non une langue."""
    return collate(colonne, "C") if isinstance(colonne.type, String) else colonne


def de_la_ligne(
    regle: Regle, ligne: LigneConservation, alias: NamedFromClause, calcul: Calcul
) -> ColumnElement[bool]:
    """Condition : la ligne d'un plan, par son établissement et sa période.

    :param alias: alias de la table.
    """
    conditions: list[ColumnElement[bool]] = [periode_sql(regle, alias, calcul) == ligne.periode]
    if regle.par_annee:
        # La colonne nue, pour que la clé primaire serve.
        conditions = [alias.c.annee == ligne.periode]
    if regle.par_uai:
        conditions.append(alias.c.uai == ligne.uai)
    return and_(*conditions)


def _acte(regle: Regle, lot: Any) -> Any:
    table: Table = regle.table
    memes = and_(*(c == lot.c[c.name] for c in table.primary_key))
    rendues: Sequence[ColumnElement[Any]] = (*table.primary_key, lot.c.echeance_)
    if regle.sort is Sort.ANONYMISER:
        valeurs: Mapping[str, Any] = valeurs_anonymes(table)
        return update(table).where(memes).values(dict(valeurs)).returning(*rendues)
    return delete(table).where(memes).returning(*rendues)
