"""Les situations que la démonstration doit montrer, cherchées dans les fichiers eux-mêmes."""

from __future__ import annotations

from collections import Counter

from ent_core.demo import ResumeGeneration
from ent_core.demo.etablissements import ZONE_DE_REMPLACEMENT
from tests.demo.lecture import Fiche, Livraison


def _liens(eleve: Fiche) -> list[list[str]]:
    return [lien.split("$") for lien in eleve["ENTElevePersRelEleve"]]


def _identite(fiche: Fiche) -> tuple[str, ...]:
    return (*fiche["sn"], *fiche["givenName"])


def test_des_homonymes_dans_une_classe_et_dans_un_etablissement(livraison: Livraison) -> None:
    par_classe = Counter((*_identite(e), *e["ENTEleveClasses"]) for e in livraison.eleves.values())
    assert max(par_classe.values()) >= 2
    classes: dict[tuple[str, ...], set[str]] = {}
    for eleve in livraison.eleves.values():
        cle = (*_identite(eleve), *eleve["ENTPersonStructRattach"])
        classes.setdefault(cle, set()).update(eleve["ENTEleveClasses"])
    assert any(len(c) > 1 for c in classes.values())


def test_une_fratrie_dans_plusieurs_etablissements_a_les_memes_fiches_de_parents(
    livraison: Livraison,
) -> None:
    assert any(
        len({livraison.eleves[e]["ENTPersonStructRattach"][0] for e in r["ENTAuxPersRelEleveEleve"]}) == 3
        for r in livraison.responsables.values()
        if r["givenName"]
    )


def test_des_familles_de_un_a_quatre_enfants(livraison: Livraison) -> None:
    tailles = {len(r["ENTAuxPersRelEleveEleve"]) for r in livraison.responsables.values() if r["givenName"]}
    assert tailles >= {1, 2, 3, 4}


def test_des_parents_separes_a_deux_adresses_tous_deux_representants_legaux(livraison: Livraison) -> None:
    for eleve in livraison.eleves.values():
        legaux = [lien[0] for lien in _liens(eleve) if lien[3] == "1"]
        adresses = {livraison.responsables[r]["ENTPersonAdresse"][0] for r in legaux}
        if len(legaux) == 2 and len(adresses) == 2:
            return
    raise AssertionError("aucun enfant de parents séparés")


def test_un_parent_seul_et_un_tuteur(livraison: Livraison) -> None:
    liens = [[lien[1] for lien in _liens(e)] for e in livraison.eleves.values()]
    assert ["10"] in liens
    assert ["50"] in liens


def test_un_eleve_confie_n_a_que_l_aide_sociale_pour_representant(livraison: Livraison) -> None:
    confies = [e for e in livraison.eleves.values() if any(lien[1] == "51" for lien in _liens(e))]
    assert confies
    for eleve in confies:
        (service,) = (lien[0] for lien in _liens(eleve) if lien[3] != "0")
        fiche = livraison.responsables[service]
        assert fiche["givenName"] == fiche["personalTitle"] == []
        assert fiche["sn"]


def test_un_eleve_majeur_est_son_propre_responsable(livraison: Livraison) -> None:
    majeurs = [e for e in livraison.eleves.values() if any(lien[1] == "70" for lien in _liens(e))]
    assert majeurs
    for eleve in majeurs:
        (soi,) = (lien for lien in _liens(eleve) if lien[1] == "70")
        fiche = livraison.responsables[soi[0]]
        assert _identite(fiche) == _identite(eleve)
        assert fiche["ENTPersonDateNaissance"] == eleve["ENTPersonDateNaissance"]
        assert all(lien[3] == "0" for lien in _liens(eleve) if lien[1] != "70")
        assert eleve["ENTPersonDateNaissance"][0][-4:] <= "2008"


def test_un_parent_est_aussi_enseignant_sous_deux_identifiants(
    resume: ResumeGeneration, livraison: Livraison
) -> None:
    agent, parent, enfant = (str(cle) for cle in dict(resume.cas)["parent_enseignant"])
    assert agent != parent
    for attribut in ("sn", "givenName", "ENTPersonDateNaissance"):
        assert livraison.personnels[agent][attribut] == livraison.responsables[parent][attribut]
    assert enfant in livraison.responsables[parent]["ENTAuxPersRelEleveEleve"]
    etablissements = {v.split("$")[0] for v in livraison.personnels[agent]["ENTPersonFonctions"]}
    assert not etablissements & set(livraison.eleves[enfant]["ENTPersonStructRattach"])


def test_un_eleve_sans_ine_et_un_eleve_sortant(livraison: Livraison) -> None:
    assert any(not e["ENTEleveINE"] for e in livraison.eleves.values())
    (sortie,) = {v for e in livraison.eleves.values() for v in e["ENTEleveDateSortieClasses"]}
    assert sortie.split("$")[1] == "09/10/2026"


def test_les_noms_ont_des_formes_variees(livraison: Livraison) -> None:
    noms = {n for f in (livraison.eleves, livraison.responsables, livraison.personnels)
            for fiche in f.values() for n in fiche["sn"]}  # fmt: skip
    prenoms = {p for e in livraison.eleves.values() for p in e["givenName"]}
    assert len(noms) > 200
    assert any("'" in n for n in noms)
    assert any("-" in n for n in noms)
    assert any(" " in n for n in noms)
    assert any(not n.isascii() for n in noms)
    assert any("-" in p for p in prenoms)
    assert any(" " in p for p in prenoms)
    assert any(e["sn"] != e["ENTPersonNomPatro"] for e in livraison.eleves.values())


def test_toutes_les_fonctions_d_un_etablissement_sont_tenues(livraison: Livraison) -> None:
    fonctions: dict[str, set[str]] = {}
    for agent in livraison.personnels.values():
        for valeur in agent["ENTPersonFonctions"]:
            structure, code, *_ = valeur.split("$")
            fonctions.setdefault(structure, set()).add(code)
    for cle in livraison.etablissements:
        assert fonctions[cle] >= {"DIR", "ADF", "EDU", "AED", "DOC", "ENS", "AES", "MDS", "ORI"}


def test_un_enseignant_dans_deux_etablissements_un_remplacant_et_un_co_enseignement(
    livraison: Livraison,
) -> None:
    agents = livraison.personnels.values()
    assert any(len({v.split("$")[0] for v in a["ENTAuxEnsGroupesMatieres"]}) == 2 for a in agents)
    assert sum(a["ENTPersonStructRattach"] == [str(ZONE_DE_REMPLACEMENT)] for a in agents) == 1
    services = Counter(v for a in agents for v in a["ENTAuxEnsClassesMatieres"])
    assert 2 in services.values()
