"""Le registre des services tiers : déclarer, refuser par défaut, montrer ce qui sort, à qui et pourquoi."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from ent_core.chargement.services import controler_services
from ent_core.cli import ent
from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil
from ent_core.contrat.services import OptionsCas, OptionsOidc, ServiceTiers
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces, faux_brique
from ent_core.essais.vivier import Vivier
from ent_core.federation.adresses import lire_adresse
from ent_core.federation.fournisseur_oidc.clients import empreinte_secret
from ent_core.federation.gabarits import GABARITS, SourceAttribut, rendre
from ent_core.federation.services import MotifService, ServiceConnu, connus, controler, pour
from ent_core.federation.sources import opaque
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.erreurs import DonneeInvalide
from tests.federation.cas_essais import actes, attributs, code, demander, obtenir, valider

BLOG = ServiceTiers(
    cle="blog", nom="Blog du collège", adresse="https://blog.exemple.invalid/",
    profils=frozenset({Profil.ELEVE, Profil.ENSEIGNANT}), finalite="Publier les travaux des élèves.",
    base=BaseLegale.MISSION_INTERET_PUBLIC, destinataire="Éditeur du blog", gabarit="generique",
)  # fmt: skip
LUNDI = date(2026, 9, 7)
SAISIE = {
    "cle": "manuel", "nom": "Manuel numérique", "adresse": "https://manuel.exemple.invalid/lire",
    "profils": [Profil.ELEVE.value, Profil.ENSEIGNANT.value], "finalite": "Lire le manuel de la classe.",
    "base": "MISSION_INTERET_PUBLIC", "destinataire": "Éditeur du manuel", "gabarit": "generique",
    "attributs": "uid classes", "deconnexion": "1", "duree": "20",
}  # fmt: skip


def avec(**valeurs: Any) -> ServiceTiers:
    return replace(BLOG, **valeurs)


# --- Règles pures ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("valeurs", "champ"),
    [
        ({"cle": "Blog"}, "cle"),
        ({"cle": "b" * 41}, "cle"),
        ({"nom": " "}, "nom"),
        ({"finalite": ""}, "finalite"),
        ({"destinataire": ""}, "destinataire"),
        ({"adresse": "http://blog.exemple.invalid/"}, "adresse"),
        ({"adresse": "https://blog.exemple.invalid/?a=1"}, "adresse"),
        ({"adresse": "https://*.exemple.invalid/"}, "adresse"),
        ({"adresse": "https://a@blog.exemple.invalid/"}, "adresse"),
        ({"profils": frozenset()}, "profils"),
        ({"gabarit": "tout"}, "gabarit"),
        ({"attributs": ("birthDate",)}, "attributs"),
        ({"etablissements": ("collège",)}, "etablissements"),
        ({"options": OptionsCas(duree=5)}, "duree"),
        ({"options": OptionsOidc()}, "retours"),
        ({"options": OptionsOidc(retours=("https://blog.exemple.invalid/*",))}, "retours"),
        ({"options": OptionsOidc(retours=("https://blog.exemple.invalid/r",), secret="clair")}, "secret"),  # noqa: S106 - un faux
        ({"debut": LUNDI, "fin": LUNDI}, "fin"),
    ],
)
def test_une_declaration_incomplete_n_ouvre_rien(valeurs: dict[str, Any], champ: str) -> None:
    assert [trouve for trouve, _ in controler(avec(**valeurs), frozenset())] == [champ]


def test_une_declaration_entiere_est_admise() -> None:
    assert list(controler(BLOG, frozenset())) == []
    assert list(controler(avec(adresse="http://interne/"), frozenset({"interne"}))) == []


def test_le_chemin_s_arrete_a_un_segment() -> None:
    admise = lire_adresse("https://blog.exemple.invalid:8443/a/b/")
    assert str(admise) == "https://blog.exemple.invalid:8443/a/b/"
    for chemin, attendu in (("/a/b/", True), ("/a/b/c?d=e", True), ("/a/b", False), ("/a/bc", False)):
        assert admise.admet(f"https://blog.exemple.invalid:8443{chemin}") is attendu, chemin
    with pytest.raises(DonneeInvalide):
        lire_adresse("https://blog.exemple.invalid/%2e%2e/")


def test_la_meme_adresse_s_ouvre_a_une_ecole_et_pas_a_l_autre() -> None:
    ici = ServiceConnu(avec(cle="ici", etablissements=(ECOLE,)), "page")
    large = ServiceConnu(avec(cle="large", adresse="https://blog.exemple.invalid/profs/",
                              profils=frozenset({Profil.ENSEIGNANT})), "page")  # fmt: skip

    def ouvrir(uai: str, profil: Profil, url: str = BLOG.adresse, **autres: Any) -> str:
        reglages = {"fermes": frozenset(), "briques": frozenset(), "permis": frozenset(), **autres}
        trouve = pour([ici, large], url, uai, profil, LUNDI, **reglages)
        return trouve.service.cle if isinstance(trouve, ServiceConnu) else trouve.value

    assert ouvrir(ECOLE, Profil.ELEVE) == "ici"
    assert ouvrir(AUTRE, Profil.ELEVE) == MotifService.ECOLE
    assert ouvrir(ECOLE, Profil.RESPONSABLE) == MotifService.PROFIL
    assert ouvrir(ECOLE, Profil.ENSEIGNANT, f"{BLOG.adresse}profs/x") == "large"
    assert ouvrir(AUTRE, Profil.ENSEIGNANT, f"{BLOG.adresse}profs/x") == "large"
    assert ouvrir(ECOLE, Profil.ELEVE, fermes=frozenset({"ici"})) == MotifService.ECOLE
    assert ouvrir(ECOLE, Profil.ELEVE, "https://autre.invalid/") == MotifService.INCONNU


def test_chaque_gabarit_ne_rend_que_ses_attributs() -> None:
    toutes = {source: ("2014-05-02",) for source in SourceAttribut}
    for gabarit in GABARITS.values():
        rendus = rendre(gabarit, (), toutes)
        assert set(rendus) == {a.nom for a in gabarit.attributs}
        assert gabarit.sources(()) == {gabarit.principal, *(a.source for a in gabarit.attributs)}
    pronote = GABARITS["pronote"]
    assert rendre(pronote, ("dateNaissance",), toutes) == {"dateNaissance": ("02/05/2014",)}
    profils = ("National_1", "National_2")
    partielles = {SourceAttribut.NOM: ("Petit", ""), SourceAttribut.PROFIL_NUMERO: profils}
    attendus = {"nom": ("Petit",), "categories": ("National_1;National_2",)}
    assert rendre(pronote, (), partielles) == attendus


def test_l_identifiant_opaque_est_stable_et_propre_a_chaque_service() -> None:
    coffre, qui = Coffre("une clé d'essai de plus de trente-deux caractères"), uuid4()
    assert opaque(coffre, "blog", qui) == opaque(coffre, "blog", qui)
    assert opaque(coffre, "blog", qui) != opaque(coffre, "moodle", qui)
    assert len(opaque(coffre, "blog", qui)) == 32


# --- Une instance ----------------------------------------------------------------------------

_BRIQUE = faux_brique("revue", ent_services_tiers=lambda: (avec(cle="revue-blog"),))


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Un collège où une brique ouvre un blog."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(datetime(2026, 9, 7, 8, 0, tzinfo=UTC)))
    yield fabrique(_BRIQUE)
    fabrique.fermer()


def test_le_service_d_une_brique_s_ouvre_la_ou_elle_est_ouverte(instance: InstanceEssai) -> None:
    rendus = attributs(valider(instance, BLOG.adresse, obtenir(instance.client("enseignant"), BLOG.adresse)))
    assert rendus["profile"] == ["National_ENS"]
    assert rendus["classes"] == ["5e A"]
    assert "uid" in rendus
    assert demander(instance.client("enseignant_autre"), BLOG.adresse).status_code == 403
    page = instance.client("enseignant").get("/mes-services").text
    assert "Blog du collège" in page
    assert "Éditeur du blog" in page
    assert "Dernière fois" in page
    assert "Aucun service" in instance.client("enseignant_autre").get("/mes-services").text
    assert "Aucun service" in instance.client("parent").get("/mes-services").text


def test_une_brique_nomme_ses_services_a_son_nom(instance: InstanceEssai) -> None:
    brique = next(b for b in instance.ent.chargement.briques if b.id == "revue")
    fautive = replace(brique, services=(BLOG, avec(cle="revue-blog", nom=""), avec(cle="revue-blog")))
    chargement = replace(instance.ent.chargement, briques=(fautive,))
    codes = [a.code for a in controler_services(chargement, instance.ent.configuration)]
    assert codes == ["SERVICE-001", "SERVICE-003", "SERVICE-002"]


def test_une_direction_ouvre_un_service_pour_son_ecole_et_voit_ce_qu_il_recoit(
    instance: InstanceEssai,
) -> None:
    direction = instance.client("direction")
    assert "Déclarer un service" in direction.get("/administration/services").text
    faute = direction.post("/administration/services", data={**SAISIE, "adresse": "http://manuel.invalid/"})
    assert faute.status_code == 422
    assert "https://" in faute.text
    cree = direction.post("/administration/services", data=SAISIE)
    assert cree.location == "/administration/services/manuel"
    assert direction.post("/administration/services", data=SAISIE).status_code == 422
    adresse = SAISIE["adresse"]
    assert isinstance(adresse, str)
    eleve = instance.client("eleve")
    rendus = attributs(valider(instance, adresse, obtenir(eleve, adresse)))
    assert set(rendus) == {"uid", "classes"}
    assert demander(instance.client("eleve_autre"), adresse).status_code == 403
    fiche = direction.get(cree.location).text
    for attendu in ("/cas/p3/serviceValidate", "/cas/login", "<code>classes</code>", "09/2026", "Élève"):
        assert attendu in fiche
    vu = direction.post(
        "/administration/services/manuel/apercu",
        data={"identifiant": f"essai.{instance.annuaire['eleve'].hex}"},
    )
    assert "5e A" in vu.text
    assert actes(instance.base, "service.apercu")
    ailleurs = f"essai.{instance.annuaire['eleve_autre'].hex}"
    refuse = direction.post("/administration/services/manuel/apercu", data={"identifiant": ailleurs})
    assert refuse.status_code == 404
    # L'autre collège ne le voit pas, et une école ne change pas ce qui n'est pas à elle.
    assert instance.client("direction_autre").get("/administration/services/manuel").status_code == 404
    assert direction.post("/administration/services/revue-blog/retirer").status_code == 404
    assert direction.post("/administration/services/manuel/effacer").status_code == 404


def test_suspendre_fermer_ici_et_retirer(instance: InstanceEssai) -> None:
    direction, prof = instance.client("direction"), instance.client("enseignant")
    saisie = {**SAISIE, "cle": "atelier", "adresse": "https://atelier.exemple.invalid/"}
    assert direction.post("/administration/services", data=saisie).status_code == 302
    adresse = str(saisie["adresse"])
    for acte, ouvert in (("suspendre", 403), ("reprendre", 302), ("retirer", 403)):
        assert direction.post(f"/administration/services/atelier/{acte}").status_code == 302
        assert demander(prof, adresse).status_code == ouvert, acte
    for acte, ouvert in (("fermer", 403), ("rouvrir", 302)):
        assert direction.post(f"/administration/services/revue-blog/{acte}").status_code == 302
        assert demander(prof, BLOG.adresse).status_code == ouvert, acte
    journal = direction.get("/administration/journal?acte=service").text
    for phrase in ("A ouvert le service", "A suspendu le service", "A fermé ici le service", "A retiré"):
        assert phrase in journal
    assert code(valider(instance, adresse, "ST-" + "a" * 26)) == "INVALID_TICKET"


def test_les_services_ne_se_declarent_pas_sans_la_permission(instance: InstanceEssai) -> None:
    for role in ("eleve", "parent", "enseignant", "cpe"):
        client = instance.client(role)
        assert client.get("/administration/services").status_code == 403
        assert client.post("/administration/services", data=SAISIE).status_code == 403


def test_une_page_de_services_coute_toujours_autant(instance: InstanceEssai) -> None:
    couts = []
    for role in ("eleve", "enseignant"):
        client = instance.client(role)
        client.get("/mes-services")
        with compter_enonces(instance.base) as releves:
            client.get("/mes-services")
        couts.append(len(releves))
    assert couts[0] == couts[1]


def test_la_commande_declare_liste_montre_et_retire(
    instance: InstanceEssai, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENT_BASE", instance.base.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_CLE_SECRETE", instance.ent.configuration.cle_secrete)
    monkeypatch.setenv("ENT_SERVEUR_SECURISE", "false")

    def lancer(*arguments: str) -> Any:
        resultat = CliRunner().invoke(ent, ["sso", *arguments, "--json"], catch_exceptions=False)
        return json.loads(resultat.stdout)

    declare = lancer(
        "service", "ajouter", "grr", "--nom", "Réservations", "--adresse", "https://grr.exemple.invalid/",
        "--profil", "National_ELV", "--finalite", "Réserver une salle.", "--destinataire", "Collège",
        "--gabarit", "annuaire", "--etablissement", ECOLE.lower(), "--au", "2026-12-31",
    )  # fmt: skip
    assert declare["cle"] == "grr"
    assert "grr" in {ligne["cle"] for ligne in lancer("service", "lister")}
    instance.client("eleve")
    vu = lancer("apercu", "grr", f"essai.{instance.annuaire['eleve'].hex}")
    assert vu["attributs"]["Nom"] == ["Essai Eleve"]
    assert vu["uai"] == ECOLE
    assert lancer("service", "retirer", "grr") == {"retire": "grr"}
    assert "grr" not in {ligne["cle"] for ligne in lancer("service", "lister")}


OIDC = {
    **SAISIE, "protocole": "oidc", "cle": "rp", "adresse": "https://rp.exemple.invalid/",
    "retours": "https://rp.exemple.invalid/retour\nhttps://rp.exemple.invalid/autre",
    "avis": "https://rp.exemple.invalid/avis", "presentation": "basic", "portees": "noyau.annuaire",
}  # fmt: skip


def test_un_service_openid_connect_recoit_un_secret_montre_une_fois(instance: InstanceEssai) -> None:
    direction = instance.client("direction")
    assert "Adresses de retour" in direction.get("/administration/services/nouveau?protocole=oidc").text
    for faute in ({"retours": ""}, {"retours": "http://rp.invalid/"}, {"portees": "noyau.inconnu"}):
        refus = direction.post("/administration/services", data={**OIDC, **faute})
        assert refus.status_code == 422, faute
    ouvert = direction.post("/administration/services", data=OIDC)
    (secret,) = re.findall(r'id="secret">([\w-]{43})<', ouvert.text)
    fiche = direction.get("/administration/services/rp").text
    assert secret not in fiche
    for attendu in ("/.well-known/openid-configuration", "/oidc/jeton", "ent_divisions", "noyau.annuaire"):
        assert attendu in fiche
    with instance.base.academie("essai") as session:
        gardees = next(c.service for c in connus(session, ()) if c.service.cle == "rp").selon(OptionsOidc)
    assert gardees.secret == empreinte_secret(secret)
    assert len(gardees.retours) == 2
    change = direction.post("/administration/services/rp/secret")
    assert re.findall(r'id="secret">([\w-]{43})<', change.text) != [secret]
    assert direction.post("/administration/services/manuel/secret").status_code == 404
    instance.client("eleve")
    vu = direction.post(
        "/administration/services/rp/apercu",
        data={"identifiant": f"essai.{instance.annuaire['eleve'].hex}"},
    ).text
    for attendu in ("Jeton d&#39;identité", "ent_divisions", "5e A", "auth_time"):
        assert attendu in vu
    assert direction.post("/administration/services/rp/retirer").status_code == 302
    assert "A donné un secret neuf" in direction.get("/administration/journal?acte=service").text


def test_la_commande_tire_un_secret_et_des_cles(
    instance: InstanceEssai, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENT_BASE", instance.base.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_CLE_SECRETE", instance.ent.configuration.cle_secrete)
    monkeypatch.setenv("ENT_SERVEUR_SECURISE", "false")

    def lancer(*arguments: str) -> Any:
        return json.loads(
            CliRunner().invoke(ent, ["sso", *arguments, "--json"], catch_exceptions=False).stdout
        )

    tire = lancer("secret")
    assert tire["empreinte"] == empreinte_secret(tire["secret"])
    (kid,) = lancer("cles", "tourner")["kid"]
    assert [cle["kid"] for cle in lancer("cles", "lister") if not cle["remplacee_le"]] == [kid]
    ajoute = lancer(
        "service", "ajouter", "rpc", "--protocole", "oidc", "--nom", "RP", "--adresse", "https://rpc.invalid/",
        "--retour", "https://rpc.invalid/r", "--profil", "National_ELV", "--finalite", "Essayer.",
        "--destinataire", "Collège", "--gabarit", "generique", "--etablissement", ECOLE,
    )  # fmt: skip
    assert len(ajoute["secret"]) == 43
    instance.client("eleve")
    vu = lancer("apercu", "rpc", f"essai.{instance.annuaire['eleve'].hex}")
    assert vu["Informations (userinfo)"]["ent_divisions"] == ["5e A"]
    assert vu["Jeton d'identité"]["aud"] == "rpc"
