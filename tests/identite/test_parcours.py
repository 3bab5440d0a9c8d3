"""Le parcours d'un élève tel qu'une brique le lit : inscriptions datées, séances, responsables."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ent_core.brique import (
    inscriptions,
    periodes,
    responsables,
    seances_de_l_eleve,
    seances_prevues,
    structures_suivies,
)
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, RENTREE, Annuaire
from ent_core.essais.instance import compter_enonces
from ent_core.identite.modeles import Creneau, Division, Inscription, Periode, Responsabilite, Restriction
from ent_core.socle.calendrier import FUSEAU

LUNDI, MARDI = date(2026, 9, 7), date(2026, 9, 8)
HUIT_HEURES = datetime(2026, 9, 7, 8, tzinfo=FUSEAU)


def test_ce_qu_une_brique_lit_d_un_parcours_est_date_d_ici_et_en_un_enonce(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    eleve, division = annuaire["eleve"], annuaire.divisions[ECOLE]
    with base.academie("essai") as session:
        session.query(Inscription).filter_by(personne_id=eleve).one().fin = MARDI
        for decalage, etat in ((0, "prevue"), (1, "annulee"), (24, "prevue")):
            debut = HUIT_HEURES + timedelta(hours=decalage)
            session.add(
                Creneau(
                    uai=ECOLE, annee=ANNEE, debut=debut, fin=debut + timedelta(minutes=55),
                    matiere="061300", division_id=division, etat=etat,
                )
            )  # fmt: skip
        session.add(Periode(uai=ECOLE, annee=ANNEE, rang=1, libelle="Trimestre 1", debut=RENTREE, fin=MARDI))
        lien = session.query(Responsabilite).filter_by(
            eleve_id=eleve, responsable_id=annuaire["second_parent"]
        )
        session.add(Restriction(responsabilite_id=lien.one().id, reference="Jugement", debut=MARDI, fin=None))
    with base.ecole(ECOLE, "essai") as session:
        (sienne,) = inscriptions(session, ECOLE, ANNEE, LUNDI, MARDI, [eleve])
        assert (sienne.structure_id, sienne.debut, sienne.fin) == (division, RENTREE, MARDI)
        assert inscriptions(session, ECOLE, ANNEE, MARDI, MARDI + timedelta(days=1), [eleve]) == []
        tous = {i.eleve_id for i in inscriptions(session, ECOLE, ANNEE, LUNDI, MARDI)}
        assert tous == {eleve, annuaire["camarade"]}
        assert inscriptions(session, AUTRE, ANNEE, LUNDI, MARDI) == [], (
            "la base ne montre pas l'autre collège"
        )
        prevues = seances_prevues(session, ECOLE, ANNEE, LUNDI, MARDI, [division])
        assert [seance.debut for seance in prevues] == [HUIT_HEURES], "ni l'annulée, ni celle de mardi"
        assert [(p.rang, p.fin) for p in periodes(session, ECOLE, ANNEE)] == [(1, MARDI)]
        avant, apres = (responsables(session, eleve, jour) for jour in (LUNDI, MARDI))
        assert {p.id for p in avant} == {annuaire["parent"], annuaire["second_parent"]}
        assert [p.id for p in apres] == [annuaire["parent"]], "un acte de justice l'écarte"
        with compter_enonces(base) as enonces:
            inscriptions(session, ECOLE, ANNEE, LUNDI, MARDI)
            seances_prevues(session, ECOLE, ANNEE, LUNDI, MARDI, [division])
        assert len(enonces) == 2


def test_le_jour_et_le_prochain_jour_de_cours_suivent_l_eleve_qui_change_de_division(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    eleve, avant = annuaire["eleve"], annuaire.divisions[ECOLE]
    ici = {"uai": ECOLE, "annee": ANNEE}
    with base.academie("essai") as session:
        apres = Division(**ici, code="4B", libelle="4e B", mefs=[])
        session.add(apres)
        session.flush()
        session.query(Inscription).filter_by(personne_id=eleve).one().fin = MARDI
        session.add(Inscription(**ici, personne_id=eleve, division_id=apres.id, debut=MARDI))
        # Lundi, avant ; mardi, seule l'ancienne division a cours ; mercredi, tout est annulé.
        for heures, division, etat in (
            (0, avant, "prevue"), (1, avant, "annulee"), (2, apres.id, "prevue"),
            (24, avant, "prevue"), (48, apres.id, "annulee"),
            (72, apres.id, "annulee"), (73, apres.id, "deplacee"), (96, apres.id, "prevue"),
        ):  # fmt: skip
            debut = HUIT_HEURES + timedelta(hours=heures)
            fin = debut + timedelta(minutes=55)
            session.add(Creneau(**ici, debut=debut, fin=fin, division_id=division, etat=etat))
        changee = apres.id
    with base.ecole(ECOLE, "essai") as session, compter_enonces(base) as enonces:
        lues = seances_de_l_eleve(session, ECOLE, ANNEE, eleve, LUNDI, LUNDI + timedelta(days=21))
        heures_lues = [round((seance.debut - HUIT_HEURES) / timedelta(hours=1)) for seance in lues]
        assert heures_lues == [0, 1, 72, 73], "annulées comprises, sauf un jour où il n'y a plus rien"
        assert len(enonces) == 2, "le prologue, et l'énoncé"
        proches = seances_de_l_eleve(session, ECOLE, ANNEE, eleve, LUNDI, LUNDI + timedelta(days=3))
        assert len(proches) == 2, "l'on cesse de chercher"
        for jour, structure in ((LUNDI, avant), (MARDI, changee)):
            assert session.scalars(structures_suivies(ECOLE, ANNEE, eleve, jour)).all() == [structure]
        autre = seances_de_l_eleve(session, AUTRE, ANNEE, eleve, LUNDI, LUNDI + timedelta(days=21))
        assert autre == [], "la base ne montre pas l'autre collège"
