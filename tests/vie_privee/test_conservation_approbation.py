"""Un plan : figé, relu, approuvé par qui le peut, caduc dès que ce dont il dépend a changé."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import update

from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import Conservation, Copie, Depart, Duree, Sort, Visa
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, Annuaire
from ent_core.identite.modeles import AnneeScolaire, Creneau, Inscription, Personne
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.conservation.approbation import annuler, approuver, reporter, viser
from ent_core.vie_privee.conservation.bordereau import ENTETES, articles, en_ods, plan_en_csv
from ent_core.vie_privee.conservation.dossier import Dossier, EtatPlan, ouvrir
from ent_core.vie_privee.conservation.gels import NatureGel, lever, poser
from ent_core.vie_privee.conservation.modeles import PlanConservation
from ent_core.vie_privee.conservation.plan import comparer, lignes, precedent
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.registre import Registre
from tests.vie_privee.conservation_essais import Moteur, a_midi, faire_partir

FIN_2026 = date(2027, 8, 1)


def regles_sur(table: str, conservation: Conservation) -> Regles:
    """Une seule table du noyau, sous une autre règle."""
    registre = Registre.reunir(brique.declaration() for brique in charger([]).briques)
    cle = registre.tables[table].info["ent"].traitement
    traitement = replace(registre.traitements[cle], conservation=conservation)
    return Regles.du(
        Registre(
            MappingProxyType({cle: traitement}),
            MappingProxyType({table: registre.tables[table]}),
            MappingProxyType({table: "noyau"}),
        )
    )


def fin_d_annee(autorite: object = Copie("SIECLE"), sort: Sort = Sort.SUPPRIMER, preavis: int = 7) -> Regles:
    return regles_sur(
        "inscription",
        Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(), sort, autorite=autorite, preavis=preavis),  # type: ignore[arg-type] # une autorité
    )


@pytest.fixture
def moteur(base: BaseDeDonnees, horloge: HorlogeFixe, tmp_path: Path, annuaire: Annuaire) -> Moteur:
    """Deux collèges dont l'année est finie : quatre inscriptions sont échues."""
    horloge.instant = a_midi(date(2027, 9, 1))
    return Moteur.monter(base, horloge, tmp_path, annuaire).sous(fin_d_annee())


def dossier(moteur: Moteur, plan: PlanConservation, uai: str | None = None) -> Dossier:
    with moteur.base.academie("essai") as session:
        return ouvrir(session, moteur.horloge, plan.id, uai)


def attente(moteur: Moteur, plan: PlanConservation) -> set[str]:
    ouvert = dossier(moteur, plan)
    return {ouvert.obstacle(ligne) for ligne in ouvert.a_faire}


@pytest.mark.exigence("RGPD-DUR-01", "RGPD-DUR-04")
def test_le_plan_suit_le_calendrier_de_chaque_etablissement(moteur: Moteur) -> None:
    with moteur.base.academie("essai") as session:
        session.execute(update(AnneeScolaire).where(AnneeScolaire.uai == ECOLE).values(fin=date(2027, 9, 2)))
    plan = moteur.planifier()
    ouvert = dossier(moteur, plan)
    assert [(li.uai, li.periode, li.echues, li.echeance_max) for li in ouvert.lignes] == [
        ("0991002B", 2026, 2, FIN_2026)
    ], "jamais un 31 août écrit d'avance"


def test_sans_calendrier_rien_n_est_echu_et_tout_se_voit(moteur: Moteur) -> None:
    suivante = Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(annees=1), Sort.SUPPRIMER, autorite=Copie("x"))
    plan = moteur.sous(regles_sur("inscription", suivante)).planifier()
    assert [(li.echues, li.sans_date) for li in dossier(moteur, plan).lignes] == [(0, 2), (0, 2)]


def test_une_empreinte_change_des_qu_une_ligne_du_plan_change(moteur: Moteur) -> None:
    plan = moteur.planifier()
    with pytest.raises(OperationRefusee, match="relu"):
        _approuver(moteur, plan, "dpd", couvre="0" * 64)
    with moteur.base.academie("essai") as session:
        un, deux = lignes(session, plan.id), lignes(session, moteur.planifier().id)
        assert comparer(un, deux) == []
        assert precedent(session, session.get_one(PlanConservation, deux[0].plan_id)).id == plan.id  # type: ignore[union-attr] # il existe


def test_au_dela_d_un_cinquieme_d_une_table_il_faut_deux_personnes(moteur: Moteur) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan, "administrateur_academique")
    assert any("seconde personne" in motif for motif in attente(moteur, plan))
    with pytest.raises(OperationRefusee, match="déjà approuvé"):
        moteur.approuver(plan, "administrateur_academique")
    moteur.approuver(plan, "dpd")
    assert not any("seconde" in motif for motif in attente(moteur, plan))


def test_le_preavis_court_de_l_avis_et_rien_ne_part_avant_sa_fin(moteur: Moteur) -> None:
    plan = moteur.planifier()
    moteur.horloge.avancer(timedelta(days=5))
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=6))
    with pytest.raises(OperationRefusee, match="préavis"):
        moteur.executer(plan)
    moteur.horloge.avancer(timedelta(days=1))
    assert moteur.executer(plan).eliminees == 4


def test_une_approbation_vaut_trente_jours(moteur: Moteur) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=30))
    assert dossier(moteur, plan).etat is EtatPlan.EXPIRE
    with pytest.raises(OperationRefusee, match="expiré"):
        moteur.executer(plan)


def _un_gel(moteur: Moteur) -> None:
    with moteur.base.academie("essai") as session:
        poser(
            session, moteur.horloge, moteur.annuaire["eleve"], nature=NatureGel.DEMANDE, motif="demande 12",
            revoir_le=date(2027, 12, 1),
        )  # fmt: skip


def _un_calendrier(moteur: Moteur) -> None:
    with moteur.base.academie("essai") as session:
        session.execute(update(AnneeScolaire).where(AnneeScolaire.uai == ECOLE).values(fin=date(2027, 7, 9)))


@pytest.mark.parametrize(
    ("changer", "dit"),
    [(_un_gel, "les gels"), (_un_calendrier, "les années scolaires"), (None, "les règles")],
    ids=["gel", "calendrier", "règle"],
)
def test_tout_changement_fait_tomber_l_approbation(moteur: Moteur, changer: object, dit: str) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    if callable(changer):
        changer(moteur)
    apres = moteur if callable(changer) else moteur.sous(fin_d_annee(preavis=8))
    with pytest.raises(OperationRefusee, match=dit):
        apres.executer(plan)
    assert dossier(moteur, plan).etat is EtatPlan.ANNULE
    with moteur.base.academie("essai") as session:
        assert session.query(Inscription).count() == 4


def test_une_annee_qui_vit_encore_n_est_pas_echue(moteur: Moteur) -> None:
    """Le calendrier dit l'année finie ; une séance d'après la fin dit qu'il se trompe."""
    _seance(moteur, date(2027, 8, 20))
    assert [(li.uai, li.echues, li.actives) for li in dossier(moteur, moteur.planifier()).lignes] == [
        (ECOLE, 0, 2),
        ("0991002B", 2, 0),
    ]


def test_une_annee_qui_se_revele_vivante_n_est_pas_eliminee(moteur: Moteur) -> None:
    resultat = moteur.tout(apres=lambda: _seance(moteur, date(2027, 8, 20)))
    assert (resultat.eliminees, resultat.suspendues, resultat.finie) == (2, 2, True)


def _seance(moteur: Moteur, jour: date) -> None:
    with moteur.base.academie("essai") as session:
        session.add(
            Creneau(
                uai=ECOLE, annee=2026, division_id=moteur.annuaire.divisions[ECOLE],
                debut=a_midi(jour), fin=a_midi(jour) + timedelta(hours=1),
            )
        )  # fmt: skip


def test_annuler_garde_tout(moteur: Moteur) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    with moteur.base.academie("essai") as session, pytest.raises(DonneeInvalide):
        annuler(session, moteur.horloge, plan.id, motif=" ", par=moteur.annuaire["dpd"])
    with moteur.base.academie("essai") as session:
        annuler(session, moteur.horloge, plan.id, motif="liste à revoir", par=moteur.annuaire["dpd"])
    with pytest.raises(OperationRefusee, match="annulé"):
        moteur.executer(plan)


def test_reporter_une_unite_ne_touche_pas_au_reste(moteur: Moteur) -> None:
    plan = moteur.planifier()
    moteur.approuver(plan)
    rang = next(li.rang for li in dossier(moteur, plan).lignes if li.uai == ECOLE)
    jusqu_au = moteur.horloge.aujourd_hui() + timedelta(days=60)
    with moteur.base.academie("essai") as session:
        # L'établissement reporte sa part d'un plan de l'académie ; le reste n'est pas à lui.
        reporter(
            session, moteur.horloge, plan.id, rang, jusqu_au=jusqu_au, motif="conseil de discipline",
            par=moteur.annuaire["direction"], uai=ECOLE,
        )  # fmt: skip
    moteur.horloge.avancer(timedelta(days=8))
    resultat = moteur.executer(plan)
    assert (resultat.eliminees, resultat.finie) == (2, True)
    assert list(resultat.attente) == [rang]
    encore = dossier(moteur, moteur.planifier())
    assert [encore.obstacle(li)[:8] for li in encore.lignes] == ["reportée"]


def test_un_etablissement_decide_de_son_plan_et_d_aucun_autre(moteur: Moteur) -> None:
    du_college, de_l_academie = moteur.planifier(ECOLE), moteur.planifier()
    assert {li.uai for li in dossier(moteur, du_college).lignes} == {ECOLE}
    with pytest.raises(Introuvable):
        _approuver(moteur, du_college, "direction_autre", uai="0991002B")
    with pytest.raises(AccesRefuse):
        _approuver(moteur, de_l_academie, "direction", uai=ECOLE)
    assert {li.uai for li in dossier(moteur, de_l_academie, ECOLE).lignes} == {ECOLE}
    _approuver(moteur, du_college, "direction", uai=ECOLE)
    with pytest.raises(OperationRefusee, match="couvre déjà"):
        moteur.approuver(de_l_academie)


def _approuver(
    moteur: Moteur, plan: PlanConservation, role: str, *, uai: str | None = None, couvre: str = ""
) -> None:
    with moteur.base.academie("essai") as session:
        approuver(
            session, moteur.horloge, moteur.regles, plan.id, couvre=couvre or plan.empreinte,
            par=moteur.annuaire[role], uai=uai,
        )  # fmt: skip


@pytest.mark.exigence("RGPD-DUR-03")
def test_sans_visa_rien_n_est_elimine(moteur: Moteur) -> None:
    moteur = moteur.sous(fin_d_annee(Visa("Listes des divisions")))
    plan = moteur.planifier()
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    with pytest.raises(OperationRefusee, match="visa des archives"):
        moteur.executer(plan)
    ouvert = dossier(moteur, plan)
    bordereau = articles(ouvert, {}, {ECOLE: "Collège des Essais"})
    assert [(a.service, a.dates, a.volume) for a in bordereau] == [
        (f"Collège des Essais ({ECOLE})", "2026-2027", 2),
        ("Établissement (0991002B)", "2026-2027", 2),
    ]
    assert en_ods(bordereau)[:2] == b"PK"
    assert len(ENTETES) == 7
    assert plan_en_csv(ouvert).decode("utf-8-sig").count("noyau.annuaire") == 2
    with moteur.base.academie("essai") as session:
        viser(
            session, moteur.horloge, plan.id, traitement="noyau.annuaire", numero="AD99-2027-114",
            jour=moteur.horloge.aujourd_hui(), nom_fichier="bordereau.pdf", fichier=b"%PDF-",
            par=moteur.annuaire["dpd"],
        )  # fmt: skip
    assert moteur.executer(plan).eliminees == 4


def test_sans_archive_le_versement_refuse_clairement(moteur: Moteur) -> None:
    moteur = moteur.sous(fin_d_annee(sort=Sort.ARCHIVER))
    plan = moteur.planifier()
    assert all(len(li.graine) == 64 for li in dossier(moteur, plan).lignes), "le tri pourra se refaire"
    moteur.approuver(plan)
    moteur.horloge.avancer(timedelta(days=8))
    with pytest.raises(OperationRefusee, match="archive intermédiaire"):
        moteur.executer(plan)


def test_un_gel_ne_se_leve_qu_une_fois_et_d_ou_il_a_ete_pose(moteur: Moteur, annuaire: Annuaire) -> None:
    with moteur.base.academie("essai") as session:
        gel = poser(
            session, moteur.horloge, annuaire["eleve"], nature=NatureGel.LITIGE, motif="dossier 4",
            revoir_le=date(2027, 12, 1), uai=ECOLE,
        )  # fmt: skip
        with pytest.raises(Introuvable):
            lever(session, moteur.horloge, gel.id, par=None, uai="0991002B")
        lever(session, moteur.horloge, gel.id, par=annuaire["direction"], uai=ECOLE)
        with pytest.raises(OperationRefusee):
            lever(session, moteur.horloge, gel.id, par=None, uai=None)
        with pytest.raises(DonneeInvalide):
            poser(
                session, moteur.horloge, annuaire["eleve"], nature=NatureGel.LITIGE, motif="dossier 5",
                revoir_le=date(2031, 1, 1),
            )  # fmt: skip


def test_qui_n_a_plus_de_lien_sans_etre_en_sursis_se_voit(
    base: BaseDeDonnees, horloge: HorlogeFixe, tmp_path: Path, annuaire: Annuaire
) -> None:
    """Une date manquante n'est jamais échue : elle se montre."""
    faire_partir(base, [annuaire["camarade"]], date(2026, 9, 1))
    with base.academie("essai") as session:
        session.execute(
            update(Personne)
            .where(Personne.id == annuaire["camarade"])
            .values(sursis_depuis=None, suppression_le=None)
        )
    moteur = Moteur.monter(base, horloge, tmp_path, annuaire)
    vues = {li.objet: (li.echues, li.sans_date) for li in dossier(moteur, moteur.planifier()).lignes}
    assert vues["personne"] == (0, 1)
