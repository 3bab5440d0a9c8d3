"""Le rapprochement : de ce qu'un fournisseur affirme à un compte d'ici, par une chaîne qui ne devine jamais.

Lien déjà gardé ; clés de l'annuaire ; état civil complet et identique, si le fournisseur y est admis, quand
une personne et une seule y répond ; sinon la personne prouve son compte local. Ni un nom seul, ni une
adresse, ni un morceau de nom ne suffisent. Aucun compte n'est créé.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.federation.cles_source import (
    Reference,
    Vecteur,
    lire_jointures,
    lire_references,
    lire_vecteurs,
    normaliser,
)
from ent_core.federation.evenement import Attributs, EntreeRefusee, EvenementAuthentification
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import (
    Compte,
    Etablissement,
    Identifiant,
    LienIdentite,
    Personne,
    Rattachement,
    Responsabilite,
)
from ent_core.socle.calendrier import Horloge

__all__ = ["Trouvees", "ecole_nommee", "lier", "rapprocher"]

_JOINTURE, _ELEVE = "ENTPersonJointure", "ELEVE_ID"
_CONTACT = "l'établissement peut le régler : lui donner le code ci-dessous."


@dataclass(frozen=True, slots=True)
class Trouvees:
    """À qui mène un événement.

    :param personnes: fiches d'une même personne ; plusieurs si deux annuaires la connaissent.
    :param moyen: ``lien``, ``source`` ou ``etat_civil``.
    """

    personnes: tuple[UUID, ...]
    moyen: str


def rapprocher(
    session: Session, jour: date, fournisseur: Fournisseur, evenement: EvenementAuthentification
) -> Trouvees | None:
    """Parcourt la chaîne, et rend ``None`` si la personne doit prouver elle-même son compte.

    :param session: session de l'académie : la personne n'a pas encore d'établissement.
    :param jour: jour de la décision.
    :param fournisseur: déclaration du fournisseur.
    :param evenement: ce qu'il affirme, preuve faite.
    :raises EntreeRefusee: compte fermé, plusieurs personnes, vecteur illisible.
    """
    liees = session.scalars(
        select(LienIdentite.personne_id)
        .where(LienIdentite.emetteur == evenement.emetteur, LienIdentite.sujet == evenement.sujet)
        .order_by(LienIdentite.fait_le, LienIdentite.personne_id)
    ).all()
    nommees = _par_les_cles(session, jour, fournisseur, evenement.attributs)
    if liees:
        # Une fiche nouvelle de la même personne (un enfant arrive dans une autre école) rejoint le lien.
        nouvelles = [p for p in nommees if p not in liees and _une_seule_personne(session, [*liees, p])]
        trouvees = Trouvees((*liees, *nouvelles), "lien")
    elif nommees:
        if not _une_seule_personne(session, nommees):
            raise _refus("plusieurs", "il désigne plusieurs personnes à la fois")
        trouvees = Trouvees(tuple(nommees), "source")
    elif fournisseur.etat_civil and (seule := _par_l_etat_civil(session, jour, evenement)):
        trouvees = Trouvees((seule,), "etat_civil")
    else:
        return None
    _exiger_un_compte_ouvert(session, trouvees.personnes)
    return trouvees


def lier(
    session: Session,
    horloge: Horloge,
    evenement: EvenementAuthentification,
    personnes: Sequence[UUID],
    moyen: str,
) -> None:
    """Garde le lien, ou note qu'il vient de servir.

    :param session: session de l'appelant.
    :param evenement: ce que le fournisseur affirme.
    :param personnes: fiches d'une même personne.
    :param moyen: ``lien``, ``source``, ``etat_civil`` ou ``preuve``.
    :raises EntreeRefusee: ce sujet mène déjà à un autre compte.
    """
    instant = horloge.maintenant()
    # Deux entrées simultanées du même sujet ne se lieront pas à deux comptes.
    cle = f"{evenement.emetteur} {evenement.sujet}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(cle, 0))))
    du_sujet = (LienIdentite.emetteur == evenement.emetteur, LienIdentite.sujet == evenement.sujet)
    deja = set(session.scalars(select(LienIdentite.personne_id).where(*du_sujet)))
    if deja and deja.isdisjoint(personnes):
        raise _refus("deja_lie", "ce compte est déjà relié à une autre personne de l'ENT")
    for personne in [p for p in personnes if p not in deja]:
        session.execute(
            insert(LienIdentite)
            .values(
                emetteur=evenement.emetteur,
                sujet=evenement.sujet,
                personne_id=personne,
                moyen="source" if moyen == "lien" else moyen,
                fait_le=instant,
            )
            .on_conflict_do_nothing()
        )
        consigner(
            session,
            horloge,
            "identite.liee",
            acteur=personne,
            details={"fournisseur": evenement.fournisseur, "moyen": moyen},
        )
    session.execute(update(LienIdentite).where(*du_sujet).values(vu_le=instant))


def ecole_nommee(session: Session, uais: Sequence[str]) -> tuple[str, str] | None:
    """Code et nom de l'école que le fournisseur nomme, si elle est d'ici : la personne saura à qui parler.

    :param session: session de l'appelant.
    :param uais: codes reçus.
    """
    ligne = session.execute(
        select(Etablissement.uai, Etablissement.nom)
        .where(Etablissement.uai.in_(uais))
        .order_by(Etablissement.uai)
        .limit(1)
    ).one_or_none()
    return (ligne.uai, ligne.nom) if ligne else None


# --- Les clés de l'annuaire ------------------------------------------------------------------------


def _par_les_cles(session: Session, jour: date, fournisseur: Fournisseur, dits: Attributs) -> list[UUID]:
    references = [
        *lire_references(dits.references, fournisseur.academies),
        *lire_jointures(dits.jointures, fournisseur.academies),
    ]
    trouvees = _des_references(session, references)
    for vecteur in lire_vecteurs(dits.vecteurs):
        trouvees += _du_vecteur(session, jour, vecteur)
    return list(dict.fromkeys(trouvees))


def _des_references(session: Session, references: Sequence[Reference]) -> list[UUID]:
    if not references:
        return []
    cles = [(reference.source, _JOINTURE, reference.cle) for reference in references]
    return list(
        session.scalars(
            select(Identifiant.personne_id)
            .where(tuple_(Identifiant.source, Identifiant.type, Identifiant.valeur).in_(cles))
            .order_by(Identifiant.source, Identifiant.valeur)
        )
    )


def _du_vecteur(session: Session, jour: date, vecteur: Vecteur) -> list[UUID]:
    """L'élève de ce rattachement, dans cette école ; ou celui de ses responsables qui porte ce nom."""
    eleves = session.scalars(
        select(Identifiant.personne_id)
        .join(Rattachement, Rattachement.personne_id == Identifiant.personne_id)
        .where(
            Identifiant.type == _ELEVE,
            Identifiant.valeur == vecteur.eleve,
            Rattachement.uai == vecteur.uai,
            Rattachement.profil == Profil.ELEVE.value,
            en_vigueur(Rattachement, jour),
        )
        .distinct()
    ).all()
    if len(eleves) > 1:
        raise _refus("plusieurs", "il désigne plusieurs élèves à la fois")
    if not eleves or not vecteur.responsable:
        return list(eleves)
    adultes = session.execute(
        select(Personne.id, Personne.nom, Personne.nom_naissance, Personne.prenom)
        .join(Responsabilite, Responsabilite.responsable_id == Personne.id)
        .where(Responsabilite.eleve_id == eleves[0], en_vigueur(Responsabilite, jour))
        .distinct()
    ).all()
    portent = [a.id for a in adultes if _porte(a, vecteur.nom, vecteur.prenom)]
    if len(portent) > 1:
        raise _refus("plusieurs", "deux responsables de cet élève portent le même nom")
    return portent


# --- L'état civil ----------------------------------------------------------------------------------


def _par_l_etat_civil(session: Session, jour: date, evenement: EvenementAuthentification) -> UUID | None:
    """La seule personne de ce nom, de ce prénom et de cette naissance ; à deux, personne."""
    dits = evenement.attributs
    mots = normaliser(dits.nom).split()
    if not mots or not normaliser(dits.prenom) or dits.naissance is None:
        return None
    enonce = select(Personne.id, Personne.nom, Personne.nom_naissance, Personne.prenom).where(
        Personne.naissance == dits.naissance,
        # Le mot le plus long, pour l'index des recherches ; l'égalité exacte se juge ensuite.
        Personne.recherche.contains(func.ent_sans_accent(max(mots, key=len)), autoescape=False),
        Personne.sursis_depuis.is_(None),
    )
    if dits.uais:
        enonce = enonce.where(
            exists().where(
                Rattachement.personne_id == Personne.id,
                Rattachement.uai.in_(dits.uais),
                en_vigueur(Rattachement, jour),
            )
        )
    candidates = [p.id for p in session.execute(enonce) if _porte(p, dits.nom, dits.prenom)]
    if len(candidates) != 1:
        return None
    # Déjà reliée à un autre sujet du même fournisseur : ce peut être un homonyme né le même jour.
    prise = session.scalar(
        select(LienIdentite.sujet)
        .where(LienIdentite.emetteur == evenement.emetteur, LienIdentite.personne_id == candidates[0])
        .limit(1)
    )
    return candidates[0] if prise is None else None


def _porte(personne: Row[*tuple[Any, ...]], nom: str, prenom: str) -> bool:
    noms = {normaliser(n) for n in (personne.nom, personne.nom_naissance) if n}
    return normaliser(nom) in noms and normaliser(personne.prenom or "") == normaliser(prenom) != ""


# --- Ce qui fait refuser ---------------------------------------------------------------------------


def _une_seule_personne(session: Session, personnes: Sequence[UUID]) -> bool:
    """Des fiches de même nom, de même prénom, et dont les naissances ne se contredisent pas."""
    if len(personnes) == 1:
        return True
    fiches = session.execute(
        select(Personne.nom, Personne.prenom, Personne.naissance).where(Personne.id.in_(personnes))
    ).all()
    noms = {(normaliser(f.nom), normaliser(f.prenom or "")) for f in fiches}
    return len(noms) == 1 and len({f.naissance for f in fiches if f.naissance}) <= 1


def _exiger_un_compte_ouvert(session: Session, personnes: Sequence[UUID]) -> None:
    comptes = session.execute(
        select(Compte.etat, Personne.sursis_depuis)
        .join(Personne, Personne.id == Compte.personne_id)
        .where(Personne.id.in_(personnes))
    ).all()
    if not comptes:
        raise _refus("sans_compte", "aucun compte n'est encore ouvert pour votre fiche de l'annuaire")
    if all(c.sursis_depuis is not None for c in comptes):
        raise _refus("sursis", "aucun établissement de cet ENT ne vous compte plus parmi ses membres")
    if all(c.etat == "suspendu" or c.sursis_depuis is not None for c in comptes):
        raise _refus("suspendu", "votre compte est suspendu")


def _refus(motif: str, pourquoi: str) -> EntreeRefusee:
    return EntreeRefusee(motif, f"le service de connexion vous a reconnu, mais {pourquoi}.", remede=_CONTACT)
