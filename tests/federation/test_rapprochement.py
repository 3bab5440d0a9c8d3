"""De ce qu'un fournisseur affirme à la bonne personne : jamais deux, jamais une autre (R21, exemples)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lxml import etree
from sqlalchemy import select, update

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation.cles_source import (
    Reference,
    lire_jointures,
    lire_references,
    lire_vecteurs,
    normaliser,
)
from ent_core.federation.evenement import (
    Attributs,
    EntreeRefusee,
    EvenementAuthentification,
    lire_attributs,
)
from ent_core.federation.rapprochement import Trouvees, lier, rapprocher
from ent_core.identite.fusion import fusionner_personnes
from ent_core.identite.modeles import (
    Compte,
    Identifiant,
    LienIdentite,
    Personne,
    Responsabilite,
)
from ent_core.socle.calendrier import HorlogeFixe
from tests.identite.aaf_import_essais import LUNDI, Annuaire, corpus
from tests.identite.comptes_essais import COLLEGE, LYCEE, creer, inscrire, ouvrir_ecoles

SSO = Path(__file__).parents[3] / "shared" / "formats" / "sso" / "constructed"
EMETTEUR = "https://educonnect.exemple.invalid"
DECLARE = Fournisseur(
    protocole="oidc", nom="EduConnect", emetteur=EMETTEUR, client="ent", academies={"LYON": "010"}
)
PIVOT = Fournisseur(protocole="oidc", nom="Pivot", emetteur=EMETTEUR, client="ent", etat_civil=True)


def evenement(sujet: str = "s1", **dits: Any) -> EvenementAuthentification:
    return EvenementAuthentification("educonnect", EMETTEUR, sujet, "oidc", Attributs(**dits))


def trouver(
    base: BaseDeDonnees, horloge: HorlogeFixe, fait: EvenementAuthentification, declare: Fournisseur = DECLARE
) -> Trouvees | None:
    with base.academie("essai") as session:
        return rapprocher(session, horloge.aujourd_hui(), declare, fait)


def refus(base: BaseDeDonnees, horloge: HorlogeFixe, fait: EvenementAuthentification, **options: Any) -> str:
    with pytest.raises(EntreeRefusee) as leve:
        trouver(base, horloge, fait, **options)
    assert leve.value.remede
    return leve.value.motif


def cle(base: BaseDeDonnees, personne: UUID, valeur: str, type_: str = "ENTPersonJointure") -> None:
    with base.academie("essai") as session:
        session.add(Identifiant(source="AAF:099", type=type_, valeur=valeur, personne_id=personne))


def naitre(base: BaseDeDonnees, personne: UUID, jour: date) -> UUID:
    with base.academie("essai") as session:
        session.execute(update(Personne).where(Personne.id == personne).values(naissance=jour))
    return personne


# --- Lire les clés -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["1", "01", "001"])
def test_un_code_d_academie_s_ecrit_de_plusieurs_facons(code: str) -> None:
    assert lire_references([f"{{AAF}}{code}|2D|600101"], {}) == [Reference("AAF:001", "600101")]


def test_une_provenance_inconnue_est_ignoree_sans_gener_les_autres() -> None:
    recues = [
        "{ECT}123",
        "{ECT-ENT}5",
        "{AAF}",
        "{AAF}99|600101",
        "{AAF}NULLE-PART|2D|7",
        "{AAF}LYON|2D|600101",
    ]
    assert lire_references(recues, {"LYON": "010"}) == [Reference("AAF:010", "600101")]


def test_une_jointure_nue_ne_vaut_que_d_un_fournisseur_d_une_seule_academie() -> None:
    assert lire_jointures(["AC-LYON$5", "99$6"], {"LYON": "010"}) == [
        Reference("AAF:010", "5"),
        Reference("AAF:099", "6"),
    ]
    assert lire_jointures(["7"], {"LYON": "010"}) == [Reference("AAF:010", "7")]
    assert lire_jointures(["7"], {}) == lire_jointures(["7"], {"A": "001", "B": "002"}) == []


@pytest.mark.parametrize(
    "vecteurs",
    [
        ["4|||700001"],
        ["2|DU|PONT|Anaïs|700001|0990101X"],
        ["2|BERTOGNE|Anaïs||0990101X"],
        ["2|BERTOGNE|Anaïs|700001|"],
        ["2|BERTOGNE||700001|0990101X"],
        ["5|A|B|1|0990101X"],
        ["4|||1|0990101X", "4|||2|0990101X"],
        ["2|A|B|1|0990101X", "4|||2|0990101X"],
    ],
)
def test_un_vecteur_mal_forme_est_refuse(vecteurs: list[str]) -> None:
    with pytest.raises(EntreeRefusee):
        lire_vecteurs(vecteurs)


def test_deux_ecritures_d_un_nom_sont_egales_et_deux_noms_ne_le_sont_pas() -> None:
    assert normaliser("D'ORVILLIERS-Lœuf ") == normaliser("d’orvilliers  Loeuf")
    assert normaliser("Élise") == normaliser("ELISE") != normaliser("Élis")


def test_les_attributs_se_lisent_par_leur_nom_ou_leur_oid_et_le_reste_s_oublie() -> None:
    prefixe = "urn:oid:1.3.6.1.4.1.20326.10.999.1."
    dits = lire_attributs(
        {
            f"{prefixe}7": ["resp2d"], f"{prefixe}67": "2014-05-02", f"{prefixe}72": ["0990101X", "X", 3],
            "urn:oid:2.5.4.4": "BERTOGNE", "urn:oid:2.5.4.42": ["Élise"], f"{prefixe}64": "empreinte-ine",
            "FrEduRneResp": "0990102Y$UAJ$PU$N$T3$CLG$340", "mail": "x@exemple.invalid",
        },
        "educonnect",
    )  # fmt: skip
    assert dits == Attributs(
        nom="BERTOGNE", prenom="Élise", naissance=date(2014, 5, 2), publics=("resp2d",),
        uais=("0990101X", "0990102Y"),
    )  # fmt: skip
    assert lire_attributs({"sn": ["A", "B"], "FrEduCtRefId": ["a" * 600, "b\n"]}, "educonnect") == Attributs()


# --- La chaîne -----------------------------------------------------------------------------------------


@pytest.mark.exigence("IDF-R21")
def test_r21_zero_une_ou_plusieurs_personnes(base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
    ouvrir_ecoles(base)
    lea, noe = inscrire(base, "Léa", "Martin"), inscrire(base, "Noé", "Petit")
    cle(base, lea, "1")
    cle(base, noe, "2")
    un = evenement(references=("{AAF}99|2D|1",))
    assert trouver(base, horloge, evenement()) is None
    assert trouver(base, horloge, evenement(references=("{AAF}99|2D|3", "{ECT}1"))) is None
    assert trouver(base, horloge, evenement(nom="Martin", prenom="Léa")) is None, "un nom ne suffit pas"
    assert refus(base, horloge, un) == "sans_compte", "aucun compte n'est créé par une entrée"
    creer(base, horloge)
    assert trouver(base, horloge, un) == Trouvees((lea,), "source")
    assert refus(base, horloge, evenement(references=("{AAF}99|2D|1", "{AAF}99|1D|2"))) == "plusieurs"
    with base.academie("essai") as session:
        session.execute(update(Compte).where(Compte.personne_id == lea).values(etat="suspendu"))
    assert refus(base, horloge, un) == "suspendu"
    with base.academie("essai") as session:
        session.execute(update(Personne).values(sursis_depuis=horloge.aujourd_hui()))
    assert refus(base, horloge, un) == "sursis"


@pytest.mark.exigence("IDF-R21")
def test_r21_un_responsable_de_deux_annuaires_a_une_seule_entree(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    ouvrir_ecoles(base)
    fiches = [inscrire(base, "Anaïs", "Bertogne", Profil.RESPONSABLE, uai=u) for u in (COLLEGE, LYCEE)]
    creer(base, horloge)
    cle(base, fiches[0], "10")
    fait = evenement(references=("{AAF}99|2D|10", "{AAF}99|1D|20"))
    assert trouver(base, horloge, fait) == Trouvees((fiches[0],), "source")
    with base.academie("essai") as session:
        lier(session, horloge, fait, [fiches[0]], "source")
    # Un enfant entre dans une autre école : sa fiche rejoint le lien à la connexion suivante.
    cle(base, fiches[1], "20")
    trouvees = trouver(base, horloge, fait)
    assert trouvees == Trouvees(tuple(fiches), "lien")
    with base.academie("essai") as session:
        lier(session, horloge, fait, trouvees.personnes, trouvees.moyen)
        liens = session.execute(select(LienIdentite.personne_id, LienIdentite.vu_le)).all()
    assert {lien.personne_id for lien in liens} == set(fiches)
    assert all(lien.vu_le for lien in liens)


def test_fondre_deux_fiches_reliees_au_meme_sujet_garde_un_lien(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    ouvrir_ecoles(base)
    garde, absorbee = (
        inscrire(base, "Anaïs", "Bertogne", Profil.RESPONSABLE, uai=u) for u in (COLLEGE, LYCEE)
    )
    creer(base, horloge)
    with base.academie("essai") as session:
        lier(session, horloge, evenement(), [garde, absorbee], "source")
        lier(session, horloge, evenement("s2"), [absorbee], "preuve")
    with base.academie("essai") as session:
        fusionner_personnes(session, horloge, garde=garde, absorbee=absorbee, prevenir=lambda: None)
    with base.academie("essai") as session:
        liens = session.execute(select(LienIdentite.sujet, LienIdentite.personne_id)).all()
    assert sorted(tuple(lien) for lien in liens) == [("s1", garde), ("s2", garde)]


@pytest.mark.exigence("IDF-R21")
def test_r21_un_sujet_deja_lie_ne_passe_pas_a_un_autre_compte(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    ouvrir_ecoles(base)
    lea, noe = inscrire(base, "Léa", "Martin"), inscrire(base, "Noé", "Petit")
    creer(base, horloge)
    with base.academie("essai") as session:
        lier(session, horloge, evenement(), [lea], "preuve")
    with pytest.raises(EntreeRefusee) as leve, base.academie("essai") as session:
        lier(session, horloge, evenement(), [noe], "preuve")
    assert leve.value.motif == "deja_lie"
    cle(base, noe, "2")
    assert trouver(base, horloge, evenement(references=("{AAF}99|2D|2",))) == Trouvees((lea,), "lien")


@pytest.mark.exigence("IDF-R21")
def test_r21_l_etat_civil_demande_tout_identique_et_une_seule_personne(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    ouvrir_ecoles(base)
    jour = date(2014, 5, 2)
    elise = naitre(base, inscrire(base, "Élise-Marie", "D'Orvilliers"), jour)
    creer(base, horloge)
    juste: dict[str, Any] = {"nom": "D ORVILLIERS", "prenom": "elise marie", "naissance": jour}
    assert trouver(base, horloge, evenement(**juste), PIVOT) == Trouvees((elise,), "etat_civil")
    assert trouver(base, horloge, evenement(**juste)) is None, "un fournisseur qui n'y est pas admis"
    for change in (
        {"prenom": "Élise"}, {"nom": "Orvilliers"}, {"naissance": date(2014, 5, 3)}, {"naissance": None},
        {"nom": ""}, {"prenom": ""}, {"nom": "%"}, {"uais": (LYCEE,)},
    ):  # fmt: skip
        assert trouver(base, horloge, evenement(**juste | change), PIVOT) is None, change
    assert trouver(base, horloge, evenement(**juste, uais=(COLLEGE,)), PIVOT)
    with base.academie("essai") as session:
        lier(session, horloge, evenement("autre"), [elise], "etat_civil")
    assert trouver(base, horloge, evenement(**juste), PIVOT) is None, "déjà reliée : peut-être un homonyme"
    naitre(base, inscrire(base, "Élise-Marie", "d'orvilliers"), jour)
    assert trouver(base, horloge, evenement("s3", **juste), PIVOT) is None, "deux homonymes nés le même jour"


def test_deux_responsables_homonymes_d_un_eleve_ne_se_devinent_pas(
    base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    ouvrir_ecoles(base)
    enfant = inscrire(base, "Zoé", "Roux")
    cle(base, enfant, "700009", "ELEVE_ID")
    adultes = [inscrire(base, "Dominique", nom, Profil.RESPONSABLE) for nom in ("Roux", "ROUX", "Blanc")]
    creer(base, horloge)
    with base.academie("essai") as session:
        session.add_all(
            Responsabilite(
                eleve_id=enfant, responsable_id=adulte, lien="10", legal=1, financier=False, contact=True,
                paiement=False, source="essai", debut=date(2026, 9, 1),
            )
            for adulte in adultes
        )  # fmt: skip

    def vecteur(nom: str, uai: str = COLLEGE) -> EvenementAuthentification:
        return evenement(vecteurs=(f"2|{nom}|Dominique|700009|{uai}",))

    assert refus(base, horloge, vecteur("Roux")) == "plusieurs"
    assert trouver(base, horloge, vecteur("Blanc")) == Trouvees((adultes[2],), "source")
    assert trouver(base, horloge, vecteur("Blanc", LYCEE)) is None, "l'école compte aussi"
    assert trouver(base, horloge, vecteur("Bla")) is None, "un morceau de nom ne suffit pas"


# --- Les exemples -----------------------------------------------------------------------------------------


def attributs_de(nom: str) -> Attributs:
    """Attributs d'une réponse SAML d'exemple, par le même lecteur que les autres protocoles."""
    fichier = SSO / nom
    if not fichier.exists():
        pytest.skip(f"exemples absents : {fichier.name}")
    recus: dict[str, Sequence[str]] = {}
    for attribut in etree.parse(fichier).iterfind(".//{*}Attribute"):
        recus[str(attribut.get("Name"))] = [str(v.text) for v in attribut.iterfind("{*}AttributeValue")]
    return lire_attributs(recus, "educonnect")


@pytest.mark.exigence("IDF-S25")
def test_les_exemples_menent_aux_bonnes_personnes_de_l_ecole(base: BaseDeDonnees, tmp_path: Path) -> None:
    annuaire = Annuaire(base, tmp_path)
    annuaire.importer(corpus("constructed/2d_complet_20260907"))
    horloge = HorlogeFixe()
    creer(base, horloge)

    def jointures(nom: str) -> list[str]:
        with base.academie("essai") as session:
            fait = EvenementAuthentification("e", EMETTEUR, nom, "saml", attributs_de(nom))
            trouvees = rapprocher(session, LUNDI, DECLARE, fait)
            return list(
                session.scalars(
                    select(Identifiant.valeur)
                    .where(
                        Identifiant.type == "ENTPersonJointure",
                        Identifiant.personne_id.in_(trouvees.personnes if trouvees else ()),
                    )
                    .order_by(Identifiant.valeur)
                )
            )

    assert jointures("educonnect_responsable.xml") == ["600101"]
    assert jointures("aten_responsable_2d_multi.xml") == ["600101"]
    assert jointures("aten_eleve_2d.xml") == ["600001"]
    assert jointures("agent_directeur.xml") == [], "sans clé, un agent montre son compte une fois"
    assert attributs_de("agent_directeur.xml").uais == ("0990101X",)
    assert jointures("agent_enseignant_delegation.xml") == []
    assert attributs_de("agent_enseignant_delegation.xml").uais == ("0990101X",), (
        "une délégation n'est pas lue"
    )
    recu = json.loads((SSO.parent / "collected" / "aplypro_fim.json").read_text(encoding="utf-8"))
    assert lire_attributs(recu["extra"]["raw_info"], "educonnect").uais == ("0441550W",)
