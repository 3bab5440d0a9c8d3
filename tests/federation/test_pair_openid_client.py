"""Le fournisseur OpenID Connect face à un service que personne ici n'a écrit : npm ``openid-client``."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from msgspec.structs import replace

from ent_core.essais.instance import FabriqueInstance
from ent_core.essais.vivier import Vivier
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Courriel
from tests.federation.cas_essais import configuration, parties
from tests.federation.oidc_essais import PARTAGE, RETOUR, SORTI, declare
from tests.pairs import npm
from tests.pairs.navigateur import port_libre, servir


@pytest.mark.exigence("IDF-O1", "IDF-O11", "IDF-O20", "IDF-O30", "IDF-O31")
def test_un_vrai_service_entre_refuse_le_rejeu_se_prolonge_et_sort(vivier: Vivier) -> None:
    ici, chez_lui = port_libre(), port_libre()
    emetteur, pair = f"http://127.0.0.1:{ici}", f"http://127.0.0.1:{chez_lui}"
    reglages = {
        "port": chez_lui, "emetteur": emetteur, "client": "pair", "secret": PARTAGE,
        "retour": RETOUR.format("pair"), "sorti": SORTI.format("pair"),
    }  # fmt: skip
    declaree = configuration(pair=declare("pair", options={"avis": f"{pair}/prevenir", "prolonger": True}))
    fabrique = FabriqueInstance(vivier, HorlogeFixe(HorlogeSysteme().maintenant()))

    def faire(pas: str, **reste: str) -> Any:
        demande = Request(f"{pair}/{pas}", json.dumps(reste).encode())  # noqa: S310 - adresse locale
        with urlopen(demande) as recue:  # noqa: S310 - adresse locale
            return json.loads(recue.read())

    instance = fabrique(configuration=replace(declaree, courriel=Courriel(adresse_ent=emetteur)))
    try:
        with servir(instance.application, ici), npm.lancer("rp.mjs", json.dumps(reglages)):
            eleve = instance.client("eleve")
            retour = eleve.get(_local(faire("depart", portees="openid profile"))).location
            dit = faire("retour", adresse=retour)
            assert dit["iss"] == emetteur
            assert faire("infos") == {
                "sub": dit["sub"], "name": "Camille Essai Eleve", "given_name": "Camille",
                "family_name": "Essai Eleve",
            }  # fmt: skip
            # Le même code, présenté deux fois : refusé, et le jeton qui en est né ne vaut plus rien.
            assert faire("retour", adresse=retour)["refus"] == "invalid_grant"
            assert "refus" in faire("infos")
            # L'émetteur de la réponse est contrôlé par le service : un autre n'y passe pas.
            autre = eleve.get(_local(faire("depart", portees="openid"))).location
            forge = autre.replace("iss=http%3A%2F%2F127.0.0.1", "iss=http%3A%2F%2F127.0.0.2")
            assert "refus" in faire("retour", adresse=forge)
            accord = eleve.get(_local(faire("depart", portees="openid offline_access")))
            assert "Autoriser" in accord.text
            marque = accord.text.split('name="marque" value="')[1].split('"')[0]
            adresse = f"/oidc/accord?{accord.request.query_string.decode()}"
            retour = eleve.post(adresse, data={"marque": marque, "decision": "accorder"}).location
            assert "sid" in faire("retour", adresse=retour)
            assert faire("suite") == {"scope": "openid offline_access", "neuf": True}
            sortie = eleve.get(_local(faire("sortie")))
            assert sortie.location == f"{SORTI.format('pair')}?state=fin"
            (session_id,) = {partie.session_id for partie in parties(instance, "eleve")}
            instance.executer("noyau.prevenir_services", session_id=str(session_id))
            avis = faire("avis")
            assert (avis["aud"], avis["sid"], "nonce" in avis) == ("pair", dit["sid"], False)
    finally:
        fabrique.fermer()


def _local(adresse: str) -> str:
    morceaux = urlsplit(adresse)
    return f"{morceaux.path}?{morceaux.query}"
