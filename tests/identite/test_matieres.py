"""Une matière se lit ; ce que le fichier national en dit ne change pas."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ent_core.brique import seances_du_jour
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ANNEE, ECOLE, Annuaire
from ent_core.essais.modeles import Creneau
from ent_core.identite.modeles import Matiere
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.matieres import matiere_lisible


@pytest.mark.parametrize(
    ("donne", "dit"),
    [
        ("MATHEMATIQUES", "Mathématiques"),
        ("ANGLAIS LV1", "Anglais LV1"),
        ("LCA LATIN", "LCA latin"),
        ("EPS", "EPS"),
        ("HISTOIRE-GEOGRAPHIE", "Histoire-géographie"),
        ("EDUCATION PHYSIQUE ET SPORTIVE", "Éducation physique et sportive"),
        ("SCIENCES DE LA VIE ET DE LA TERRE", "Sciences de la vie et de la terre"),
        (
            "LANGUES ET CULTURES DE L'ANTIQUITE",
            "Langues et cultures de l'antiquite",
        ),  # nul accent n'est inventé
        ("Atelier THEATRE", "Atelier THEATRE"),  # écrit par quelqu'un
        ("061300", "061300"),
    ],
)
def test_un_libelle_national_se_lit_sans_accent_invente(donne: str, dit: str) -> None:
    assert matiere_lisible(donne) == dit


def test_une_seance_dit_sa_matiere_et_la_nomenclature_reste_celle_du_fichier(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    debut = datetime(2026, 9, 7, 8, tzinfo=FUSEAU)
    with base.academie("essai : matières") as session:
        session.merge(Matiere(code="061300", libelle="MATHEMATIQUES"))
        session.add(
            Creneau(
                uai=ECOLE, annee=ANNEE, debut=debut, fin=debut + timedelta(minutes=55), matiere="061300",
                division_id=annuaire.divisions[ECOLE],
            )
        )  # fmt: skip
        session.flush()
        (une,) = seances_du_jour(session, ECOLE, ANNEE, debut.date())
        assert une.matiere == "Mathématiques"
        assert session.get_one(Matiere, "061300").libelle == "MATHEMATIQUES"
