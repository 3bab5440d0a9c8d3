"""Une déclaration incomplète ou complaisante est refusée ; tout est dit d'un coup, avec le remède."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy import Enum as Enumeration
from sqlalchemy.dialects.postgresql import HSTORE, JSONB

from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import (
    Categorie,
    Conservation,
    Copie,
    Depart,
    Depot,
    Duree,
    Exemption,
    Lien,
    NatureDepot,
    Sort,
    Sujet,
    Tableau,
    Texte,
    Visa,
)
from ent_core.contrat.roles import Role
from ent_core.vie_privee.controle_declarations import controler

from .declarations_essai import anomalies, brique, codes, donnee, neutre, table, tables

SIGNEE = Exemption("code d'une liste fermée", "responsable de la brique", date(2026, 11, 22))


def test_une_table_bien_declaree_passe() -> None:
    assert codes(table(tables(), "suivi_note", donnee("texte", Text, libre=True))) == []


@pytest.mark.exigence("RGPD-REG-02")
def test_le_noyau_et_les_briques_livrees_passent() -> None:
    chargement = charger(["annonces"])
    assert list(chargement.anomalies) == []
    assert [str(a) for a in controler([b.declaration() for b in chargement.briques])] == []


@pytest.mark.exigence("RGPD-MIN-02")
@pytest.mark.parametrize(
    "type_",
    [Text(), String(), String(65), ARRAY(Text()), JSONB(), LargeBinary(), HSTORE()],
    ids=lambda t: repr(t),
)
def test_neutre_est_refuse_a_ce_qui_peut_tout_contenir(type_: Any) -> None:
    (message,) = anomalies(table(tables(), "suivi_note", neutre("valeur", type_)))
    assert "DONNEE-026" in message
    assert "table suivi_note, colonne valeur" in message
    assert "donnee(catégorie, …)" in message


@pytest.mark.parametrize(
    "type_",
    [String(64), ARRAY(String(11)), Enumeration("ouvert", "clos", name="etat"), Integer(), Date()],
    ids=repr,
)
def test_neutre_est_permis_a_ce_qui_est_borne(type_: Any) -> None:
    assert codes(table(tables(), "suivi_note", neutre("valeur", type_))) == []


def test_une_cle_etrangere_est_bornee_par_la_table_visee() -> None:
    metadata = tables()
    motif = table(metadata, "suivi_motif", neutre("code", String(8)), sujets=(), traitement=None)
    reference = neutre("motif", Text, ForeignKey("suivi_motif.id"))
    assert codes(motif, table(metadata, "suivi_note", reference)) == []


@pytest.mark.parametrize(
    "nom", ["courriel", "mobile_telephone", "adresse", "ville", "prenom", "ine", "email"]
)
def test_neutre_est_refuse_a_un_nom_qui_annonce_des_coordonnees(nom: str) -> None:
    (message,) = anomalies(table(tables(), "suivi_note", neutre(nom, String(20))))
    assert "DONNEE-026" in message


def test_une_derogation_signee_leve_le_refus_et_une_derogation_vide_ne_leve_rien() -> None:
    assert codes(table(tables(), "suivi_note", neutre("valeur", Text, exemption=SIGNEE))) == []
    vide = Exemption(" ", "", date(2026, 11, 22))
    assert codes(table(tables(), "suivi_note", neutre("valeur", Text, exemption=vide))) == ["DONNEE-027"]


def test_pour_ne_nomme_que_des_destinataires() -> None:
    assert codes(table(tables(), "suivi_note", donnee("texte", Text, pour=frozenset({Role.CPE})))) == []
    (message,) = anomalies(table(tables(), "suivi_note", donnee("texte", Text, pour=frozenset({Role.ELEVE}))))
    assert "DONNEE-028" in message
    assert "eleve" in message


@pytest.mark.parametrize(
    ("type_", "options", "attendu"),
    [
        (Text(), {"libre": True}, []),
        (LargeBinary(), {}, []),
        (Text(), {}, ["DONNEE-029"]),
        (String(10), {}, ["DONNEE-029"]),
        (Date(), {}, ["DONNEE-029"]),
        (Text(), {"libre": True, "index": True}, ["DONNEE-029"]),
    ],
)
def test_on_ne_chiffre_que_du_texte_libre_ou_du_binaire_que_rien_ne_cherche(
    type_: Any, options: dict[str, Any], attendu: list[str]
) -> None:
    assert codes(table(tables(), "suivi_note", donnee("texte", type_, chiffree=True, **options))) == attendu


@pytest.mark.exigence("RGPD-DRO-03")
def test_une_table_de_donnees_mene_a_une_personne_ou_dit_pourquoi() -> None:
    trouvees = codes(table(tables(), "suivi_note", donnee("texte", Text), sujets=()))
    assert trouvees == ["DONNEE-007", "DONNEE-030"]
    dite = table(tables(), "suivi_note", donnee("texte", Text), sujets=(), sans_sujet="vidée chaque nuit")
    assert codes(dite) == []


def test_un_sujet_direct_designe_une_personne() -> None:
    assert codes(table(tables(), "suivi_note", donnee("auteur", String(20)), sujets=(Sujet("auteur"),))) == [
        "DONNEE-008"
    ]
    assert codes(table(tables(), "suivi_note", sujets=(Sujet("absente"),))) == ["DONNEE-006"]


def _fille(sujet: Sujet, *, parente: tuple[Sujet, ...] | None = None, cle: bool = True) -> list[str]:
    metadata = tables()
    mere = table(metadata, "suivi_dossier", sujets=parente)
    liens = (
        [ForeignKeyConstraint(["uai", "dossier_id"], ["suivi_dossier.uai", "suivi_dossier.id"]),
         Index(None, "uai", "dossier_id")]
        if cle
        else []
    )  # fmt: skip
    fille = table(
        metadata, "suivi_piece", donnee("dossier_id", Uuid), donnee("texte", Text), *liens, sujets=(sujet,)
    )
    return anomalies(mere, fille)


def test_un_sujet_peut_passer_par_une_table_parente() -> None:
    assert _fille(Sujet("dossier_id", par="suivi_dossier")) == []


@pytest.mark.parametrize(
    ("options", "dit"),
    [
        ({"sujet": Sujet("dossier_id", par="suivi_absente")}, "qui n'existe pas"),
        ({"sujet": Sujet("dossier_id", par="suivi_dossier"), "cle": False}, "sans clé étrangère"),
        ({"sujet": Sujet("dossier_id", par="suivi_dossier"), "parente": ()}, "qui n'a pas de sujet"),
    ],
)
def test_un_sujet_ne_passe_pas_par_n_importe_quelle_table(options: dict[str, Any], dit: str) -> None:
    (message,) = _fille(**options)
    assert "DONNEE-008" in message
    assert dit in message


@pytest.mark.exigence("RGPD-DUR-01")
@pytest.mark.parametrize(
    ("depart", "options", "attendu"),
    [
        (Depart.CREATION, {}, ["DONNEE-030"]),
        (Depart.CREATION, {"depart": "cree_le"}, []),
        (Depart.FAIT, {"depart": "texte"}, ["DONNEE-031"]),
        (Depart.FIN_DE_VALIDITE, {"depart": "absente"}, ["DONNEE-031"]),
        (Depart.FIN_ANNEE_SCOLAIRE, {}, ["DONNEE-032"]),
        (Depart.PERTE_DE_VOCATION, {}, []),
    ],
)
def test_une_regle_a_de_quoi_partir(depart: Depart, options: dict[str, Any], attendu: list[str]) -> None:
    regle = Conservation(depart, Duree(mois=1), Sort.SUPPRIMER)
    note = table(
        tables(), "suivi_note", donnee("texte", Text), neutre("cree_le", DateTime(timezone=True)), **options
    )
    assert codes(note, conservation=regle) == attendu


def test_la_fin_de_l_annee_scolaire_se_lit_dans_la_colonne_annee() -> None:
    regle = Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(annees=1), Sort.SUPPRIMER)
    note = table(tables(), "suivi_note", neutre("annee", SmallInteger), donnee("texte", Text))
    assert codes(note, conservation=regle) == []


def test_une_ligne_qui_n_a_qu_un_auteur_ne_suit_la_situation_de_personne() -> None:
    auteur = donnee("auteur_id", Uuid, ForeignKey("personne.id", ondelete="SET NULL"), index=True)
    note = table(tables(), "suivi_note", auteur, sujets=(Sujet("auteur_id", Lien.AUTEUR),))
    assert codes(note) == ["DONNEE-030"]


def test_une_ligne_fille_part_avec_sa_parente() -> None:
    metadata = tables()
    dossier = table(metadata, "suivi_dossier", neutre("clos_le", Date), depart="clos_le")
    piece = table(
        metadata, "suivi_piece", neutre("dossier_id", Uuid, nullable=False), donnee("texte", Text),
        ForeignKeyConstraint(
            ["uai", "dossier_id"], ["suivi_dossier.uai", "suivi_dossier.id"], ondelete="CASCADE"
        ),
        Index(None, "uai", "dossier_id"),
        sujets=(Sujet("dossier_id", par="suivi_dossier"),),
    )  # fmt: skip
    regle = Conservation(Depart.FAIT, Duree(mois=1), Sort.SUPPRIMER)
    assert codes(dossier, piece, conservation=regle) == []


@pytest.mark.parametrize(
    ("elements", "attendu"),
    [
        ((), ["DONNEE-033"]),
        ((Index(None, "auteur_id"),), []),
        ((Index(None, "uai", "auteur_id"),), ["DONNEE-033"]),
        ((Index(None, "auteur_id", "uai"),), []),
        ((UniqueConstraint("auteur_id", "uai"),), []),
        ((Index("partiel", "auteur_id", postgresql_where=text("auteur_id is not null")),), []),
        ((Index("autre", "auteur_id", postgresql_where=text("uai = '0'")),), ["DONNEE-033"]),
    ],
    ids=["aucun", "seule", "après l'école", "avant l'école", "unicité", "partiel utile", "partiel inutile"],
)
def test_une_cle_vers_une_personne_a_son_index(elements: tuple[Any, ...], attendu: list[str]) -> None:
    auteur = donnee("auteur_id", Uuid, ForeignKey("personne.id", ondelete="CASCADE"))
    note = table(tables(), "suivi_note", auteur, *elements, sujets=(Sujet("auteur_id"),))
    assert codes(note) == attendu


def _cercle(*, nul: bool) -> list[str]:
    metadata = tables()
    noms = ("suivi_a", "suivi_b")
    paire = [
        table(
            metadata, nom, neutre("autre_id", Uuid, nullable=nul and nom == "suivi_a"),
            ForeignKeyConstraint(
                ["uai", "autre_id"], [f"{autre}.uai", f"{autre}.id"], use_alter=True, name=f"fk_{nom}"
            ),
            Index(None, "uai", "autre_id"),
        )
        for nom, autre in (noms, noms[::-1])
    ]  # fmt: skip
    return anomalies(*paire)


def test_un_cercle_de_cles_obligatoires_est_refuse_et_une_cle_facultative_le_rompt() -> None:
    (message,) = _cercle(nul=False)
    assert "DONNEE-034" in message
    assert "suivi_a" in message
    assert _cercle(nul=True) == []


@pytest.mark.exigence("CNIL-LOG-02")
@pytest.mark.parametrize(
    ("duree", "attendu"),
    [
        (Duree(mois=5), ["DONNEE-040"]),
        (Duree(mois=6), []),
        (Duree(jours=365), []),
        (Duree(mois=13), ["DONNEE-040"]),
    ],
)
def test_un_journal_se_garde_de_six_a_douze_mois(duree: Duree, attendu: list[str]) -> None:
    regle = Conservation(Depart.CREATION, duree, Sort.SUPPRIMER)
    journal = table(
        tables(), "suivi_journal", donnee("geste", String(20), categorie=Categorie.TRACE),
        neutre("instant", DateTime), depart="instant", ajout_seul=True,
    )  # fmt: skip
    assert codes(journal, conservation=regle) == attendu
    depot = Depot("journal du serveur", NatureDepot.JOURNAUX, duree, "rotation du système")
    assert codes(depots=(depot,)) == attendu


def test_un_depot_dit_qui_l_efface() -> None:
    depot = Depot("pièces jointes", NatureDepot.FICHIERS, Duree(mois=1), " ")
    assert codes(depots=(depot,)) == ["DONNEE-019"]


@pytest.mark.parametrize("autorite", [Texte(""), Tableau(" ", date(2026, 1, 1)), Copie("")])
def test_une_autorite_sans_reference_est_refusee(autorite: Any) -> None:
    regle = Conservation(Depart.PERTE_DE_VOCATION, Duree(mois=1), Sort.SUPPRIMER, autorite=autorite)
    assert codes(conservation=regle) == ["DONNEE-016"]
    visee = Conservation(Depart.PERTE_DE_VOCATION, Duree(mois=1), Sort.SUPPRIMER, autorite=Visa())
    assert codes(conservation=visee) == []


@pytest.mark.parametrize("duree", [Duree(mois=-1), Duree(annees=1)])
def test_une_duree_negative_ou_en_annees_scolaires_sans_fin_d_annee_est_refusee(duree: Duree) -> None:
    assert codes(conservation=Conservation(Depart.CREATION, duree, Sort.SUPPRIMER)) == ["DONNEE-018"]


def test_toutes_les_fautes_se_disent_d_un_coup() -> None:
    note = table(
        tables(),
        "suivi_note",
        neutre("courriel", Text),
        donnee("texte", Text, pour=frozenset({"maire"})),
        sujets=(),
    )
    trouvees = controler([brique(note, textes=(), depots=(Depot("", NatureDepot.CACHE, Duree(), ""),))])
    assert [a.code for a in trouvees] == [
        "DONNEE-014", "DONNEE-019", "DONNEE-026", "DONNEE-028", "DONNEE-007", "DONNEE-030",
    ]  # fmt: skip
    assert all(a.lieu and a.message and a.remede for a in trouvees)
