"""L'ENT face à ``spid-sp-test`` : cent onze réponses, bonnes ou mauvaises, que personne ici n'a écrites."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance
from ent_core.essais.vivier import Vivier
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Courriel
from tests.federation.saml.saml_essai import cles, oublier_les_fichiers
from tests.pairs import spid
from tests.pairs.navigateur import port_libre, servir

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


REPONSES_ADMISES = {
    "3": "la réponse seule est signée : elle couvre l'assertion (SAML Core § 5.4), et Shibboleth fait ainsi",
    "30": "Format de l'émetteur de la réponse : règle italienne ; l'émetteur lui-même est comparé",
    "45": "Format de NameID vide : règle italienne (transient exigé)",
    "46": "Format de NameID absent : règle italienne",
    "47": "Format de NameID autre que transient : règle italienne ; ici, persistent est même préféré",
    "48": "NameQualifier vide : règle italienne",
    "49": "NameQualifier absent : règle italienne",
    "70": "Format de l'émetteur de l'assertion, vide : règle italienne",
    "71": "Format de l'émetteur de l'assertion, absent : règle italienne",
    "72": "Format de l'émetteur de l'assertion, autre : règle italienne ; l'émetteur lui-même est comparé",
    "97": "classe d'authentification hors des trois niveaux italiens : l'ENT n'en exige aucune",
}
"""Mauvaises réponses selon les règles italiennes, et bonnes selon SAML ; toutes les autres sont refusées."""

METADONNEES_ADMISES = {
    "One or more AttributeConsumingService elements MUST be present",
    "Only one Organization element can be present",
    "Only one default AssertionConsumerService MUST be present",
    "Must be present the default AssertionConsumerService with index = 0",
}
DEMANDES_ADMISES = {
    "The AttributeConsumingServiceIndex attribute MUST be present",
    "One NameIDPolicy element MUST be present",
    "The NameIDPolicy element MUST be present",
    "Only one RequestedAuthnContext element MUST be present",
}
"""Facultatifs en SAML (Core § 3.4.1, Metadata § 2.4.4), exigés en Italie : l'ENT ne les demande pas."""


@pytest.fixture(scope="module")
def rapport(vivier: Vivier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Ce que la batterie rend, jouée contre une instance entière."""
    dossier = tmp_path_factory.mktemp("spid")
    batterie = spid.programme()
    idp = dossier / "idp.xml"
    idp.write_bytes(_lancer(batterie, dossier, "--idp-metadata"))
    ent, port = cles(dossier, "ent"), port_libre()
    racine = f"http://localhost:{port}"
    declare = Fournisseur(
        protocole="saml", nom="Batterie", emetteur="https://localhost:8443", metadonnees=str(idp),
        cle_fichier=str(ent.fichier_cle), certificat_fichier=str(ent.fichier_certificat),
        sujet_attribut="spidCode", emetteur_qualifie=True,
    )  # fmt: skip
    # La batterie date ses réponses de l'heure qu'il est, et dure plus que l'écart admis.
    fabrique = FabriqueInstance(vivier, cast("HorlogeFixe", HorlogeSysteme()))
    instance = fabrique(
        configuration=configuration_essai(
            fournisseurs={"batterie": declare}, courriel=Courriel(adresse_ent=racine)
        )
    )
    with servir(instance.application, port):
        _lancer(
            batterie, dossier,
            "--metadata-url", f"{racine}/entree/batterie/metadonnees",
            "--authn-url", f"{racine}/entree/batterie",
            "-pr", "saml2-sp", "-tr", "-ez", "-d", "CRITICAL",
            "-rf", "json", "-o", str(dossier / "rapport.json"),
        )  # fmt: skip
    yield json.loads((dossier / "rapport.json").read_text())
    fabrique.fermer()
    oublier_les_fichiers()


def _lancer(batterie: Path, dossier: Path, *arguments: str) -> bytes:
    return subprocess.run(  # noqa: S603 - commande fixe
        [str(batterie), *arguments],
        cwd=dossier,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=400,
    ).stdout  # fmt: skip


def _echouees(rapport: dict[str, Any], partie: str) -> list[str]:
    verdicts = [v for lot in rapport["test"]["sp"][partie].values() for v in lot]
    assert verdicts, f"la batterie n'a pas joué « {partie} »"
    return [str(v["test"]) for v in verdicts if v["result"] != "success"]


@pytest.mark.exigence("IDF-S9", "IDF-S16", "IDF-S17", "IDF-S18", "IDF-S19", "IDF-S21")
def test_toute_mauvaise_reponse_est_refusee_et_les_bonnes_entrent(rapport: dict[str, Any]) -> None:
    assert len(rapport["test"]["sp"]["response"]["SpidSpResponseCheck"]) == 111
    passees = {texte.split("[")[1].split("]")[0] for texte in _echouees(rapport, "response")}
    assert passees == set(REPONSES_ADMISES)


def test_metadonnees_et_demande_ne_manquent_qu_aux_regles_italiennes(rapport: dict[str, Any]) -> None:
    assert set(_echouees(rapport, "metadata_strict")) == METADONNEES_ADMISES
    assert set(_echouees(rapport, "authnrequest_strict")) == DEMANDES_ADMISES
