"""Les titres d'une personne : ses rattachements et ses rôles locaux du jour."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import update

from ent_core.contrat.roles import Profil, Role
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite.contextes import contextes_possibles
from ent_core.identite.modeles import Etablissement, Rattachement
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import HorlogeFixe
from tests.identite.comptes_essais import (
    COLLEGE,
    ECOLE,
    LYCEE,
    RENTREE,
    donner_un_compte,
    inscrire,
    ouvrir_ecoles,
    rattacher,
)

JOUR = date(2026, 9, 7)


@pytest.fixture(autouse=True)
def ecoles(base: BaseDeDonnees) -> None:
    ouvrir_ecoles(base)


@pytest.fixture
def parent(base: BaseDeDonnees, horloge: HorlogeFixe) -> UUID:
    """Une enseignante du collège, mère d'un élève du collège et d'un élève du lycée."""
    personne = inscrire(base, "Anne", "Petit", Profil.ENSEIGNANT, Profil.RESPONSABLE)
    with base.academie("essai") as session:
        rattacher(session, personne, Profil.RESPONSABLE, uai=LYCEE)
    donner_un_compte(base, horloge, personne)
    return personne


def contextes(base: BaseDeDonnees, personne: UUID, jour: date = JOUR) -> list[tuple[str, str]]:
    with base.unite(Portage("essai", personne=personne)) as session:
        return [(c.uai, c.profil) for c in contextes_possibles(session, personne, jour)]


def test_une_personne_voit_tous_ses_titres_de_toutes_ses_ecoles(base: BaseDeDonnees, parent: UUID) -> None:
    assert contextes(base, parent) == [
        (COLLEGE, Profil.ENSEIGNANT),
        (COLLEGE, Profil.RESPONSABLE),
        (LYCEE, Profil.RESPONSABLE),
    ]


def test_un_titre_ne_vaut_que_dans_son_intervalle(base: BaseDeDonnees) -> None:
    personne = inscrire(base, "Léa", "Martin", debut=date(2026, 9, 7), fin=date(2026, 9, 9))
    vus = [bool(contextes(base, personne, date(2026, 9, jour))) for jour in (6, 7, 8, 9)]
    assert vus == [False, True, True, False]


def test_un_etablissement_ferme_n_est_plus_propose(base: BaseDeDonnees) -> None:
    personne = inscrire(base, "Léa", "Martin")
    with base.academie("essai") as session:
        session.execute(update(Etablissement).where(Etablissement.uai == COLLEGE).values(ferme_le=JOUR))
    assert contextes(base, personne) == []
    assert contextes(base, personne, date(2026, 9, 6)) == [(COLLEGE, Profil.ELEVE)]


def test_sans_portage_la_base_ne_montre_aucun_titre(base: BaseDeDonnees, parent: UUID) -> None:
    for portage in (Portage("essai"), Portage("essai", personne=UUID(int=7))):
        with base.unite(portage) as session:
            assert contextes_possibles(session, parent, JOUR) == []


def test_deux_fonctions_du_meme_profil_font_un_seul_titre(base: BaseDeDonnees) -> None:
    personne = inscrire(base, "Anne", "Petit", Profil.ENSEIGNANT)
    with base.academie("essai") as session:
        session.add(
            Rattachement(
                uai=COLLEGE,
                personne_id=personne,
                profil=Profil.ENSEIGNANT,
                fonction="DOC",
                source="essai",
                debut=RENTREE,
            )
        )
    assert contextes(base, personne) == [(COLLEGE, Profil.ENSEIGNANT)]


def donner_un_role(base: BaseDeDonnees, personne: UUID, role: Role, uai: str) -> None:
    with base.academie("essai") as session:
        session.add(RoleLocal(uai=uai, personne_id=personne, role=role, debut=RENTREE))


def test_un_role_local_ouvre_un_etablissement_a_qui_n_y_est_pas_rattache(base: BaseDeDonnees) -> None:
    agent = inscrire(base, "Luc", "Roche", Profil.ACADEMIE, uai=LYCEE)
    donner_un_role(base, agent, Role.DPD, COLLEGE)
    donner_un_role(base, agent, Role.ADMINISTRATEUR_FONCTIONNEL, COLLEGE)
    donner_un_role(base, agent, Role.DPD, LYCEE)
    assert contextes(base, agent) == [(COLLEGE, Profil.ADMINISTRATIF), (LYCEE, Profil.ACADEMIE)]


def test_un_mandat_ne_donne_pas_de_titre_de_plus(base: BaseDeDonnees) -> None:
    eleve = inscrire(base, "Léa", "Martin")
    donner_un_role(base, eleve, Role.DELEGUE_ELEVES, COLLEGE)
    donner_un_role(base, eleve, Role.DELEGUE_ELEVES, ECOLE)
    assert contextes(base, eleve) == [(COLLEGE, Profil.ELEVE)]


def test_un_parent_administrateur_garde_ses_deux_titres_distincts(base: BaseDeDonnees) -> None:
    parent = inscrire(base, "Eva", "Martin", Profil.RESPONSABLE)
    donner_un_role(base, parent, Role.ADMINISTRATEUR_FONCTIONNEL, COLLEGE)
    assert contextes(base, parent) == [(COLLEGE, Profil.RESPONSABLE), (COLLEGE, Profil.ADMINISTRATIF)]
