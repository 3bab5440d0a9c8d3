"""Pendant le préavis : ce qui va partir se dit, ne se montre plus, et revient d'un geste."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ent_core.chargement.absentes import regles_completes
from ent_core.chargement.conservation import executeur_de, taches_de_conservation
from ent_core.chargement.decouverte import charger
from ent_core.chargement.verification import verifier_declarations
from ent_core.contrat.donnees import Depart, Duree
from ent_core.donnees.droits import comparer_droits
from ent_core.donnees.migrations import declarees
from ent_core.donnees.session import Portage
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import ActeJournal, AnneeScolaire
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.conservation.apercu import Apercu, apercevoir
from ent_core.vie_privee.conservation.approbation import annuler, approuver, reporter, restaurer
from ent_core.vie_privee.conservation.avis import resumer, reunir
from ent_core.vie_privee.conservation.dossier import Dossier, ouvrir
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.conservation.modeles import AvisElimination, PlanConservation
from ent_core.vie_privee.conservation.plan import planifier
from tests.vie_privee.brique_cahiers import ABSENCES, PASSAGES, AbsenceNotee, Passage, Suite, brique_cahiers
from tests.vie_privee.conservation_essais import a_midi

FIN, AVIS = date(2027, 9, 1), "/vie-privee/avis/"
TABLES = (AbsenceNotee, Suite, Passage)


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    """Deux années d'absences et de passages, dans deux collèges ; l'horloge est au 1er septembre 2027."""
    ouverte = application_avec(brique_cahiers())
    with ouverte.base.academie("essai : deux années") as session:
        for uai, eleve in ((ECOLE, "eleve"), (ECOLE, "camarade"), (AUTRE, "eleve_autre")):
            _remplir(session, uai, ouverte.annuaire[eleve])
        for uai in (ECOLE, AUTRE):
            session.add(AnneeScolaire(uai=uai, annee=2027, debut=FIN, fin=date(2028, 8, 1)))
    ouverte.horloge.instant = a_midi(FIN)
    return ouverte


def _remplir(session: Session, uai: str, eleve: UUID) -> None:
    for annee in (2026, 2027):
        absence = AbsenceNotee(uai=uai, annee=annee, eleve_id=eleve, motif="essai")
        session.add(absence)
        session.flush()
        session.add(Suite(uai=uai, annee=annee, absence_id=absence.id, decision="appel"))
    for mois in (1, 8):
        session.add(Passage(uai=uai, eleve_id=eleve, le=a_midi(date(2027, mois, 15)), avis="essai"))


def vues(instance: InstanceEssai, uai: str = ECOLE, **portage: object) -> list[int]:
    """Lignes de chaque table que voit une page d'un établissement."""
    with instance.base.unite(Portage("essai", uai=uai, **portage)) as session:  # type: ignore[arg-type] # libre
        return [session.scalar(select(func.count(table.id))) or 0 for table in TABLES]


def en_base(instance: InstanceEssai) -> list[int]:
    with instance.base.academie("essai") as session:
        return [session.scalar(select(func.count(table.id))) or 0 for table in TABLES]


def approuve(instance: InstanceEssai, *roles: str, uai: str | None = None) -> UUID:
    """Plan établi et approuvé par ces personnes."""
    with instance.base.academie("essai") as session:
        regles = regles_completes(session, instance.ent.chargement)
        plan = planifier(session, instance.horloge, regles, uai=uai)
        for role in roles or ("administrateur_academique", "dpd"):
            approuver(
                session, instance.horloge, regles, plan.id, couvre=plan.empreinte,
                par=instance.annuaire[role], uai=uai,
            )  # fmt: skip
        return plan.id


def dossier(instance: InstanceEssai, plan: UUID) -> Dossier:
    with instance.base.academie("essai") as session:
        return ouvrir(session, instance.horloge, plan)


def rang_de(instance: InstanceEssai, plan: UUID, objet: str, uai: str = ECOLE) -> int:
    return next(
        li.rang for li in dossier(instance, plan).lignes if (li.objet, li.uai) == (objet, uai) and li.echues
    )


@pytest.mark.exigence("RGPD-DUR-04")
def test_ce_qui_est_approuve_ne_se_voit_plus_mais_reste_en_base(instance: InstanceEssai) -> None:
    assert vues(instance) == [4, 4, 4]
    tout = en_base(instance)
    approuve(instance)
    assert vues(instance) == [2, 2, 2], "reste l'année qui commence, et ce qui n'est pas échu"
    assert vues(instance, AUTRE) == [1, 1, 1]
    assert vues(instance, finalites=frozenset({"cahiers", "cahiers.absences", "cahiers.passages"}),
                roles=("cpe",)) == [2, 2, 2], "sous le portillon comme ailleurs"  # fmt: skip
    assert en_base(instance) == tout, "la copie remise à une personne, elle, contient tout"


def test_un_seul_regard_ne_cache_rien_s_il_en_faut_deux(instance: InstanceEssai) -> None:
    plan = approuve(instance, "dpd")
    assert vues(instance) == [4, 4, 4]
    avis = dossier(instance, plan).avis.values()
    assert {a.execution_le - a.avise_le for a in avis} == {timedelta(days=7), timedelta(days=10)}
    assert not any(a.masque for a in avis), "l'avis est donné ; rien n'est encore caché"


def test_on_peut_encore_ecrire_dans_une_annee_cachee(instance: InstanceEssai) -> None:
    approuve(instance)
    with instance.base.ecole(ECOLE, "essai") as session:
        tardive = AbsenceNotee(uai=ECOLE, annee=2026, eleve_id=instance.annuaire["eleve"], motif="retard")
        session.add(tardive)
        session.flush()
        assert tardive.id is not None
    assert vues(instance) == [3, 2, 2]


@pytest.mark.exigence("RGPD-DUR-04")
def test_une_unite_remise_en_place_revient_entiere_et_ne_part_pas(
    instance: InstanceEssai, tmp_path: Path
) -> None:
    plan = approuve(instance)
    rang = rang_de(instance, plan, "cahiers_suite")
    with instance.base.academie("essai") as session:
        jusqu_au = restaurer(
            session, instance.horloge, plan, rang, motif="recours en cours",
            par=instance.annuaire["direction"], uai=ECOLE,
        )  # fmt: skip
    assert jusqu_au == FIN + timedelta(days=90)
    assert vues(instance) == [4, 4, 2], "l'absence et sa suite reviennent ; les passages, non"
    instance.horloge.avancer(timedelta(days=11))
    configuration = configuration_essai(donnees=str(tmp_path))
    executeur = executeur_de(instance.base, instance.ent.chargement, configuration, instance.horloge)
    assert executeur.executer(plan).finie
    assert vues(instance) == [4, 4, 2]
    assert vues(instance, AUTRE) == [1, 1, 1]
    with instance.base.academie("essai") as session:
        assert session.scalar(select(func.count()).select_from(AvisElimination)) == 0
        actes = session.scalars(select(ActeJournal).where(ActeJournal.acte == "conservation.restauree")).all()
        assert [(a.uai, a.details["lignes"]) for a in actes] == [(ECOLE, 2)]
        avisees = select(func.count()).where(ActeJournal.acte == "conservation.avisee")
        assert session.scalar(avisees) == 2, "un avis par établissement"


def test_restaurer_demande_un_motif_et_quelque_chose_a_restaurer(instance: InstanceEssai) -> None:
    plan = approuve(instance)
    rang = rang_de(instance, plan, "cahiers_absence")
    par = instance.annuaire["direction"]
    with instance.base.academie("essai") as session:
        with pytest.raises(DonneeInvalide):
            restaurer(session, instance.horloge, plan, rang, motif=" ", par=par, uai=ECOLE)
        with pytest.raises(Introuvable):
            restaurer(session, instance.horloge, plan, rang, motif="recours", par=par, uai=AUTRE)
        restaurer(session, instance.horloge, plan, rang, motif="recours", par=par, uai=ECOLE)
        with pytest.raises(OperationRefusee, match="rien à remettre en place"):
            restaurer(session, instance.horloge, plan, rang, motif="recours", par=par, uai=ECOLE)


def test_reporter_ou_annuler_montre_de_nouveau(instance: InstanceEssai) -> None:
    plan = approuve(instance)
    with instance.base.academie("essai") as session:
        reporter(
            session, instance.horloge, plan, rang_de(instance, plan, "cahiers_passage"),
            jusqu_au=FIN + timedelta(days=30), motif="à relire", par=None,
        )  # fmt: skip
    assert vues(instance) == [2, 2, 4]
    with instance.base.academie("essai") as session:
        annuler(session, instance.horloge, plan, motif="erreur de calendrier", par=None)
    assert vues(instance) == [4, 4, 4]


def test_un_gel_montre_de_nouveau_ce_qui_attendait(instance: InstanceEssai) -> None:
    approuve(instance, "direction", "dpd", uai=ECOLE)
    with instance.base.academie("essai") as session:
        poser(
            session, instance.horloge, instance.annuaire["eleve"], nature=NatureGel.LITIGE, motif="TA 27-9",
            revoir_le=FIN + timedelta(days=90),
        )  # fmt: skip
    assert vues(instance) == [4, 4, 4]
    approuve(instance, "dpd", "administrateur_academique", uai=AUTRE)
    assert vues(instance, AUTRE) == [1, 1, 1]


def test_une_unite_ou_quelque_chose_est_gele_reste_visible_entiere(instance: InstanceEssai) -> None:
    with instance.base.academie("essai") as session:
        poser(
            session, instance.horloge, instance.annuaire["eleve"], nature=NatureGel.LITIGE, motif="TA 27-9",
            revoir_le=FIN + timedelta(days=90), traitement=ABSENCES.cle,
        )  # fmt: skip
    approuve(instance)
    assert vues(instance) == [4, 4, 2]
    assert vues(instance, AUTRE) == [1, 1, 1]


def test_une_approbation_qui_s_eteint_montre_de_nouveau(instance: InstanceEssai, tmp_path: Path) -> None:
    approuve(instance, "direction", "dpd", uai=ECOLE)
    assert vues(instance) == [2, 2, 2]
    instance.horloge.avancer(timedelta(days=31))
    configuration = configuration_essai(donnees=str(tmp_path))
    _, executer, _ = taches_de_conservation(instance.ent.chargement, configuration)
    executer.fonction(instance.base, instance.horloge)
    assert vues(instance) == [4, 4, 4]


def test_les_avis_se_lisent_par_unite(instance: InstanceEssai) -> None:
    approuve(instance)
    with instance.base.ecole(ECOLE, "essai") as session:
        lus = reunir(session, ECOLE)
        assert [(a.traitement, a.annee, a.nombre, a.execution_le, a.masque) for a in lus] == [
            ("cahiers.absences", 2026, 4, date(2027, 9, 8), True),
            ("cahiers.passages", 2026, 2, date(2027, 9, 11), True),
        ]
        assert reunir(session, ECOLE, frozenset({"cpe"})) == lus
        assert resumer(session, ECOLE, frozenset({"cpe"})) == (6, date(2027, 9, 8))
        for sans in ("responsable", "enseignant"):
            assert reunir(session, ECOLE, frozenset({sans})) == []
            assert resumer(session, ECOLE, frozenset({sans})) == (0, None)


def test_la_politique_qui_cache_est_compilee_et_relue_au_demarrage(instance: InstanceEssai) -> None:
    tables, traitements = declarees(instance.ent.chargement.distributions)
    assert comparer_droits(instance.base.moteur, tables, traitements) == []
    with instance.base.moteur.connect() as connexion:
        condition = connexion.execute(
            text(
                "select p.polpermissive, pg_get_expr(p.polqual, p.polrelid) from pg_policy p"
                " where p.polname = 'ent_masque' and p.polrelid = 'cahiers_absence'::regclass"
            )
        ).one()
    assert condition[0] is False
    assert "conservation_avis" in condition[1]


def test_l_accueil_previent_ceux_que_cela_concerne_et_eux_seuls(instance: InstanceEssai) -> None:
    assert "va être éliminé" not in instance.client("cpe").get("/").text, "rien n'est encore approuvé"
    approuve(instance)
    for role in ("cpe", "direction", "dpd", "administrateur_academique"):
        client = instance.client(role)
        assert "relire ce qui va être éliminé" in client.get("/").text, role
        assert "Cahier d" in client.get(AVIS).text, role
    for role in ("enseignant", "secretaire"):
        assert "va être éliminé" not in instance.client(role).get("/").text, role
        assert "Rien ne va être éliminé" in instance.client(role).get(AVIS).text, role
    for role in ("parent", "eleve"):
        assert "va être éliminé" not in instance.client(role).get("/").text, role
        assert instance.client(role).get(AVIS).status_code == 403, role


def test_la_direction_remet_en_place_d_un_geste_et_le_cpe_le_demande(instance: InstanceEssai) -> None:
    plan = approuve(instance)
    acte = f"{AVIS}{plan}/{rang_de(instance, plan, 'cahiers_absence')}"
    assert "Dites-le à la direction" in instance.client("cpe").get(AVIS).text
    assert instance.client("cpe").post(acte, data={"motif": "recours"}).status_code == 403
    client = instance.client("direction")
    page = client.get(AVIS).text
    assert page.count("Remettre en place") == 2
    assert "Collège des Essais" in page
    assert "à côté" not in page, "une école ne voit que ce qui part de chez elle"
    refus = client.post(acte, data={"motif": ""})
    assert refus.status_code == 422
    assert "Dites pourquoi" in refus.text
    assert client.post(acte, data={"motif": "recours en cours"}).status_code == 303
    assert vues(instance) == [4, 4, 2]
    assert client.get(AVIS).text.count("Remettre en place") == 1
    assert instance.client("direction_autre").post(acte, data={"motif": "recours"}).status_code == 404


def test_un_apercu_compte_ce_qu_une_autre_duree_ferait_partir(instance: InstanceEssai) -> None:
    approuve(instance, "direction", uai=ECOLE)
    with instance.base.academie("essai") as session:
        regles = regles_completes(session, instance.ent.chargement)

        def essayer(duree: Duree, uai: str | None = None) -> Apercu:
            return apercevoir(session, instance.horloge, regles, "cahiers.passages", duree=duree, uai=uai)

        avant = session.scalar(select(func.count()).select_from(PlanConservation))
        vu = essayer(Duree())
        assert [(e.objet, e.uai, e.periode, e.avant, e.apres) for e in vu.ecarts] == [
            ("cahiers_passage", ECOLE, 2027, 0, 2), ("cahiers_passage", AUTRE, 2027, 0, 1),
        ]  # fmt: skip
        assert vu.de_plus == 3
        assert len(vu.annules) == 1
        assert essayer(Duree(mois=12)).de_plus == -3
        assert essayer(Duree(mois=12), AUTRE).de_plus == -1
        inchange = essayer(Duree(mois=3))
        assert (inchange.ecarts, inchange.annules) == ((), ())
        assert session.scalar(select(func.count()).select_from(PlanConservation)) == avant
        with pytest.raises(Introuvable):
            apercevoir(session, instance.horloge, regles, "cahiers.rien", duree=Duree())
        with pytest.raises(DonneeInvalide):
            essayer(Duree(mois=-1))


@pytest.mark.parametrize("preavis", [-1, 30, 45])
def test_un_preavis_qui_depasse_l_approbation_se_refuse_au_demarrage(preavis: int) -> None:
    sienne = replace(PASSAGES, conservation=replace(PASSAGES.conservation, preavis=preavis))
    chargement = charger([], {"cahiers": brique_cahiers(ABSENCES, sienne)})
    trouvees = [a for a in verifier_declarations(chargement, configuration_essai()) if "CONSERV" in a.code]
    assert [(a.code, a.lieu) for a in trouvees] == [
        ("CONSERV-005", "table cahiers_passage, traitement cahiers.passages")
    ]


def test_une_regle_sans_depart_se_refuse_au_demarrage() -> None:
    voulue = replace(ABSENCES.conservation, depart=Depart.FIN_DE_VALIDITE)
    chargement = charger([], {"cahiers": brique_cahiers(replace(ABSENCES, conservation=voulue), PASSAGES)})
    trouvees = {(a.code, a.lieu) for a in verifier_declarations(chargement, configuration_essai())}
    assert ("CONSERV-001", "table cahiers_suite, traitement cahiers.absences") in trouvees
    assert any("cahiers_absence" in lieu for _, lieu in trouvees)
