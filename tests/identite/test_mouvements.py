"""Un départ, un sursis se disent une fois, dans la transaction de l'import, à qui les écoute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.brique import ElevesPartisDeDivision, Evenement, PersonnesMisesEnSursis
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import FabriqueInstance, compter_enonces, faux_brique
from ent_core.identite.modeles import Division, Identifiant, Inscription, Personne, Rattachement
from ent_core.identite.mouvements import Suivi
from tests.identite.aaf_import_essais import COLLEGE, LUNDI, LYCEE, MARDI, MERCREDI, Annuaire, Ecriture

SURSIS = MARDI + timedelta(days=60)


@dataclass(slots=True)
class Ecoute:
    """Garde les événements, et les personnes en sursis que la transaction montrait à cet instant."""

    evenements: list[Evenement] = field(default_factory=list)
    en_sursis: int = 0
    panne: bool = False

    def __call__(self, session: Session, evenements: Iterable[Evenement]) -> None:
        self.evenements += evenements
        self.en_sursis = len(
            session.scalars(select(Personne.id).where(Personne.sursis_depuis.is_not(None))).all()
        )
        if self.panne:
            raise RuntimeError("une brique en panne")

    def vus(self) -> list[Evenement]:
        lus, self.evenements = self.evenements, []
        return lus


@pytest.fixture
def ecoute() -> Ecoute:
    return Ecoute()


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    """Un collège : deux élèves en 6A, un responsable du premier."""
    annuaire = Annuaire(base, tmp_path)
    annuaire.importer(complete())
    return annuaire


def complete(jour: date = LUNDI) -> Ecriture:
    return (
        Ecriture(jour)
        .etablissement()
        .eleve("1", ENTElevePersRelEleve="11$10$1$1$0$0")
        .eleve("2")
        .responsable("11")
    )


def personne(annuaire: Annuaire, cle: str) -> UUID:
    with annuaire.base.academie("essai") as session:
        return session.scalars(
            select(Identifiant.personne_id).where(
                Identifiant.valeur == cle, Identifiant.type == "ENTPersonJointure"
            )
        ).one()


def division(annuaire: Annuaire, code: str = "6A") -> UUID:
    with annuaire.base.academie("essai") as session:
        return session.scalars(
            select(Division.id).where(Division.uai == COLLEGE, Division.code == code)
        ).one()


def test_un_premier_import_n_annonce_rien(base: BaseDeDonnees, tmp_path: Path, ecoute: Ecoute) -> None:
    Annuaire(base, tmp_path).importer(complete(), annoncer=ecoute)
    assert ecoute.vus() == []


def test_un_eleve_retire_part_de_sa_division_et_entre_en_sursis_avec_son_responsable(
    annuaire: Annuaire, ecoute: Ecoute
) -> None:
    annuaire.importer(
        Ecriture(MARDI, "Delta").fiche("Eleve", "1", "-"), annoncer=ecoute, accepter_retraits=True
    )
    depart, sursis = ecoute.vus()
    assert depart == ElevesPartisDeDivision(COLLEGE, division(annuaire), (personne(annuaire, "1"),), MARDI)
    assert isinstance(sursis, PersonnesMisesEnSursis)
    assert personne(annuaire, "1") in sursis.personnes
    assert (sursis.uai, sursis.suppression_le) == (COLLEGE, SURSIS)
    assert ecoute.en_sursis == len(sursis.personnes), "annoncé dans la transaction de l'import"


def test_la_meme_livraison_ne_le_redit_pas(annuaire: Annuaire, ecoute: Ecoute) -> None:
    livraison = annuaire.ecrire(Ecriture(MARDI, "Delta").fiche("Eleve", "1", "-"))
    annuaire.importer(livraison, accepter_retraits=True, annoncer=ecoute)
    assert ecoute.vus() != []
    annuaire.importer(livraison, accepter_retraits=True, annoncer=ecoute)
    annuaire.importer(Ecriture(MERCREDI, "Delta").fiche("Eleve", "1", "-"), annoncer=ecoute)
    assert ecoute.vus() == []


def test_une_simulation_et_un_refus_n_annoncent_rien(annuaire: Annuaire, ecoute: Ecoute) -> None:
    retrait = Ecriture(MARDI, "Delta").fiche("Eleve", "1", "-")
    annuaire.importer(retrait, simulation=True, accepter_retraits=True, annoncer=ecoute)
    assert ecoute.vus() == []
    assert annuaire.en_sursis() == []


def test_une_brique_qui_echoue_annule_l_import(annuaire: Annuaire, ecoute: Ecoute) -> None:
    ecoute.panne = True
    with pytest.raises(RuntimeError, match="en panne"):
        annuaire.importer(
            Ecriture(MARDI, "Delta").fiche("Eleve", "1", "-"), accepter_retraits=True, annoncer=ecoute
        )
    assert annuaire.en_sursis() == []


def test_changer_de_division_c_est_quitter_l_ancienne(annuaire: Annuaire, ecoute: Ecoute) -> None:
    annuaire.importer(
        Ecriture(MARDI, "Delta").fiche("Eleve", "2", "~", ENTEleveClasses="9101$6B"), annoncer=ecoute
    )
    assert ecoute.vus() == [
        ElevesPartisDeDivision(COLLEGE, division(annuaire), (personne(annuaire, "2"),), MARDI)
    ]


def test_un_depart_connu_d_avance_se_dit_quand_il_s_enregistre(annuaire: Annuaire, ecoute: Ecoute) -> None:
    sortie = {"ENTEleveDateSortieClasses": "9101$10/10/2026$6A"}
    annuaire.importer(Ecriture(MARDI, "Delta").fiche("Eleve", "2", "~", **sortie), annoncer=ecoute)
    (depart,) = ecoute.vus()
    assert isinstance(depart, ElevesPartisDeDivision)
    assert depart.jour == date(2026, 10, 10)
    annuaire.importer(Ecriture(MERCREDI, "Delta").fiche("Eleve", "2", "~", **sortie), annoncer=ecoute)
    assert ecoute.vus() == []


def test_les_divisions_de_l_an_passe_se_ferment_sans_bruit(annuaire: Annuaire, ecoute: Ecoute) -> None:
    rentree = date(2027, 9, 6)
    annuaire.importer(complete(rentree), annoncer=ecoute)
    assert ecoute.vus() == []


def test_qui_quitte_deux_etablissements_est_dans_l_evenement_de_chacun(
    annuaire: Annuaire, ecoute: Ecoute
) -> None:
    fonctions = [f"{cle}$ENS$ENSEIGNEMENT$L0202$LETTRES" for cle in ("9101", "9102")]
    annuaire.importer(complete(MARDI).etablissement("9102", LYCEE).agent("21", ENTPersonFonctions=fonctions))
    annuaire.importer(
        Ecriture(MERCREDI, "Delta").fiche("PersEducNat", "21", "-"), accepter_retraits=True, annoncer=ecoute
    )
    assert [(e.uai, getattr(e, "personnes", ())) for e in ecoute.vus()] == [
        (COLLEGE, (personne(annuaire, "21"),)),
        (LYCEE, (personne(annuaire, "21"),)),
    ]


def test_sans_auditeur_rien_n_est_lu(base: BaseDeDonnees, session: Session) -> None:
    session.connection()
    with compter_enonces(base) as enonces:
        Suivi(session, 2026, None).annoncer()
    assert enonces == []


def test_le_relais_porte_les_mouvements_aux_briques_chargees(application_avec: FabriqueInstance) -> None:
    recus: list[Evenement] = []

    def ent_sur_evenement(evenement: Evenement) -> None:
        recus.append(evenement)

    sourde = application_avec(faux_brique("sourde"), ouvertes=False)
    assert sourde.ent.relais.annonceur is None
    instance = application_avec(faux_brique("suivi", ent_sur_evenement=ent_sur_evenement), ouvertes=False)
    eleve, jour = instance.annuaire["eleve"], instance.horloge.aujourd_hui()
    with instance.base.academie("essai") as session:
        suivi = Suivi(session, 2026, instance.ent.relais.annonceur)
        finir(session, eleve, jour)
        suivi.annoncer()
    assert [type(e) for e in recus] == [ElevesPartisDeDivision, PersonnesMisesEnSursis]
    assert {e.uai for e in recus} == {ECOLE}


def finir(session: Session, eleve: UUID, jour: date) -> None:
    liens: Any = (Inscription, Rattachement)
    for lien in liens:
        session.scalars(select(lien).where(lien.personne_id == eleve)).one().fin = jour
    parti = session.get_one(Personne, eleve)
    parti.sursis_depuis, parti.suppression_le = jour, jour + timedelta(days=60)
