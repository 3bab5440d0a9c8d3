"""Les signaux : des refus répétés, d'un même genre et d'un même jour, qui demandent qu'on les regarde.

Un refus est la preuve que la garde tient. Beaucoup de refus disent qu'on la cherche, ou qu'une page est
fautive. Le signal propose ; une personne qualifie, et ce qu'elle répond est au registre.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, delete, func, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.donnees.audiences import AUDIENCE
from ent_core.donnees.session import ROLE_APPLICATION
from ent_core.socle.calendrier import FUSEAU, Horloge
from ent_core.socle.dates import heure, jour_long
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.traces.modeles_acces import RefusCompte
from ent_core.vie_privee.violations.decisions import decider_cnil, decider_information
from ent_core.vie_privee.violations.modeles import Violation
from ent_core.vie_privee.violations.tenue import clore, ouvrir

__all__ = ["SEUIL", "Signal", "ecarter", "oublier_anciens", "signal_nomme", "signaux"]

SEUIL = 20
"""Refus d'un même jour, d'un même objet et d'un même établissement, à partir desquels on les montre."""

_VUS, _GARDES = timedelta(days=7), timedelta(days=365)
_NATURES: Mapping[str, str] = {
    "portillon": "Données demandées à une page qui n'y a pas droit",
    "base": "Énoncés refusés par la base",
    "permission": "Pages demandées sans en avoir la permission",
    "ecole": "Tentatives vers un autre établissement",
}


@dataclass(frozen=True, slots=True)
class Signal:
    """Des refus répétés.

    :param objet: table, colonne, permission ou page demandée.
    :param roles: rôles en vigueur, en clair.
    :param debut: première heure entamée.
    :param fin: fin de la dernière heure.
    """

    cle: str
    nature: str
    objet: str
    uai: str | None
    roles: tuple[str, ...]
    nombre: int
    debut: datetime
    fin: datetime

    @property
    def titre(self) -> str:
        """« Tentatives vers un autre établissement : 32 fois »."""
        return f"{_NATURES.get(self.nature, self.nature)} : {self.nombre} fois"

    @property
    def valeurs(self) -> dict[str, Any]:
        """De quoi remplir la fiche ; rien n'y désigne une personne."""
        quand = f"{jour_long(self.debut)}, de {heure(self.debut)} à {heure(self.fin)}"
        return {
            "debut": self.debut, "natures": ["confidentialite"], "cause": "inconnue",
            "origine": "habilitation" if self.nature in ("portillon", "base") else "acces_interne",
            "description": f"{self.titre}, {quand}. Objet : {self.objet}. Rôles : {', '.join(self.roles)}."
            " Chaque demande a été refusée.",
        }  # fmt: skip


def signaux(session: Session, horloge: Horloge, uai: str | None) -> list[Signal]:
    """Refus des sept derniers jours, au-dessus du seuil, que nul n'a encore qualifiés.

    :param session: session de l'académie.
    :param uai: établissement ; ``None``, tous.
    """
    refus = RefusCompte
    jour = cast(func.timezone("Europe/Paris", refus.heure), Date)
    groupe = (jour, refus.nature, refus.objet, refus.uai)
    enonce = (
        select(
            *groupe, func.sum(refus.nombre), func.min(refus.heure), func.max(refus.heure),
            func.array_agg(refus.role.distinct()),
        )
        .where(refus.heure >= horloge.maintenant() - _VUS)
        .group_by(*groupe)
        .having(func.sum(refus.nombre) >= SEUIL)
        .order_by(func.max(refus.heure).desc(), refus.nature, refus.objet)
    )  # fmt: skip
    if uai is not None:
        enonce = enonce.where(refus.uai == uai)
    connus = set(session.scalars(select(Violation.signal).where(Violation.signal.is_not(None))))
    trouves = [
        Signal(
            f"{le.isoformat()}:{nature}:{objet}:{ou or ''}", nature, objet, ou,
            tuple(sorted(map(_role, roles))), int(nombre), debut.astimezone(FUSEAU),
            (derniere + timedelta(hours=1)).astimezone(FUSEAU),
        )
        for le, nature, objet, ou, nombre, debut, derniere, roles in session.execute(enonce)
    ]  # fmt: skip
    return [signal for signal in trouves if signal.cle not in connus]


def signal_nomme(session: Session, horloge: Horloge, uai: str | None, cle: str) -> Signal:
    """Un signal par sa clé.

    :raises Introuvable: il n'existe pas, n'est pas d'ici, ou il est déjà qualifié.
    """
    trouve = next((s for s in signaux(session, horloge, uai) if s.cle == cle), None)
    if trouve is None:
        raise Introuvable("ce signal n'attend plus de réponse.", remede="revenir au registre des violations.")
    return trouve


def ecarter(session: Session, horloge: Horloge, signal: Signal, motif: str, par: UUID | None) -> Violation:
    """Qualifie un signal : ce n'est pas une violation. La réponse et sa raison restent au registre.

    :param motif: pourquoi.
    :raises DonneeInvalide: motif absent.
    """
    violation = ouvrir(
        session, horloge, uai=signal.uai, signal=signal.cle, par=par,
        valeurs={
            **signal.valeurs, "connue_le": horloge.maintenant().replace(second=0, microsecond=0),
            "mesures": "Aucune : signal étudié, sans violation de données.",
        },
    )  # fmt: skip
    decider_cnil(session, horloge, violation, notifier_=False, motif=motif, par=par)
    decider_information(session, horloge, violation, prevenir_=False, motif=motif, par=par)
    clore(session, horloge, violation, par)
    return violation


def oublier_anciens(session: Session, horloge: Horloge) -> int:
    """Efface les comptes de plus d'un an.

    :param session: session de l'académie.
    :returns: lignes effacées.
    """
    parties = session.execute(
        delete(RefusCompte)
        .where(RefusCompte.heure < horloge.maintenant() - _GARDES)
        .returning(RefusCompte.id)
    ).all()
    return len(parties)


def _role(role: str) -> str:
    if role in (AUDIENCE, ROLE_APPLICATION, ""):
        return "sans rôle"
    return LIBELLES_ROLES.get(role.removeprefix(f"{AUDIENCE}_"), role)
