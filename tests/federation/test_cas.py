"""Le serveur CAS : liste d'essais C1 à C16 de l'étude des protocoles (C17 est celle du client)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

import cas as python_cas  # type: ignore[import-untyped] # python-cas ne publie pas de types
import pytest
from sqlalchemy import update

from ent_core.chargement.services import services_declares
from ent_core.contrat.roles import Profil
from ent_core.donnees.file_taches import etat_file
from ent_core.donnees.session import Portage
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.essais.vivier import Vivier
from ent_core.federation import parties as suivi
from ent_core.federation.cas.tickets import bruler, purger
from ent_core.federation.cas.validation import DemandeCas, ServeurCas
from ent_core.federation.cas.validation import valider as valider_en_interne
from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.modeles import PartieDeSession
from ent_core.federation.services import fermer_ici, rouvrir_ici
from ent_core.identite import sessions
from ent_core.identite.connexion import LOCALE
from ent_core.identite.modeles import Compte, Identifiant, Personne, Rattachement, Responsabilite, SessionWeb
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.services import CasFichier
from tests.federation.cas_essais import (
    BOUCLE,
    CAS,
    actes,
    attributs,
    code,
    configuration,
    demander,
    obtenir,
    partenaire,
    parties,
    service,
    servie,
    ticket_de,
    utilisateur,
    valider,
)

PRONOTE = "https://pronote.exemple.invalid/eleve"
MOODLE = "https://moodle.exemple.invalid/login"
ANCIEN = "https://ancien.exemple.invalid/cas"
VECTEUR = "https://vecteur.exemple.invalid/"
PROFS = "https://profs.exemple.invalid/"
PREUVE = "/compte/preuve"
AILLEURS = "https://ailleurs.exemple.invalid/"


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges, lundi 7 septembre 2026 à 10 h, et six services déclarés par le fichier."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(datetime(2026, 9, 7, 8, 0, tzinfo=UTC)))
    enseignants = (Profil.ENSEIGNANT,)
    yield fabrique(
        configuration=configuration(
            pronote=service(PRONOTE, nom="Pronote", gabarit="pronote"),
            moodle=service(MOODLE, nom="Moodle", gabarit="moodle", etablissements=()),
            ancien=service(
                ANCIEN, gabarit="generique", attributs=("lastName",), cas=CasFichier(attributs_en_2=True)
            ),
            vecteur=service(VECTEUR, gabarit="vecteur", etablissements=()),
            profs=service(PROFS, nom="Salle des profs", profils=enseignants),
            ailleurs=service(AILLEURS, etablissements=(AUTRE,)),
        )
    )
    fabrique.fermer()


def changer(instance: InstanceEssai, modele: type[Any], condition: Any, **valeurs: Any) -> None:
    with instance.base.academie("essai") as session:
        session.execute(update(modele).where(condition).values(**valeurs))


# --- Le chemin ordinaire ---------------------------------------------------------------------


@pytest.mark.exigence("IDF-C1")
def test_c1_un_vrai_client_cas_valide_en_2_0_en_3_0_et_en_json(instance: InstanceEssai) -> None:
    eleve = instance.client("eleve")
    with servie(instance) as racine:
        for version in (2, 3):
            client = python_cas.CASClient(version=version, service_url=PRONOTE, server_url=f"{racine}/cas/")
            assert client.get_login_url().startswith(f"{racine}/cas/login?")
            identifiant, lus, _ = client.verify_ticket(obtenir(eleve, PRONOTE))
            assert identifiant == f"essai.{instance.annuaire['eleve'].hex}"
            if version == 3:
                assert lus["nom"] == "Essai Eleve"
                assert lus["dateNaissance"] == "02/05/2014"
                assert lus["categories"] == "National_1"
            else:
                assert "nom" not in (lus or {})
    dit = instance.application.test_client().get(
        "/cas/p3/serviceValidate",
        query_string={"service": PRONOTE, "ticket": obtenir(eleve, PRONOTE), "format": "JSON"},
    )
    assert dit.json is not None
    assert dit.json["serviceResponse"]["authenticationSuccess"]["attributes"]["prenom"] == ["Camille"]
    assert dit.headers["Cache-Control"] == "no-store"


@pytest.mark.exigence("IDF-C1")
def test_c1_le_protocole_3_0_dit_quand_et_comment_la_personne_est_entree(instance: InstanceEssai) -> None:
    reponse = valider(instance, PRONOTE, obtenir(instance.client("eleve"), PRONOTE))
    assert reponse.findtext(f".//{CAS}authenticationDate") == "2026-09-07T08:00:00+00:00"
    assert reponse.findtext(f".//{CAS}isFromNewLogin") == "false"
    assert reponse.findtext(f".//{CAS}longTermAuthenticationRequestTokenUsed") == "false"


@pytest.mark.exigence("IDF-C2")
def test_c2_un_ticket_ne_sert_qu_une_fois(instance: InstanceEssai) -> None:
    ticket = obtenir(instance.client("eleve"), PRONOTE)
    assert code(valider(instance, PRONOTE, ticket)) == ""
    assert code(valider(instance, PRONOTE, ticket)) == "INVALID_TICKET"


@pytest.mark.exigence("IDF-C3")
def test_c3_une_autre_adresse_brule_le_ticket(instance: InstanceEssai) -> None:
    ticket = obtenir(instance.client("eleve"), PRONOTE)
    assert code(valider(instance, f"{PRONOTE}/autre", ticket)) == "INVALID_SERVICE"
    assert code(valider(instance, PRONOTE, ticket)) == "INVALID_TICKET"
    assert {"code": "INVALID_SERVICE"} in actes(instance.base, "service.ticket_refuse")


@pytest.mark.exigence("IDF-C4")
def test_c4_un_ticket_expire(instance: InstanceEssai) -> None:
    ticket = obtenir(instance.client("eleve"), PRONOTE)
    depart = instance.horloge.instant
    try:
        instance.horloge.instant = depart + timedelta(seconds=30)
        assert code(valider(instance, PRONOTE, ticket)) == "INVALID_TICKET"
        perdu = obtenir(instance.client("eleve"), PRONOTE)
        instance.horloge.instant = depart + timedelta(minutes=2)
        with instance.base.academie("essai") as session:
            assert purger(session, instance.horloge) >= 1
            assert bruler(session, perdu) is None
    finally:
        instance.horloge.instant = depart


# --- Les adresses ----------------------------------------------------------------------------

ETRANGERES = (
    "https://inconnu.exemple.invalid/",
    "https://pronote.exemple.invalid@mechant.invalid/eleve",
    "https://pronote.exemple.invalid.mechant.invalid/eleve",
    "http://pronote.exemple.invalid/eleve",
    "//pronote.exemple.invalid/eleve",
    "https:/\\pronote.exemple.invalid/eleve",
    "https://pronote.exemple.invalid\\@mechant.invalid/eleve",
    "https://pronote%2eexemple.invalid/eleve",
    "https://pronote.exemple.invalid:8443/eleve",
    "https://pronoté.exemple.invalid/eleve",
    "https://PRONOTE.exemple.invalid/eleve",
    "https://pronote.exemple.invalid./eleve",
    "https://pronote.exemple.invalid/eleve/../admin",
    "https://pronote.exemple.invalid/eleve/%2e%2e/admin",
    "https://pronote.exemple.invalid/elevage",
    "https://pronote.exemple.invalid//eleve",
    "https://pronote.exemple.invalid/eleve#fragment",
    "https://compte:secret@pronote.exemple.invalid/eleve",
    "https://pronote.exemple.invalid/eleve\r\nSet-Cookie: a=b",
    "javascript:alert(1)",
)


@pytest.mark.exigence("IDF-C5")
def test_c5_une_adresse_etrangere_est_refusee_avant_et_apres_la_connexion(instance: InstanceEssai) -> None:
    for client in (instance.application.test_client(), instance.client("eleve")):
        for adresse in ETRANGERES:
            reponse = demander(client, adresse)
            assert reponse.status_code == 403, adresse
            assert "Location" not in reponse.headers
            assert "ENT-SERVICE" in reponse.text
    consignes = actes(instance.base, "service.refuse")
    assert sum(details["cause"] == "inconnu" for details in consignes) >= len(ETRANGERES)


@pytest.mark.exigence("IDF-C6")
def test_c6_rien_de_ce_qui_est_recu_n_entre_dans_la_reponse(instance: InstanceEssai) -> None:
    piege = "ST-</cas:authenticationFailure><cas:authenticationSuccess><cas:user>pirate"
    reponse = valider(instance, PRONOTE, piege)
    assert code(reponse) == "INVALID_TICKET"
    assert len(reponse) == 1
    reponse = valider(instance, f"{PRONOTE}?<cas:user>pirate", obtenir(instance.client("eleve"), PRONOTE))
    assert code(reponse) == "INVALID_SERVICE"
    assert "pirate" not in "".join(map(str, reponse.itertext()))


@pytest.mark.exigence("IDF-C6")
def test_c6_un_nom_ecrit_avec_du_xml_reste_un_nom(instance: InstanceEssai) -> None:
    qui = instance.annuaire["camarade"]
    nom = "Dupré & <Fils> ]]>\u0001"
    changer(instance, Personne, Personne.id == qui, nom=nom)
    reponse = valider(instance, PRONOTE, obtenir(instance.client("camarade"), PRONOTE))
    assert attributs(reponse)["nom"] == ["Dupré & <Fils> ]]>"]


@pytest.mark.exigence("IDF-C7")
def test_c7_un_parametre_glisse_dans_un_autre_ne_change_rien(instance: InstanceEssai) -> None:
    eleve = instance.client("eleve")
    glisse = f"{PRONOTE}?a=1%26ticket=ST-faux"
    reponse = demander(eleve, glisse)
    assert reponse.location.startswith(f"{PRONOTE}?a=1%26ticket=ST-faux&ticket=ST-")
    assert code(valider(instance, glisse, ticket_de(reponse))) == ""
    # Des clients laissent l'ancien ticket à la fin de leur adresse : il en est ôté, là seulement.
    ticket = obtenir(eleve, f"{PRONOTE}?ticket=ST-vieux")
    assert code(valider(instance, PRONOTE, ticket)) == ""
    double = f"service={quote(PRONOTE)}&service={quote(MOODLE)}"
    assert eleve.get(f"/cas/login?{double}").status_code == 400
    ticket = obtenir(eleve, PRONOTE)
    repete = eleve.get(f"/cas/serviceValidate?service={quote(PRONOTE)}&ticket={ticket}&ticket=ST-x")
    assert "INVALID_REQUEST" in repete.text
    assert "INVALID_REQUEST" in eleve.get("/cas/serviceValidate").text


# --- Les options du protocole ----------------------------------------------------------------


@pytest.mark.exigence("IDF-C8")
def test_c8_gateway_sans_session_revient_sans_ticket(instance: InstanceEssai) -> None:
    inconnu = instance.application.test_client()
    assert demander(inconnu, PRONOTE, gateway="true").location == PRONOTE
    # « renew » l'emporte : la personne doit entrer.
    ensemble = demander(inconnu, PRONOTE, gateway="true", renew="true")
    assert ensemble.location.startswith("/connexion?suite=")
    assert obtenir(instance.client("eleve"), PRONOTE, gateway="true")


@pytest.mark.exigence("IDF-C8")
def test_c8_renew_veut_une_preuve_faite_pour_ce_service(instance: InstanceEssai) -> None:
    eleve = instance.client("eleve")
    demande = demander(eleve, PRONOTE, renew="true")
    assert demande.location.startswith(f"{PREUVE}?suite=")
    suite = demande.location.split("suite=")[1]
    ancien = obtenir(eleve, PRONOTE)
    assert code(valider(instance, PRONOTE, ancien, renew="true")) == "INVALID_TICKET"
    depart = instance.horloge.instant
    try:
        instance.horloge.instant = depart + timedelta(seconds=5)
        # La preuve n'est pas encore donnée : revenir ne suffit pas.
        assert eleve.get(unquote(suite)).location.startswith(PREUVE)
        qui = instance.annuaire["eleve"]
        changer(instance, SessionWeb, SessionWeb.personne_id == qui, prouvee_le=instance.horloge.instant)
        neuf = ticket_de(eleve.get(unquote(suite)))
        reponse = valider(instance, PRONOTE, neuf, renew="true")
        assert code(reponse) == ""
        assert reponse.findtext(f".//{CAS}isFromNewLogin") == "true"
        # Une marque forgée ne vaut pas preuve.
        forgee = demander(eleve, PRONOTE, renew="true", depuis="2026-01-01")
        assert forgee.location.startswith(PREUVE)
    finally:
        instance.horloge.instant = depart


@pytest.mark.exigence("IDF-C9")
def test_c9_aucun_mandataire_mais_proxy_validate_accepte_un_ticket_de_service(
    instance: InstanceEssai,
) -> None:
    eleve = instance.client("eleve")
    for chemin in ("/cas/proxyValidate", "/cas/p3/proxyValidate"):
        assert code(valider(instance, PRONOTE, obtenir(eleve, PRONOTE), chemin)) == ""
    assert code(valider(instance, PRONOTE, "PT-1234567890", "/cas/serviceValidate")) == "INVALID_TICKET_SPEC"
    for rappel in ("http://pronote.exemple.invalid/p", "https://inconnu.invalid/p", "https://10.0.0.1/p"):
        ticket = obtenir(eleve, PRONOTE)
        assert code(valider(instance, PRONOTE, ticket, pgtUrl=rappel)) == "UNAUTHORIZED_SERVICE_PROXY"
    assert instance.application.test_client().get("/cas/proxy").status_code == 404
    assert instance.application.test_client().get("/cas/validate").status_code == 404


@pytest.mark.exigence("IDF-C10")
def test_c10_rien_que_le_gabarit_pour_la_bonne_ecole(instance: InstanceEssai) -> None:
    parent = instance.annuaire["parent"]
    changer(
        instance, Personne, Personne.id == parent, nom="Né-Œuvre & Ci", prenom=None, courriel="p@exemple.fr"
    )
    ancien = valider(instance, ANCIEN, obtenir(instance.client("parent"), ANCIEN), "/cas/serviceValidate")
    assert attributs(ancien) == {"lastName": ["Né-Œuvre & Ci"]}
    moodle = attributs(valider(instance, MOODLE, obtenir(instance.client("parent"), MOODLE)))
    # Sans prénom ni classe, l'attribut n'y est pas du tout ; ni date de naissance, ni code postal.
    assert set(moodle) == {"uid", "sn", "mail", "ENTPersonProfils", "ENTPersonStructRattachRNE"}
    prof = attributs(valider(instance, MOODLE, obtenir(instance.client("enseignant"), MOODLE)))
    assert prof["ENTEleveClasses"] == ["5e A"]
    assert prof["ENTPersonStructRattachRNE"] == [ECOLE]


@pytest.mark.exigence("IDF-C10")
def test_c10_un_vecteur_par_enfant_dans_les_seules_ecoles_du_service(instance: InstanceEssai) -> None:
    annuaire, jour = instance.annuaire, date(2026, 9, 1)
    parent, ici, la = annuaire["second_parent"], annuaire["eleve"], annuaire["eleve_autre"]
    with instance.base.academie("essai") as session:
        for enfant, numero in ((ici, "700001"), (la, "710001")):
            session.add(Identifiant(source="essai", type="ELEVE_ID", valeur=numero, personne_id=enfant))
        session.add(
            Rattachement(uai=AUTRE, personne_id=parent, profil=Profil.RESPONSABLE, source="essai", debut=jour)
        )
        session.add(
            Responsabilite(
                eleve_id=la, responsable_id=parent, lien="10", legal=1, financier=False, contact=True,
                paiement=False, source="essai", debut=jour,
            )
        )  # fmt: skip
    lus = attributs(valider(instance, VECTEUR, obtenir(instance.client("second_parent"), VECTEUR)))
    nom = "Essai Second Parent|Camille"
    assert lus["FrEduVecteur"] == [f"2|{nom}|700001|{ECOLE}", f"2|{nom}|710001|{AUTRE}"]
    eleve = attributs(valider(instance, VECTEUR, obtenir(instance.client("eleve"), VECTEUR)))
    assert eleve["FrEduVecteur"] == [f"4|Essai Eleve|Camille|700001|{ECOLE}"]
    # L'autre collège ferme le service : son enfant n'y paraît plus.
    with instance.base.ecole(AUTRE, "essai") as session:
        fermer_ici(session, instance.horloge, "vecteur", uai=AUTRE, acteur=None)
    reste = attributs(valider(instance, VECTEUR, obtenir(instance.client("second_parent"), VECTEUR)))
    assert reste["FrEduVecteur"] == [f"2|{nom}|700001|{ECOLE}"]
    with instance.base.ecole(AUTRE, "essai") as session:
        rouvrir_ici(session, instance.horloge, "vecteur", uai=AUTRE, acteur=None)


@pytest.mark.exigence("IDF-C10")
def test_c10_deux_services_ne_peuvent_pas_rapprocher_une_personne(instance: InstanceEssai) -> None:
    eleve = instance.client("eleve")
    un, autre = (utilisateur(valider(instance, a, obtenir(eleve, a))) for a in (ANCIEN, VECTEUR))
    assert un != autre
    assert un == utilisateur(valider(instance, ANCIEN, obtenir(eleve, ANCIEN)))
    assert instance.annuaire["eleve"].hex not in un


# --- Qui n'entre pas -------------------------------------------------------------------------


@pytest.mark.exigence("IDF-C11")
def test_c11_un_profil_ou_une_ecole_hors_du_service_a_un_refus_qui_s_explique(
    instance: InstanceEssai,
) -> None:
    profil = demander(instance.client("eleve"), PROFS)
    assert profil.status_code == 403
    assert "pas ouvert à votre profil" in profil.text
    ecole = demander(instance.client("enseignant"), AILLEURS)
    assert ecole.status_code == 403
    assert "pas ouvert dans l&#39;établissement" in ecole.text
    assert "ticket=" not in ecole.text
    assert obtenir(instance.client("enseignant"), PROFS)
    assert obtenir(instance.client("enseignant_autre"), AILLEURS)
    causes = {details["cause"] for details in actes(instance.base, "service.refuse")}
    assert {"profil", "ecole"} <= causes


@pytest.mark.exigence("IDF-C12")
def test_c12_un_compte_suspendu_entre_le_ticket_et_la_validation(instance: InstanceEssai) -> None:
    client, qui = instance.client("documentaliste"), instance.annuaire["documentaliste"]
    ticket = obtenir(client, PRONOTE)
    changer(instance, Compte, Compte.personne_id == qui, etat="suspendu")
    assert code(valider(instance, PRONOTE, ticket)) == "INVALID_TICKET"
    changer(instance, Compte, Compte.personne_id == qui, etat="actif")
    # Sortie de l'ENT : le ticket en attente tombe avec la session.
    client = instance.client("documentaliste")
    ticket = obtenir(client, PRONOTE)
    client.post("/deconnexion")
    assert code(valider(instance, PRONOTE, ticket)) == "INVALID_TICKET"
    # Départ de l'établissement.
    ticket = obtenir(instance.client("infirmier"), PRONOTE)
    parti = Rattachement.personne_id == instance.annuaire["infirmier"]
    changer(instance, Rattachement, parti, fin=date(2026, 9, 7))
    assert code(valider(instance, PRONOTE, ticket)) == "INVALID_TICKET"


@pytest.mark.exigence("IDF-C14")
def test_c14_pas_de_ticket_avant_l_activation_ni_en_attente_du_second_facteur(
    instance: InstanceEssai,
) -> None:
    qui = instance.annuaire["psychologue"]
    client = instance.client("psychologue")
    changer(instance, Compte, Compte.personne_id == qui, etat="a_activer")
    # Sans mot de passe d'ici, qui entre par un fournisseur d'identité n'a rien à activer.
    assert code(valider(instance, PRONOTE, obtenir(client, PRONOTE))) == ""
    changer(instance, SessionWeb, SessionWeb.personne_id == qui, methode=LOCALE)
    refus = demander(client, PRONOTE)
    assert refus.status_code == 403
    assert "pas encore activé" in refus.text
    changer(instance, Compte, Compte.personne_id == qui, etat="actif")
    changer(instance, SessionWeb, SessionWeb.personne_id == qui, niveau=sessions.EN_ATTENTE)
    attente = demander(client, PRONOTE)
    assert attente.status_code == 302
    assert attente.location.startswith("/")
    assert "ticket=" not in attente.location
    assert demander(client, PRONOTE, gateway="true").location == PRONOTE


@pytest.mark.exigence("IDF-C15")
def test_c15_de_deux_validations_simultanees_une_seule_reussit(instance: InstanceEssai) -> None:
    ent = instance.ent
    serveur = ServeurCas(
        ent.base, ent.horloge, ent.coffre, services_declares(ent.chargement, ent.configuration), frozenset()
    )
    eleve = instance.client("eleve")
    for _ in range(3):
        demande = DemandeCas(obtenir(eleve, PRONOTE), PRONOTE)
        with ThreadPoolExecutor(2) as fils:
            reponses = list(fils.map(lambda d: valider_en_interne(serveur, d), (demande, demande)))
        assert sorted(type(r).__name__ for r in reponses) == ["Echec", "Reussite"]


@pytest.mark.exigence("IDF-C16")
def test_c16_le_ticket_part_par_un_formulaire_si_le_service_le_demande(instance: InstanceEssai) -> None:
    page = demander(instance.client("eleve"), PRONOTE, method="POST")
    assert page.status_code == 200
    assert f'action="{PRONOTE}"' in page.text
    assert "form-action https://pronote.exemple.invalid" in page.headers["Content-Security-Policy"]
    ticket = page.text.split('name="ticket" value="')[1].split('"')[0]
    assert code(valider(instance, PRONOTE, ticket)) == ""


def test_apres_un_formulaire_d_ici_une_page_mene_au_service(instance: InstanceEssai) -> None:
    """La politique de contenu interdit à un formulaire de mener ailleurs, même par redirection."""
    page = instance.client("eleve").get(
        "/cas/login", query_string={"service": PRONOTE}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert page.status_code == 200
    assert f'content="0;url={PRONOTE}?ticket=ST-' in page.text


# --- La sortie -------------------------------------------------------------------------------


def sortir(instance: InstanceEssai, role: str, adresse: str, fois: int = 1) -> str:
    """Entre dans un service, puis sort de l'ENT ; rend l'adresse de la page de sortie."""
    client = instance.client(role)
    for _ in range(fois):
        assert code(valider(instance, adresse, obtenir(client, adresse))) == ""
    return str(client.post("/deconnexion").location)


@pytest.mark.exigence("IDF-C13")
def test_c13_chaque_service_valide_est_prevenu_une_fois(vivier: Vivier) -> None:
    fabrique = FabriqueInstance(vivier, HorlogeFixe(datetime(2026, 9, 7, 8, 0, tzinfo=UTC)))
    with (
        partenaire() as vif,
        partenaire(302, {"Location": "http://127.0.0.1:1/"}) as redirige,
        partenaire(500) as casse,
    ):
        instance = fabrique(
            configuration=configuration(
                vif=service(vif.adresse), redirige=service(redirige.adresse), casse=service(casse.adresse)
            )
        )
        base, permis = instance.base, frozenset({BOUCLE})
        client = instance.client("eleve")
        for adresse in (vif.adresse, f"{vif.adresse}/cours", redirige.adresse, casse.adresse):
            assert code(valider(instance, adresse, obtenir(client, adresse))) == ""
        jamais_valide = obtenir(client, vif.adresse)
        page = client.post("/deconnexion").location
        assert "prévient" in client.get(page).text
        (session_id,) = {partie.session_id for partie in parties(instance, "eleve")}
        with base.academie("essai") as session:
            assert {c.tache: c.en_attente for c in etat_file(session)}["noyau.prevenir_services"] == 1
        for _ in range(suivi.ESSAIS - 1):
            with pytest.raises(PartenaireInjoignable):
                suivi.prevenir(base, instance.horloge, permis, session_id)
        suivi.prevenir(base, instance.horloge, permis, session_id)
        suivi.prevenir(base, instance.horloge, permis, session_id)
        assert [chemin for chemin, _ in vif.recus] == ["/appli", "/appli/cours"]
        assert "LogoutRequest" in vif.recus[0][1]
        assert jamais_valide not in str(vif.recus)
        assert len(redirige.recus) == 1
        assert len(casse.recus) == suivi.ESSAIS
        etats = sorted(partie.etat for partie in parties(instance, "eleve"))
        assert etats == ["injoignable", "prevenue", "prevenue", "prevenue"]
        assert "a pas répondu" in client.get(page).text
        # Une page de sortie ne s'ouvre qu'avec sa marque, et rien ne reçoit un avis de sortie forgé.
        assert client.get("/deconnexion/services/faux").status_code == 404
        assert client.post("/cas/logout").status_code == 405
        assert "Quitter aussi" in instance.client("parent").get("/cas/logout").text
    fabrique.fermer()


@pytest.mark.exigence("IDF-C13")
def test_c13_une_adresse_interne_n_est_jamais_jointe(instance: InstanceEssai) -> None:
    with partenaire() as interne:
        client = instance.client("cpe")
        assert code(valider(instance, PRONOTE, obtenir(client, PRONOTE))) == ""
        client.post("/deconnexion")
        (mienne,) = parties(instance, "cpe")
        changer(
            instance, PartieDeSession, PartieDeSession.id == mienne.id,
            adresse=interne.adresse.replace("http:", "https:"),
        )  # fmt: skip
        with pytest.raises(PartenaireInjoignable):
            suivi.prevenir(instance.base, instance.horloge, frozenset(), mienne.session_id)
        assert interne.recus == []


@pytest.mark.exigence("IDF-C13")
def test_c13_mettre_un_compte_en_securite_previent_aussi_les_services(instance: InstanceEssai) -> None:
    client = instance.client("secretaire")
    assert code(valider(instance, PRONOTE, obtenir(client, PRONOTE))) == ""
    assert [partie.etat for partie in parties(instance, "secretaire")] == ["ouverte"]
    with instance.base.academie("essai") as session:
        compte = session.query(Compte).filter_by(personne_id=instance.annuaire["secretaire"]).one()
        sessions.fermer_toutes(session, compte.id)
    assert [partie.etat for partie in parties(instance, "secretaire")] == ["a_prevenir"]


# --- Le prix ---------------------------------------------------------------------------------


def test_le_nombre_d_enonces_ne_depend_pas_des_services_ni_des_personnes(instance: InstanceEssai) -> None:
    couts = []
    for role in ("eleve", "enseignant"):
        client = instance.client(role)
        obtenir(client, MOODLE)
        with compter_enonces(instance.base) as entree:
            ticket = obtenir(client, MOODLE)
        with compter_enonces(instance.base) as validation:
            assert code(valider(instance, MOODLE, ticket)) == ""
        couts.append((len(entree), len(validation)))
    assert couts[0] == couts[1]
    assert couts[0][0] <= 12
    assert couts[0][1] <= 20


def test_un_ticket_en_attente_n_est_lisible_de_personne(instance: InstanceEssai) -> None:
    ticket = obtenir(instance.client("eleve"), PRONOTE)
    with instance.base.unite(Portage("essai")) as session:
        lues = session.connection().exec_driver_sql("select t::text from ticket_cas t").scalars().all()
    assert lues
    assert all(ticket not in ligne for ligne in lues)
