"""L'entrée dans l'archive : au jour dit, en entier, vérifiée ; et ce qui l'empêche ne perd rien."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Engine, create_engine, delete, func, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import NullPool

from ent_core.chargement.archive import regler
from ent_core.chargement.conservation import tetes_de
from ent_core.donnees.audiences import roles_d_audience
from ent_core.donnees.session import ROLE_ACADEMIE, ROLE_APPLICATION, ROLE_ARCHIVE
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import compter_enonces
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.archive.contenu import Contenu, Place, desceller
from ent_core.vie_privee.archive.lecture import lignes_archivees, lire
from ent_core.vie_privee.archive.lieu import PREFIXE, unite_du_coffre
from ent_core.vie_privee.archive.modeles import UniteArchivee
from ent_core.vie_privee.coffre.scelle import ScelleAltere
from ent_core.vie_privee.conservation.gels import NatureGel, lever, poser
from ent_core.vie_privee.conservation.modeles import Gel, Preuve
from ent_core.vie_privee.conservation.preuve import verifier
from tests.vie_privee.archive_essais import ECHEANCE, FAIT, TERME, Depot, monter
from tests.vie_privee.brique_dossiers import Livret, RegistreVu, Sanction
from tests.vie_privee.conservation_essais import a_midi

JOUR = timedelta(days=1)


@pytest.fixture
def depot(fabrique_bases: Fabrique, tmp_path: Path) -> Iterator[Depot]:
    with monter(fabrique_bases, tmp_path) as monte:
        yield monte


def contenu_de(depot: Depot, eleve: str = "eleve") -> list[Contenu]:
    with depot.base.academie("essai : lire") as session:
        lues = list(lignes_archivees(session, depot.annuaire[eleve]))
    return [lue.contenu for lue in lues if lue.contenu is not None]


def geler(depot: Depot, traitement: str | None = None) -> None:
    with depot.base.academie("essai : gel") as session:
        poser(
            session, depot.horloge, depot.annuaire["eleve"], nature=NatureGel.LITIGE, motif="TA 27-1",
            revoir_le=depot.horloge.aujourd_hui() + timedelta(days=300), traitement=traitement,
        )  # fmt: skip


def intacte(depot: Depot) -> bool:
    with depot.base.academie("essai") as session:
        return verifier(session, tetes_de(depot.configuration).lire()) == []


def naissance(identifiant: UUID) -> datetime:
    """Instant que porte un UUID de septième version."""
    return datetime.fromtimestamp(int.from_bytes(identifiant.bytes[:6]) / 1000, UTC)


@pytest.mark.exigence("RGPD-DUR-02")
def test_rien_n_entre_la_veille_tout_entre_le_jour_dit(depot: Depot) -> None:
    sanction = depot.ecrire(Sanction, recit="le récit", secret="le secret")  # noqa: S106 - un texte
    depot.suite(sanction, "une retenue")
    depot.au(ECHEANCE - JOUR)
    assert depot.lignes(depot.planifier()) == {}
    depot.au(ECHEANCE)
    plan = depot.planifier()
    ligne = depot.lignes(plan)["dossiers_sanction"]
    assert (ligne.echues, ligne.sort, ligne.visa) == (1, "archive intermédiaire", False)
    depot.approuver(plan)
    depot.horloge.avancer(timedelta(days=8))
    depot.executer(plan)
    assert depot.compter(Sanction) == 0
    (unite,) = depot.unites()
    assert (unite.traitement, unite.uai, unite.annee, unite.sort) == (
        "dossiers.sanctions", ECOLE, 2025, "suppression",
    )  # fmt: skip
    assert unite.echeance == TERME, "la durée court de la fin de la vie active, non du déplacement"
    assert unite.jeton not in (None, depot.annuaire["eleve"])
    (contenu,) = contenu_de(depot)
    assert contenu.traitement["version"] == 1
    (ecrit,) = contenu.tables["dossiers_sanction"]["lignes"]
    assert (ecrit["recit"], ecrit["secret"]) == ("le récit", "le secret"), (
        "une colonne chiffrée entre ouverte"
    )
    assert contenu.tables["dossiers_suite"]["lignes"][0]["decision"] == "une retenue", (
        "ce qui suit entre aussi"
    )
    assert intacte(depot)


def test_un_registre_sous_visa_entre_sans_visa_car_rien_n_est_elimine(depot: Depot) -> None:
    depot.ecrire(RegistreVu)
    depot.ecrire(Livret)
    depot.deplacer()
    assert depot.compter() == 0
    genres = {unite.traitement: (type(unite).__name__, unite.fin) for unite in depot.unites()}
    assert genres == {
        "dossiers.registre": ("UniteSousVisa", TERME),
        "dossiers.livrets": ("UniteArchivee", None),
    }


def test_une_ligne_partagee_entre_dans_l_unite_de_chacun(depot: Depot) -> None:
    depot.ecrire(Sanction, nature="dispute", camarade_id=depot.annuaire["camarade"])
    depot.ecrire(Sanction, nature="seul")
    depot.deplacer()
    assert len(depot.unites()) == 2
    assert sorted(len(c.tables["dossiers_sanction"]["lignes"]) for c in contenu_de(depot)) == [2]
    (du_camarade,) = contenu_de(depot, "camarade")
    assert [li["nature"] for li in du_camarade.tables["dossiers_sanction"]["lignes"]] == ["dispute"]


def test_la_base_ne_montre_rien_en_clair(depot: Depot) -> None:
    depot.ecrire(Sanction, nature="canari-nature", recit="canari-recit")
    depot.deplacer()
    with depot.proprietaire.connect() as connexion:
        tables = (
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname in ('public', 'archive') and c.relkind = 'r'"
        )
        for table in connexion.exec_driver_sql(tables).scalars().all():
            dit = "\n".join(connexion.exec_driver_sql(f"select t::text from {table} t").scalars())  # noqa: S608 - catalogue
            assert "canari" not in dit, table
            assert b"canari".hex() not in dit, table
            if table.startswith("archive"):
                assert str(depot.annuaire["eleve"]) not in dit


def refuse(moteur: Engine, role: str | None, enonce: str) -> bool:
    with moteur.connect() as connexion:
        if role:
            connexion.exec_driver_sql(f'set role "{role}"')
        try:
            connexion.exec_driver_sql(enonce)
        except ProgrammingError as erreur:
            return isinstance(erreur.orig, InsufficientPrivilege)
    return False


@pytest.mark.exigence("RGPD-DUR-02")
def test_la_base_elle_meme_refuse_l_archive_a_l_application(depot: Depot) -> None:
    depot.ecrire(Sanction)
    depot.deplacer()
    contenus, index = "select * from archive.contenu", "select * from archive_unite"
    application = create_engine(depot.base.url, poolclass=NullPool)
    audiences = roles_d_audience()
    for role in (None, ROLE_APPLICATION, ROLE_ACADEMIE, *audiences):
        assert refuse(application, role, contenus), role
    assert all(refuse(application, role, index) for role in (None, ROLE_APPLICATION, *audiences))
    assert refuse(application, None, f"set role {ROLE_ARCHIVE}")
    lecteur = create_engine(depot.archive.ici, poolclass=NullPool)
    assert refuse(lecteur, None, contenus), (
        "sans prendre le rôle, le compte de l'archive ne lit rien non plus"
    )
    assert not refuse(lecteur, ROLE_ARCHIVE, contenus)
    assert refuse(lecteur, ROLE_ARCHIVE, "select * from personne")
    assert refuse(lecteur, ROLE_ARCHIVE, "delete from archive.contenu")


def test_ce_qui_est_mal_garde_annule_le_deplacement(depot: Depot) -> None:
    """La base de l'archive abîme ce qu'elle écrit : l'empreinte le dit, et rien ne bouge."""
    depot.ecrire(Sanction)
    with depot.proprietaire.begin() as connexion:
        connexion.exec_driver_sql(
            "create function archive.abimer() returns trigger language plpgsql as"
            " $$ begin new.scelle := new.scelle || '\\x00'::bytea; return new; end $$"
        )
        connexion.exec_driver_sql(
            "create trigger abimer before insert on archive.contenu"
            " for each row execute function archive.abimer()"
        )
    depot.au(ECHEANCE)
    with pytest.raises(OperationRefusee, match="n'est pas ce qui lui a été confié"):
        depot.tout()
    assert (depot.compter(Sanction), depot.unites(), depot.contenus()) == (1, [], 0)
    with depot.base.academie("essai") as session:
        assert session.scalar(select(func.count()).select_from(Preuve)) == 0
    (cle,) = depot.archive.coffre.unites(PREFIXE)  # elle naît avant ce qu'elle scelle
    depot.horloge.instant = naissance(UUID(cle.removeprefix(PREFIXE))) + timedelta(days=41)
    regler(depot.base, depot.horloge)
    assert depot.archive.coffre.unites(PREFIXE) == set(), "restée sans unité, elle est balayée"


def test_un_lot_coute_autant_d_enonces_quel_que_soit_le_nombre_de_lignes(depot: Depot) -> None:
    couts = []
    for nombre in (1, 7):
        depot.horloge.instant = a_midi(FAIT)
        for n in range(nombre):
            sanction = depot.ecrire(Sanction, eleve="eleve" if n % 2 else "camarade", nature="l'été")
            depot.suite(sanction, "une retenue")
        depot.au(ECHEANCE)
        plan = depot.planifier()
        depot.approuver(plan)
        depot.horloge.avancer(timedelta(days=8))
        with compter_enonces(depot.base) as enonces:
            assert depot.executer(plan).eliminees == nombre
        couts.append(len(enonces))
    assert couts[0] == couts[1]
    assert (len(depot.unites()), depot.contenus()) == (3, 3)


def test_sans_archive_rien_ne_part(depot: Depot) -> None:
    depot.ecrire(Sanction)
    depot.base.archive = None
    depot.au(ECHEANCE)
    with pytest.raises(OperationRefusee, match="n'a pas d'archive"):
        depot.tout()
    assert depot.compter(Sanction) == 1


def test_un_contenu_mis_a_la_place_d_un_autre_ne_s_ouvre_pas(depot: Depot) -> None:
    depot.ecrire(Sanction)
    depot.deplacer()
    (unite,) = depot.unites()
    scelle = depot.archive.lire_ici([unite.id])[unite.id]
    cle = depot.archive.coffre.lire(unite_du_coffre(unite.id))
    with pytest.raises(ScelleAltere):
        desceller(cle, scelle, Place(unite.id, unite.uai, unite.traitement, unite.annee + 1))


def test_la_purge_finale_passe_par_le_meme_moteur(depot: Depot) -> None:
    depot.ecrire(Sanction)
    depot.ecrire(RegistreVu)
    depot.deplacer()
    (cle,) = [unite_du_coffre(u.id) for u in depot.unites() if u.traitement == "dossiers.sanctions"]
    depot.au(TERME - JOUR)
    assert depot.lignes(depot.planifier()) == {}
    depot.au(TERME)
    prevues = depot.lignes(depot.planifier())
    assert not prevues["archive_unite"].visa
    assert prevues["archive_unite_visa"].visa, "l'autorité de la série, elle, demande un visa"
    depot.tout()
    assert [unite.traitement for unite in depot.unites()] == ["dossiers.registre"], "sans visa, il reste"
    assert depot.contenus() == 1
    assert depot.archive.coffre.lire(cle) is None, "la clé part avec l'unité"
    assert intacte(depot)


def test_la_brique_partie_l_archive_se_lit_et_se_purge(depot: Depot) -> None:
    depot.ecrire(Sanction, nature="gardée")
    depot.deplacer()
    depot.sans_brique()
    (contenu,) = contenu_de(depot)
    assert contenu.tables["dossiers_sanction"]["colonnes"]["nature"]["categorie"] == "vie scolaire"
    assert [li["nature"] for _, _, li in contenu.lignes()] == ["gardée"]
    depot.au(TERME)
    depot.tout()
    assert (depot.unites(), depot.contenus()) == ([], 0)


@pytest.mark.exigence("RGPD-DUR-05")
@pytest.mark.parametrize("traitement", [None, "dossiers.sanctions"])
def test_un_gel_suspend_la_purge_de_l_archive(depot: Depot, traitement: str | None) -> None:
    depot.ecrire(Sanction)
    depot.ecrire(Sanction, eleve="camarade")
    depot.deplacer()
    geler(depot, traitement)
    depot.au(TERME)
    plan = depot.planifier()
    ligne = depot.lignes(plan)["archive_unite"]
    assert (ligne.echues, ligne.gelees) == (1, 1)
    depot.tout()
    (restante,) = depot.unites()
    assert restante.jeton == depot.archive.jeton(depot.annuaire["eleve"])
    with depot.base.academie("essai : lever") as session:
        lever(session, depot.horloge, session.scalars(select(Gel.id)).one(), par=None, uai=None)
    depot.tout()
    assert depot.unites() == []


def test_un_gel_d_un_autre_traitement_ne_retient_pas_l_archive(depot: Depot) -> None:
    depot.ecrire(Sanction)
    depot.deplacer()
    geler(depot, "dossiers.livrets")
    depot.au(TERME)
    assert depot.lignes(depot.planifier())["archive_unite"].echues == 1


def test_sans_la_cle_des_jetons_un_gel_retient_toute_l_archive(depot: Depot) -> None:
    depot.ecrire(Sanction, eleve="camarade")
    depot.deplacer()
    geler(depot)
    depot.au(TERME)
    depot.base.archive = None
    assert depot.lignes(depot.planifier())["archive_unite"].gelees == 1


def test_une_cle_detruite_se_dit_et_ne_bloque_rien(depot: Depot) -> None:
    depot.ecrire(Sanction)
    depot.deplacer()
    (unite,) = depot.unites()
    depot.archive.coffre.detruire([unite_du_coffre(unite.id)])
    with depot.base.academie("essai") as session:
        (lue,) = lire(session, [unite])
    assert lue.contenu is None
    depot.au(TERME)
    depot.tout()
    assert depot.unites() == []


def test_effacer_l_index_efface_le_contenu_et_annonce_la_cle(depot: Depot) -> None:
    depot.ecrire(Sanction)
    depot.deplacer()
    (unite,) = depot.unites()
    with depot.base.academie("essai : main") as session:
        session.execute(delete(UniteArchivee))
    assert depot.contenus() == 0
    assert depot.archive.coffre.lire(unite_du_coffre(unite.id)) is not None
    regler(depot.base, depot.horloge)
    assert depot.archive.coffre.lire(unite_du_coffre(unite.id)) is None
    with depot.base.academie("essai") as session, pytest.raises(DBAPIError):
        session.execute(text("truncate archive_unite"))


def test_une_cle_orpheline_ne_part_qu_apres_la_plus_longue_sauvegarde(depot: Depot) -> None:
    with depot.base.academie("essai") as session:
        orpheline = session.scalar(select(func.ent_uuid7()))
    assert orpheline is not None
    depot.archive.coffre.creer(unite_du_coffre(orpheline))
    depot.horloge.instant = naissance(orpheline)
    regler(depot.base, depot.horloge)
    assert depot.archive.coffre.lire(unite_du_coffre(orpheline)) is not None
    depot.horloge.avancer(timedelta(days=41))
    regler(depot.base, depot.horloge)
    assert depot.archive.coffre.lire(unite_du_coffre(orpheline)) is None


def test_le_contenu_est_un_json_que_l_on_relit_sans_la_brique(depot: Depot) -> None:
    depot.ecrire(Sanction, nature="é")
    depot.deplacer()
    (contenu,) = contenu_de(depot)
    relu = json.loads(json.dumps({"t": contenu.traitement, "x": contenu.tables}))
    assert relu["x"]["dossiers_sanction"]["colonnes"]["eleve_id"]["sujet"] == "propriétaire"
    assert relu["t"]["intitule"] == "Sanctions"
