"""Mettre des comptes en sécurité : lesquels, et ce qui se ferme ; ``mises_en_securite`` le suit en nombre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.identite.codes import de_la_division, titulaires
from ent_core.identite.comptes import normaliser_identifiant, oublier_reprise
from ent_core.identite.departs import annoncer
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Compte, Personne, SessionWeb
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee

__all__ = ["ApercuSecurite", "Choix", "apercu", "fermer"]

_compte = Base.metadata.tables[Compte.__tablename__]
_c = _compte.c
_MONTRES = 50


@dataclass(frozen=True, slots=True)
class Choix:
    """Quels comptes ; un choix vide n'en désigne aucun.

    :param division: les élèves d'une division et leurs responsables.
    :param profil: les personnes d'un profil ; avec ``division``, celles qui répondent aux deux.
    :param identifiants: des identifiants de connexion, tels qu'on les a relevés.
    """

    division: UUID | None = None
    profil: Profil | None = None
    identifiants: tuple[str, ...] = ()

    @property
    def vide(self) -> bool:
        """Vrai s'il ne désigne rien."""
        return self.division is None and self.profil is None and not self.identifiants


@dataclass(frozen=True, slots=True)
class ApercuSecurite:
    """Ce qui serait mis en sécurité.

    :param comptes: comptes visés, et leurs personnes.
    :param sessions: sessions ouvertes.
    :param noms: premières personnes, par ordre alphabétique ; l'identifiant distingue les homonymes.
    :param inconnus: identifiants demandés qui ne sont le compte de personne ici.
    """

    comptes: tuple[tuple[UUID, UUID], ...]
    sessions: int
    noms: tuple[tuple[str, str], ...]
    inconnus: tuple[str, ...] = ()


def apercu(
    session: Session, uai: str, choix: Choix, jour: date, *, sauf: Collection[UUID] = ()
) -> ApercuSecurite:
    """Comptes que le choix désigne dans un établissement.

    :param uai: établissement.
    :param choix: lesquels.
    :param jour: jour de référence.
    :param sauf: personnes que l'acteur ne peut pas toucher, lui compris.
    :raises OperationRefusee: le choix est vide.
    """
    if choix.vide:
        raise OperationRefusee(
            "aucun compte n'est désigné.", remede="choisir une classe, un profil, ou donner des identifiants."
        )
    voulus = {normaliser_identifiant(saisi) for saisi in choix.identifiants} - {""}
    enonce = (
        select(Compte.id, Compte.personne_id, Compte.identifiant, Personne.nom, Personne.prenom)
        .join(Personne, Personne.id == Compte.personne_id)
        .where(titulaires(uai, jour, choix.profil), Compte.personne_id.not_in(list(sauf)))
        .order_by(Personne.nom, Personne.prenom, Compte.identifiant)
    )
    if choix.division is not None:
        enonce = enonce.where(
            or_(*(Compte.personne_id.in_(e) for e in de_la_division(uai, jour, choix.division)))
        )
    if choix.identifiants:
        enonce = enonce.where(Compte.identifiant.in_(voulus))
    lignes = session.execute(enonce).all()
    comptes = tuple((ligne.id, ligne.personne_id) for ligne in lignes)
    ouvertes = session.scalar(
        select(func.count()).select_from(SessionWeb).where(SessionWeb.compte_id.in_([c for c, _ in comptes]))
    )
    return ApercuSecurite(
        comptes,
        int(ouvertes or 0),
        tuple(
            (f"{ligne.prenom or ''} {ligne.nom}".strip(), ligne.identifiant) for ligne in lignes[:_MONTRES]
        ),
        tuple(sorted(voulus - {ligne.identifiant for ligne in lignes})),
    )


def fermer(
    session: Session, horloge: Horloge, uai: str, comptes: Sequence[tuple[UUID, UUID]], acteur: UUID | None
) -> int:
    """Ferme les sessions, efface mots de passe, codes et liens ; un compte suspendu le reste.

    :param uai: établissement qui le demande.
    :param comptes: comptes, et leurs personnes.
    :param acteur: personne qui le demande.
    :returns: nombre de sessions fermées.
    """
    cles = [compte for compte, _ in comptes]
    session.execute(
        update(_compte)
        .where(_c.id.in_(cles))
        .values(
            etat=case((_c.etat == "suspendu", "suspendu"), else_="a_activer"),
            empreinte=None,
            code_empreinte=None,
            code_expire_le=None,
        )
    )
    oublier_reprise(session, cles)
    fermees = session.execute(
        delete(SessionWeb)
        .where(SessionWeb.compte_id.in_(cles))
        .returning(SessionWeb.id, SessionWeb.compte_id)
    ).all()
    annoncer(session, [fermee.id for fermee in fermees])
    par_compte = Counter(fermee.compte_id for fermee in fermees)
    for compte in cles:
        consigner(
            session, horloge, "compte.mis_en_securite", uai=uai, acteur=acteur, objet=str(compte),
            details={"sessions": par_compte[compte]},
        )  # fmt: skip
    return len(fermees)
