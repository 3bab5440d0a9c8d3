"""Où en est chaque établissement face au GAR : ouvert, transmis, retenu ; qui y affecte les ressources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from ent_core.federation.gar.anomalies import AnomalieGar
from ent_core.federation.gar.baisses import Baisse
from ent_core.federation.gar.lectures import SANS_IDENTIFIANT, FenetreGar
from ent_core.federation.gar.modeles import GarAnomalie, GarEtablissement
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Etablissement, Personne
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable, OperationRefusee

__all__ = [
    "AnomalieLue",
    "ComptesGar",
    "ResponsableAffectation",
    "accepter_la_baisse",
    "affectent",
    "anomalies",
    "consigner_envoi",
    "decider",
    "etat_de",
    "etats",
    "noter",
    "quelque_chose_a_transmettre",
    "retenir",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ComptesGar:
    """Ce qu'un export a donné dans un établissement.

    :param structures: divisions et groupes.
    :param ecartes: fiches qui ne sont pas parties.
    :param incompletes: mentions omises.
    """

    eleves: int
    personnels: int
    structures: int
    ecartes: int
    incompletes: int


@dataclass(frozen=True, slots=True)
class ResponsableAffectation:
    """Une personne qui affecte les ressources.

    :param joignable: faux si le GAR ne la connaîtra pas, faute d'adresse.
    """

    personne_id: UUID
    libelle: str
    joignable: bool


@dataclass(frozen=True, slots=True)
class AnomalieLue:
    """Une anomalie du dernier export, avec de quoi aller à la fiche."""

    fichier: str
    motif: str
    cle: str
    personne_id: UUID | None
    personne: str


def decider(session: Session, horloge: Horloge, uai: str, *, ouvert: bool, acteur: UUID | None) -> None:
    """Ouvre ou ferme le GAR pour un établissement ; le prochain envoi en tient compte.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    :param ouvert: transmettre, ou cesser.
    :param acteur: personne qui décide ; ``None`` pour une commande de l'exploitant.
    :raises Introuvable: établissement inconnu.
    :raises OperationRefusee: service académique, que le GAR ne connaît pas.
    """
    ecole = session.get(Etablissement, uai)
    if ecole is None:
        raise Introuvable(f"l'établissement {uai} est inconnu.", remede="vérifier le code UAI.")
    if ecole.degre == 0:
        raise OperationRefusee(
            "un service académique n'a pas de ressources au GAR.", remede="choisir une école.", lieu=uai
        )
    etat = etat_de(session, uai)
    if etat is None:
        session.add(GarEtablissement(uai=uai, ouvert=ouvert, decide_le=horloge.maintenant()))
    elif etat.ouvert == ouvert:
        return
    else:
        etat.ouvert, etat.decide_le = ouvert, horloge.maintenant()
        etat.retenu_le, etat.baisse_acceptee = None, False
    acte = "gar.ouvert" if ouvert else "gar.ferme"
    consigner(session, horloge, acte, uai=uai, acteur=acteur, objet=uai)
    session.flush()


def accepter_la_baisse(session: Session, horloge: Horloge, uai: str, *, acteur: UUID) -> None:
    """Confirme la baisse qui a retenu l'envoi : le prochain partira, et lui seul.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    :param acteur: personne qui confirme.
    :raises OperationRefusee: aucun envoi n'est retenu.
    """
    etat = etat_de(session, uai)
    if etat is None or etat.retenu_le is None:
        raise OperationRefusee("aucun envoi n'est retenu ici.", remede="rafraîchir la page.")
    if not etat.baisse_acceptee:
        etat.baisse_acceptee = True
        consigner(session, horloge, "gar.baisse_confirmee", uai=uai, acteur=acteur, objet=uai)


def etat_de(session: Session, uai: str) -> GarEtablissement | None:
    """L'état d'un établissement, s'il s'est déjà prononcé.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    """
    return session.get(GarEtablissement, uai)


def etats(session: Session, *, limite: int, page: int) -> Sequence[tuple[GarEtablissement, str]]:
    """Les établissements qui se sont prononcés, et leur nom : les retenus d'abord. Une ligne de plus s'il y a
    une page suivante.

    :param session: session de l'académie.
    :param limite: lignes d'une page.
    :param page: rang de la page, à partir de 1.
    """
    enonce = (
        select(GarEtablissement, Etablissement.nom)
        .join(Etablissement, Etablissement.uai == GarEtablissement.uai)
        .order_by(
            GarEtablissement.retenu_le.is_(None), GarEtablissement.ouvert.desc(), Etablissement.nom,
            Etablissement.uai,
        )
        .offset((page - 1) * limite)
        .limit(limite + 1)
    )  # fmt: skip
    return [(etat, nom) for etat, nom in session.execute(enonce)]


def quelque_chose_a_transmettre(session: Session) -> bool:
    """Vrai si un établissement est ouvert, ou s'il a fermé et que le GAR le connaît encore.

    :param session: session de l'académie.
    """
    enonce = select(GarEtablissement.uai).where(
        or_(GarEtablissement.ouvert, GarEtablissement.exporte_le.is_not(None))
    )
    return session.scalar(enonce.limit(1)) is not None


def affectent(session: Session, fenetre: FenetreGar) -> list[ResponsableAffectation]:
    """Qui affecte les ressources d'un établissement : son chef, et ses délégués.

    :param session: session de l'établissement, ou de l'académie.
    :param fenetre: jour et établissement.
    """
    lues = session.execute(SANS_IDENTIFIANT, fenetre.valeurs)
    return [
        ResponsableAffectation(personne, f"{prenom or ''} {nom}".strip(), "@" in (courriel or ""))
        for personne, nom, prenom, courriel in lues
    ]


def anomalies(session: Session, uai: str) -> list[AnomalieLue]:
    """Les anomalies du dernier export d'un établissement, par fichier puis par motif.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    """
    nom = func.concat_ws(" ", Personne.prenom, Personne.nom)
    enonce = (
        select(GarAnomalie.fichier, GarAnomalie.motif, GarAnomalie.cle, GarAnomalie.personne_id, nom)
        .outerjoin(Personne, Personne.id == GarAnomalie.personne_id)
        .where(GarAnomalie.uai == uai)
        .order_by(GarAnomalie.fichier, GarAnomalie.motif, nom, GarAnomalie.cle)
    )
    return [AnomalieLue(*ligne) for ligne in session.execute(enonce)]


def noter(
    session: Session,
    horloge: Horloge,
    comptes: Mapping[str, ComptesGar],
    constatees: Iterable[AnomalieGar],
    archives: Mapping[str, str],
) -> None:
    """Retient ce qu'un envoi entier a donné, et le consigne établissement par établissement.

    :param session: session de l'académie.
    :param comptes: établissements transmis.
    :param constatees: anomalies à montrer ; celles d'avant s'effacent.
    :param archives: établissement → archive qui le porte.
    """
    session.execute(delete(GarAnomalie))
    lignes = [
        {
            "uai": a.uai,
            "personne_id": a.personne_id,
            "fichier": a.fichier,
            "cle": a.cle,
            "motif": a.motif.value,
        }
        for a in constatees
    ]
    if lignes:
        session.execute(insert(GarAnomalie), lignes)
    for etat in session.scalars(select(GarEtablissement).with_for_update()):
        compte = comptes.get(etat.uai)
        if compte is None:
            # Fermé : l'envoi ne le porte plus, et le GAR l'oublie.
            _oublier(etat)
            continue
        etat.exporte_le, etat.archive = horloge.maintenant(), archives[etat.uai]
        etat.eleves, etat.personnels, etat.structures = compte.eleves, compte.personnels, compte.structures
        etat.ecartes, etat.incompletes = compte.ecartes, compte.incompletes
        etat.retenu_le, etat.baisse_acceptee = None, False
        consigner_envoi(session, horloge, "gar.transmis", etat.uai, compte)


def consigner_envoi(session: Session, horloge: Horloge, acte: str, uai: str, compte: ComptesGar) -> None:
    """Consigne qu'un établissement est parti dans une archive, avec ses nombres.

    :param session: session de l'académie.
    :param acte: ``gar.transmis``, ou ``gar.extrait`` pour une archive partielle.
    :param uai: établissement.
    :param compte: ses nombres.
    """
    details: dict[str, str | int | bool | None] = {
        "eleves": compte.eleves, "personnels": compte.personnels, "structures": compte.structures,
        "ecartes": compte.ecartes,
    }  # fmt: skip
    consigner(session, horloge, acte, uai=uai, objet=uai, details=details)


def retenir(session: Session, horloge: Horloge, baisses: Iterable[Baisse]) -> None:
    """Retient qu'un envoi s'est arrêté, et pourquoi : la page de chaque établissement le dit.

    :param session: session de l'académie.
    :param baisses: établissements en cause.
    """
    for baisse in baisses:
        etat = etat_de(session, baisse.uai)
        if etat is None:
            continue
        etat.retenu_le = horloge.maintenant()
        etat.retenu_eleves, etat.retenu_personnels = baisse.apres.eleves, baisse.apres.personnels
        details: dict[str, str | int | bool | None] = {
            "eleves": baisse.apres.eleves, "personnels": baisse.apres.personnels,
        }  # fmt: skip
        consigner(session, horloge, "gar.retenu", uai=baisse.uai, objet=baisse.uai, details=details)


def _oublier(etat: GarEtablissement) -> None:
    etat.exporte_le, etat.archive, etat.retenu_le, etat.baisse_acceptee = None, None, None, False
    etat.eleves = etat.personnels = etat.structures = etat.ecartes = etat.incompletes = 0
