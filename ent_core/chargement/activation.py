"""L'activation : les briques ouvertes dans un établissement, et les actes qui les ouvrent ou les ferment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.chargement.decisions import Decision, Decisions
from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.modeles import Bascule
from ent_core.chargement.prealables import Prealables
from ent_core.chargement.preparation import Preparation
from ent_core.chargement.relais import Relais
from ent_core.contrat.manifeste import DEGRES, dit_les_degres
from ent_core.contrat.resultats import Anomalie
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import BasculeFichier
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.acceptation.services import Acceptations

__all__ = ["Activation", "EtatBriques"]


@dataclass(frozen=True, slots=True)
class EtatBriques:
    """Ce qui est ouvert dans un établissement.

    :param suspendues: ouvertes, mais élargies depuis ce que l'établissement a accepté.
    :param en_attente: ouvertes ou qui vont l'être, et dont un préalable au moins n'est pas attesté.
    """

    actives: frozenset[str]
    suspendues: frozenset[str]
    en_attente: frozenset[str]


class Activation:
    """Répond « active ici, aujourd'hui ? » et enregistre les décisions.

    :param chargement: briques chargées.
    :param relais: pour prévenir une brique qu'elle s'ouvre ou se ferme.
    :param fichier: décisions de la configuration.
    """

    def __init__(
        self, chargement: Chargement, relais: Relais, fichier: Sequence[BasculeFichier] = ()
    ) -> None:
        briques = [brique for brique in chargement.briques if brique.id != "noyau"]
        self._briques = tuple(brique.id for brique in briques)
        self._manifestes = {brique.id: brique.manifeste for brique in briques}
        self.prealables = Prealables({brique.id: brique.prealables for brique in briques})
        self._decisions = Decisions(
            {b: m.degres for b, m in self._manifestes.items()}, fichier, prealables=bool(self.prealables)
        )
        self.acceptations = Acceptations(
            (brique.declaration() for brique in briques), {b.id: b.manifeste.version for b in briques}
        )
        self._preparation = Preparation(self._briques, self._decisions, relais, self.acceptations)

    @property
    def briques(self) -> tuple[str, ...]:
        """Briques chargées, hors noyau."""
        return self._briques

    def decisions(self, session: Session, uai: str, jour: date) -> dict[str, Decision]:
        """Décision en vigueur pour chaque brique chargée ; un seul énoncé.

        :param session: session ouverte.
        :param uai: établissement ; vide, les seules décisions de l'académie.
        :param jour: le jour.
        """
        return self._decisions.du_jour(session, uai, jour)

    def decisions_de(
        self, session: Session, uais: Sequence[str], jour: date
    ) -> dict[str, dict[str, Decision]]:
        """Décisions en vigueur dans plusieurs établissements ; un seul énoncé, quel que soit leur nombre.

        :param session: session de l'académie.
        :param uais: établissements ; une chaîne vide demande les seules décisions de l'académie.
        :param jour: le jour.
        """
        return self._decisions.de_plusieurs(session, uais, jour)

    def ouvertures(
        self, session: Session, brique: str, uais: Sequence[str], jour: date
    ) -> dict[str, Decision | None]:
        """Ce qui ouvre une brique dans chaque établissement, ce jour ou le premier à venir ; un seul énoncé.

        :param session: session de l'académie.
        :param brique: brique chargée.
        :param uais: établissements ; une chaîne vide demande les seules décisions de l'académie.
        :param jour: premier jour regardé.
        """
        return self._decisions.ouvertures(session, brique, uais, jour)

    def convient(self, brique: str, degre: int) -> bool:
        """Vrai si une brique peut s'ouvrir dans un établissement de ce degré.

        :param brique: brique chargée.
        :param degre: 1, 2, ou 0 pour un service académique, qui n'a pas de degré.
        """
        return degre not in DEGRES or degre in self._manifestes[brique].degres

    def actives(self, session: Session, uai: str, jour: date) -> frozenset[str]:
        """Briques servies dans un établissement, un jour : ouvertes, acceptées, leurs préalables attestés.

        :param session: session ouverte.
        :param uai: établissement.
        :param jour: le jour.
        """
        return self.etat(session, uai, jour).actives

    def etat(self, session: Session, uai: str, jour: date) -> EtatBriques:
        """Briques actives, suspendues et en attente dans un établissement ; un seul énoncé.

        :param session: session ouverte.
        :param uai: établissement.
        :param jour: le jour.
        """
        lu = self._decisions.etat(session, uai, jour)
        ouvertes = frozenset(b for b, d in lu.decisions.items() if d.ouverte)
        couvertes = frozenset(
            b for b in ouvertes if self.acceptations.couvre(session, b, lu.acceptees.get(b))
        )
        en_attente = frozenset(
            b for b in lu.prevues if self.prealables.manquants(b, lu.attestes.get(b, frozenset()))
        )
        return EtatBriques(couvertes - en_attente, ouvertes - couvertes, en_attente)

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
        """Enregistre une décision, prévient la brique si l'état change, consigne l'acte.

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
        :raises OperationRefusee: la brique n'est pas faite pour le degré de cet établissement.
        """
        jour = debut or horloge.aujourd_hui()
        if brique not in self._briques:
            raise Introuvable(
                f"la brique « {brique} » n'est pas chargée.",
                remede="l'ajouter à [briques] chargees ; « ent brique lister » montre celles qui le sont.",
            )
        if fin is not None and fin <= jour:
            raise DonneeInvalide("la fin précède le début.", remede="choisir une fin après le début.")
        if uai is not None:
            self._verifier_etablissement(session, brique, uai, ouverte=ouverte)
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
        self._preparation.accorder(session, horloge, brique, uai, par)
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

    def _verifier_etablissement(self, session: Session, brique: str, uai: str, *, ouverte: bool) -> None:
        etablissement = session.get(Etablissement, uai)
        if etablissement is None:
            raise Introuvable(f"l'établissement {uai} est inconnu.", remede="vérifier le code UAI.")
        if ouverte and not self.convient(brique, etablissement.degre):
            manifeste = self._manifestes[brique]
            raise OperationRefusee(
                f"« {manifeste.titre} » ne s'ouvre pas dans cet établissement, {etablissement.nom} :"
                f" {dit_les_degres(manifeste)}.",
                remede="retirer cet établissement de la décision.",
                lieu=f"établissement {uai}",
            )

    def retirer(self, session: Session, horloge: Horloge, bascule_id: UUID, par: UUID | None = None) -> None:
        """Annule une décision : celle d'avant reprend effet, et la brique est prévenue si l'état change.

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
            session.flush()
            if bascule.brique in self._briques:
                self._preparation.accorder(session, horloge, bascule.brique, bascule.uai, par)
            consigner(
                session, horloge, "brique.decision_retiree", uai=bascule.uai, acteur=par, objet=bascule.brique
            )

    def reconcilier(self, session: Session, horloge: Horloge) -> list[Anomalie]:
        """Dit aux briques ce que personne ne leur a dit : fichier changé, date échue, année nouvelle.

        Peut être rejoué sans effet ; deux processus qui le font ensemble ne préviennent qu'une fois.

        :param session: session de l'académie.
        :param horloge: horloge injectée.
        :returns: une anomalie par appel qui a échoué ; les autres sont gardés.
        """
        return self._preparation.reconcilier(session, horloge)
