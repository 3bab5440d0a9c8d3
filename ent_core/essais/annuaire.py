"""Un petit annuaire inventé : deux collèges et une personne par rôle."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil, Role
from ent_core.identite.modeles import (
    AnneeScolaire,
    Division,
    Etablissement,
    Inscription,
    Personne,
    ProfesseurPrincipal,
    Rattachement,
    Responsabilite,
    Service,
)
from ent_core.roles.modeles import RoleLocal

__all__ = ["AUTRE", "ECOLE", "RECTORAT", "Annuaire", "peupler"]

ECOLE, AUTRE, RECTORAT = "0991001A", "0991002B", "0991000Z"
ANNEE, RENTREE, FIN = 2026, date(2026, 9, 1), date(2027, 8, 1)

_PERSONNELS: dict[str, tuple[Profil, str]] = {
    "direction": (Profil.DIRECTION, "DIR"),
    "cpe": (Profil.VIE_SCOLAIRE, "EDU"),
    "assistant": (Profil.VIE_SCOLAIRE, "AED"),
    "enseignant": (Profil.ENSEIGNANT, "ENS"),
    "collegue": (Profil.ENSEIGNANT, "ENS"),
    "documentaliste": (Profil.DOCUMENTALISTE, "DOC"),
    "secretaire": (Profil.ADMINISTRATIF, "ADF"),
    "infirmier": (Profil.ADMINISTRATIF, "MDS"),
    "psychologue": (Profil.ADMINISTRATIF, "PSY"),
}
_ELEVES = {"eleve": date(2014, 5, 2), "camarade": date(2014, 9, 9)}
_RESPONSABLES = {"parent": 1, "second_parent": 2, "contact": 0}
_ACADEMIQUES = {
    "administrateur_academique": Role.ADMINISTRATEUR_ACADEMIQUE,
    "administrateur_technique": Role.ADMINISTRATEUR_TECHNIQUE,
    "dpd": Role.DPD,
}


@dataclass(slots=True)
class Annuaire:
    """Identifiants des personnes inventées, par rôle.

    :param personnes: nom de rôle → personne ; les noms finissant par ``_autre`` sont de l'autre collège.
    :param divisions: UAI → division.
    """

    personnes: dict[str, UUID] = field(default_factory=dict)
    profils: dict[str, str] = field(default_factory=dict)
    divisions: dict[str, UUID] = field(default_factory=dict)

    def __getitem__(self, role: str) -> UUID:
        return self.personnes[role]


def peupler(session: Session) -> Annuaire:
    """Crée deux collèges, un service académique et une personne par rôle.

    :param session: session de l'académie.
    """
    resultat = Annuaire()
    for uai, nom, degre in (
        (ECOLE, "Collège des Essais", 2),
        (AUTRE, "Collège d'à côté", 2),
        (RECTORAT, "Services académiques", 0),
    ):
        session.add(Etablissement(uai=uai, nom=nom, degre=degre))
    # Les personnes d'abord, d'un seul envoi : ce qui suit les désigne.
    session.flush()
    _personnes(session, resultat)
    for uai, suffixe in ((ECOLE, ""), (AUTRE, "_autre")):
        session.add(AnneeScolaire(uai=uai, annee=ANNEE, debut=RENTREE, fin=FIN))
        division = Division(uai=uai, annee=ANNEE, code="5A", libelle="5e A", mefs=[])
        session.add(division)
        session.flush()
        resultat.divisions[uai] = division.id
        for role, (profil, fonction) in _PERSONNELS.items():
            _rattacher(session, resultat, role + suffixe, uai, profil, fonction)
        for role in _ELEVES:
            eleve = _rattacher(session, resultat, role + suffixe, uai, Profil.ELEVE, None)
            session.add(
                Inscription(uai=uai, annee=ANNEE, personne_id=eleve, division_id=division.id, debut=RENTREE)
            )
        for role, legal in _RESPONSABLES.items():
            responsable = _rattacher(session, resultat, role + suffixe, uai, Profil.RESPONSABLE, None)
            session.add(
                Responsabilite(
                    eleve_id=resultat["eleve" + suffixe], responsable_id=responsable, lien="10", legal=legal,
                    financier=False, contact=True, paiement=False, source="essai", debut=RENTREE,
                )
            )  # fmt: skip
        session.add(
            Service(
                uai=uai, annee=ANNEE, personne_id=resultat["enseignant" + suffixe], matiere="061300",
                division_id=division.id, source="essai", debut=RENTREE,
            )
        )  # fmt: skip
        session.add(
            ProfesseurPrincipal(
                uai=uai, annee=ANNEE, personne_id=resultat["enseignant" + suffixe],
                division_id=division.id, source="essai", debut=RENTREE,
            )
        )  # fmt: skip
    for role, local in _ACADEMIQUES.items():
        _local(session, resultat, role, RECTORAT, local, Profil.ACADEMIE)
    _local(session, resultat, "administrateur", ECOLE, Role.ADMINISTRATEUR_FONCTIONNEL, Profil.ADMINISTRATIF)
    session.flush()
    return resultat


def _personnes(session: Session, annuaire: Annuaire) -> None:
    for suffixe in ("", "_autre"):
        for role, naissance in (*((role, None) for role in (*_PERSONNELS, *_RESPONSABLES)), *_ELEVES.items()):
            _personne(session, annuaire, role + suffixe, naissance)
    for role in (*_ACADEMIQUES, "administrateur"):
        _personne(session, annuaire, role)
    session.flush()


def _personne(session: Session, annuaire: Annuaire, role: str, naissance: date | None = None) -> None:
    nom = f"Essai {role.replace('_', ' ').title()}"
    annuaire.personnes[role] = uuid4()
    session.add(Personne(id=annuaire.personnes[role], nom=nom, prenom="Camille", naissance=naissance))


def _rattacher(
    session: Session, annuaire: Annuaire, role: str, uai: str, profil: Profil, fonction: str | None
) -> UUID:
    session.add(
        Rattachement(
            uai=uai, personne_id=annuaire[role], profil=profil.value, fonction=fonction, source="essai",
            debut=RENTREE,
        )
    )  # fmt: skip
    annuaire.profils[role] = profil.value
    return annuaire[role]


def _local(session: Session, annuaire: Annuaire, role: str, uai: str, local: Role, profil: Profil) -> None:
    session.add(RoleLocal(uai=uai, personne_id=annuaire[role], role=local.value, debut=RENTREE))
    annuaire.profils[role] = profil.value
