"""Ce que le code ne peut pas savoir : l'académie répond une fois pour tous, l'établissement précise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.donnees.intervalles import pas_fini
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable
from ent_core.vie_privee.publication.modeles import CampagneInformation, ReponseRegistre, SousTraitant

__all__ = [
    "CASES",
    "CASES_LOCALES",
    "MOYENS",
    "CampagneLue",
    "Reponses",
    "SousTraitantLu",
    "campagnes",
    "declarer",
    "lire",
    "lire_seules",
    "noter_campagne",
    "repondre",
    "retirer",
]

CASES = (
    "responsable", "contact", "delegue", "delegue_contact", "conjoints", "mesures", "analyse_le",
)  # fmt: skip
"""Questions posées, dans l'ordre du formulaire ; ce sont aussi les colonnes de la table."""

CASES_LOCALES = frozenset({"responsable", "contact"})
"""Questions auxquelles l'académie ne répond pas à la place d'un établissement."""

_RUBRIQUE_DE = {
    "responsable": "responsable",
    "contact": "responsable",
    "delegue": "delegue",
    "delegue_contact": "delegue",
    "conjoints": "conjoints",
    "mesures": "mesures",
    "analyse_le": "analyse",
}

MOYENS: dict[str, str] = {
    "reunion": "réunion de rentrée",
    "papier": "mot remis à chaque élève",
    "message": "message à chaque compte",
    "affichage": "affichage dans l'établissement",
    "conseil": "conseil d'administration ou d'école",
}
"""Comment l'information a été redonnée."""


@dataclass(frozen=True, slots=True)
class SousTraitantLu:
    """Un sous-traitant en cours.

    :param commun: déclaré par l'académie, pour tous ses établissements.
    """

    id: UUID
    nom: str
    mission: str
    pays: str
    hors_union: bool
    garanties: str
    contrat_le: date | None
    commun: bool


@dataclass(frozen=True, slots=True)
class CampagneLue:
    """La dernière information donnée dans une année scolaire."""

    annee: int
    faite_le: date
    moyen: str


@dataclass(frozen=True, slots=True)
class Reponses:
    """Réponses en vigueur : celles de l'établissement, et à défaut celles de l'académie.

    :param provenances: clé de rubrique → vrai si l'établissement a répondu, faux si c'est l'académie.
    """

    responsable: str = ""
    contact: str = ""
    delegue: str = ""
    delegue_contact: str = ""
    conjoints: str = ""
    mesures: str = ""
    analyse_le: date | None = None
    sous_traitants: tuple[SousTraitantLu, ...] = ()
    campagne: CampagneLue | None = None
    provenances: Mapping[str, bool] = field(default_factory=dict)


def lire(session: Session, uai: str | None, jour: date, annee: int) -> Reponses:
    """Réponses en vigueur pour un établissement, ou pour l'académie.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement ; ``None`` pour les seules réponses de l'académie.
    :param jour: le jour.
    :param annee: année scolaire de la campagne d'information.
    """
    enonce = select(ReponseRegistre).where(
        ReponseRegistre.remplacee_le.is_(None), _portee(ReponseRegistre, uai)
    )
    par_niveau = {ligne.uai is not None: ligne for ligne in session.scalars(enonce)}
    valeurs: dict[str, Any] = {}
    provenances: dict[str, bool] = {}
    for case in CASES:
        for locale in (True, False):
            if not locale and case in CASES_LOCALES:
                continue
            valeur = getattr(par_niveau.get(locale), case, None)
            if valeur is not None and case not in valeurs:
                valeurs[case] = valeur
                # Un contact local ne fait pas du responsable une réponse locale : le nom compte d'abord.
                provenances.setdefault(_RUBRIQUE_DE[case], locale)
    sous_traitants = _sous_traitants(session, uai, jour)
    if sous_traitants:
        locale = any(not s.commun for s in sous_traitants)
        provenances |= {"sous_traitants": locale, "transferts": locale}
    return Reponses(
        **valeurs,
        sous_traitants=sous_traitants,
        campagne=None if uai is None else _campagne(session, uai, annee),
        provenances=provenances,
    )


def lire_seules(session: Session, uai: str | None) -> dict[str, Any]:
    """Réponses d'un seul niveau, telles qu'elles ont été saisies, pour remplir le formulaire.

    :param session: session ouverte.
    :param uai: établissement, ou ``None`` pour l'académie.
    """
    ligne = _en_vigueur(session, uai)
    return {case: getattr(ligne, case, None) for case in CASES}


def repondre(
    session: Session, horloge: Horloge, uai: str | None, valeurs: Mapping[str, Any], par: UUID | None = None
) -> None:
    """Remplace les réponses d'un niveau ; une réponse inchangée ne fait rien.

    :param session: session de l'appelant.
    :param horloge: horloge injectée.
    :param uai: établissement, ou ``None`` pour l'académie.
    :param valeurs: une valeur par case ; une case absente ou vide redonne la main à l'académie.
    :param par: personne qui répond.
    """
    nouvelles = {case: _propre(valeurs.get(case)) for case in CASES}
    ancienne = _en_vigueur(session, uai)
    if ancienne is not None:
        if all(getattr(ancienne, case) == valeur for case, valeur in nouvelles.items()):
            return
        session.execute(
            update(ReponseRegistre)
            .where(ReponseRegistre.id == ancienne.id)
            .values(remplacee_le=horloge.maintenant())
        )
    session.add(ReponseRegistre(uai=uai, repondue_le=horloge.maintenant(), repondue_par=par, **nouvelles))
    session.flush()
    remplies = sum(valeur is not None for valeur in nouvelles.values())
    consigner(session, horloge, "registre.complete", uai=uai, acteur=par, details={"reponses": remplies})


def declarer(
    session: Session, horloge: Horloge, uai: str | None, valeurs: Mapping[str, Any], par: UUID | None = None
) -> UUID:
    """Déclare un sous-traitant, à partir d'aujourd'hui.

    :param session: session de l'appelant.
    :param horloge: horloge injectée.
    :param uai: établissement, ou ``None`` pour toute l'académie.
    :param valeurs: ``nom``, ``mission``, ``pays``, ``hors_union``, ``garanties``, ``contrat_le``.
    :param par: personne qui déclare.
    :raises DonneeInvalide: un transfert hors de l'Union sans garantie.
    """
    if valeurs.get("hors_union") and not valeurs.get("garanties"):
        raise DonneeInvalide(
            "un transfert hors de l'Union européenne demande des garanties.",
            remede="les nommer : décision d'adéquation, clauses types (RGPD, articles 45 et 46).",
            lieu="garanties",
        )
    nouveau = SousTraitant(
        uai=uai, debut=horloge.aujourd_hui(), declare_par=par,
        nom=_propre(valeurs["nom"]), mission=_propre(valeurs["mission"]), pays=_propre(valeurs["pays"]),
        hors_union=bool(valeurs.get("hors_union")), garanties=_propre(valeurs.get("garanties")),
        contrat_le=valeurs.get("contrat_le"),
    )  # fmt: skip
    session.add(nouveau)
    session.flush()
    consigner(session, horloge, "registre.sous_traitant_declare", uai=uai, acteur=par, objet=str(nouveau.id))
    return nouveau.id


def retirer(
    session: Session, horloge: Horloge, uai: str | None, identifiant: UUID, par: UUID | None = None
) -> None:
    """Met fin à un sous-traitant ; sa ligne reste, pour l'histoire.

    :param session: session de l'appelant.
    :param horloge: horloge injectée.
    :param uai: niveau de qui agit : un établissement ne retire pas un sous-traitant de l'académie.
    :param identifiant: sous-traitant.
    :param par: personne qui agit.
    :raises Introuvable: inconnu à ce niveau.
    """
    trouve = session.get(SousTraitant, identifiant)
    if trouve is None or trouve.uai != uai or trouve.fin is not None:
        raise Introuvable("ce sous-traitant n'est pas déclaré ici.", remede="rafraîchir la page.")
    trouve.fin = horloge.aujourd_hui()
    consigner(session, horloge, "registre.sous_traitant_retire", uai=uai, acteur=par, objet=str(identifiant))


def noter_campagne(
    session: Session, horloge: Horloge, uai: str, annee: int, faite_le: date, moyen: str,
    par: UUID | None = None,
) -> None:  # fmt: skip
    """Note que les familles et les personnels ont été informés (RGPD-INF-02).

    :param session: session de l'établissement.
    :param horloge: horloge injectée.
    :param uai: établissement.
    :param annee: année scolaire.
    :param faite_le: dernier jour où l'information a été donnée.
    :param moyen: clé de ``MOYENS``.
    :param par: personne qui le note.
    :raises DonneeInvalide: moyen inconnu, ou date à venir.
    """
    if moyen not in MOYENS:
        raise DonneeInvalide("ce moyen d'information n'existe pas.", remede="en choisir un de la liste.")
    if faite_le > horloge.aujourd_hui():
        raise DonneeInvalide(
            "l'information n'a pas encore été donnée.", remede="noter la date une fois l'information faite."
        )
    valeurs = {"faite_le": faite_le, "moyen": moyen, "notee_par": par}
    session.execute(
        insert(CampagneInformation)
        .values(uai=uai, annee=annee, **valeurs)
        .on_conflict_do_update(index_elements=["uai", "annee"], set_=valeurs)
    )
    consigner(
        session, horloge, "registre.information_notee", uai=uai, acteur=par, objet=str(annee),
        details={"moyen": moyen},
    )  # fmt: skip


def campagnes(session: Session, uai: str) -> list[CampagneLue]:
    """Information donnée, année par année, la plus récente d'abord.

    :param session: session de l'établissement.
    :param uai: établissement.
    """
    enonce = (
        select(CampagneInformation)
        .where(CampagneInformation.uai == uai)
        .order_by(CampagneInformation.annee.desc())
    )
    return [CampagneLue(c.annee, c.faite_le, MOYENS.get(c.moyen, c.moyen)) for c in session.scalars(enonce)]


def _propre(valeur: Any) -> Any:
    """Sans caractère de commande : un classeur ou une page ne pourrait pas le porter."""
    if not isinstance(valeur, str):
        return valeur
    lignes = ("".join(c for c in ligne if c.isprintable()).strip() for ligne in valeur.splitlines())
    return "\n".join(lignes).strip() or None


def _portee(table: type[ReponseRegistre] | type[SousTraitant], uai: str | None) -> Any:
    commune = table.uai.is_(None)
    return commune if uai is None else or_(commune, table.uai == uai)


def _en_vigueur(session: Session, uai: str | None) -> ReponseRegistre | None:
    return session.scalars(
        select(ReponseRegistre).where(
            func.coalesce(ReponseRegistre.uai, "") == (uai or ""), ReponseRegistre.remplacee_le.is_(None)
        )
    ).one_or_none()


def _sous_traitants(session: Session, uai: str | None, jour: date) -> tuple[SousTraitantLu, ...]:
    enonce = (
        select(SousTraitant)
        .where(_portee(SousTraitant, uai), pas_fini(SousTraitant, jour))
        .order_by(SousTraitant.nom, SousTraitant.id)
    )
    return tuple(
        SousTraitantLu(
            s.id, s.nom, s.mission, s.pays, s.hors_union, s.garanties or "", s.contrat_le, s.uai is None
        )
        for s in session.scalars(enonce)
    )


def _campagne(session: Session, uai: str, annee: int) -> CampagneLue | None:
    trouvee = session.get(CampagneInformation, (uai, annee))
    return (
        None
        if trouvee is None
        else CampagneLue(trouvee.annee, trouvee.faite_le, MOYENS.get(trouvee.moyen, trouvee.moyen))
    )
