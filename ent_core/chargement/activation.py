"""L'activation : quelles briques sont ouvertes dans un établissement, un jour, et par quelle décision.

Ordre de force : établissement avant académie ; à même niveau, la base (page ou commande) avant le
fichier ; à même origine, la décision la plus récente. Sans décision, une brique est fermée.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.modeles import Bascule
from ent_core.chargement.relais import Relais
from ent_core.contrat.evenements import BriqueActivee, BriqueDesactivee
from ent_core.donnees.base import Base
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import BasculeFichier
from ent_core.socle.erreurs import DonneeInvalide, Introuvable

__all__ = ["Activation", "Decision"]

_JOUR: Any = bindparam("jour")
_b = Base.metadata.tables[Bascule.__tablename__].c
_ENONCE = (
    select(_b.brique, _b.uai, _b.ouverte, _b.debut, _b.fin, _b.origine)
    .where(
        or_(_b.uai == bindparam("uai"), _b.uai.is_(None)),
        _b.retiree_le.is_(None),
        _b.debut <= _JOUR,
        or_(_b.fin.is_(None), _b.fin > _JOUR),
    )
    .order_by(_b.posee_le)
)


@dataclass(frozen=True, slots=True)
class Decision:
    """La décision qui l'emporte pour une brique."""

    brique: str
    ouverte: bool
    niveau: str
    origine: str
    debut: date | None = None
    fin: date | None = None


class Activation:
    """Répond « active ici, aujourd'hui ? » et enregistre les décisions.

    :param chargement: briques chargées.
    :param relais: pour prévenir une brique qu'elle s'ouvre ou se ferme.
    :param fichier: décisions de la configuration.
    """

    def __init__(
        self, chargement: Chargement, relais: Relais, fichier: Sequence[BasculeFichier] = ()
    ) -> None:
        self._briques = tuple(brique.id for brique in chargement.briques if brique.id != "noyau")
        self._relais = relais
        self._fichier = tuple(fichier)

    @property
    def briques(self) -> tuple[str, ...]:
        """Briques chargées, hors noyau."""
        return self._briques

    def decisions(self, session: Session, uai: str, jour: date) -> dict[str, Decision]:
        """Décision en vigueur pour chaque brique chargée ; un seul énoncé.

        :param session: session ouverte.
        :param uai: établissement.
        :param jour: le jour.
        """
        retenues: dict[str, Decision] = {}
        if not self._briques:
            return retenues
        lignes = session.connection().execute(_ENONCE, {"uai": uai, "jour": jour}).all()
        for niveau in ("académie", "établissement"):
            for bascule in self._du_fichier(uai, jour, niveau):
                retenues[bascule.brique] = Decision(
                    bascule.brique, bascule.ouverte, niveau, "fichier", bascule.debut, bascule.fin
                )
            for brique, ecole, ouverte, debut, fin, origine in lignes:
                if (ecole is not None) == (niveau == "établissement"):
                    retenues[brique] = Decision(brique, ouverte, niveau, origine, debut, fin)
        return {brique: d for brique, d in retenues.items() if brique in self._briques}

    def actives(self, session: Session, uai: str, jour: date) -> frozenset[str]:
        """Briques ouvertes dans un établissement, un jour.

        :param session: session ouverte.
        :param uai: établissement.
        :param jour: le jour.
        """
        return frozenset(b for b, d in self.decisions(session, uai, jour).items() if d.ouverte)

    def basculer(
        self,
        session: Session,
        horloge: Horloge,
        brique: str,
        *,
        uai: str | None,
        ouverte: bool,
        debut: date | None = None,
        fin: date | None = None,
        origine: str,
        par: UUID | None = None,
    ) -> Bascule:
        """Enregistre une décision, prévient la brique, consigne l'acte.

        :param session: session de l'appelant (rôle de l'académie, ou établissement concerné).
        :param horloge: horloge injectée.
        :param brique: brique chargée.
        :param uai: établissement, ou ``None`` pour toute l'académie.
        :param ouverte: ouvrir ou fermer.
        :param debut: premier jour ; par défaut aujourd'hui.
        :param fin: lendemain du dernier jour, s'il y en a un.
        :param origine: ``commande``, ``page`` ou ``api``.
        :param par: personne qui décide.
        :raises Introuvable: brique non chargée, ou établissement inconnu.
        :raises DonneeInvalide: la fin précède le début.
        """
        jour = debut or horloge.aujourd_hui()
        if brique not in self._briques:
            raise Introuvable(
                f"la brique « {brique} » n'est pas chargée.",
                remede="l'ajouter à [briques] chargees ; « ent brique lister » montre celles qui le sont.",
            )
        if fin is not None and fin <= jour:
            raise DonneeInvalide("la fin précède le début.", remede="choisir une fin après le début.")
        if uai is not None and session.get(Etablissement, uai) is None:
            raise Introuvable(f"l'établissement {uai} est inconnu.", remede="vérifier le code UAI.")
        bascule = Bascule(
            brique=brique,
            uai=uai,
            ouverte=ouverte,
            debut=jour,
            fin=fin,
            origine=origine,
            posee_par=par,
            posee_le=horloge.maintenant(),
        )
        session.add(bascule)
        session.flush()
        for ecole in self._ecoles(session, uai):
            self._prevenir(session, brique, ecole, ouverte)
        consigner(
            session,
            horloge,
            "brique.ouverte" if ouverte else "brique.fermee",
            uai=uai,
            acteur=par,
            objet=brique,
            details={"debut": jour.isoformat(), "fin": fin.isoformat() if fin else None},
        )
        return bascule

    def retirer(self, session: Session, horloge: Horloge, bascule_id: UUID, par: UUID | None = None) -> None:
        """Annule une décision : celle d'avant reprend effet.

        :param session: session de l'appelant.
        :param horloge: horloge injectée.
        :param bascule_id: décision.
        :param par: personne qui annule.
        :raises Introuvable: décision inconnue.
        """
        bascule = session.get(Bascule, bascule_id)
        if bascule is None:
            raise Introuvable("cette décision n'existe pas.", remede="rafraîchir la page.")
        if bascule.retiree_le is None:
            bascule.retiree_le = horloge.maintenant()
            consigner(
                session, horloge, "brique.decision_retiree", uai=bascule.uai, acteur=par, objet=bascule.brique
            )

    def _du_fichier(self, uai: str, jour: date, niveau: str) -> Iterable[BasculeFichier]:
        for bascule in self._fichier:
            locale = uai in bascule.etablissements
            concerne = locale if niveau == "établissement" else not bascule.etablissements
            if concerne and (bascule.debut or jour) <= jour and (bascule.fin is None or jour < bascule.fin):
                yield bascule

    def _prevenir(self, session: Session, brique: str, uai: str, ouverte: bool) -> None:
        seule = frozenset({brique})
        crochet = "ent_activer" if ouverte else "ent_desactiver"
        for _ in self._relais.appeler(crochet, seule, session=session, uai=uai):
            pass
        evenement = BriqueActivee(uai, brique) if ouverte else BriqueDesactivee(uai, brique)
        for _ in self._relais.appeler("ent_sur_evenement", None, session=session, evenement=evenement):
            pass

    @staticmethod
    def _ecoles(session: Session, uai: str | None) -> list[str]:
        if uai is not None:
            return [uai]
        return list(session.scalars(select(Etablissement.uai).where(Etablissement.ferme_le.is_(None))))
