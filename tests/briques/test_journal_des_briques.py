"""Le journal d'une brique se lit en français : la trousse le tient, la page le dit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

from ent_core.brique import ActeDit, Manifeste
from ent_core.chargement.decouverte import BriqueChargee
from ent_core.essais.contrat.journal import actes_inscrits, ecarts_du_journal
from ent_core.identite.consultation import ActeLu
from ent_core.web.admin.phrases import Lexique, phrase

SOURCE = """
def ranger(session, horloge, vide):
    acte = "essai.vide" if vide else "essai.range"
    _inscrire(session, horloge, acte, 3)

def jeter(session, horloge):
    _inscrire(session, horloge, "essai.jete", 1)

def _inscrire(session, horloge, acte, nombre):
    consigner(session, horloge, acte, details={"livres": nombre})
"""
RANGE = ActeDit("essai.range", "A rangé {livres:livre|livres}")
BRIQUE = BriqueChargee(SimpleNamespace(), Manifeste("essai", "Essai", "1", "Pour essayer."))


def paquet(dossier: Path, source: str = SOURCE) -> Path:
    (dossier / "actes.py").write_text(source, encoding="utf-8")
    return dossier


def test_un_acte_sans_phrase_fait_echouer_la_trousse(tmp_path: Path) -> None:
    (inscription,) = actes_inscrits(paquet(tmp_path))
    assert inscription.actes == {"essai.vide", "essai.range", "essai.jete"}
    trouves = list(ecarts_du_journal(tmp_path, replace(BRIQUE, actes=(RANGE,))))
    assert [t.split("«")[1].split("»")[0].strip() for t in trouves] == ["essai.jete", "essai.vide"]
    dits = (RANGE, ActeDit("essai.vide", "A vidé l'armoire"), ActeDit("essai.jete", "A jeté {cartons}"))
    (detail,) = ecarts_du_journal(tmp_path, replace(BRIQUE, actes=dits))
    assert "cartons" in detail, "la phrase emploie un détail que l'acte ne donne pas"
    de_trop = (RANGE, *(ActeDit(f"essai.{nom}", "A fait") for nom in ("vide", "jete", "oublie")))
    assert list(ecarts_du_journal(tmp_path, replace(BRIQUE, actes=de_trop))) == [
        "ent_actes_du_journal : « essai.oublie » n'est inscrit nulle part ; ôter sa phrase"
    ]


def test_un_acte_qui_ne_se_lit_pas_ou_d_un_autre_nom_est_refuse(tmp_path: Path) -> None:
    paquet(tmp_path, 'def f(s, h, a):\n    consigner(s, h, a)\n    consigner(s, h, "papier.imprime")\n')
    illisible, etranger = ecarts_du_journal(tmp_path, BRIQUE)
    assert "ne se lit pas" in illisible
    assert "pas au nom de la brique" in etranger


def test_la_page_dit_les_nombres_et_les_mots_des_codes() -> None:
    dits = {
        "essai.range": RANGE,
        "essai.etat": ActeDit("essai.etat", "Armoire {etat}", {"etat": {"True": "pleine", "False": "vide"}}),
    }
    lexique = Lexique({}, {}, dits)

    def dire(acte: str, **details: object) -> str:
        instant = datetime(2026, 9, 7, tzinfo=UTC)
        return phrase(
            ActeLu(uuid4(), instant, acte, None, "", None, "", "", None, dict(details), None), lexique
        )

    assert dire("essai.range", livres=1) == "A rangé 1 livre"
    assert dire("essai.range", livres=3) == "A rangé 3 livres"
    assert dire("essai.etat", etat=True) == "Armoire pleine"
    assert dire("essai.range") == "", "un détail manque : l'acte garde son code"
    assert dire("essai.inconnu") == ""


def test_un_prealable_se_lit_par_son_titre() -> None:
    instant, details = datetime(2026, 9, 7, tzinfo=UTC), {"cle": "papier"}
    acte = ActeLu(uuid4(), instant, "prealable.atteste", None, "", None, "", "", "essai", details, None)
    titres = {("essai", "papier"): "Un carnet de papier est prêt"}
    lexique = Lexique({"essai": "Essai"}, {}, prealables=titres)
    assert phrase(acte, lexique).endswith("préalable de la brique « Essai » : Un carnet de papier est prêt")
