"""Beaucoup de lignes en un seul énoncé : le même quel que soit leur nombre, et rien de perdu en route."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.en_nombre import inserer, parmi
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.instance import compter_enonces
from ent_core.identite.modeles import AnneeScolaire, Etablissement

NOMS = ["Collège de l'Été", 'Lycée "Ω"', "École \\ n° 3 {}", "Zoé :uai %s"]


def test_tout_s_ajoute_en_un_enonce_et_se_relit_tel_quel(base: BaseDeDonnees) -> None:
    etablissement, annee = (Base.metadata.tables[m.__tablename__] for m in (Etablissement, AnneeScolaire))
    uais = [f"099000{n}A" for n in range(len(NOMS))]
    ecoles = [
        {"uai": uai, "nom": nom, "degre": 2, "ferme_le": None} for uai, nom in zip(uais, NOMS, strict=True)
    ]
    annees = [
        {"uai": uai, "annee": an, "debut": date(an, 9, 1), "fin": date(an + 1, 7, 4)}
        for uai in uais
        for an in (2026, 2027)
    ]
    with base.academie("essai") as session, compter_enonces(base) as enonces:
        inserer(session, etablissement, ecoles)
        inserer(session, annee, annees)
        assert len([e for e in enonces if "insert" in e]) == 2
        noms = select(etablissement.c.nom).order_by(etablissement.c.uai)
        assert list(session.scalars(noms)) == NOMS
        cles = [annee.c.uai, annee.c.annee]
        voulues = [(uais[0], 2027), (uais[2], 2026), ("0990009A", 2026)]
        trouvees = select(*cles, annee.c.debut).where(parmi(cles, voulues)).order_by(annee.c.uai)
        assert [tuple(trouvee) for trouvee in session.execute(trouvees)] == [
            (uais[0], 2027, date(2027, 9, 1)), (uais[2], 2026, date(2026, 9, 1)),
        ]  # fmt: skip
        assert session.scalars(select(annee.c.uai).where(parmi(cles, []))).all() == []


def test_ce_qui_ne_s_ecrit_pas_en_nombre_est_refuse_avant_de_partir() -> None:
    with Session() as session, pytest.raises(TypeError, match="bytes"):
        inserer(session, Base.metadata.tables[Etablissement.__tablename__], [{"uai": b"0990001A"}])
