"""Les fournisseurs déclarés : un fichier strict, des secrets à part, une commande qui les essaie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ent_core.chargement.decouverte import charger as charger_les_briques
from ent_core.chargement.entrees import controler_entrees, fournisseurs_de
from ent_core.cli import ent as commande
from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import faux_brique
from ent_core.federation.entrees import Entrees, controler
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import charger
from ent_core.socle.erreurs import ConfigurationInvalide, Introuvable
from tests.federation.operateur_essais import Operateur, operateur

JUSTE = """
[fournisseurs.educonnect]
protocole = "oidc"
nom = "EduConnect"
emetteur = "https://educonnect.exemple.invalid"
client = "ent"
"""
LONG = "seize-caracteres-au-moins"


def declarer(dossier: Path, texte: str, **variables: str) -> dict[str, Fournisseur]:
    fichier = dossier / "ent.toml"
    fichier.write_text(texte, encoding="utf-8")
    return charger(fichier, variables).fournisseurs


def test_un_fournisseur_se_declare_et_son_secret_vient_d_ailleurs(tmp_path: Path) -> None:
    assert declarer(tmp_path, JUSTE, ENT_SECRET_EDUCONNECT=LONG)["educonnect"].secret == LONG
    secret = tmp_path / "secret"
    secret.write_text(f"{LONG}\n", encoding="utf-8")
    lu = declarer(tmp_path, f'{JUSTE}secret_fichier = "{secret}"')["educonnect"]
    assert lu.secret == LONG
    assert lu.algorithmes == ("RS256", "ES256")
    assert lu.pkce


@pytest.mark.parametrize(
    ("ajout", "dit"),
    [
        ('publcs = ["eleve"]', "publics"),
        ('secret = "en clair, dans le fichier"', "secret"),
        ('secret_fichier = "/n/existe/pas"', "illisible"),
        ('algorithmes = ["none"]', "none"),
        ("algorithmes = []", "algorithmes"),
        ('publics = ["parents"]', "parents"),
        ('portees = ["profile"]', "openid"),
        ('academies = { "1" = "1" }', "academies"),
        ('correspondance = "facebook"', "correspondance"),
    ],
)
def test_une_declaration_fautive_arrete_avec_une_phrase(tmp_path: Path, ajout: str, dit: str) -> None:
    with pytest.raises(ConfigurationInvalide, match=dit):
        declarer(tmp_path, f"{JUSTE}{ajout}\n")


@pytest.mark.parametrize(
    "variables",
    [{"ENT_SECRET_AUTRE": LONG}, {"ENT_SECRET_EDUCONNECT": "court"}, {"ENT_SECRET_EDUCONNECT": f"é{LONG}"}],
)
def test_un_secret_orphelin_court_ou_illisible_arrete(tmp_path: Path, variables: dict[str, str]) -> None:
    with pytest.raises(ConfigurationInvalide):
        declarer(tmp_path, JUSTE, **variables)


def test_un_emetteur_en_clair_ou_en_double_est_une_anomalie(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalide, match="https"):
        declarer(tmp_path, JUSTE.replace("https://", "http://"))
    local = Fournisseur(
        protocole="oidc", nom="A", emetteur="http://127.0.0.1", client="c", reseau_interne=True,
        algorithmes=("HS256",),
    )  # fmt: skip
    codes = [a.code for a in controler({"a": local, "b": local}, production=True)]
    assert codes == [
        "FEDERATION-001", "FEDERATION-002", "FEDERATION-001", "FEDERATION-002", "FEDERATION-003",
    ]  # fmt: skip


def test_une_brique_apporte_un_fournisseur_a_son_nom_et_le_fichier_l_emporte(tmp_path: Path) -> None:
    declare = declarer(tmp_path, JUSTE)["educonnect"]
    secret = tmp_path / "secret"
    secret.write_text(LONG, encoding="utf-8")
    apporte = Fournisseur(
        protocole="cas", nom="CAS", emetteur="https://cas.invalid", secret_fichier=str(secret)
    )
    chargement = charger_les_briques(
        (), {"voie": faux_brique("voie", ent_fournisseurs_identite=lambda: {"voie-1": apporte})}
    )
    configuration = configuration_essai(fournisseurs={"educonnect": declare})
    assert list(controler_entrees(chargement, configuration)) == []
    reunis = fournisseurs_de(chargement, configuration)
    assert (list(reunis), reunis["voie-1"].secret) == (["voie-1", "educonnect"], LONG)
    fautifs: tuple[Any, ...] = ({"autre": apporte}, {"voie": "texte"}, [])
    for rendu in fautifs:
        faute = charger_les_briques(
            (), {"voie": faux_brique("voie", ent_fournisseurs_identite=lambda r=rendu: r)}
        )
        assert [a.code for a in controler_entrees(faute, configuration)] == ["FEDERATION-004"]


def test_chaque_public_a_ses_fournisseurs_par_ecole(tmp_path: Path) -> None:
    f = declarer(tmp_path, f'{JUSTE}publics = ["eleve"]\netablissements = ["0990101X"]')
    entrees = Entrees(f, HorlogeFixe())
    assert (
        [c.cle for c in entrees.pour("eleve")]
        == [c.cle for c in entrees.pour("eleve", "0990101X")]
        == ["educonnect"]
    )
    assert entrees.pour("personnel") == entrees.pour("eleve", "0990102Y") == ()
    with pytest.raises(Introuvable):
        entrees.client("autre")


@pytest.fixture
def lui() -> Iterator[Operateur]:
    with operateur(HorlogeSysteme()) as service:
        yield service


def test_ent_sso_essayer_dit_ce_qui_va_et_ce_qu_il_faut_donner(lui: Operateur, tmp_path: Path) -> None:
    texte = JUSTE.replace("https://educonnect.exemple.invalid", lui.emetteur) + "reseau_interne = true\n"
    fichier = tmp_path / "ent.toml"
    fichier.write_text(f"[serveur]\nsecurise = false\n{texte}", encoding="utf-8")

    def lancer(*arguments: str) -> tuple[int, str]:
        fait = CliRunner(env={"ENT_SECRET_EDUCONNECT": LONG}).invoke(
            commande, ["-c", str(fichier), "sso", *arguments]
        )
        return fait.exit_code, fait.output

    code, dit = lancer("fournisseurs")
    assert code == 0
    assert LONG not in dit
    code, dit = lancer("essayer", "educonnect", "--adresse", "https://ent.exemple.invalid", "--json")
    lu = json.loads(dit)
    assert code == 0, dit
    assert lu["adresse de retour"] == "https://ent.exemple.invalid/entree/educonnect/retour"
    assert all(controle["bien"] for controle in lu["controles"])
    assert LONG not in dit
    lui.decouverte = {"issuer": "https://autre.invalid"}
    code, dit = lancer("essayer", "educonnect")
    assert code == 3
    assert "MAL" in dit
