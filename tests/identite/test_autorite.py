"""L'autorité parentale : présumée exercée en commun ; un acte de justice écarte, ou laisse informer."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ent_core.brique import (
    Contexte,
    Portee,
    QuiDecide,
    eleves,
    eleves_nommes,
    foyers,
    qui_decide,
    responsables,
)
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ANNEE, ECOLE, Annuaire
from ent_core.identite.fiches import LIBELLES_LIENS
from ent_core.identite.modeles import Personne, Responsabilite, Restriction
from ent_core.roles.perimetre import enfants_de

JOUR = date(2026, 11, 23)
DEMAIN = JOUR + timedelta(days=1)


def contexte(annuaire: Annuaire, personne: str, role: str) -> Contexte:
    return Contexte(
        compte_id=annuaire[personne], personne_id=annuaire[personne], uai=ECOLE, etablissement_nom="Essai",
        profil="", jour=JOUR, annee=ANNEE, roles=frozenset({role}),
    )  # fmt: skip


def lit(session: Session, annuaire: Annuaire, personne: str) -> bool:
    """Cette personne lit-elle ce qui concerne l'élève ? Toutes les lectures disent de même."""
    sien, enfant = contexte(annuaire, personne, "responsable"), annuaire["eleve"]
    parent = annuaire[personne]
    ecrits = foyers(session, contexte(annuaire, "cpe", "cpe"), [enfant]).get(enfant, ())
    dits = {
        enfant in session.scalars(eleves(sien, Portee.MES_ENFANTS)).all(),
        enfant in {trouve.id for trouve in enfants_de(session, sien)},
        enfant in {trouve.id for trouve in eleves_nommes(session, sien, Portee.MES_ENFANTS)},
        parent in {adulte.id for adulte in responsables(session, enfant, JOUR)},
        parent in {personne_id for foyer in ecrits for personne_id in foyer.ids},
    }
    assert len(dits) == 1, "une lecture contredit les autres"
    return dits.pop()


def decide(session: Session, personne: UUID, eleve: UUID, jour: date) -> QuiDecide:
    return qui_decide(session, ECOLE, personne, [eleve], jour)[eleve]


def lien(session: Session, responsable: UUID) -> Responsabilite:
    return session.scalars(select(Responsabilite).where(Responsabilite.responsable_id == responsable)).one()


@pytest.mark.exigence("FAM-02")
@pytest.mark.exigence("FAM-03")
def test_l_exercice_est_presume_et_seul_un_acte_date_le_retire(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    eleve, second = annuaire["eleve"], annuaire["second_parent"]
    with base.academie("essai : autorité") as session:
        for personne, sien in (("parent", True), ("second_parent", True), ("contact", False)):
            assert decide(session, annuaire[personne], eleve, JOUR).exerce is sien
            assert lit(session, annuaire, personne) is sien
        acte = Restriction(
            responsabilite_id=lien(session, second).id, reference="JAF Lille 12/2026", effet="exercice",
            debut=JOUR, fin=DEMAIN,
        )  # fmt: skip
        session.add(acte)
        session.flush()
        assert not decide(session, second, eleve, JOUR).exerce
        assert decide(session, second, eleve, JOUR) == (False, False)
        assert decide(session, annuaire["parent"], eleve, JOUR) == (False, True)
        session.get_one(Personne, eleve).naissance = JOUR.replace(year=JOUR.year - 18)
        session.flush()
        assert decide(session, eleve, eleve, JOUR) == (True, False), "à dix-huit ans, lui seul"
        assert not decide(session, eleve, eleve, JOUR - timedelta(days=1)).majeur
        assert lit(session, annuaire, "second_parent"), "il reste informé de tout"
        assert decide(session, annuaire["parent"], eleve, JOUR).exerce, "l'autre décide toujours"
        assert decide(session, second, eleve, DEMAIN).exerce, "l'acte a un terme"
        acte.effet = "acces"
        session.flush()
        assert not decide(session, second, eleve, JOUR).exerce
        assert not lit(session, annuaire, "second_parent")


@pytest.mark.exigence("FAM-08")
def test_chaque_type_de_lien_garde_son_nom_et_un_code_inconnu_n_entre_pas(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    assert len(set(LIBELLES_LIENS.values())) == len(LIBELLES_LIENS)
    assert {LIBELLES_LIENS[code] for code in ("50", "51", "42", "41", "39")} == {
        "tuteur", "aide sociale à l'enfance", "assistant familial", "éducateur", "autre membre de la famille",
    }  # fmt: skip
    with base.academie("essai : liens") as session:
        sien = lien(session, annuaire["parent"])
        for code in LIBELLES_LIENS:
            sien.lien = code
            session.flush()
        reprise = session.begin_nested()
        with pytest.raises(IntegrityError, match="ck_responsabilite_lien"):
            session.execute(update(Responsabilite).values(lien="99"))
        reprise.rollback()
