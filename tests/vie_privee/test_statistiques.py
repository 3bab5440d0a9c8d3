"""Les statistiques en vrai : déclarées, comptées, figées, rendues ; et ce qui les refuse."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from types import ModuleType
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from ent_core.brique import (
    BlueprintBrique,
    Dimension,
    Permission,
    Portee,
    Role,
    Rythme,
    Statistique,
    UniteComptee,
    exige,
    periodes_publiees,
    rendre_statistique,
    session_courante,
)
from ent_core.chargement.decouverte import charger
from ent_core.chargement.statistiques import Statistiques
from ent_core.chargement.verification import verifier_declarations
from ent_core.donnees.session import Portage
from ent_core.donnees.sous_portillon import garder
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import AnneeScolaire, Division, Personne
from ent_core.socle.erreurs import (
    DonneeInvalide,
    DonneeProtegee,
    Introuvable,
    OperationRefusee,
)
from ent_core.vie_privee.statistiques.modeles import PublicationStatistique
from ent_core.vie_privee.statistiques.periodes import lire_periode
from ent_core.vie_privee.statistiques.publication import StatistiquePubliee, rendre
from tests.vie_privee.brique_sanctions import MOTIFS, STATISTIQUE, SUIVI, Mesure, brique_sanctions
from tests.vie_privee.pages_essai import texte_de

pytestmark = pytest.mark.exigence("DISC-25")

PAGE = "/vie-privee/statistiques/"
PERIODE = lire_periode("2025")
MI_AOUT = datetime(2026, 8, 16, 6, tzinfo=UTC)
ACADEMIQUE = replace(STATISTIQUE, portee=Portee.ACADEMIE)


def ouvrir(application_avec: FabriqueInstance, brique: ModuleType, *uais: str) -> InstanceEssai:
    """Une instance au 7 septembre 2026, la brique ouverte depuis un an."""
    instance = application_avec(brique, ouvertes=False)
    for uai in uais or (ECOLE,):
        instance.ouvrir("sanctions", uai, debut=date(2025, 9, 1))
    return instance


def saisir(
    instance: InstanceEssai, uai: str, nombres: dict[tuple[str, str], int], jour: date = date(2026, 3, 3)
) -> None:
    """Écrit des mesures : (division, motif) → nombre, chacune pour un élève différent."""
    with instance.base.academie("essai : mesures") as session:
        annee = 2025 if jour < date(2026, 8, 1) else 2026
        if session.get(AnneeScolaire, (uai, annee)) is None:
            session.add(
                AnneeScolaire(uai=uai, annee=annee, debut=date(annee, 9, 1), fin=date(annee + 1, 8, 1))
            )
            session.flush()
        divisions: dict[str, UUID] = {}
        for code in sorted({division for division, _ in nombres}):
            division = session.scalar(
                select(Division).where(Division.uai == uai, Division.annee == annee, Division.code == code)
            )
            if division is None:
                division = Division(uai=uai, annee=annee, code=code, libelle=f"Division {code}", mefs=[])
                session.add(division)
                session.flush()
            divisions[code] = division.id
        for (code, motif), nombre in nombres.items():
            eleves = [Personne(nom="Essai", prenom="Camille") for _ in range(nombre)]
            session.add_all(eleves)
            session.flush()
            session.add_all(
                Mesure(
                    uai=uai, annee=annee, eleve_id=e.id, jour=jour, division_id=divisions[code], motif=motif
                )
                for e in eleves
            )


def service(instance: InstanceEssai) -> Statistiques:
    return Statistiques(instance.ent.chargement, instance.ent.activation, instance.ent.configuration)


def figer(instance: InstanceEssai) -> int:
    return service(instance).figer_les_echues(instance.base, instance.horloge)


def lire(
    instance: InstanceEssai, uai: str | None = ECOLE, cle: str = "sanctions.bilan"
) -> StatistiquePubliee:
    with instance.base.academie("essai : lire") as session:
        return rendre(session, cle, PERIODE, uai)


ANNEE_PLEINE = {
    ("6A", "retard"): 30, ("6A", "insolence"): 12, ("6A", "violence"): 1,
    ("6B", "retard"): 25, ("6B", "insolence"): 9, ("6B", "violence"): 8,
    ("6C", "retard"): 40, ("6C", "insolence"): 14, ("6C", "violence"): 11,
}  # fmt: skip


def test_une_annee_close_se_fige_et_rend_des_nombres_proteges(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    saisir(instance, ECOLE, ANNEE_PLEINE)
    assert figer(instance) == 1
    publiee = lire(instance)
    assert [ligne.intitule for ligne in publiee.lignes] == [
        "Collège des Essais", "Division 6A", "Division 6B", "Division 6C",
    ]  # fmt: skip
    assert publiee.colonnes == ("Retard", "Insolence", "Violence")
    assert publiee.cases[1][2] is None  # une seule violence en 6A
    assert publiee.tues >= 4  # et le carré qui la cache
    vrais = {(li, co): n for (li, co), n in ANNEE_PLEINE.items()}
    for ligne, cases in zip(publiee.lignes[1:], publiee.cases[1:], strict=True):
        for (motif, _), case in zip(MOTIFS, cases, strict=False):
            assert case in (None, vrais[ligne.cle, motif])


def test_redemandee_elle_dit_la_meme_chose_meme_si_la_source_change(
    application_avec: FabriqueInstance,
) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    saisir(instance, ECOLE, ANNEE_PLEINE)
    figer(instance)
    avant = lire(instance)
    saisir(instance, ECOLE, {("6A", "violence"): 3})
    assert figer(instance) == 0
    assert lire(instance) == avant


def test_elle_survit_a_l_elimination_de_la_source_et_au_depart_de_la_brique(
    application_avec: FabriqueInstance,
) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    saisir(instance, ECOLE, ANNEE_PLEINE)
    figer(instance)
    avant = lire(instance)
    with instance.base.academie("essai : purge") as session:
        session.execute(delete(Mesure))
    instance.fermer("sanctions")
    instance.horloge.avancer(timedelta(days=400))
    assert lire(instance) == avant
    assert instance.client("direction").get(PAGE).text.count("Bilan des sanctions") == 1


def test_ce_qui_est_tu_n_est_ecrit_nulle_part(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    saisir(instance, ECOLE, {("6A", "retard"): 2, ("6A", "violence"): 2})
    figer(instance)
    with instance.base.academie("essai : lire") as session:
        contenu = session.scalars(select(PublicationStatistique.contenu)).one()
    assert {case for ligne in contenu["cases"] for case in ligne} == {None}


def test_une_publication_ne_se_modifie_ni_ne_s_efface(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    figer(instance)
    for enonce in (update(PublicationStatistique).values(seuil=0), delete(PublicationStatistique)):
        with pytest.raises(DBAPIError, match="permission denied"), instance.base.academie("essai") as session:
            session.execute(enonce)


def test_une_publication_alteree_par_le_proprietaire_se_voit(
    application_avec: FabriqueInstance,
) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    figer(instance)
    publiee = lire(instance)
    with instance.base.academie("essai : falsifier") as session:
        faux = session.get_one(PublicationStatistique, publiee.id)
        session.expunge(faux)
        session.execute(
            text(
                "insert into publication_statistique (statistique, nom_table, uai, periode, debut, fin,"
                " regle, seuil, contenu, empreinte, figee_le) select statistique, nom_table, :autre, periode,"
                " debut, fin, regle, seuil, contenu, empreinte, figee_le from publication_statistique"
            ),
            {"autre": AUTRE},
        )
    with pytest.raises(OperationRefusee, match="altérée"):
        lire(instance, AUTRE)


@pytest.mark.parametrize("jours", [-1, 0])
def test_une_periode_qui_n_est_pas_close_ne_se_fige_pas(
    application_avec: FabriqueInstance, jours: int
) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    saisir(instance, ECOLE, ANNEE_PLEINE)
    instance.horloge.instant = MI_AOUT + timedelta(days=jours)
    figer(instance)
    if jours == 0:
        assert lire(instance).periode == PERIODE
    else:
        with pytest.raises(Introuvable, match="n'est pas publiée"):
            lire(instance)


def test_une_ecole_ne_voit_que_les_siennes(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions(), ECOLE, AUTRE)
    saisir(instance, ECOLE, ANNEE_PLEINE)
    assert figer(instance) == 2
    ici, la_bas = lire(instance, ECOLE), lire(instance, AUTRE)
    assert ici.lignes[0].cle == ECOLE
    assert la_bas.lignes[0].cle == AUTRE
    assert instance.client("direction").get(f"{PAGE}{ici.id}").status_code == 200
    assert instance.client("direction").get(f"{PAGE}{la_bas.id}").status_code == 404
    assert instance.client("administrateur_academique").get(f"{PAGE}{ici.id}").status_code == 404


def test_une_ecole_ou_la_brique_est_fermee_n_est_pas_comptee(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions(), AUTRE)
    saisir(instance, ECOLE, ANNEE_PLEINE)
    assert figer(instance) == 1
    with pytest.raises(Introuvable):
        lire(instance, ECOLE)


def test_l_academie_voit_arrondi_ce_que_l_ecole_voit_exact(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions((ACADEMIQUE,)), ECOLE, AUTRE)
    saisir(instance, ECOLE, ANNEE_PLEINE)
    saisir(instance, AUTRE, {cle: n + 3 for cle, n in ANNEE_PLEINE.items()})
    assert figer(instance) == 1
    academie, ici = lire(instance, None), lire(instance, ECOLE)
    assert academie.arrondie
    assert [li.niveau for li in academie.lignes] == [0, 1, 2, 2, 2, 1, 2, 2, 2]
    assert all(case is None or case % 5 == 0 for ligne in academie.cases for case in ligne)
    assert not ici.arrondie
    assert [li.niveau for li in ici.lignes] == [0, 1, 1, 1]
    assert any(case is not None and case % 5 for ligne in ici.cases for case in ligne)
    assert {li.cle for li in ici.lignes} == {ECOLE, "6A", "6B", "6C"}
    page = texte_de(instance.client("administrateur_academique").get(f"{PAGE}{academie.id}").text)
    assert "arrondis à 5 près" in page
    assert "arrondis" not in texte_de(instance.client("direction").get(f"{PAGE}{academie.id}").text)


def test_une_seule_ecole_dans_l_academie_ne_la_trahit_pas(application_avec: FabriqueInstance) -> None:
    par_motif = replace(ACADEMIQUE, dimensions=(Dimension("motif", "Motif", MOTIFS),))
    instance = ouvrir(application_avec, brique_sanctions((par_motif,)))
    saisir(instance, ECOLE, {("6A", "retard"): 40, ("6A", "violence"): 2})
    figer(instance)
    academie = lire(instance, None)
    assert academie.dimensions == ("Établissement", "Motif")
    # La ligne de l'académie et celle de la seule école se taisent aux mêmes endroits.
    tues = [{j for j, case in enumerate(ligne) if case is None} for ligne in academie.cases]
    assert tues[0] == tues[1]
    assert 2 in tues[0]


def test_les_personnes_se_comptent_une_fois_par_case(application_avec: FabriqueInstance) -> None:
    par_personne = replace(
        STATISTIQUE, compte=UniteComptee.PERSONNES, dimensions=(Dimension("motif", "Motif", MOTIFS),)
    )
    instance = ouvrir(application_avec, brique_sanctions((par_personne,)))
    saisir(instance, ECOLE, {("6A", "retard"): 20, ("6A", "insolence"): 20, ("6A", "violence"): 20})
    with instance.base.academie("essai : récidive") as session:
        for mesure in session.scalars(select(Mesure).where(Mesure.motif == "retard")):
            session.add(
                Mesure(
                    uai=ECOLE,
                    annee=2025,
                    eleve_id=mesure.eleve_id,
                    jour=mesure.jour,
                    division_id=mesure.division_id,
                    motif="retard",
                )
            )
    figer(instance)
    publiee = lire(instance)
    assert {ligne[0] for ligne in publiee.cases} <= {None, 20, 60}


def test_beaucoup_de_faits_d_un_seul_eleve_ne_se_publient_pas(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    saisir(instance, ECOLE, ANNEE_PLEINE)
    with instance.base.academie("essai : un élève") as session:
        une = session.scalars(select(Mesure).where(Mesure.motif == "violence")).first()
        assert une is not None
        violente = session.scalars(
            select(Mesure).where(Mesure.motif == "violence", Mesure.division_id == une.division_id)
        ).all()
        for mesure in violente:
            mesure.eleve_id = une.eleve_id
    figer(instance)
    publiee = lire(instance)
    division = next(i for i, li in enumerate(publiee.lignes) if li.cle == "6A")
    colonnes = [publiee.cases[i][2] for i in range(1, 4)]
    assert None in colonnes
    assert publiee.cases[division][2] is None


def test_une_colonne_vide_a_sa_ligne_et_un_instant_se_lit_a_paris(
    application_avec: FabriqueInstance,
) -> None:
    par_famille = replace(
        STATISTIQUE,
        jour="saisie_le",
        dimensions=(Dimension("prevenue", "Famille prévenue", ((True, "Oui"), (False, "Non"))),),
    )
    instance = ouvrir(application_avec, brique_sanctions((par_famille,)))
    saisir(instance, ECOLE, {("6A", "retard"): 40, ("6A", "insolence"): 30, ("6A", "violence"): 20})
    with instance.base.academie("essai : suites") as session:
        # À Paris, le 31 juillet 2026 finit à 22 h en temps universel.
        for motif, prevenue, instant in (
            ("retard", True, datetime(2026, 7, 31, 21, 59, tzinfo=UTC)),
            ("insolence", None, datetime(2025, 7, 31, 22, 0, tzinfo=UTC)),
            ("violence", False, datetime(2026, 7, 31, 22, 0, tzinfo=UTC)),
        ):
            session.execute(
                update(Mesure).where(Mesure.motif == motif).values(prevenue=prevenue, saisie_le=instant)
            )
    figer(instance)
    publiee = lire(instance)
    assert [li.intitule for li in publiee.lignes[1:]] == ["Oui", "Non", "Non renseigné"]
    assert publiee.cases[2][0] is None  # le premier août est à l'année suivante
    assert {ligne[0] for ligne in publiee.cases} <= {None, 70, 40, 30}


def test_les_mois_se_rattrapent_et_ne_recouvrent_pas_l_annee(application_avec: FabriqueInstance) -> None:
    mensuelle = replace(STATISTIQUE, rythme=Rythme.MOIS)
    instance = ouvrir(application_avec, brique_sanctions((mensuelle,)))
    saisir(instance, ECOLE, ANNEE_PLEINE, date(2026, 3, 31))
    assert figer(instance) == 11  # septembre à juillet ; en août 2025, la brique n'était pas ouverte
    with instance.base.academie("essai : lire") as session:
        mars = rendre(session, "sanctions.bilan", lire_periode("2026-03"), ECOLE)
        avril = rendre(session, "sanctions.bilan", lire_periode("2026-04"), ECOLE)
    assert any(case for ligne in mars.cases for case in ligne)
    assert not any(case for ligne in avril.cases for case in ligne)


def test_changer_de_rythme_ou_de_nom_ne_permet_pas_de_retrancher(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions((replace(STATISTIQUE, rythme=Rythme.MOIS),)))
    saisir(instance, ECOLE, ANNEE_PLEINE)
    figer(instance)
    # La version suivante de la brique compte la même table autrement.
    autre = Statistiques(
        charger([], {"sanctions": brique_sanctions((replace(STATISTIQUE, cle="sanctions.autre"),))}),
        instance.ent.activation,
        instance.ent.configuration,
    )
    with pytest.raises(OperationRefusee, match="compte déjà ces faits"):
        autre.figer_les_echues(instance.base, instance.horloge)


def test_une_valeur_hors_de_la_liste_arrete_sans_la_citer(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions(), ECOLE, AUTRE)
    saisir(instance, ECOLE, {("6A", "secret"): 7})
    with pytest.raises(DonneeInvalide, match="liste fermée") as refus:
        figer(instance)
    assert "secret" not in str(refus.value)
    assert lire(instance, AUTRE).lignes[0].cle == AUTRE  # l'autre école, elle, est figée


def test_la_tache_de_la_nuit_fige_avant_la_conservation(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    from ent_core.chargement.taches import toutes_les_taches

    taches = {t.nom: t for t in toutes_les_taches(instance.ent.chargement, instance.ent.configuration)}
    taches["noyau.figer_statistiques"].fonction(instance.base, instance.horloge)
    assert lire(instance).periode.code == "2025"


# --- Déclarations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fautive", "code"),
    [
        (replace(STATISTIQUE, cle="autre.bilan"), "STATISTIQUE-001"),
        (replace(STATISTIQUE, traitement="sanctions.autre"), "STATISTIQUE-003"),
        (replace(STATISTIQUE, table="personne"), "STATISTIQUE-003"),
        (replace(STATISTIQUE, portee=Portee.MES_CLASSES), "STATISTIQUE-005"),
        (replace(ACADEMIQUE, dimensions=STATISTIQUE.dimensions[::-1]), "STATISTIQUE-005"),
        (replace(STATISTIQUE, jour="annee"), "STATISTIQUE-006"),
        (replace(STATISTIQUE, jour="inconnue"), "STATISTIQUE-006"),
        (replace(STATISTIQUE, dimensions=()), "STATISTIQUE-007"),
        (replace(STATISTIQUE, dimensions=STATISTIQUE.dimensions[:1] * 2), "STATISTIQUE-007"),
        (replace(STATISTIQUE, dimensions=(Dimension("inconnue", "?", MOTIFS),)), "STATISTIQUE-008"),
        (replace(STATISTIQUE, dimensions=(Dimension("saisi_par", "Agent", MOTIFS),)), "STATISTIQUE-009"),
        (replace(STATISTIQUE, dimensions=(Dimension("eleve_id", "Élève", MOTIFS),)), "STATISTIQUE-009"),
        (replace(STATISTIQUE, dimensions=(Dimension("recit", "Récit", MOTIFS),)), "STATISTIQUE-009"),
        (replace(STATISTIQUE, dimensions=(Dimension("jour", "Jour", MOTIFS),)), "STATISTIQUE-009"),
        (replace(STATISTIQUE, dimensions=(Dimension("id", "Clé", MOTIFS),)), "STATISTIQUE-009"),
        (replace(STATISTIQUE, dimensions=(Dimension("motif", "Motif"),)), "STATISTIQUE-010"),
        (replace(STATISTIQUE, dimensions=(Dimension("motif", "Motif", MOTIFS * 2),)), "STATISTIQUE-010"),
        (replace(STATISTIQUE, dimensions=(Dimension("division_id", "Division", MOTIFS),)), "STATISTIQUE-010"),
    ],
)
@pytest.mark.exigence("SURV-03")
def test_une_statistique_fautive_empeche_de_demarrer(fautive: Statistique, code: str) -> None:
    assert code in _codes([fautive])


def test_deux_statistiques_sur_une_table_se_trahiraient() -> None:
    assert "STATISTIQUE-002" in _codes([STATISTIQUE, replace(STATISTIQUE, cle="sanctions.mois")])


@pytest.mark.parametrize(
    ("seuil", "portee", "refusee"),
    [
        (3, Portee.ETABLISSEMENT, False),
        (2, Portee.ETABLISSEMENT, True),
        (4, Portee.ACADEMIE, True),
        (5, Portee.ACADEMIE, False),
    ],
)
def test_ce_qui_sort_de_l_ecole_a_un_seuil_d_au_moins_cinq(seuil: int, portee: Portee, refusee: bool) -> None:
    brique = brique_sanctions(
        (replace(STATISTIQUE, portee=portee),), ent_traitements=lambda: (replace(SUIVI, seuil=seuil),)
    )
    assert ("STATISTIQUE-005" in _codes_de(brique)) is refusee


def _codes(statistiques: list[Statistique]) -> set[str]:
    return _codes_de(brique_sanctions(tuple(statistiques)))


def _codes_de(brique: ModuleType) -> set[str]:
    anomalies = verifier_declarations(charger([], {"sanctions": brique}), configuration_essai())
    return {a.code for a in anomalies if a.code.startswith("STATISTIQUE")}


# --- Portillon ---------------------------------------------------------------------------------


@cache
def brique_a_pages() -> ModuleType:
    """La brique, et deux pages de bilan : l'une demande la publication, l'autre compte elle-même."""
    pages = BlueprintBrique("sanctions", __name__)

    @pages.get("/bilan")
    @exige("sanctions.bilan_lire")
    def bilan() -> str:
        publiee = rendre_statistique(session_courante(), "sanctions.bilan", "2025")
        periodes = periodes_publiees(session_courante(), "sanctions.bilan")
        return f"{publiee.intitule}, {periodes} : {publiee.tues} tues"

    @pages.get("/brut")
    @exige("sanctions.bilan_lire")
    def brut() -> str:
        return str(
            session_courante().execute(select(Mesure.motif, func.count()).group_by(Mesure.motif)).all()
        )

    @pages.get("/liste")
    @exige("sanctions.lire")
    def liste() -> str:
        return str(session_courante().scalar(select(func.count()).select_from(Mesure)))

    return brique_sanctions(
        ent_routes=lambda: (pages,),
        ent_permissions=lambda: (
            Permission("sanctions.lire", "Lire", {Role.CPE: Portee.ETABLISSEMENT}),
            Permission(
                "sanctions.bilan_lire",
                "Lire le bilan",
                {Role.CPE: Portee.ETABLISSEMENT, Role.ENSEIGNANT: Portee.ETABLISSEMENT},
                statistiques=True,
            ),
        ),
    )


@pytest.mark.exigence("LIVRET-19")
def test_une_page_de_statistiques_rend_la_publication_et_ne_compte_pas(
    application_avec: FabriqueInstance,
) -> None:
    instance = ouvrir(application_avec, brique_a_pages())
    saisir(instance, ECOLE, ANNEE_PLEINE)
    figer(instance)
    # Un enseignant n'est pas destinataire des sanctions : il peut lire un bilan, non les compter.
    for role in ("cpe", "enseignant"):
        assert instance.client(role).get("/sanctions/bilan").text.startswith("Bilan des sanctions, ['2025']")
        assert instance.client(role).get("/sanctions/brut").status_code == 403
    # Une page ordinaire compte ce qu'elle pourrait lister.
    assert instance.client("cpe").get("/sanctions/liste").text == str(sum(ANNEE_PLEINE.values()))


@pytest.mark.exigence("CARNET-14")
@pytest.mark.parametrize("forme", range(5))
def test_aucune_page_ne_compte_par_agent(application_avec: FabriqueInstance, forme: int) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    vue = select(Mesure.saisi_par.label("agent")).subquery()
    formes = [
        select(Mesure.saisi_par, func.count()).group_by(Mesure.saisi_par),
        select(vue.c.agent, func.count()).group_by(vue.c.agent),
        select(Mesure.saisi_par.label("agent"), func.count()).group_by("agent"),
        select(func.count().over(partition_by=Mesure.saisi_par)),
        select(Mesure.saisi_par).group_by(Mesure.saisi_par).having(func.count() > 3),
    ]
    with instance.base.session(Portage("page", uai=ECOLE)) as session:
        garder(session, "sanctions", (Role.CPE,))
        with pytest.raises(DonneeProtegee, match="SURV-03"):
            session.execute(formes[forme]).all()


def test_une_page_ordinaire_compte_par_eleve_par_motif_ou_par_mois(
    application_avec: FabriqueInstance,
) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    with instance.base.session(Portage("page", uai=ECOLE)) as session:
        garder(session, "sanctions", (Role.CPE,))
        for colonne in (Mesure.eleve_id, Mesure.motif, func.date_trunc("month", Mesure.jour)):
            assert session.execute(select(colonne, func.count()).group_by(colonne)).all() == []


def test_une_brique_ne_demande_pas_la_statistique_d_une_autre(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    with instance.base.session(Portage("page", uai=ECOLE)) as session:
        garder(session, "annonces", ())
        with pytest.raises(DonneeProtegee, match="autre brique"):
            rendre_statistique(session, "sanctions.bilan", "2025")
        with pytest.raises(DonneeProtegee, match="autre brique"):
            periodes_publiees(session, "sanctions.bilan")


# --- Pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "attendu"),
    [
        ("direction", 200),
        ("cpe", 200),
        ("administrateur_academique", 200),
        ("dpd", 200),
        ("enseignant", 403),
        ("parent", 403),
        ("eleve", 403),
    ],
)
def test_les_statistiques_se_lisent_par_qui_y_est_habilite(
    application_avec: FabriqueInstance, role: str, attendu: int
) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    page = instance.client(role).get(PAGE)
    assert page.status_code == attendu
    if attendu == 200:
        assert "encore publié" in texte_de(page.text)


def test_la_page_explique_ce_qui_se_tait_et_s_emporte(application_avec: FabriqueInstance) -> None:
    instance = ouvrir(application_avec, brique_sanctions())
    saisir(instance, ECOLE, ANNEE_PLEINE)
    figer(instance)
    publiee = lire(instance)
    client = instance.client("direction")
    page = texte_de(client.get(f"{PAGE}{publiee.id}").text)
    assert page.count("non communiqué") == publiee.tues + 1
    assert "moins de 5 personnes" in page
    lu = client.get(f"{PAGE}{publiee.id}/statistique.csv")
    lignes = list(csv.reader(io.StringIO(lu.data.decode("utf-8-sig")), delimiter=";"))
    assert lignes[0] == ["Division", "Retard", "Insolence", "Violence", "Total"]
    assert sum(cellule == "non communiqué" for ligne in lignes for cellule in ligne) == publiee.tues
    donnees = client.get(f"{PAGE}{publiee.id}/statistique.json").get_json()
    assert donnees["empreinte"] == publiee.empreinte
    assert [ligne["cases"] for ligne in donnees["lignes"]] == [list(cases) for cases in publiee.cases]
