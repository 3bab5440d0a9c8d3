"""L'effacement : ce que la loi impose de garder se refuse, avec un motif ; le reste part sans retour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import column, create_engine, func, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ent_core.contrat.resultats import Bilan
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.base import Fabrique
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import ActeJournal, Personne
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.conservation.modeles import Gel
from ent_core.vie_privee.droits.livre import Livre
from ent_core.vie_privee.droits.modeles import Effacement
from ent_core.vie_privee.droits.oppositions import Voie, accueillir, lever, opposee
from ent_core.vie_privee.droits.verdict import ANNUAIRE, Fondement, examiner
from tests.vie_privee.brique_incidents import SUIVI, Adhesion, Fait, brique_incidents
from tests.vie_privee.droits_essais import Champ, Poste, monter


@pytest.fixture
def photos() -> dict[UUID, bytes]:
    return {}


@pytest.fixture
def poste(fabrique_bases: Fabrique, tmp_path: Path, photos: dict[UUID, bytes]) -> Iterator[Poste]:
    monte = monter(fabrique_bases, tmp_path, brique_incidents(photos))
    yield monte
    monte.base.fermer()
    fabrique_bases.retirer(monte.adresses)


def semer(poste: Poste) -> tuple[UUID, UUID, Champ]:
    personne, autre = poste.annuaire["eleve"], poste.annuaire["camarade"]
    champ = poste.semer(personne, autre)
    with poste.base.academie("essai : lever les gels semés") as session:
        for gel in session.scalars(select(Gel)):
            gel.leve_le = poste.horloge.aujourd_hui()
    return personne, autre, champ


def present(valeur: str, base: str) -> bool:
    """En clair, ou dans un binaire, que la base écrit en hexadécimal."""
    return valeur in base or valeur.encode().hex() in base


@pytest.mark.exigence("RGPD-DRO-04")
def test_une_mission_de_service_public_se_garde_et_le_refus_dit_pourquoi(poste: Poste) -> None:
    personne = poste.annuaire["eleve"]
    with poste.base.academie("essai") as session:
        verdicts = examiner(session, poste.registre, personne, Fondement.CONSENTEMENT)
    annuaire = next(v for v in verdicts if v.traitement == ANNUAIRE)
    assert not annuaire.efface
    assert "article 17.3 b" in annuaire.motif
    assert "arrêté du 30 novembre 2006" in annuaire.motif
    with pytest.raises(OperationRefusee, match="rien ne peut être effacé"):
        poste.guichet.effacer(poste.base, personne, Fondement.CONSENTEMENT)
    assert poste.guichet.livre.lire() == []


def test_un_consentement_retire_n_efface_que_ce_qu_il_portait(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    efface = poste.guichet.effacer(poste.base, personne, Fondement.CONSENTEMENT)
    assert efface.supprimees == {"incidents_adhesion": 1, "accord_service": 1}
    with poste.base.academie("essai") as session:
        assert session.scalar(select(func.count()).where(Adhesion.eleve_id == personne)) == 0
        assert session.scalar(select(func.count()).where(Fait.eleve_id == personne)) == 1


@pytest.mark.exigence("RGPD-DRO-04")
def test_il_ne_reste_rien_de_la_personne_dans_aucune_table(poste: Poste, photos: dict[UUID, bytes]) -> None:
    personne, autre, champ = semer(poste)
    photos[personne], photos[autre] = b"elle", b"autre"
    avant = poste.toute_la_base()
    efface = poste.guichet.effacer(poste.base, personne, Fondement.ILLICITE)
    apres = poste.toute_la_base()
    lignes = {c.valeur: c.lieu for c in champ.canaris if c.part}
    assert {lieu for valeur, lieu in lignes.items() if not present(valeur, avant)} == set()
    assert {lieu for valeur, lieu in lignes.items() if present(valeur, apres)} == set()
    assert str(personne) not in apres
    d_autrui = {c.valeur: c.lieu for c in champ.canaris if not c.part}
    assert {lieu for valeur, lieu in d_autrui.items() if not present(valeur, apres)} == set()
    assert photos == {autre: b"autre"}
    assert efface.briques["incidents"].comptes == {"photos": 1}
    assert efface.videes["acte_journal"] > 0


def test_ce_qu_elle_a_ecrit_reste_sans_elle(poste: Poste) -> None:
    personne, autre, _ = semer(poste)
    poste.guichet.effacer(poste.base, personne, Fondement.ILLICITE)
    with poste.base.academie("essai") as session:
        faits = session.scalars(select(Fait).where(Fait.eleve_id == autre)).all()
        assert len(faits) == 2
        assert {fait.saisi_par for fait in faits} <= {None, autre}


def test_un_gel_suspend_l_effacement(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    with poste.base.academie("essai") as session:
        poser(
            session, poste.horloge, personne, nature=NatureGel.LITIGE, motif="dossier 12",
            revoir_le=poste.horloge.aujourd_hui() + timedelta(days=90), traitement="incidents.suivi",
        )  # fmt: skip
    efface = poste.guichet.effacer(poste.base, personne, Fondement.ILLICITE)
    motifs = {v.traitement: v.motif for v in efface.verdicts if not v.efface}
    assert "gel" in motifs["incidents.suivi"]
    assert motifs[ANNUAIRE]
    with poste.base.academie("essai") as session:
        assert session.get(Personne, personne) is not None
        assert session.scalar(select(func.count()).where(Fait.eleve_id == personne)) == 1


@pytest.mark.parametrize(
    ("bilan", "dit"),
    [
        (Bilan(refus="un conseil de discipline est saisi"), "refuse : un conseil"),
    ],
)
def test_une_brique_qui_refuse_arrete_tout(
    fabrique_bases: Fabrique, tmp_path: Path, bilan: Bilan, dit: str
) -> None:
    poste = monter(fabrique_bases, tmp_path, brique_incidents(bilan=bilan))
    personne, _, _ = semer(poste)
    avant = poste.toute_la_base()
    with pytest.raises(OperationRefusee, match=dit):
        poste.guichet.effacer(poste.base, personne, Fondement.ILLICITE)
    assert poste.toute_la_base() == avant
    assert poste.guichet.livre.lire() == []
    poste.base.fermer()
    fabrique_bases.retirer(poste.adresses)


def test_un_journal_ne_s_oublie_que_dans_la_transaction_d_un_effacement(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    with pytest.raises(DBAPIError, match="aucun effacement"), poste.base.academie("essai") as session:
        session.scalar(select(func.ent_oublier("acte_journal", "acteur_id", personne, UUID(int=3), False)))
    with poste.base.academie("essai") as session:
        assert session.scalar(select(func.count()).where(ActeJournal.acteur_id == personne)) != 0


@pytest.mark.exigence("RGPD-DRO-04")
def test_un_effacement_demande_pour_une_ecole_laisse_entier_ce_que_les_autres_tiennent(
    fabrique_bases: Fabrique, tmp_path: Path
) -> None:
    bornees: list[str | None] = []
    poste = monter(fabrique_bases, tmp_path, brique_incidents(bornees=bornees))
    personne, _, _ = semer(poste)
    with poste.base.academie("essai") as session:
        for uai in (ECOLE, AUTRE, None):
            consigner(session, poste.horloge, "essai.fait", uai=uai, acteur=personne)
        session.add(Fait(uai=AUTRE, eleve_id=personne, jour=poste.horloge.aujourd_hui(), nature="retard"))
    with poste.base.academie("essai") as session:
        verdicts = {
            v.traitement: v
            for v in examiner(session, poste.registre, personne, Fondement.ILLICITE, uai=ECOLE)
        }
        assert verdicts["noyau.journal"].efface
        de_l_ecole = {"session_web": 1, "lien_personnel": 1, "compte_a_securiser": 1}
        assert verdicts["noyau.comptes"].lignes == de_l_ecole, "le compte est à toute l'académie"
    poste.guichet.effacer(poste.base, personne, Fondement.ILLICITE, uai=ECOLE)
    with poste.base.academie("essai") as session:
        actes = session.execute(
            select(ActeJournal.uai, ActeJournal.acteur_id).where(ActeJournal.acte == "essai.fait")
        )
        assert {uai: acteur for uai, acteur in actes} == {ECOLE: None, AUTRE: personne, None: personne}
        faits = session.scalars(select(Fait.uai).where(Fait.eleve_id == personne)).all()
        assert faits == [AUTRE]
        assert session.get(Personne, personne) is not None
    assert bornees == [ECOLE]
    poste.base.fermer()
    fabrique_bases.retirer(poste.adresses)


def test_une_brique_qui_n_efface_que_partout_n_est_pas_appelee_pour_une_ecole(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    avant = poste.toute_la_base()
    with pytest.raises(OperationRefusee, match="n'efface que pour toute l'académie"):
        poste.guichet.effacer(poste.base, personne, Fondement.ILLICITE, uai=ECOLE)
    assert poste.toute_la_base() == avant


def test_l_oubli_d_un_journal_ne_deborde_pas_de_l_ecole_inscrite(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    with poste.base.academie("essai") as session:
        inscrit = Effacement(
            jeton="0" * 64, fondement="illicite", traitements=[], uai=ECOLE, le=poste.horloge.maintenant()
        )
        session.add(inscrit)
        session.flush()
        oublier = func.ent_oublier("acte_journal", "acteur_id", personne, inscrit.id, False)
        with pytest.raises(DBAPIError, match="aucun effacement"):
            session.scalar(select(oublier))


def test_une_sauvegarde_restauree_ne_ramene_personne(poste: Poste, fabrique_bases: Fabrique) -> None:
    personne, autre, champ = semer(poste)
    restaure = _copier(poste, fabrique_bases)
    poste.guichet.effacer(poste.base, personne, Fondement.ILLICITE)
    marques = {c.valeur for c in champ.canaris if c.part}
    assert str(personne) in restaure.toute_la_base()
    (anomalie,) = restaure.guichet.anomalies(restaure.base)
    assert anomalie.code == "EFFACE-001"
    with restaure.base.academie("essai") as session:
        absents = restaure.guichet.manquants(session)
    refaits = restaure.guichet.rejouer(restaure.base, absents.faits)
    assert all(efface is not None and efface.total for efface in refaits.values())
    apres = restaure.toute_la_base()
    assert str(personne) not in apres
    assert {valeur for valeur in marques if valeur in apres} == set()
    assert str(autre) in apres
    assert restaure.guichet.anomalies(restaure.base) == []
    restaure.base.fermer()
    fabrique_bases.retirer(restaure.adresses)


def _copier(poste: Poste, bases: Fabrique) -> Poste:
    """La base telle qu'elle est à cet instant : ce que rendrait la sauvegarde faite maintenant."""
    poste.base.fermer()
    vide = bases.vide()
    bases.retirer(vide)
    maitre = create_engine(poste.adresses.proprietaire.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with maitre.connect() as connexion:
        # La fabrique d'essais tient une connexion à chaque base ; un modèle ne doit en avoir aucune.
        connexion.execute(
            select(func.pg_terminate_backend(column("pid")))
            .select_from(table("pg_stat_activity"))
            .where(column("datname") == poste.adresses.application.database)
        )
        connexion.exec_driver_sql(
            f'create database "{vide.application.database}" template "{poste.adresses.application.database}"'
        )
    maitre.dispose()
    proprietaire = create_engine(vide.proprietaire, poolclass=NullPool)
    return replace(poste, base=BaseDeDonnees(vide.application), adresses=vide, proprietaire=proprietaire)


def test_un_effacement_annonce_puis_interrompu_laisse_un_doute_et_non_une_erreur(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    livre = poste.guichet.livre
    efface = poste.guichet.effacer(poste.base, personne, Fondement.CONSENTEMENT)
    lignes = [ligne for ligne in livre.chemin.read_text().splitlines() if '"fait"' not in ligne]
    livre.chemin.write_text("\n".join(lignes) + '\n{"etat": "fa')
    assert [(i.id, i.fait) for i in livre.lire()] == [(efface.id, False)]
    assert poste.guichet.anomalies(poste.base) == []  # la base, elle, le sait


def test_une_autre_cle_ne_designe_personne(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    poste.guichet.effacer(poste.base, personne, Fondement.CONSENTEMENT)
    inscription = poste.guichet.livre.lire()[0]
    assert str(personne) not in poste.guichet.livre.chemin.read_text()
    etranger = Livre(poste.guichet.livre.chemin, b"une autre cle")
    assert etranger.jeton(personne) != inscription.jeton
    assert etranger.repere != inscription.cle


@pytest.mark.exigence("RGPD-DRO-06")
def test_une_opposition_accueillie_se_voit_de_la_brique_et_permet_l_effacement(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    with poste.base.academie("essai") as session:
        opposition = accueillir(
            session, poste.horloge, SUIVI, personne, uai=ECOLE, motif="situation protégée",
            source=Voie.PAPIER, par=poste.annuaire["direction"],
            depuis=poste.horloge.aujourd_hui() - timedelta(days=3),
        )  # fmt: skip
        identifiant = opposition.id
    with poste.base.ecole(ECOLE, "essai") as session:
        assert opposee(session, personne, SUIVI.cle)
        assert not opposee(session, poste.annuaire["camarade"], SUIVI.cle)
    efface = poste.guichet.effacer(poste.base, personne, Fondement.OPPOSITION)
    assert set(efface.supprimees) == {"incidents_fait", "incidents_suite"}
    with poste.base.ecole(ECOLE, "essai") as session:
        lever(session, poste.horloge, identifiant, uai=ECOLE, par=poste.annuaire["direction"])
        session.flush()
        assert not opposee(session, personne, SUIVI.cle)


def test_une_opposition_que_la_declaration_ferme_est_refusee(poste: Poste) -> None:
    traitement = poste.registre.traitements["noyau.demandes"]
    with poste.base.academie("essai") as session, pytest.raises(OperationRefusee, match="Fermé"):
        accueillir(
            session, poste.horloge, traitement, poste.annuaire["eleve"], uai=ECOLE, motif="je ne veux pas",
            source=Voie.ECRAN, par=None,
        )  # fmt: skip
