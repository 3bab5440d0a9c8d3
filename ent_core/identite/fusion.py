"""La fusion de deux fiches d'une même personne : tout passe à la fiche gardée, l'autre disparaît.

Deux sources sans identifiant commun donnent deux fiches ; une personne le constate et décide. Rien n'est
deviné : ce qui dit que ce sont deux personnes (identifiants, dates de naissance, lien de l'une à
l'autre) fait refuser. Les liens propres au noyau sont repliés ; puis toute référence à la fiche absorbée,
où qu'elle soit dans la base, passe à l'autre : la supprimer n'emporte donc aucune ligne.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, column, delete, func, or_, select, table, text, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.identite.modeles import (
    Compte,
    CreneauEnseignant,
    Identifiant,
    Inscription,
    LienIdentite,
    Personne,
    ProfesseurPrincipal,
    Rattachement,
    Responsabilite,
    Restriction,
    Scolarite,
    Service,
)
from ent_core.identite.sessions import fermer_toutes
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable, OperationRefusee

__all__ = ["Fusion", "SortDesComptes", "fusionner_personnes"]

_NATIONAUX = ("INE",)
_COMPLETES = ("nom_naissance", "prenom", "civilite", "naissance", "courriel", "telephone", "mobile")
_ADRESSE = ("adresse", "code_postal", "ville", "pays", "adresse_diffusable")
_REFERENCES = text(
    "select c.conrelid::regclass::text, a.attname, has_table_privilege(c.conrelid, 'update')"
    " from pg_constraint c"
    " join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]"
    " where c.contype = 'f' and c.confrelid = 'personne'::regclass and c.conparentid = 0"
    # Une trace que l'on n'écrit pas deux fois perd son auteur, et garde sa ligne.
    " and cardinality(c.conkey) = 1"
    " and (has_table_privilege(c.conrelid, 'update') or c.confdeltype <> 'n') order by 1, 2"
)


class SortDesComptes(StrEnum):
    """Ce que deviennent les comptes des deux fiches."""

    AUCUN = "ni l'une ni l'autre n'avait de compte"
    INCHANGE = "la fiche gardée garde le sien"
    REPORTE = "celui de la fiche absorbée passe à la fiche gardée"
    LE_SIEN = "la fiche gardée garde le sien, l'autre est supprimé"
    L_AUTRE = "celui de la fiche absorbée est gardé, car lui seul a un mot de passe ; l'autre est supprimé"


@dataclass(frozen=True, slots=True)
class Fusion:
    """Ce qu'une fusion a fait.

    :param lignes: lignes passées à la fiche gardée, par table.
    :param compte: sort des comptes.
    :param identifiant: identifiant de connexion qui reste, à dire à la personne.
    :param sessions: sessions fermées ; la personne se connecte de nouveau.
    """

    garde: UUID
    absorbee: UUID
    lignes: Mapping[str, int]
    compte: SortDesComptes
    identifiant: str | None
    sessions: int


def fusionner_personnes(
    session: Session,
    horloge: Horloge,
    *,
    garde: UUID,
    absorbee: UUID,
    prevenir: Callable[[], None],
    acteur: UUID | None = None,
) -> Fusion:
    """Fond une fiche dans une autre ; l'appelant valide, ou annule pour n'avoir fait que simuler.

    :param session: session de l'académie.
    :param garde: fiche qui reste.
    :param absorbee: fiche qui disparaît.
    :param prevenir: fait reporter par les briques ce qu'elles tiennent, les deux fiches présentes.
    :param acteur: personne qui décide.
    :raises Introuvable: une fiche n'existe pas.
    :raises OperationRefusee: ce sont deux personnes, ou l'état présent ne le permet pas.
    """
    gardee, autre = _examiner(session, garde, absorbee)
    prevenir()
    compte, identifiant, sessions = _reunir_les_comptes(session, garde, absorbee)
    _replier_les_familles(session, garde, absorbee)
    _replier(session, Rattachement, ("uai", "profil", "fonction", "debut"), garde, absorbee)
    _replier(
        session, Service, ("uai", "annee", "matiere", "division_id", "groupe_id", "debut"), garde, absorbee
    )
    _replier(session, ProfesseurPrincipal, ("uai", "annee", "division_id", "debut"), garde, absorbee)
    _replier(session, Inscription, ("uai", "annee", "division_id", "groupe_id"), garde, absorbee)
    _oter_les_doubles(session, Scolarite, ("uai", "annee"), garde, absorbee)
    _oter_les_doubles(session, CreneauEnseignant, ("uai", "annee", "creneau_id"), garde, absorbee)
    _oter_les_doubles(session, LienIdentite, ("emetteur", "sujet"), garde, absorbee)
    _completer(gardee, autre)
    session.flush()
    lignes = _reporter(session, garde, absorbee)
    session.expunge(autre)
    session.execute(delete(Personne).where(Personne.id == absorbee))
    consigner(
        session,
        horloge,
        "personne.fusionnee",
        acteur=acteur,
        objet=str(garde),
        details={
            "absorbee": str(absorbee),
            "compte": compte.name.lower(),
            "sessions": sessions,
            "lignes": sum(lignes.values()),
        },
    )
    return Fusion(garde, absorbee, lignes, compte, identifiant, sessions)


# --- Ce qui fait refuser -------------------------------------------------------------------------


def _examiner(session: Session, garde: UUID, absorbee: UUID) -> tuple[Personne, Personne]:
    if garde == absorbee:
        raise OperationRefusee(
            "c'est deux fois la même fiche.", remede="donner deux fiches.", lieu=str(garde)
        )
    # L'ordre des identifiants : deux fusions croisées s'attendent, et ne se bloquent pas.
    fiches = session.scalars(
        select(Personne).where(Personne.id.in_([garde, absorbee])).order_by(Personne.id).with_for_update()
    ).all()
    trouvees = {fiche.id: fiche for fiche in fiches}
    for identifiant in (garde, absorbee):
        if identifiant not in trouvees:
            raise Introuvable(
                "cette personne n'existe pas.",
                remede="« ent personne chercher » donne les identifiants.",
                lieu=str(identifiant),
            )
        if trouvees[identifiant].sursis_depuis is not None:
            raise OperationRefusee(
                "cette fiche est en sursis : elle a quitté l'annuaire et sera supprimée à son terme.",
                remede="attendre qu'elle revienne par un import, ou la laisser disparaître.",
                lieu=str(identifiant),
            )
    gardee, autre = trouvees[garde], trouvees[absorbee]
    if gardee.naissance and autre.naissance and gardee.naissance != autre.naissance:
        raise _deux_personnes("leurs dates de naissance diffèrent", absorbee)
    _comparer_les_identifiants(session, garde, absorbee)
    lien = select(Responsabilite.id).where(
        Responsabilite.eleve_id.in_([garde, absorbee]), Responsabilite.responsable_id.in_([garde, absorbee])
    )
    if session.scalars(lien.limit(1)).first() is not None:
        raise _deux_personnes("l'une répond de l'autre", absorbee)
    return gardee, autre


def _comparer_les_identifiants(session: Session, garde: UUID, absorbee: UUID) -> None:
    portes = session.execute(
        select(Identifiant.personne_id, Identifiant.source, Identifiant.type, Identifiant.valeur).where(
            Identifiant.personne_id.in_([garde, absorbee])
        )
    ).all()
    for _, source, genre, valeur in (p for p in portes if p.personne_id == garde):
        for _, autre_source, autre_genre, autre_valeur in (p for p in portes if p.personne_id == absorbee):
            comparables = source == autre_source or genre in _NATIONAUX
            if comparables and genre == autre_genre and valeur != autre_valeur:
                raise _deux_personnes(f"{source} leur donne deux « {genre} » différents", absorbee)


def _deux_personnes(pourquoi: str, absorbee: UUID) -> OperationRefusee:
    return OperationRefusee(
        f"ce sont deux personnes : {pourquoi}.",
        remede="corriger d'abord dans l'application d'origine, puis importer, si c'est une erreur.",
        lieu=str(absorbee),
    )


# --- Comptes -------------------------------------------------------------------------------------


def _reunir_les_comptes(
    session: Session, garde: UUID, absorbee: UUID
) -> tuple[SortDesComptes, str | None, int]:
    """Un seul compte reste ; toutes les sessions se ferment, car les droits changent."""
    comptes = {
        c.personne_id: c
        for c in session.scalars(select(Compte).where(Compte.personne_id.in_([garde, absorbee])))
    }
    sessions = sum(fermer_toutes(session, compte.id) for compte in comptes.values())
    sien, autre = comptes.get(garde), comptes.get(absorbee)
    if sien is None or autre is None:
        seul = sien or autre
        sort = SortDesComptes.INCHANGE if sien else SortDesComptes.REPORTE
        return (sort if seul else SortDesComptes.AUCUN), seul.identifiant if seul else None, sessions
    sort = SortDesComptes.LE_SIEN
    if sien.empreinte is None and autre.empreinte is not None:
        sort, sien, autre = SortDesComptes.L_AUTRE, autre, sien
    if autre.etat == "suspendu":
        sien.etat = "suspendu"  # fusionner ne lève pas une suspension
    session.delete(autre)
    session.flush()
    return sort, sien.identifiant, sessions


# --- Liens du noyau ------------------------------------------------------------------------------


def _replier(session: Session, modele: Any, cle: Sequence[str], garde: UUID, absorbee: UUID) -> None:
    """Deux lignes qui disent la même chose n'en font qu'une, pour toute la durée des deux."""
    siennes = session.scalars(select(modele).where(modele.personne_id == garde)).all()
    for ligne in session.scalars(select(modele).where(modele.personne_id == absorbee)).all():
        meme = [s for s in siennes if all(getattr(s, nom) == getattr(ligne, nom) for nom in cle)]
        jumelle = next((s for s in meme if _se_touchent(s, ligne)), None)
        if jumelle is not None:
            # La provenance suit le dernier dit : c'est elle que le prochain import relira.
            if hasattr(jumelle, "source") and ligne.debut > jumelle.debut:
                jumelle.source = ligne.source
            jumelle.debut, jumelle.fin = min(jumelle.debut, ligne.debut), _derniere(jumelle.fin, ligne.fin)
            session.delete(ligne)
    session.flush()


def _replier_les_familles(session: Session, garde: UUID, absorbee: UUID) -> None:
    """Un adulte n'a qu'un lien avec un élève : un second échapperait aux restrictions du premier."""
    touchees = session.scalars(
        select(Responsabilite).where(
            or_(Responsabilite.eleve_id == absorbee, Responsabilite.responsable_id == absorbee)
        )
    ).all()
    for ligne in touchees:
        paire = {
            "eleve_id": garde if ligne.eleve_id == absorbee else ligne.eleve_id,
            "responsable_id": garde if ligne.responsable_id == absorbee else ligne.responsable_id,
        }
        siennes = session.scalars(
            select(Responsabilite).filter_by(**paire).order_by(Responsabilite.debut.desc())
        ).all()
        if not siennes:
            continue
        gardee = siennes[0]
        session.execute(
            update(Restriction)
            .where(Restriction.responsabilite_id == ligne.id)
            .values(responsabilite_id=gardee.id)
        )
        # Un lien fini ne rouvre pas ses droits : le plus tardif dit ce qu'il donne.
        if gardee.fin is not None and (ligne.fin is None or ligne.fin > gardee.fin):
            for nom in ("lien", "legal", "financier", "contact", "paiement", "source"):
                setattr(gardee, nom, getattr(ligne, nom))
        gardee.fin = _derniere(gardee.fin, ligne.fin)
        if ligne.debut not in {s.debut for s in siennes}:
            gardee.debut = min(gardee.debut, ligne.debut)
        session.delete(ligne)
        session.flush()


def _oter_les_doubles(session: Session, modele: Any, cle: Sequence[str], garde: UUID, absorbee: UUID) -> None:
    """La clé porte la personne : ce que la fiche gardée a déjà n'est pas reporté."""
    colonnes = tuple_(*(getattr(modele, nom) for nom in cle))
    deja = select(*(getattr(modele, nom) for nom in cle)).where(modele.personne_id == garde)
    session.execute(
        delete(modele)
        .where(modele.personne_id == absorbee, colonnes.in_(deja))
        .execution_options(synchronize_session=False)
    )


def _completer(gardee: Personne, autre: Personne) -> None:
    """Ce que la fiche gardée ne dit pas est pris à l'autre ; une adresse, d'un seul bloc."""
    for nom in _COMPLETES:
        if getattr(gardee, nom) is None:
            setattr(gardee, nom, getattr(autre, nom))
    if gardee.adresse is None and gardee.ville is None:
        for nom in _ADRESSE:
            setattr(gardee, nom, getattr(autre, nom))


def _reporter(session: Session, garde: UUID, absorbee: UUID) -> dict[str, int]:
    """Toute référence passe à la fiche gardée, lue dans le catalogue : briques parties comprises."""
    reportees: dict[str, int] = {}
    for nom, colonne, permise in session.execute(_REFERENCES).all():
        visee = table(nom, column(colonne, Uuid)).c[colonne]
        nombre = session.scalar(select(func.count()).where(visee == absorbee)) or 0
        if not nombre:
            continue
        if not permise:
            raise _irreunissable(nom, colonne, "ne se modifie pas")
        try:
            with session.begin_nested():
                session.execute(update(visee.table).where(visee == absorbee).values({colonne: garde}))
        except IntegrityError as erreur:
            raise _irreunissable(nom, colonne, "n'admet pas les lignes des deux fiches") from erreur
        reportees[nom] = reportees.get(nom, 0) + nombre
    return reportees


def _irreunissable(nom: str, colonne: str, pourquoi: str) -> OperationRefusee:
    return OperationRefusee(
        f"la table « {nom} » {pourquoi} : la fusion y perdrait des lignes.",
        remede="la brique qui la tient doit implanter ent_fusionner_personnes ; rien n'a été changé.",
        lieu=f"{nom}.{colonne}",
    )


def _se_touchent(a: Any, b: Any) -> bool:
    return (a.fin is None or b.debut <= a.fin) and (b.fin is None or a.debut <= b.fin)


def _derniere(a: date | None, b: date | None) -> date | None:
    return None if a is None or b is None else max(a, b)
