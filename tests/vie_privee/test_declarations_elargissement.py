"""Le code classe ce qui change : élargir se soumet à l'établissement, restreindre non."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Date, String, Text

from ent_core.contrat.donnees import (
    Acces,
    AucuneDonnee,
    BaseLegale,
    Categorie,
    Conservation,
    Copie,
    Depart,
    Depot,
    Destinataire,
    Duree,
    Exemption,
    FinaliteEnt,
    NatureDepot,
    Opposition,
    Population,
    Sort,
    Sujet,
    Tableau,
    Texte,
    Visa,
    commun,
)
from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Role
from ent_core.vie_privee.elargissement import comparer, elargissements
from ent_core.vie_privee.empreinte import canonique, empreinte
from ent_core.vie_privee.registre import DeclarationBrique

from .declarations_essai import CONSERVATION, SUIVI, brique, donnee, neutre, table, tables

CPE, ENSEIGNANT = SUIVI.destinataires
FICHIERS = Depot("pièces jointes", NatureDepot.FICHIERS, Duree(mois=1), "effacées avec la note")


def regle(**champs: Any) -> dict[str, Any]:
    return {"conservation": replace(CONSERVATION, **champs)}


def juger(avant: DeclarationBrique, apres: DeclarationBrique) -> bool:
    """Vrai si quelque chose s'élargit ; le changement, lui, doit toujours se dire."""
    assert comparer(canonique(avant), canonique(apres)), "un changement passe inaperçu"
    return bool(elargissements(canonique(avant), canonique(apres)))


@pytest.mark.exigence("RGPD-REG-03")
@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        pytest.param(
            {}, {"destinataires": (CPE, ENSEIGNANT, Destinataire(Role.ELEVE, Portee.MOI))}, id="rôle"
        ),
        pytest.param(
            {}, {"destinataires": (CPE, replace(ENSEIGNANT, portee=Portee.ETABLISSEMENT))}, id="portée"
        ),
        pytest.param({}, {"destinataires": (replace(CPE, acces=Acces.ECRIRE), ENSEIGNANT)}, id="écriture"),
        pytest.param(
            {}, {"personnes": frozenset({Population.ELEVE, Population.RESPONSABLE})}, id="population"
        ),
        pytest.param({}, {"finalite": "Suivre et noter les élèves."}, id="but"),
        pytest.param({}, {"finalite_ent": FinaliteEnt.ESPACES}, id="finalité permise"),
        pytest.param({}, {"base": BaseLegale.CONSENTEMENT}, id="base légale"),
        pytest.param({}, {"origines": ("annuaire de l'académie", "médecin scolaire")}, id="origine"),
        pytest.param({}, {"depots": (FICHIERS,)}, id="dépôt"),
        pytest.param(
            {"depots": (FICHIERS,)},
            {"depots": (replace(FICHIERS, duree=Duree(mois=2)),)},
            id="durée d'un dépôt",
        ),
        pytest.param({}, {"seuil": 3}, id="seuil"),
        pytest.param({}, regle(duree=Duree(mois=4)), id="durée"),
        pytest.param({}, regle(duree=Duree(annees=1)), id="durée en années"),
        pytest.param(regle(duree=Duree(mois=1)), regle(duree=Duree(jours=30)), id="durée incomparable"),
        pytest.param({}, regle(depart=Depart.SORTIE_ETABLISSEMENT), id="départ"),
        pytest.param({}, regle(sort=Sort.ANONYMISER), id="anonymiser au lieu d'effacer"),
        pytest.param({}, regle(sort=Sort.ARCHIVER), id="garder au lieu d'effacer"),
        pytest.param(
            regle(sort=Sort.ANONYMISER), regle(sort=Sort.ARCHIVER), id="garder au lieu d'anonymiser"
        ),
        pytest.param(regle(autorite=Visa()), regle(autorite=Texte("R. 1")), id="visa perdu"),
        pytest.param(
            regle(autorite=Tableau("série", date(2026, 1, 1))),
            regle(autorite=Copie("SIECLE")),
            id="simple copie",
        ),
        pytest.param({}, regle(intermediaire=Duree(annees=1)), id="archive intermédiaire"),
        pytest.param(
            regle(intermediaire=Duree(mois=1)), regle(intermediaire=Duree(mois=2)), id="archive plus longue"
        ),
        pytest.param({}, regle(preavis=1), id="préavis"),
        pytest.param({"opposition": Opposition(True, "situation")}, {}, id="opposition fermée"),
        pytest.param(
            {"opposition": Opposition(True, "situation", "feuille")},
            {"opposition": Opposition(True, "situation")},
            id="voie papier",
        ),
    ],
)
def test_elargir_un_traitement_se_soumet_et_l_inverse_non(
    avant: dict[str, Any], apres: dict[str, Any]
) -> None:
    etroite, large = brique(**avant), brique(**apres)
    assert juger(etroite, large)
    sans_retour = {"finalite", "finalite_ent", "base"} & apres.keys()
    if not sans_retour and not _incomparable(avant, apres):
        assert not juger(large, etroite)


def _incomparable(avant: dict[str, Any], apres: dict[str, Any]) -> bool:
    """Un départ, ou des unités différentes, ne se comparent dans aucun sens."""
    a, b = (d.get("conservation", CONSERVATION) for d in (avant, apres))
    return a.depart is not b.depart or bool(a.duree.jours) != bool(b.duree.jours)


@pytest.mark.parametrize(
    "champs",
    [
        {"intitule": "Suivi des élèves du collège"},
        {"textes": ("code de l'éducation, article R. 2",)},
        regle(autorite=Texte("code de l'éducation, article R. 2")),
        {"version": 2},
    ],
    ids=str,
)
def test_mieux_rediger_ne_se_soumet_pas(champs: dict[str, Any]) -> None:
    assert not juger(brique(), brique(**champs))


def colonne(**options: Any) -> DeclarationBrique:
    return brique(table(tables(), "suivi_note", donnee("texte", Text, **options)))


@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        pytest.param({}, {"libre": True}, id="texte libre"),
        pytest.param({}, {"cles": ("motif",)}, id="clé de JSON"),
        pytest.param({"pour": frozenset({"cpe"})}, {}, id="pour ôté"),
        pytest.param(
            {"pour": frozenset({"cpe"})}, {"pour": frozenset({"cpe", "enseignant"})}, id="pour élargi"
        ),
        pytest.param({"chiffree": True}, {}, id="chiffrement ôté"),
    ],
)
def test_elargir_une_donnee_se_soumet_et_l_inverse_non(avant: dict[str, Any], apres: dict[str, Any]) -> None:
    assert juger(colonne(**avant), colonne(**apres))
    assert not juger(colonne(**apres), colonne(**avant))


def test_une_autre_categorie_se_soumet_toujours() -> None:
    sante = colonne(categorie=Categorie.SANTE)
    assert juger(colonne(), sante)
    assert juger(sante, colonne())


def test_changer_de_nature_se_soumet_dans_les_deux_sens() -> None:
    personnelle = brique(table(tables(), "suivi_note", donnee("texte", String(10))))
    dite_neutre = brique(table(tables(), "suivi_note", neutre("texte", String(10))))
    assert juger(personnelle, dite_neutre)
    assert juger(dite_neutre, personnelle)


def note(*elements: Any, **options: Any) -> DeclarationBrique:
    return brique(table(tables(), "suivi_note", *elements, **options))


SIGNEE = Exemption("motif", "responsable", date(2026, 11, 22))


@pytest.mark.parametrize(
    ("faire_avant", "faire_apres"),
    [
        pytest.param(lambda: note(), lambda: note(donnee("texte", Text)), id="donnée nouvelle"),
        pytest.param(lambda: note(), lambda: note(neutre("rang", String(4))), id="colonne neutre nouvelle"),
        pytest.param(lambda: brique(), lambda: note(), id="table nouvelle"),
        pytest.param(
            lambda: note(neutre("mot", Text)),
            lambda: note(neutre("mot", Text, exemption=SIGNEE)),
            id="dérogation",
        ),
        pytest.param(lambda: note(), lambda: note(cloisonnement=commun("partagée")), id="cloison ôtée"),
        pytest.param(lambda: note(ajout_seul=True), lambda: note(), id="journal modifiable"),
        pytest.param(
            lambda: DeclarationBrique("suivi", (), (), AucuneDonnee("rien")),
            lambda: brique(),
            id="traitement nouveau",
        ),
        pytest.param(
            lambda: note(sujets=(Sujet("id"), Sujet("uai"))),
            lambda: note(sujets=(Sujet("id"),)),
            id="sujet perdu",
        ),
    ],
)
def test_tenir_plus_de_donnees_se_soumet_et_en_tenir_moins_non(
    faire_avant: Callable[[], DeclarationBrique], faire_apres: Callable[[], DeclarationBrique]
) -> None:
    assert juger(faire_avant(), faire_apres())
    assert not juger(faire_apres(), faire_avant())


def test_une_autre_date_de_depart_se_soumet() -> None:
    dates = (neutre("cree_le", Date), neutre("clos_le", Date))
    avant, apres = (
        note(*dates, depart="cree_le"),
        note(neutre("cree_le", Date), neutre("clos_le", Date), depart="clos_le"),
    )
    assert juger(avant, apres)


def test_une_table_sans_traitement_ne_se_soumet_pas() -> None:
    assert not juger(
        note(sujets=(), traitement=None), note(neutre("rang", String(4)), sujets=(), traitement=None)
    )


def test_ce_qui_change_se_dit_en_francais() -> None:
    apres = note(donnee("humeur_du_jour", Text, categorie=Categorie.SANTE))
    phrases = [c.phrase for c in elargissements(canonique(note()), canonique(apres))]
    assert phrases == ["Nouvelle donnée : « humeur du jour » (santé), dans « note »."]


def test_la_forme_ne_depend_pas_de_l_ordre_du_code() -> None:
    endroit = note(donnee("a", Text), donnee("b", Text))
    envers = note(donnee("b", Text), donnee("a", Text))
    retournee = replace(SUIVI, destinataires=SUIVI.destinataires[::-1])
    assert empreinte(canonique(endroit)) == empreinte(canonique(envers))
    assert empreinte(canonique(brique())) == empreinte(canonique(brique(traitement=retournee)))


DUREES = st.builds(Duree, mois=st.integers(0, 40), jours=st.integers(0, 400), annees=st.integers(0, 12))


@given(DUREES, DUREES)
def test_de_deux_durees_differentes_l_une_au_moins_elargit(a: Duree, b: Duree) -> None:
    if a == b:
        return
    courte, longue = (
        canonique(brique(conservation=Conservation(Depart.FIN_ANNEE_SCOLAIRE, duree, Sort.SUPPRIMER)))
        for duree in (a, b)
    )
    assert elargissements(courte, longue) or elargissements(longue, courte)
    if (b.annees, b.mois, b.jours) >= (a.annees, a.mois, a.jours) and b.mois >= a.mois and b.jours >= a.jours:
        assert elargissements(courte, longue)
