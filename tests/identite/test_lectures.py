"""Ce qu'une brique lit de l'annuaire : juste, à sa date, dans son établissement, en un énoncé."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from ent_core.brique import (
    divisions,
    eleves_inscrits,
    groupes,
    nommer,
    seance,
    seances_du_jour,
    seances_enseignees,
    structures_enseignees,
)
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, RENTREE, Annuaire
from ent_core.essais.instance import compter_enonces
from ent_core.identite.lectures import PLAFOND
from ent_core.identite.modeles import (
    Creneau,
    CreneauEnseignant,
    Division,
    Groupe,
    Inscription,
    Matiere,
    Service,
)
from ent_core.socle.calendrier import FUSEAU

LUNDI, MARDI = date(2026, 9, 7), date(2026, 9, 8)
HUIT_HEURES = datetime(2026, 9, 7, 8, tzinfo=FUSEAU)


@pytest.fixture
def groupe(base: BaseDeDonnees, annuaire: Annuaire) -> UUID:
    """Un groupe de latin, où seul « camarade » est inscrit."""
    with base.academie("essai") as session:
        latin = Groupe(uai=ECOLE, annee=ANNEE, code="LAT", libelle="Latin")
        session.add(latin)
        session.flush()
        session.add(
            Inscription(
                uai=ECOLE, annee=ANNEE, personne_id=annuaire["camarade"], groupe_id=latin.id, debut=RENTREE
            )
        )
        session.add(
            Service(
                uai=ECOLE, annee=ANNEE, personne_id=annuaire["collegue"], groupe_id=latin.id,
                source="essai", debut=RENTREE, fin=MARDI,
            )
        )  # fmt: skip
        return latin.id


@pytest.fixture
def ecole(base: BaseDeDonnees, annuaire: Annuaire, groupe: UUID) -> Iterator[Session]:
    """Une session ordinaire du premier collège : la base n'y montre que lui."""
    with base.ecole(ECOLE, "essai") as session:
        yield session


def ajouter_seance(
    base: BaseDeDonnees, debut: datetime, *enseignants: UUID, groupe: UUID | None = None,
    division: UUID | None = None,
) -> UUID:  # fmt: skip
    with base.academie("essai") as session:
        creneau = Creneau(
            uai=ECOLE, annee=ANNEE, debut=debut, fin=debut + timedelta(minutes=55), matiere="061300",
            division_id=division, groupe_id=groupe, salle="204",
        )  # fmt: skip
        session.add(creneau)
        session.flush()
        session.add_all(
            CreneauEnseignant(uai=ECOLE, annee=ANNEE, creneau_id=creneau.id, personne_id=e)
            for e in enseignants
        )
        return creneau.id


def test_les_divisions_ouvertes_d_ici_et_d_elles_seules(
    ecole: Session, base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    with base.academie("essai") as session:
        session.add(Division(uai=ECOLE, annee=ANNEE, code="3B", libelle="3e B", mefs=[]))
        session.add(Division(uai=ECOLE, annee=ANNEE, code="X", libelle="Fermée", mefs=[], ferme_le=LUNDI))
        session.add(Division(uai=ECOLE, annee=ANNEE - 1, code="5A", libelle="L'an passé", mefs=[]))
    trouvees = divisions(ecole, ECOLE, ANNEE)
    assert [(d.libelle, d.genre) for d in trouvees] == [("3e B", "division"), ("5e A", "division")]
    assert divisions(ecole, AUTRE, ANNEE) == [], "la base ne montre pas l'autre collège"


def test_les_groupes(ecole: Session, groupe: UUID) -> None:
    assert [(g.id, g.code, g.genre) for g in groupes(ecole, ECOLE, ANNEE)] == [(groupe, "LAT", "groupe")]


def test_les_eleves_d_une_division_et_d_un_groupe(ecole: Session, annuaire: Annuaire, groupe: UUID) -> None:
    classe = eleves_inscrits(ecole, ECOLE, ANNEE, annuaire.divisions[ECOLE], LUNDI)
    assert [e.id for e in classe] == [annuaire["camarade"], annuaire["eleve"]]
    assert [e.id for e in eleves_inscrits(ecole, ECOLE, ANNEE, groupe, LUNDI)] == [annuaire["camarade"]]
    assert classe[0].libelle == "Camille Essai Camarade"


def test_un_eleve_parti_n_y_est_plus_le_jour_de_sa_fin(
    ecole: Session, base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    with base.academie("essai") as session:
        lien = session.query(Inscription).filter_by(personne_id=annuaire["eleve"]).one()
        lien.fin = MARDI
    division = annuaire.divisions[ECOLE]
    assert len(eleves_inscrits(ecole, ECOLE, ANNEE, division, LUNDI)) == 2
    assert len(eleves_inscrits(ecole, ECOLE, ANNEE, division, MARDI)) == 1
    assert eleves_inscrits(ecole, ECOLE, ANNEE, division, RENTREE - timedelta(days=1)) == []


def test_un_eleve_inscrit_deux_fois_n_est_nomme_qu_une(
    ecole: Session, base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    division = annuaire.divisions[ECOLE]
    with base.academie("essai") as session:
        session.add(
            Inscription(
                uai=ECOLE, annee=ANNEE, personne_id=annuaire["eleve"], division_id=division, debut=LUNDI
            )
        )
    assert len(eleves_inscrits(ecole, ECOLE, ANNEE, division, LUNDI)) == 2


def test_l_enseignant_voit_ses_structures_du_jour(ecole: Session, annuaire: Annuaire, groupe: UUID) -> None:
    siennes = structures_enseignees(ecole, ECOLE, ANNEE, annuaire["enseignant"], LUNDI)
    assert [s.id for s in siennes] == [annuaire.divisions[ECOLE]]
    assert [s.id for s in structures_enseignees(ecole, ECOLE, ANNEE, annuaire["collegue"], LUNDI)] == [groupe]
    assert structures_enseignees(ecole, ECOLE, ANNEE, annuaire["collegue"], MARDI) == []


def test_les_seances_d_un_enseignant_dans_l_ordre(
    ecole: Session, base: BaseDeDonnees, annuaire: Annuaire, groupe: UUID
) -> None:
    moi, collegue, division = annuaire["enseignant"], annuaire["collegue"], annuaire.divisions[ECOLE]
    tard = ajouter_seance(base, HUIT_HEURES + timedelta(hours=2), moi, division=division)
    tot = ajouter_seance(base, HUIT_HEURES, moi, collegue, groupe=groupe)
    autre = ajouter_seance(base, HUIT_HEURES, collegue, division=division)
    ajouter_seance(base, HUIT_HEURES + timedelta(days=1), moi, division=division)
    with base.academie("essai") as session:
        session.add(Matiere(code="061300", libelle="Mathématiques"))
    miennes = seances_enseignees(ecole, ECOLE, ANNEE, moi, LUNDI)
    assert [s.id for s in miennes] == [tot, tard]
    assert (miennes[0].groupe_id, miennes[0].division_id, miennes[0].structure) == (groupe, None, "Latin")
    assert set(miennes[0].enseignants) == {moi, collegue}
    assert (miennes[1].division_id, miennes[1].matiere, miennes[1].salle) == (
        division, "Mathématiques", "204",
    )  # fmt: skip
    assert seance(ecole, ECOLE, ANNEE, tard) == miennes[1]
    assert [s.id for s in seances_du_jour(ecole, ECOLE, ANNEE, LUNDI)] == [autre, tot, tard]
    assert [s.id for s in seances_du_jour(ecole, ECOLE, ANNEE, LUNDI, [groupe])] == [tot]
    assert seances_du_jour(ecole, ECOLE, ANNEE, LUNDI, []) == []


def test_une_seance_d_ailleurs_ou_d_une_autre_annee_n_existe_pas(
    ecole: Session, base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    mienne = ajouter_seance(base, HUIT_HEURES, annuaire["enseignant"], division=annuaire.divisions[ECOLE])
    assert seance(ecole, ECOLE, ANNEE - 1, mienne) is None
    assert seance(ecole, ECOLE, ANNEE, uuid4()) is None
    with base.ecole(AUTRE, "essai") as ailleurs:
        assert seance(ailleurs, ECOLE, ANNEE, mienne) is None


def test_nommer_des_personnes_connues_et_disparues(ecole: Session, annuaire: Annuaire) -> None:
    inconnue = uuid4()
    noms = nommer(ecole, [annuaire["cpe"], annuaire["cpe"], inconnue])
    assert {cle: n.libelle for cle, n in noms.items()} == {annuaire["cpe"]: "Camille Essai Cpe"}
    assert nommer(ecole, []) == {}
    with pytest.raises(ValueError, match=f"{PLAFOND} au plus"):
        nommer(ecole, [uuid4() for _ in range(PLAFOND + 1)])


def test_chaque_lecture_est_un_seul_enonce(ecole: Session, base: BaseDeDonnees, annuaire: Annuaire) -> None:
    division, moi = annuaire.divisions[ECOLE], annuaire["enseignant"]
    ecole.connection()
    for lecture in (
        lambda: divisions(ecole, ECOLE, ANNEE),
        lambda: groupes(ecole, ECOLE, ANNEE),
        lambda: structures_enseignees(ecole, ECOLE, ANNEE, moi, LUNDI),
        lambda: eleves_inscrits(ecole, ECOLE, ANNEE, division, LUNDI),
        lambda: nommer(ecole, annuaire.personnes.values()),
        lambda: seances_enseignees(ecole, ECOLE, ANNEE, moi, LUNDI),
        lambda: seances_du_jour(ecole, ECOLE, ANNEE, LUNDI),
        lambda: seances_du_jour(ecole, ECOLE, ANNEE, LUNDI, [division]),
        lambda: seance(ecole, ECOLE, ANNEE, moi),
    ):
        with compter_enonces(base) as enonces:
            lecture()
        assert len(enonces) == 1, enonces
