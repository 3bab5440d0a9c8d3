"""Détruire la clé, c'est effacer : dans les fichiers de la base, ses journaux, et les sauvegardes."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, delete, func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from ent_core.chargement.coffre import (
    anomalies_du_coffre,
    balayer_le_coffre,
    chiffreur_de,
    coffre_de,
    tache_du_coffre,
)
from ent_core.chargement.decouverte import charger
from ent_core.chargement.retrait import enregistrer_vues
from ent_core.donnees.base import Base
from ent_core.donnees.chiffrement import EFFACE
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.base import Fabrique
from ent_core.socle.configuration import charger as charger_configuration
from ent_core.socle.erreurs import AnomaliesTrouvees
from ent_core.vie_privee.coffre import balayage
from ent_core.vie_privee.coffre.cles import Coffre
from ent_core.vie_privee.droits.export import composer, inventorier
from ent_core.vie_privee.droits.lecture import texte_actuel
from ent_core.vie_privee.droits.verdict import Fondement
from tests.vie_privee.brique_confidences import Conflit, Note, brique_confidences
from tests.vie_privee.droits_essais import Poste, monter

CHIFFRE = "canari-chiffre-elle-a-peur-de-la-piscine"
EN_CLAIR = "canari-en-clair-titre"


@pytest.fixture
def poste(fabrique_bases: Fabrique, tmp_path: Path) -> Iterator[Poste]:
    monte = monter(fabrique_bases, tmp_path, brique_confidences())
    monte.base.chiffreur = chiffreur_de(configuration_essai(donnees=str(tmp_path)))
    yield monte
    monte.base.fermer()
    fabrique_bases.retirer(monte.adresses)


@pytest.fixture
def coffre(poste: Poste) -> Coffre:
    chiffreur: Any = poste.base.chiffreur
    trouve: Coffre = chiffreur.coffre
    return trouve


def noter(poste: Poste, role: str = "eleve", uai: str = ECOLE, annee: int = 2026) -> UUID:
    with poste.base.academie("essai") as session:
        note = Note(
            uai=uai, annee=annee, eleve_id=poste.annuaire[role], texte=CHIFFRE, piece=CHIFFRE.encode(),
            titre=EN_CLAIR,
        )  # fmt: skip
        session.add(note)
        session.flush()
        return note.id


def textes(poste: Poste) -> list[str]:
    with poste.base.academie("essai") as session:
        return [note.texte for note in session.scalars(select(Note).order_by(Note.id))]


def effacer(poste: Poste, role: str = "eleve", uai: str | None = None) -> Any:
    return poste.guichet.effacer(poste.base, poste.annuaire[role], Fondement.CONSENTEMENT, uai=uai)


def balayer(poste: Poste, coffre: Coffre) -> balayage.Balayage:
    return balayer_le_coffre(poste.base, poste.chargement, coffre)


def en_superutilisateur(poste: Poste, ordre: str) -> Any:
    moteur = create_engine(poste.adresses.proprietaire, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with moteur.connect() as connexion:
        resultat = connexion.execute(text(ordre))
        return resultat.scalar() if resultat.returns_rows else None


def presents(dossiers: list[Path], valeur: bytes) -> list[str]:
    """Fichiers, sur le disque, où ces octets se lisent."""
    trouves = []
    for dossier in dossiers:
        for fichier in dossier.rglob("*"):
            try:
                if fichier.is_file() and valeur in fichier.read_bytes():
                    trouves.append(fichier.name)
            except FileNotFoundError:  # la base range ses fichiers pendant qu'on les lit
                continue
    return trouves


# --- Ce qui reste sur le disque ------------------------------------------------------------------


@pytest.mark.exigence("RGPD-DRO-04")
@pytest.mark.parametrize("ranger", [False, True], ids=["sans VACUUM", "avec VACUUM"])
def test_rien_de_lisible_ne_reste_sur_le_disque(poste: Poste, coffre: Coffre, ranger: bool) -> None:
    noter(poste)
    serveur = Path(en_superutilisateur(poste, "show data_directory"))
    numero = en_superutilisateur(poste, "select oid from pg_database where datname = current_database()")
    dossiers = [serveur / "base" / str(numero), serveur / "pg_wal", coffre.chemin.parent]
    effacer(poste)
    if ranger:
        en_superutilisateur(poste, "vacuum confidences_note")
    en_superutilisateur(poste, "checkpoint")
    for codage in ("utf-8", "utf-16-le"):
        assert presents(dossiers, CHIFFRE.encode(codage)) == []
    # La même recherche trouve encore la colonne qui n'est pas chiffrée : c'est ce que le coffre évite.
    assert presents(dossiers, EN_CLAIR.encode()) != []


@pytest.mark.exigence("RGPD-DRO-04")
def test_la_ligne_d_une_sauvegarde_ne_s_ouvre_plus(poste: Poste, coffre: Coffre) -> None:
    identifiant = noter(poste)
    en_superutilisateur(poste, "create table sauvegarde as select * from confidences_note")
    effacer(poste)
    en_superutilisateur(poste, "insert into confidences_note select * from sauvegarde")
    assert textes(poste) == [EFFACE]
    with poste.base.academie("essai") as session:
        note = session.scalars(select(Note).where(Note.id == identifiant)).one()
        assert (note.texte, note.piece, note.titre) == (EFFACE, b"", EN_CLAIR)


def test_le_livre_dit_les_cles_detruites(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    noter(poste, annee=2025)
    noter(poste, "camarade")
    efface = effacer(poste)
    assert efface.cles == 2
    lignes = [json.loads(ligne) for ligne in poste.guichet.livre.chemin.read_text().splitlines() if ligne]
    assert lignes[-1] == {"etat": "fait", "id": str(efface.id), "cles": 2}
    assert len(coffre.unites()) == 1
    assert textes(poste) == [CHIFFRE]


# --- Restaurer ------------------------------------------------------------------------------------


def sauvegarder(poste: Poste, coffre: Coffre) -> Path:
    en_superutilisateur(poste, "create table sauvegarde as select * from confidences_note")
    return Path(shutil.copy(coffre.chemin, coffre.chemin.with_name("sauvegarde.sqlite")))


@pytest.mark.exigence("RGPD-DRO-04")
def test_restaurer_la_base_et_le_coffre_puis_rejouer_detruit_de_nouveau(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    copie = sauvegarder(poste, coffre)
    effacer(poste)
    en_superutilisateur(poste, "insert into confidences_note select * from sauvegarde")
    shutil.move(copie, coffre.chemin)
    en_superutilisateur(poste, "delete from effacement")
    with poste.base.academie("essai") as session:
        manquants = poste.guichet.manquants(session)
    assert textes(poste) == [CHIFFRE], "la sauvegarde est revenue entière"
    poste.guichet.rejouer(poste.base, manquants.faits)
    assert coffre.unites() == set()
    en_superutilisateur(poste, "insert into confidences_note select * from sauvegarde")
    assert textes(poste) == [EFFACE]


def test_restaurer_le_coffre_seul_puis_rejouer_y_detruit_ce_qui_revient(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    noter(poste, "camarade")
    copie = sauvegarder(poste, coffre)
    effacer(poste)
    shutil.move(copie, coffre.chemin)
    assert len(coffre.unites()) == 2
    with poste.base.academie("essai") as session:
        assert poste.guichet.manquants(session).faits == ()
    poste.guichet.rejouer(poste.base, ())
    assert len(coffre.unites()) == 1
    assert textes(poste) == [CHIFFRE]


# --- Le balayage ----------------------------------------------------------------------------------


def test_une_cle_qui_sert_ailleurs_reste(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    noter(poste, uai=AUTRE)
    assert len(coffre.unites()) == 1
    effacer(poste, uai=ECOLE)
    assert textes(poste) == [CHIFFRE]
    assert balayer(poste, coffre) == balayage.Balayage()


def test_une_ligne_partagee_garde_sa_cle_jusqu_au_dernier_proprietaire(poste: Poste, coffre: Coffre) -> None:
    with poste.base.academie("essai") as session:
        session.add(
            Conflit(
                uai=ECOLE, un_id=poste.annuaire["eleve"], autre_id=poste.annuaire["camarade"],
                jour=date(2026, 9, 1), recit=CHIFFRE,
            )
        )  # fmt: skip
    effacer(poste)
    with poste.base.academie("essai") as session:
        conflit = session.scalars(select(Conflit)).one()
        assert (conflit.un_id, conflit.recit) == (None, CHIFFRE)
    assert effacer(poste, "camarade").cles == 1
    assert coffre.unites() == set()


def test_une_ligne_eliminee_libere_sa_cle_la_nuit(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    noter(poste, "camarade")
    coffre.creer("archive:1")
    with poste.base.academie("essai") as session:
        session.execute(delete(Note).where(Note.eleve_id == poste.annuaire["eleve"]))
    tache = tache_du_coffre(poste.chargement, configuration_essai(donnees=str(coffre.chemin.parents[1])))
    tache.fonction(poste.base, poste.horloge)
    assert len(coffre.unites("colonne:")) == 1
    assert coffre.unites("archive:") == {"archive:1"}, "l'archive tient ses clés elle-même"
    assert textes(poste) == [CHIFFRE]


def test_balayer_deux_fois_ne_change_rien(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    with poste.base.academie("essai") as session:
        session.execute(delete(Note))
    assert balayer(poste, coffre).detruites == 1
    assert balayer(poste, coffre) == balayage.Balayage()


def test_une_cle_donnee_a_une_ecriture_en_cours_n_est_pas_detruite(
    poste: Poste, coffre: Coffre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balayage, "_ATTENTE", "50ms")
    with poste.base.academie("essai : une page écrit") as session:
        session.add(Note(uai=ECOLE, annee=2026, eleve_id=poste.annuaire["eleve"], texte=CHIFFRE))
        session.flush()
        assert balayer(poste, coffre) == balayage.Balayage(remises=1)
    assert balayer(poste, coffre) == balayage.Balayage()
    assert textes(poste) == [CHIFFRE]


def test_une_cle_reprise_entre_les_deux_passages_est_gardee(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    noter(poste, "camarade")
    reprises, inutile = coffre.unites(), "colonne:confidences:" + "00" * 16
    with poste.base.academie("essai") as session:
        chiffrees = balayage._chiffrees(poste.registre)
        assert balayage._reprises(session, chiffrees, reprises | {inutile}) == reprises


def test_ecrire_apres_un_balayage_dans_la_meme_session_reprend_une_cle(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    with poste.base.academie("essai") as session:
        assert session.scalars(select(Note)).one().texte == CHIFFRE
        session.execute(delete(Note))
        session.commit()
        assert balayer(poste, coffre).detruites == 1
        session.add(Note(uai=ECOLE, annee=2026, eleve_id=poste.annuaire["eleve"], texte=CHIFFRE))
    assert textes(poste) == [CHIFFRE]


def test_une_brique_absente_garde_les_cles_de_ses_lignes(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    noter(poste, "camarade")
    with poste.base.academie("essai") as session:
        enregistrer_vues(session, poste.horloge, poste.chargement)
        session.execute(delete(Note).where(Note.eleve_id == poste.annuaire["eleve"]))
    sans = charger([])
    assert balayer_le_coffre(poste.base, sans, coffre).detruites == 1
    assert textes(poste) == [CHIFFRE]


def test_une_brique_dont_on_ne_sait_rien_garde_toutes_ses_cles(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    with poste.base.academie("essai") as session:
        session.execute(delete(Note))
    assert balayer_le_coffre(poste.base, charger([]), coffre) == balayage.Balayage()
    en_superutilisateur(poste, "drop table confidences_note, confidences_conflit")
    assert balayer_le_coffre(poste.base, charger([]), coffre).detruites == 1


def test_un_coffre_qui_se_refuse_n_annule_pas_l_effacement(
    poste: Poste, coffre: Coffre, monkeypatch: pytest.MonkeyPatch
) -> None:
    noter(poste)
    chemin = coffre.chemin
    chemin.rename(chemin.with_name("garde"))
    chemin.write_bytes(b"pas un coffre" * 100)
    efface = effacer(poste)
    assert efface.cles is None
    assert poste.guichet.livre.lire()[0].fait
    chemin.with_name("garde").replace(chemin)
    assert balayer(poste, coffre).detruites == 1


# --- Au démarrage ---------------------------------------------------------------------------------


def test_sans_son_coffre_l_instance_ne_s_ouvre_pas(poste: Poste, coffre: Coffre, tmp_path: Path) -> None:
    def codes(ou: Coffre) -> list[str]:
        return [a.code for a in anomalies_du_coffre(poste.base, ou, poste.registre)]

    perdu = Coffre(tmp_path / "ailleurs.sqlite", b"x" * 32)
    assert codes(coffre) == codes(perdu) == [], "rien n'est chiffré : il n'y a pas de coffre"
    noter(poste)
    assert codes(coffre) == []
    assert codes(perdu) == ["COFFRE-001"]
    assert codes(Coffre(coffre.chemin, b"autre cle secrete")) == ["COFFRE-002"]
    assert not (tmp_path / "ailleurs.sqlite").exists()


def test_la_configuration_dit_ou_est_le_coffre(tmp_path: Path) -> None:
    ailleurs = charger_configuration(
        environnement={"ENT_COFFRE": "/autre/cles.sqlite", "ENT_CLE_SECRETE": "x" * 40}
    )
    assert coffre_de(ailleurs).chemin == Path("/autre/cles.sqlite")
    assert coffre_de(configuration_essai(donnees=str(tmp_path))).chemin == tmp_path / "coffre" / "cles.sqlite"


def test_un_coffre_plus_ancien_que_la_base_se_voit(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    ancien = Path(shutil.copy(coffre.chemin, coffre.chemin.with_name("ancien")))
    noter(poste, "camarade")
    ancien.replace(coffre.chemin)
    tache = tache_du_coffre(poste.chargement, configuration_essai(donnees=str(coffre.chemin.parents[1])))
    with pytest.raises(AnomaliesTrouvees, match="COFFRE-003"):
        tache.fonction(poste.base, poste.horloge)
    assert sorted(textes(poste)) == sorted([CHIFFRE, EFFACE])


# --- La copie de la personne ----------------------------------------------------------------------


def test_la_copie_de_la_personne_donne_le_texte_ouvert(poste: Poste) -> None:
    noter(poste)
    with poste.base.academie("essai") as session:
        personne = poste.annuaire["eleve"]
        references = list(inventorier(session, poste.registre, personne, ECOLE))
        assert [r.colonne for r in references] == ["texte"]
        relus = {r: _relu(session, r) for r in references}
        assert list(relus.values()) == [CHIFFRE]
        sortie = io.BytesIO()
        composer(
            session, poste.registre, personne, sortie, poste.guichet.entete(session, ECOLE),
            pieces=poste.guichet.pieces, relus=relus,
        )  # fmt: skip
    with zipfile.ZipFile(sortie) as copie:
        tout = b"".join(copie.read(nom) for nom in copie.namelist())
        octets = [nom for nom in copie.namelist() if copie.read(nom) == CHIFFRE.encode()]
    assert CHIFFRE.encode() in tout
    assert len(octets) == 1, "la pièce est remise en clair"


def _relu(session: Session, reference: Any) -> str | None:
    return texte_actuel(session, Base.metadata.tables["confidences_note"], reference)


def test_la_copie_dit_qu_un_texte_est_efface(poste: Poste, coffre: Coffre) -> None:
    noter(poste)
    coffre.detruire(coffre.unites())
    with poste.base.academie("essai") as session:
        (reference,) = inventorier(session, poste.registre, poste.annuaire["eleve"], ECOLE)
        assert _relu(session, reference) == EFFACE
        assert session.scalar(select(func.count()).select_from(Note)) == 1
