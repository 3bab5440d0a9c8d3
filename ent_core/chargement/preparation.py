"""La préparation : chaque brique apprend, une fois, où elle s'ouvre, où elle se ferme, quand l'année change.

Ce que les décisions veulent est comparé à ce que les briques savent (``brique_preparee``), et seuls les
écarts sont dits. D'où qu'elle vienne (fichier, commande, page, date échue, établissement nouveau), une
ouverture passe donc par ici. Une brique est prévenue dès que l'ouverture est décidée, même pour plus
tard : elle est prête le jour venu. Elle n'est prévenue de sa fermeture que quand plus rien ne l'ouvre.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from ent_core.chargement.decisions import Decisions
from ent_core.chargement.modeles import BriquePreparee
from ent_core.chargement.relais import Relais
from ent_core.contrat.evenements import BriqueActivee, BriqueDesactivee
from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import Base
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import Horloge, annee_scolaire
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.acceptation.services import Acceptations

__all__ = ["Preparation"]

_VERROU = 0x4252_4951
_ACTIVER, _DESACTIVER, _CHANGER = "ent_activer", "ent_desactiver", "ent_changer_annee"
_ACTES = {_ACTIVER: "brique.activee", _DESACTIVER: "brique.desactivee"}
_table = Base.metadata.tables[BriquePreparee.__tablename__]
_cle = (_table.c.uai == bindparam("ou"), _table.c.brique == bindparam("laquelle"))
_journal = logging.getLogger("ent.briques")


@dataclass(frozen=True, slots=True, order=True)
class _Ecart:
    """Ce qu'une brique ne sait pas encore.

    :param annee: dernière année qu'elle connaît, si c'est l'année qui change.
    """

    crochet: str
    brique: str
    uai: str
    annee: int = 0


class Preparation:
    """Dit aux briques ce qui a changé, dans la transaction de l'appelant.

    :param briques: briques chargées, hors noyau.
    :param decisions: ce qui est voulu.
    :param relais: pour prévenir.
    :param acceptations: où se note ce qu'une première ouverture accepte.
    """

    def __init__(
        self, briques: Sequence[str], decisions: Decisions, relais: Relais, acceptations: Acceptations
    ) -> None:
        self._briques = tuple(briques)
        self._decisions = decisions
        self._relais = relais
        self._acceptations = acceptations

    def accorder(
        self, session: Session, horloge: Horloge, brique: str, uai: str | None, par: UUID | None = None
    ) -> None:
        """Prévient une brique après une décision ; son erreur remonte et annule la décision.

        :param session: session de l'établissement, ou de l'académie.
        :param horloge: horloge injectée.
        :param brique: brique chargée.
        :param uai: établissement ; ``None`` pour tous.
        :param par: personne qui décide.
        """
        jour = horloge.aujourd_hui()
        voulues, ecarts = self._ecarts(session, jour, (brique,), uai)
        self._accepter(session, horloge, voulues, par)
        for ecart in ecarts:
            if ecart.crochet in _ACTES:
                self._dire(session, ecart, annee_scolaire(jour))

    def reconcilier(self, session: Session, horloge: Horloge) -> list[Anomalie]:
        """Prévient toutes les briques de tout ce qu'elles ignorent ; peut être rejoué sans effet.

        Chaque appel est défait seul s'il échoue, et sera refait la fois suivante.

        :param session: session de l'académie.
        :param horloge: horloge injectée.
        :returns: une anomalie par appel qui a échoué.
        """
        jour = horloge.aujourd_hui()
        nouvelle = annee_scolaire(jour)
        dits: list[_Ecart] = []
        anomalies: list[Anomalie] = []
        voulues, ecarts = self._ecarts(session, jour, self._briques, None)
        self._accepter(session, horloge, voulues)
        for ecart in ecarts:
            try:
                with self._reprise(session, ecart):
                    self._dire(session, ecart, nouvelle)
            except Exception as erreur:  # noqa: BLE001 - la panne d'une brique ne prive pas les autres
                anomalies.append(_anomalie(ecart, erreur))
                _journal.error("brique_non_prevenue", extra={"anomalie": str(anomalies[-1])})
            else:
                dits.append(ecart)
        _consigner(session, horloge, dits, nouvelle)
        return anomalies

    def _reprise(self, session: Session, ecart: _Ecart) -> AbstractContextManager[Any]:
        """Un point de reprise n'est utile que si du code de brique est appelé."""
        ecoute = self._relais.implante(ecart.crochet, ecart.brique) or self._relais.ecoute
        return session.begin_nested() if ecoute else nullcontext()

    def _accepter(
        self, session: Session, horloge: Horloge, voulues: set[tuple[str, str]], par: UUID | None = None
    ) -> None:
        """Une première ouverture vaut acceptation, d'où qu'elle vienne."""
        for brique in self._briques:
            uais = sorted(uai for voulue, uai in voulues if voulue == brique)
            self._acceptations.a_l_ouverture(session, horloge, brique, uais, par)

    def _ecarts(
        self, session: Session, jour: date, briques: Sequence[str], uai: str | None
    ) -> tuple[set[tuple[str, str]], list[_Ecart]]:
        """Ouvertures voulues (brique, établissement), et ce que les briques ne savent pas encore."""
        # Plusieurs processus démarrent ensemble : le second trouve le travail fait.
        session.execute(select(func.pg_advisory_xact_lock(_VERROU)))
        ouverts = select(Etablissement.uai).where(
            or_(Etablissement.ferme_le.is_(None), Etablissement.ferme_le > jour)
        )
        connues = select(_table.c.uai, _table.c.brique, _table.c.annee).where(_table.c.brique.in_(briques))
        if uai is not None:
            ouverts, connues = ouverts.where(Etablissement.uai == uai), connues.where(_table.c.uai == uai)
        voulues = {
            (brique, ecole)
            for ecole, prevues in self._decisions.prevues(
                session, session.scalars(ouverts).all(), jour
            ).items()
            for brique in prevues.intersection(briques)
        }
        sues = {(brique, ecole): annee for ecole, brique, annee in session.execute(connues)}
        return voulues, sorted(self._comparer(voulues, sues, annee_scolaire(jour)))

    @staticmethod
    def _comparer(
        voulues: set[tuple[str, str]], sues: dict[tuple[str, str], int], annee: int
    ) -> Iterator[_Ecart]:
        yield from (_Ecart(_ACTIVER, *paire) for paire in voulues - sues.keys())
        yield from (_Ecart(_DESACTIVER, *paire) for paire in sues.keys() - voulues)
        yield from (_Ecart(_CHANGER, *p, sues[p]) for p in voulues & sues.keys() if sues[p] < annee)

    def _dire(self, session: Session, ecart: _Ecart, annee: int) -> None:
        cle = {"ou": ecart.uai, "laquelle": ecart.brique}
        match ecart.crochet:
            case "ent_activer":
                session.execute(insert(_table), {"uai": ecart.uai, "brique": ecart.brique, "annee": annee})
                self._appeler(session, ecart, uai=ecart.uai)
                self._relais.annoncer(session, [BriqueActivee(ecart.uai, ecart.brique)])
            case "ent_desactiver":
                session.execute(delete(_table).where(*_cle), cle)
                self._appeler(session, ecart, uai=ecart.uai)
                self._relais.annoncer(session, [BriqueDesactivee(ecart.uai, ecart.brique)])
            case _:
                session.execute(update(_table).where(*_cle).values(annee=annee), cle)
                # Un serveur resté éteint plus d'un an passe les années une à une.
                for ancienne in range(ecart.annee, annee):
                    self._appeler(session, ecart, uai=ecart.uai, ancienne=ancienne, nouvelle=ancienne + 1)

    def _appeler(self, session: Session, ecart: _Ecart, **arguments: Any) -> None:
        seule = frozenset({ecart.brique})
        for _, bilan in self._relais.appeler(ecart.crochet, seule, session=session, **arguments):
            if bilan is not None and bilan.refus:
                raise OperationRefusee(
                    f"la brique « {ecart.brique} » refuse : {bilan.refus}",
                    remede="régler dans la brique ce qu'elle demande ; l'appel sera refait.",
                    lieu=f"établissement {ecart.uai}",
                )


def _anomalie(ecart: _Ecart, erreur: Exception) -> Anomalie:
    dit = f" : {erreur.message}" if isinstance(erreur, OperationRefusee) else ""
    return Anomalie(
        "BRIQUE-011",
        f"brique {ecart.brique}, crochet {ecart.crochet}, établissement {ecart.uai}",
        f"il échoue ({type(erreur).__name__}{dit}) : rien n'en est gardé",
        "réparer la brique, ou la fermer dans cet établissement ; l'appel est refait chaque heure",
    )


def _consigner(session: Session, horloge: Horloge, dits: Sequence[_Ecart], annee: int) -> None:
    """Un acte par brique et par sens ; un acte par établissement dont l'année change."""
    for (crochet, brique), nombre in Counter((e.crochet, e.brique) for e in dits).items():
        if crochet in _ACTES:
            seul = next(e.uai for e in dits if (e.crochet, e.brique) == (crochet, brique))
            consigner(
                session,
                horloge,
                _ACTES[crochet],
                uai=seul if nombre == 1 else None,
                objet=brique,
                details={"etablissements": nombre},
            )
    changes: dict[str, list[_Ecart]] = {}
    for ecart in dits:
        if ecart.crochet == _CHANGER:
            changes.setdefault(ecart.uai, []).append(ecart)
    for uai, siens in changes.items():
        consigner(
            session,
            horloge,
            "annee.changee",
            uai=uai,
            objet=str(annee),
            details={"ancienne": min(e.annee for e in siens), "briques": ",".join(e.brique for e in siens)},
        )
