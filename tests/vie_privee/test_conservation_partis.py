"""Un élève parti : son affichage s'efface la nuit, et la chaîne des preuves le dit comme le reste."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from ent_carnet import brique
from ent_carnet.modeles import Affichage
from ent_carnet.traitements import AFFICHAGE
from sqlalchemy import func, select, update

from ent_core.chargement.conservation import tetes_de
from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import Conservation, Sort, Visa
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance
from ent_core.identite.modeles import ActeJournal, Rattachement
from ent_core.vie_privee.conservation.gels import NatureGel, lever, poser
from ent_core.vie_privee.conservation.modeles import Preuve
from ent_core.vie_privee.conservation.preuve import verifier
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.registre import Registre

TACHE = "noyau.effacer_les_partis"


@pytest.mark.exigence("CARNET-10")
@pytest.mark.exigence("RGPD-DUR-05")
def test_ce_qui_part_avec_un_eleve_est_prouve_et_un_gel_le_retient(
    application_avec: FabriqueInstance, tmp_path: Path
) -> None:
    instance = application_avec(brique, configuration=configuration_essai(donnees=str(tmp_path)))
    base, jour = instance.base, instance.horloge.aujourd_hui()
    eleve, camarade, ailleurs = (instance.annuaire[r] for r in ("eleve", "camarade", "eleve_autre"))
    with base.academie("essai : affichage") as session:
        for uai, qui in ((ECOLE, eleve), (ECOLE, eleve), (ECOLE, camarade), (AUTRE, ailleurs)):
            session.add(Affichage(uai=uai, annee=ANNEE, eleve_id=qui, nature="absence", objet_id=uuid4()))
        gel = poser(
            session, instance.horloge, camarade, nature=NatureGel.LITIGE, motif="dossier 12",
            revoir_le=jour + timedelta(days=90),
        ).id  # fmt: skip

    def la_nuit() -> tuple[int, list[int]]:
        instance.horloge.avancer(timedelta(days=1))
        instance.executer(TACHE)
        with base.academie("essai : ce qui reste") as session:
            reste = session.scalar(select(func.count()).select_from(Affichage)) or 0
            return reste, list(session.scalars(select(Preuve.nombre).order_by(Preuve.numero)))

    assert la_nuit() == (4, []), "chacun est encore là"
    with base.academie("essai : départs") as session:
        session.execute(
            update(Rattachement).where(Rattachement.personne_id.in_([eleve, camarade])).values(fin=jour)
        )
    assert la_nuit() == (2, [2]), "l'autre école garde le sien, et un litige retient le camarade"
    assert la_nuit() == (2, [2]), "rejouée, elle ne change rien"
    with base.academie("essai : gel levé") as session:
        lever(session, instance.horloge, gel, par=None, uai=None)
    assert la_nuit() == (1, [2, 1])

    with base.academie("essai : chaîne") as session:
        tetes = tetes_de(instance.ent.configuration).lire()
        assert [t.numero for t in tetes] == [1, 2]
        assert verifier(session, tetes) == []
        preuve = session.get_one(Preuve, 1)
        assert (preuve.nature, preuve.plan_id, preuve.regle) == ("depart", None, "carnet.affichage")
        assert (preuve.objet, preuve.uai) == ("carnet_affichage", ECOLE)
        actes = session.scalars(select(ActeJournal.details).where(ActeJournal.acte == "donnees.parties"))
        assert sorted(a["lignes"] for a in actes) == [1, 2]


def test_une_regle_qui_ne_peut_pas_suivre_le_depart_se_dit() -> None:
    voulue = AFFICHAGE.conservation

    def anomalies(conservation: Conservation) -> list[str]:
        registre = Registre.reunir(
            replace(b.declaration(), traitements=tuple(
                replace(t, conservation=conservation) if t.cle == AFFICHAGE.cle else t
                for t in b.declaration().traitements
            ))
            for b in charger([], {"carnet": brique}).briques
        )  # fmt: skip
        return [a.code for a in Regles.du(registre).anomalies()]

    assert anomalies(voulue) == []
    assert "CONSERV-007" in anomalies(replace(voulue, sort=Sort.ANONYMISER))
    assert "CONSERV-007" in anomalies(replace(voulue, autorite=Visa()))
