"""Rapprocher un fichier STS de l'annuaire : structures par code, agents par identifiant ou état civil."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.modeles import Division, Etablissement, Groupe, Identifiant, Personne, Rattachement
from ent_core.identite.sts.modeles import FichierSts, Individu, ReferenceAgent, TypeStructure
from ent_core.identite.tableur.cles import cle_de_comparaison

__all__ = ["Agents", "Structure", "rapprocher_agents", "structures_de"]

_TYPE_EPP = "epp"
_JOINTURE = "ENTPersonJointure"
_HORS_PERSONNEL = (Profil.ELEVE.value, Profil.RESPONSABLE.value)


@dataclass(frozen=True, slots=True)
class Structure:
    """Une division ou un groupe de l'annuaire."""

    division_id: UUID | None = None
    groupe_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Agents:
    """Les agents du fichier.

    :param personnes: agents reconnus.
    :param inconnus: agents restés sans personne, et pourquoi.
    """

    personnes: Mapping[ReferenceAgent, UUID]
    inconnus: Mapping[ReferenceAgent, str]


def structures_de(session: Session, uai: str, annee: int) -> dict[tuple[TypeStructure, str], Structure]:
    """Divisions et groupes d'un établissement, par nature et par code.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    trouvees: dict[tuple[TypeStructure, str], Structure] = {}
    for identifiant, code in session.execute(
        select(Division.id, Division.code).where(Division.uai == uai, Division.annee == annee)
    ):
        trouvees[TypeStructure.DIVISION, _code(code)] = Structure(division_id=identifiant)
    for identifiant, code in session.execute(
        select(Groupe.id, Groupe.code).where(Groupe.uai == uai, Groupe.annee == annee)
    ):
        trouvees[TypeStructure.GROUPE, _code(code)] = Structure(groupe_id=identifiant)
    return trouvees


def rapprocher_agents(
    session: Session,
    etablissement: Etablissement,
    cites: Iterable[ReferenceAgent],
    individus: FichierSts | None,
    jour: date,
) -> Agents:
    """Retrouve les agents cités ; deux candidats n'en font aucun.

    :param session: session ouverte dans l'établissement.
    :param etablissement: établissement du fichier.
    :param cites: agents cités par l'emploi du temps.
    :param individus: fichier ``sts_emp`` qui les décrit, s'il est donné.
    :param jour: jour présent.
    """
    references = set(cites)
    personnes = _par_identifiant(session, etablissement, references)
    decrits = {i.reference: i for i in (individus.individus if individus else ())}
    candidats = _personnels(session, etablissement.uai, jour)
    inconnus: dict[ReferenceAgent, str] = {}
    for reference in sorted(references - personnes.keys()):
        trouvees = _par_etat_civil(decrits.get(reference), candidats)
        if len(trouvees) == 1:
            personnes[reference] = trouvees.pop()
        elif trouvees:
            inconnus[reference] = "plusieurs personnels ont ce nom et cette date de naissance"
        elif reference in decrits:
            inconnus[reference] = "aucun personnel de l'établissement n'a ce nom et cette date de naissance"
        elif individus is not None:
            inconnus[reference] = "agent absent du fichier des individus (sts_emp)"
        else:
            inconnus[reference] = "agent sans identifiant connu ; joindre le fichier des individus (sts_emp)"
    return Agents(personnes, inconnus)


def _par_identifiant(
    session: Session, etablissement: Etablissement, references: Iterable[ReferenceAgent]
) -> dict[ReferenceAgent, UUID]:
    """Le numéro de l'agent est sa clé de jointure, mais dans sa seule académie."""
    if etablissement.source:
        annuaire = etablissement.source.partition("/")[0]
    elif etablissement.academie:
        annuaire = f"AAF:{etablissement.academie}"
    else:
        return {}
    numeros = [reference.id for reference in references if reference.type == _TYPE_EPP]
    enonce = select(Identifiant.valeur, Identifiant.personne_id).where(
        Identifiant.source == annuaire, Identifiant.type == _JOINTURE, Identifiant.valeur.in_(numeros)
    )
    connus = {valeur: personne for valeur, personne in session.execute(enonce)}
    return {
        reference: connus[reference.id]
        for reference in references
        if reference.type == _TYPE_EPP and reference.id in connus
    }


_Cle = tuple[str, date | None]


def _personnels(session: Session, uai: str, jour: date) -> dict[_Cle, set[UUID]]:
    """Personnels du jour, par nom (d'usage et de naissance) et date de naissance."""
    candidats: defaultdict[_Cle, set[UUID]] = defaultdict(set)
    enonce = (
        select(Personne.id, Personne.nom, Personne.nom_naissance, Personne.naissance)
        .join(Rattachement, Rattachement.personne_id == Personne.id)
        .where(
            Rattachement.uai == uai,
            Rattachement.profil.not_in(_HORS_PERSONNEL),
            en_vigueur(Rattachement, jour),
        )
    )
    for identifiant, nom, nom_naissance, naissance in session.execute(enonce):
        for ecrit in filter(None, (nom, nom_naissance)):
            candidats[cle_de_comparaison(ecrit), naissance].add(identifiant)
    return candidats


def _par_etat_civil(individu: Individu | None, candidats: Mapping[_Cle, set[UUID]]) -> set[UUID]:
    if individu is None or individu.date_naissance is None:
        return set()
    trouvees: set[UUID] = set()
    for nom in filter(None, (individu.nom, individu.nom_naissance)):
        trouvees |= candidats.get((cle_de_comparaison(nom), individu.date_naissance), set())
    return trouvees


def _code(code: str) -> str:
    return " ".join(code.split())
