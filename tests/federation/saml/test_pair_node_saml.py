"""Le fournisseur face à un service que personne ici n'a écrit : npm ``@node-saml/node-saml``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest

from ent_core.contrat.roles import Profil
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Courriel
from ent_core.socle.services import Federation, SamlEnt, SamlFichier, ServiceFichier
from tests.federation.cas_essais import BOUCLE
from tests.federation.saml.saml_essai import Cles, cles
from tests.federation.saml.service_essai import ENT, SLO, SSO, champs_du_formulaire, cles_de_l_ent
from tests.pairs import npm
from tests.pairs.navigateur import port_libre


class Refuse(Exception):
    """Le service n'a pas admis ce qu'il a reçu."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(False, id="en_clair"), pytest.param(True, id="chiffree", marks=pytest.mark.long)],
)
def salle(
    request: pytest.FixtureRequest, vivier: Vivier, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[InstanceEssai, str, Cles]]:
    dossier = tmp_path_factory.mktemp("pair")
    ent, paire, port = cles(dossier, "ent"), cles(dossier, "sp"), port_libre()
    reglages = {
        "port": port, "entite": "https://pair.exemple.invalid", "ent": f"{ENT}/saml/metadonnees",
        "certificat_ent": ent.fichier_certificat.read_text(), "connexion": SSO, "sortie": SLO,
        "cle": paire.fichier_cle.read_text(), "certificat": paire.fichier_certificat.read_text(),
    }  # fmt: skip
    pair = f"http://{BOUCLE}:{port}"
    fabrique = FabriqueInstance(vivier, HorlogeFixe(HorlogeSysteme().maintenant()))
    with npm.lancer("sp.mjs", json.dumps(reglages)):
        declare = ServiceFichier(
            nom="Pair", adresse=pair, profils=tuple(Profil), finalite="Essayer.", destinataire="Éditeur",
            etablissements=(ECOLE,), gabarit="moodle",
            saml=SamlFichier(metadonnees=_lire(f"{pair}/metadonnees"), chiffree=request.param),
        )  # fmt: skip
        yield (
            fabrique(
                configuration=configuration_essai(
                    courriel=Courriel(adresse_ent=ENT), services={"pair": declare},
                    federation=Federation(hotes_permis=(BOUCLE,), saml=SamlEnt(**cles_de_l_ent(ent))),
                )
            ),
            pair, ent,
        )  # fmt: skip
    fabrique.fermer()


@pytest.mark.exigence("IDF-S33")
def test_un_vrai_service_entre_refuse_le_rejeu_et_sort(salle: tuple[InstanceEssai, str, Cles]) -> None:
    instance, pair, _ = salle
    client = instance.client("eleve")
    arrivee = client.get(_local(_lire(f"{pair}/entrer")))
    action, champs = champs_du_formulaire(client.get(arrivee.location))
    assert (action, champs["RelayState"]) == (f"{pair}/acs", "relais")
    lu = json.loads(_lire(action, champs))
    assert lu["attributs"]["urn:oid:2.5.4.4"] == "Essai Eleve"
    assert lu["attributs"]["ENTPersonStructRattachRNE"] == ECOLE
    with pytest.raises(Refuse, match="InResponseTo is not valid"):
        _lire(action, champs)
    # Le service annonce la sortie ; l'ENT ferme la session et répond, et le service le croit.
    retour = client.get(_local(_lire(f"{pair}/sortir")))
    assert json.loads(_lire(retour.location))["loggedOut"] is True
    assert client.get("/compte").status_code == 302


def _lire(adresse: str, champs: dict[str, str] | None = None) -> str:
    corps = urlencode(champs).encode() if champs else None
    try:
        with urlopen(adresse, corps) as recue:  # noqa: S310 - adresses locales
            return str(recue.read().decode())
    except HTTPError as refus:
        raise Refuse(refus.read().decode()) from refus


def _local(adresse: str) -> str:
    """La même adresse, pour un navigateur sans réseau."""
    assert adresse.startswith(ENT)
    morceaux = urlsplit(adresse)
    return f"{morceaux.path}?{morceaux.query}"
