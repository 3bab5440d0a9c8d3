"""Les colonnes chiffrées : du texte pour la brique, une enveloppe pour la base."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary, insert, inspect, select, text, type_coerce, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session, load_only

from ent_core.chargement.coffre import coffre_de
from ent_core.contrat.roles import Role
from ent_core.donnees.base import Base
from ent_core.donnees.chiffrement import EFFACE, en_clair
from ent_core.donnees.session import BaseDeDonnees
from ent_core.donnees.sous_portillon import sous_portillon
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.socle.erreurs import ErreurEnt
from ent_core.vie_privee.coffre.scelle import ScelleAltere
from tests.vie_privee.brique_confidences import Conflit, Note, brique_confidences

CANARI = "canari-elle-a-peur-de-la-piscine"
TABLE = Base.metadata.tables["confidences_note"]


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec(brique_confidences())


@pytest.fixture
def chemin(instance: InstanceEssai) -> Path:
    """Le fichier des clés de l'instance."""
    return coffre_de(instance.ent.configuration).chemin


@contextmanager
def academie(instance: InstanceEssai) -> Iterator[Session]:
    with instance.base.academie("essai") as session:
        yield session


def noter(instance: InstanceEssai, texte: str = CANARI, role: str = "eleve", **valeurs: object) -> UUID:
    with academie(instance) as session:
        note = Note(uai=ECOLE, annee=2026, eleve_id=instance.annuaire[role], texte=texte, **valeurs)
        session.add(note)
        session.flush()
        return note.id


def lire(instance: InstanceEssai, identifiant: UUID) -> Note:
    with academie(instance) as session:
        return session.scalars(select(Note).where(Note.id == identifiant)).one()


def brut(instance: InstanceEssai, identifiant: UUID, colonne: str = "texte") -> bytes:
    with academie(instance) as session:
        octets = select(type_coerce(TABLE.c[colonne], LargeBinary)).where(Note.id == identifiant)
        return bytes(session.scalars(octets).one())


def test_l_auteur_ecrit_du_texte_et_relit_du_texte(instance: InstanceEssai) -> None:
    identifiant = noter(instance, piece=b"\x00octets", titre="en clair")
    note = lire(instance, identifiant)
    assert (note.texte, note.piece, note.titre) == (CANARI, b"\x00octets", "en clair")
    assert type(note.texte) is str
    assert type(note.piece) is bytes


@pytest.mark.exigence("RGPD-SEC-01")
def test_la_base_ne_garde_qu_une_enveloppe(instance: InstanceEssai) -> None:
    identifiant = noter(instance, piece=CANARI.encode())
    for colonne in ("texte", "piece"):
        assert CANARI.encode() not in brut(instance, identifiant, colonne)


def test_apres_l_ecriture_l_objet_porte_du_texte_ordinaire(instance: InstanceEssai) -> None:
    with academie(instance) as session:
        note = Note(uai=ECOLE, annee=2026, eleve_id=instance.annuaire["eleve"], texte=CANARI)
        session.add(note)
        session.flush()
        assert type(note.texte) is str
        assert note.texte == CANARI
        assert not session.is_modified(note)


def test_un_texte_change_se_relit_change(instance: InstanceEssai) -> None:
    identifiant = noter(instance)
    avant = brut(instance, identifiant)
    with academie(instance) as session:
        session.scalars(select(Note)).one().texte = "autre chose"
    assert lire(instance, identifiant).texte == "autre chose"
    assert brut(instance, identifiant) != avant


def test_changer_une_autre_colonne_ne_rescelle_rien(instance: InstanceEssai) -> None:
    identifiant = noter(instance)
    avant = brut(instance, identifiant)
    with academie(instance) as session:
        session.scalars(select(Note)).one().titre = "titre"
    assert brut(instance, identifiant) == avant


def test_le_vide_reste_vide(instance: InstanceEssai) -> None:
    identifiant = noter(instance, texte="", piece=None)
    note = lire(instance, identifiant)
    assert (note.texte, note.piece) == ("", None)


def test_un_texte_relu_apres_avoir_expire_s_ouvre(instance: InstanceEssai) -> None:
    noter(instance, piece=b"piece")
    with academie(instance) as session:
        note = session.scalars(select(Note)).one()
        session.expire(note)
        assert note.texte == CANARI
        session.refresh(note, ["texte"])
        assert note.texte == CANARI
    with academie(instance) as session:
        note = session.scalars(select(Note).options(load_only(Note.titre))).one()
        assert "texte" in inspect(note).unloaded
        assert (note.texte, note.piece) == (CANARI, b"piece")


def test_un_redemarrage_entre_l_ecriture_et_la_lecture(
    instance: InstanceEssai, application_avec: FabriqueInstance
) -> None:
    from ent_core.application import create_app

    identifiant = noter(instance)
    neuve = BaseDeDonnees(instance.base.url)
    create_app(instance.ent.configuration, neuve, briques={"confidences": brique_confidences()})
    relue = replace(instance, base=neuve)
    assert lire(relue, identifiant).texte == CANARI
    neuve.fermer()


# --- Ce qui est refusé ---------------------------------------------------------------------------


def test_un_texte_en_clair_donne_en_masse_ne_part_pas(instance: InstanceEssai) -> None:
    ligne = {"uai": ECOLE, "annee": 2026, "eleve_id": instance.annuaire["eleve"], "texte": CANARI}
    for enonce in (insert(Note), insert(TABLE), update(Note).values(texte=CANARI)):
        with pytest.raises((StatementError, ErreurEnt), match="en clair"), academie(instance) as session:
            session.execute(enonce, [ligne] if enonce.is_insert else None)
    with pytest.raises((StatementError, ErreurEnt), match="en clair"), academie(instance) as session:
        session.bulk_insert_mappings(inspect(Note), [ligne])


def test_une_colonne_chiffree_ne_se_cherche_pas(instance: InstanceEssai) -> None:
    noter(instance)
    for critere in (Note.texte == CANARI, Note.texte != CANARI, Note.texte.in_([CANARI])):
        with pytest.raises((StatementError, ErreurEnt), match="en clair"), academie(instance) as session:
            session.scalars(select(Note).where(critere)).all()


def test_lue_par_colonne_elle_ne_montre_rien(instance: InstanceEssai) -> None:
    noter(instance)
    with academie(instance) as session:
        lue = session.scalars(select(Note.texte)).one()
        assert str(lue) == repr(lue) == "[chiffré]"
        assert f"{lue}" == "[chiffré]"
        ligne = session.execute(select(TABLE)).mappings().one()
        assert en_clair(session, TABLE, ligne)["texte"] == CANARI


@pytest.mark.exigence("RGPD-SEC-01")
def test_une_cellule_portee_ailleurs_ne_s_ouvre_pas(instance: InstanceEssai) -> None:
    une, autre = noter(instance), noter(instance, texte="anodin")
    with academie(instance) as session:
        session.execute(
            text("update confidences_note set texte = (select texte from confidences_note where id = :u)"
                 " where id = :a"), {"u": une, "a": autre},
        )  # fmt: skip
    with pytest.raises(ScelleAltere) as refus:
        lire(instance, autre)
    assert str(autre) in refus.value.lieu
    assert "confidences_note, colonne texte" in refus.value.lieu
    assert lire(instance, une).texte == CANARI


def test_une_cellule_portee_dans_une_autre_colonne_ne_s_ouvre_pas(instance: InstanceEssai) -> None:
    identifiant = noter(instance, piece=b"piece")
    with academie(instance) as session:
        session.execute(text("update confidences_note set texte = piece"))
    with pytest.raises(ScelleAltere):
        lire(instance, identifiant)


def test_un_bit_change_se_voit(instance: InstanceEssai) -> None:
    identifiant = noter(instance)
    with academie(instance) as session:
        session.execute(
            text("update confidences_note set texte ="
                 " set_byte(texte, length(texte) - 1, 255 - get_byte(texte, length(texte) - 1))")
        )  # fmt: skip
    with pytest.raises(ScelleAltere, match="son sceau"):
        lire(instance, identifiant)


def test_un_texte_recopie_d_une_ligne_a_l_autre_est_scelle_pour_la_sienne(instance: InstanceEssai) -> None:
    with academie(instance) as session:
        une = Note(uai=ECOLE, annee=2026, eleve_id=instance.annuaire["eleve"], texte=CANARI)
        session.add(une)
        session.flush()
        autre = Note(uai=ECOLE, annee=2026, eleve_id=instance.annuaire["camarade"], texte=une.texte)
        session.add(autre)
    assert lire(instance, autre.id).texte == CANARI


# --- Les clés ------------------------------------------------------------------------------------


def unites(instance: InstanceEssai) -> set[str]:
    chiffreur = instance.base.chiffreur
    assert chiffreur is not None
    return set(chiffreur.coffre.unites())  # type: ignore[attr-defined] # le vrai


def test_une_cle_par_eleve_et_par_annee(instance: InstanceEssai) -> None:
    noter(instance)
    noter(instance, texte="autre texte, même élève, même année")
    assert len(unites(instance)) == 1
    noter(instance, role="camarade")
    assert len(unites(instance)) == 2
    with academie(instance) as session:
        session.add(Note(uai=ECOLE, annee=2025, eleve_id=instance.annuaire["eleve"], texte=CANARI))
    assert len(unites(instance)) == 3
    assert all(unite.startswith("colonne:confidences:") for unite in unites(instance))


def test_une_ligne_a_deux_proprietaires_a_sa_cle(instance: InstanceEssai) -> None:
    with academie(instance) as session:
        for _ in range(2):
            session.add(
                Conflit(
                    uai=ECOLE, un_id=instance.annuaire["eleve"], autre_id=instance.annuaire["camarade"],
                    jour=date(2026, 9, 1), recit=CANARI,
                )
            )  # fmt: skip
    assert len(unites(instance)) == 2


def test_le_coffre_ne_nomme_personne(instance: InstanceEssai, chemin: Path) -> None:
    noter(instance)
    contenu = chemin.read_bytes()
    for dit in (str(instance.annuaire["eleve"]), instance.annuaire["eleve"].hex, ECOLE):
        assert dit.encode() not in contenu


def test_trente_lignes_ouvrent_le_coffre_une_fois(
    instance: InstanceEssai, monkeypatch: pytest.MonkeyPatch
) -> None:
    eleves = [instance.annuaire["eleve"], instance.annuaire["camarade"]]
    ouvertures: list[Any] = []
    vrai: Callable[..., sqlite3.Connection] = sqlite3.connect

    def ouvrir(*arguments: Any, **options: Any) -> sqlite3.Connection:
        ouvertures.append(arguments)
        return vrai(*arguments, **options)

    with monkeypatch.context() as compteur:
        compteur.setattr(sqlite3, "connect", ouvrir)
        with academie(instance) as session:
            for rang in range(30):
                eleve = eleves[rang % 2]
                session.add(Note(uai=ECOLE, annee=2000 + rang // 2, eleve_id=eleve, texte=f"{CANARI} {rang}"))
        assert len(ouvertures) <= 3, "les clés de trente lignes s'obtiennent d'un coup"
        ouvertures.clear()
        with academie(instance) as session:
            textes = {note.texte for note in session.scalars(select(Note))}
    assert textes == {f"{CANARI} {rang}" for rang in range(30)}
    assert len(ouvertures) == 1


def test_sans_donnee_chiffree_aucun_fichier_ne_nait(instance: InstanceEssai, chemin: Path) -> None:
    with academie(instance) as session:
        assert session.scalars(select(Note)).all() == []
        session.add(Conflit(uai=ECOLE, jour=date(2026, 9, 1), recit=None))
    assert not chemin.parent.exists()


def test_une_cle_detruite_se_lit_effacee_et_la_page_s_affiche(instance: InstanceEssai) -> None:
    identifiant = noter(instance, piece=b"piece")
    assert instance.base.chiffreur.coffre.detruire(unites(instance)) == 1  # type: ignore[union-attr] # posé plus haut
    note = lire(instance, identifiant)
    assert (note.texte, note.piece) == (EFFACE, b"")


def test_ce_qui_s_ecrit_apres_une_destruction_n_ouvre_pas_ce_qui_precede(instance: InstanceEssai) -> None:
    ancienne = noter(instance)
    instance.base.chiffreur.coffre.detruire(unites(instance))  # type: ignore[union-attr] # posé plus haut
    neuve = noter(instance, texte="neuf")
    assert lire(instance, neuve).texte == "neuf"
    assert lire(instance, ancienne).texte == EFFACE


def test_une_fiche_fusionnee_garde_ses_textes(instance: InstanceEssai) -> None:
    identifiant = noter(instance)
    with academie(instance) as session:
        session.execute(update(Note).values(eleve_id=instance.annuaire["camarade"]))
    assert lire(instance, identifiant).texte == CANARI


def test_une_ecriture_defaite_puis_refaite_dans_la_meme_session(instance: InstanceEssai) -> None:
    with academie(instance) as session:
        point = session.begin_nested()
        session.add(Note(uai=ECOLE, annee=2026, eleve_id=instance.annuaire["eleve"], texte="défait"))
        session.flush()
        point.rollback()
        session.add(Note(uai=ECOLE, annee=2026, eleve_id=instance.annuaire["eleve"], texte=CANARI))
    with academie(instance) as session:
        assert [note.texte for note in session.scalars(select(Note))] == [CANARI]


def test_une_brique_lit_et_ecrit_derriere_le_portillon(instance: InstanceEssai) -> None:
    with instance.base.ecole(ECOLE, "essai") as session:
        with sous_portillon(session, "confidences", (Role.CPE,)):
            session.add(Note(uai=ECOLE, annee=2026, eleve_id=instance.annuaire["eleve"], texte=CANARI))
            session.flush()
        with sous_portillon(session, "confidences", (Role.CPE,)):
            assert session.scalars(select(Note)).one().texte == CANARI
    with instance.base.ecole(AUTRE, "essai") as session, sous_portillon(session, "confidences", (Role.CPE,)):
        assert session.scalars(select(Note)).all() == []


def test_lire_trente_lignes_ne_coute_aucun_enonce_de_plus(instance: InstanceEssai) -> None:
    for _ in range(3):
        noter(instance)
    with compter_enonces(instance.base) as enonces, academie(instance) as session:
        session.scalars(select(Note)).all()
    assert sum("confidences_note" in enonce for enonce in enonces) == 1
    assert not any("advisory" in enonce for enonce in enonces)


def test_sans_coffre_l_erreur_dit_que_faire(instance: InstanceEssai) -> None:
    noter(instance)
    nue = BaseDeDonnees(instance.base.url)
    with nue.academie("essai") as session, pytest.raises(ErreurEnt, match="aucun coffre"):
        session.scalars(select(Note)).all()
    nue.fermer()
