"""Une brique s'en va, ses lignes restent : le noyau continue d'en répondre."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ent_core.chargement.absentes import absentes, dire_les_absentes, regles_completes
from ent_core.chargement.conservation import executeur_de, regles_de, tetes_de
from ent_core.chargement.decouverte import Chargement, charger
from ent_core.chargement.droits import Guichet
from ent_core.chargement.retrait import enregistrer_vues, retirer
from ent_core.contrat.donnees import Donnee
from ent_core.contrat.resultats import Niveau
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.vie_privee.conservation.approbation import approuver
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.conservation.plan import conditions, lignes, planifier
from ent_core.vie_privee.conservation.preuve import verifier
from ent_core.vie_privee.empreinte import canonique
from tests.vie_privee.brique_cahiers import AbsenceNotee, Passage, Suite, brique_cahiers
from tests.vie_privee.conservation_essais import a_midi

FIN = date(2027, 9, 1)


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    """Une année de cahiers dans deux collèges, puis la brique n'est plus chargée, à la rentrée suivante."""
    ouverte = application_avec(brique_cahiers())
    with ouverte.base.academie("essai : une année") as session:
        for uai, eleve in ((ECOLE, "eleve"), (ECOLE, "camarade"), (AUTRE, "eleve_autre")):
            qui = ouverte.annuaire[eleve]
            absence = AbsenceNotee(uai=uai, annee=2026, eleve_id=qui, motif=f"motif de {eleve}")
            session.add(absence)
            session.flush()
            session.add(Suite(uai=uai, annee=2026, absence_id=absence.id, decision=f"suite de {eleve}"))
            session.add(Passage(uai=uai, eleve_id=qui, le=a_midi(date(2027, 8, 20)), avis=f"avis de {eleve}"))
        enregistrer_vues(session, ouverte.horloge, ouverte.ent.chargement)
    ouverte.horloge.instant = a_midi(FIN)
    return ouverte


@pytest.fixture
def sans() -> Chargement:
    """La même instance, la brique ôtée de la configuration."""
    return charger([])


def restent(instance: InstanceEssai) -> list[int]:
    with instance.base.academie("essai") as session:
        return [session.scalar(select(func.count(t.id))) or 0 for t in (AbsenceNotee, Suite, Passage)]


def test_les_declarations_gardees_disent_ce_que_disait_le_code(
    instance: InstanceEssai, sans: Chargement
) -> None:
    brique = instance.ent.chargement.brique("cahiers")
    assert brique is not None
    with instance.base.academie("essai") as session:
        [relue] = absentes(session, sans)
        assert canonique(relue) == canonique(brique.declaration())
        assert relue.traitements == brique.traitements
        for table, attendue in zip(relue.tables, sorted(brique.tables, key=lambda t: t.name), strict=True):
            assert declaration(table) == declaration(attendue)
            assert {c.name for c in table.columns if isinstance(declaration_colonne(c), Donnee)} == {
                c.name for c in attendue.columns if isinstance(declaration_colonne(c), Donnee)
            }
        avant = [r.resume() for r in regles_de(instance.ent.chargement).toutes]
        assert [r.resume() for r in regles_completes(session, sans).toutes] == avant
        assert absentes(session, instance.ent.chargement) == [], "chargée, son code seul parle"


@pytest.mark.exigence("RGPD-DUR-04")
def test_ce_qui_echoit_apres_son_depart_s_elimine_avec_sa_preuve(
    instance: InstanceEssai, sans: Chargement, tmp_path: Path
) -> None:
    base, horloge = instance.base, instance.horloge
    configuration = configuration_essai(donnees=str(tmp_path))
    with base.academie("essai") as session:
        retirer(session, horloge, sans, "cahiers")
        poser(
            session, horloge, instance.annuaire["eleve"], nature=NatureGel.LITIGE, motif="TA 27-1",
            revoir_le=FIN + timedelta(days=90),
        )  # fmt: skip
    assert restent(instance) == [3, 3, 3]
    with base.academie("essai : plan") as session:
        regles = regles_completes(session, sans)
        plan = planifier(session, horloge, regles)
        siennes = {(li.objet, li.uai): (li.echues, li.gelees) for li in lignes(session, plan.id)}
        assert siennes["cahiers_absence", ECOLE] == (1, 1)
        assert siennes["cahiers_absence", AUTRE] == (1, 0)
        for role in ("dpd", "administrateur_academique"):
            approuver(session, horloge, regles, plan.id, couvre=plan.empreinte, par=instance.annuaire[role])
    with base.ecole(AUTRE, "essai") as session:
        assert session.scalar(select(func.count(AbsenceNotee.id))) == 0, (
            "cachée, comme si elle était encore là"
        )
    horloge.avancer(timedelta(days=8))
    assert executeur_de(base, sans, configuration, horloge).executer(plan.id).finie
    assert restent(instance) == [1, 1, 3], "ce qui est gelé demeure, et les passages ne sont pas échus"
    with base.academie("essai : preuve") as session:
        assert verifier(session, tetes_de(configuration).lire()) == []


def test_une_approbation_survit_au_depart_de_la_brique(instance: InstanceEssai, sans: Chargement) -> None:
    with instance.base.academie("essai") as session:
        plan = planifier(session, instance.horloge, regles_de(instance.ent.chargement))
        apres = conditions(session, regles_completes(session, sans), lignes(session, plan.id))
        assert (plan.regles, plan.statuts) == (apres.regles, apres.statuts)
        oubliees = conditions(session, regles_de(sans), lignes(session, plan.id))
        assert plan.regles != oubliees.regles, "sans les déclarations gardées, elle tomberait"


@pytest.mark.exigence("RGPD-DRO-01")
def test_la_copie_d_une_personne_contient_encore_ses_lignes(
    instance: InstanceEssai, sans: Chargement, tmp_path: Path
) -> None:
    guichet = Guichet(configuration_essai(donnees=str(tmp_path)), sans, instance.horloge)
    sortie = io.BytesIO()
    with instance.base.academie("essai : copie") as session:
        guichet.exporter(session, instance.annuaire["eleve"], sortie)
    with zipfile.ZipFile(sortie) as archive:
        tout = "\n".join(archive.read(nom).decode("utf-8", "replace") for nom in archive.namelist())
    for mot in ("motif de eleve", "suite de eleve", "avis de eleve", "Cahier d'absences"):
        assert mot in tout
    assert "camarade" not in tout


def test_verifier_dit_les_tables_dont_le_noyau_repond_seul(instance: InstanceEssai, sans: Chargement) -> None:
    assert dire_les_absentes(instance.base, instance.ent.chargement) == []
    [dite] = dire_les_absentes(instance.base, sans)
    assert (dite.code, dite.lieu, dite.niveau) == ("BASE-012", "brique cahiers", Niveau.AVERTISSEMENT)
    assert "3 table(s)" in dite.message
